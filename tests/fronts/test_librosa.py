"""Front ends against librosa, where it is installed (extra ``fronts-peers``)."""

from typing import Any

import numpy as np
import pytest
from front_cases import ANALYSES, FULL_SCALE, PLAIN, RATE, sound

from lrp_audio.fronts import LogMel, LogSpectrogram, Magnitude, Mel, Mfcc

librosa = pytest.importorskip("librosa", reason="needs the extra fronts-peers")

X = sound(0.7)
Y = X / FULL_SCALE
CLOSE = {"rtol": 1e-5, "atol": 1e-5}  # librosa holds its filters in float32


def theirs(given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `given` under librosa's names."""
    kept = {k: v for k, v in given.items() if k not in ("framing", "preemphasis")}
    return kept | {"center": given.get("framing") != "uncentred"}


PLAINER = tuple({**each, "preemphasis": 0.0} for each in ANALYSES if "symmetric" not in str(each))


@pytest.mark.parametrize("analysis", PLAINER)
def test_magnitudes_are_those_of_librosa(analysis: dict[str, Any]) -> None:
    expected = np.abs(librosa.stft(Y, **theirs(analysis)))
    np.testing.assert_allclose(Magnitude(**PLAIN, **analysis)(X), expected, atol=1e-9)


@pytest.mark.parametrize("htk", [False, True])
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("analysis", PLAINER)
def test_mel_spectrograms_are_those_of_librosa(
    analysis: dict[str, Any], power: float, norm: str | None, htk: bool
) -> None:
    band = {"n_mels": 40, "fmin": 60.0, "fmax": 7000.0, "power": power}
    expected = librosa.feature.melspectrogram(
        y=Y, sr=RATE, htk=htk, norm=norm, **band, **theirs(analysis)
    )
    scale, ours = "htk" if htk else "slaney", norm or "none"
    found = Mel(**PLAIN, **analysis, **band, mel_scale=scale, mel_norm=ours)(X)
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_defaults_are_those_of_librosa() -> None:
    mel = librosa.feature.melspectrogram(y=Y, sr=RATE)
    np.testing.assert_allclose(Mel(**PLAIN)(X), mel, **CLOSE)
    np.testing.assert_allclose(LogMel(**PLAIN)(X), librosa.power_to_db(mel), **CLOSE)
    np.testing.assert_allclose(Mfcc(**PLAIN)(X), librosa.feature.mfcc(y=Y, sr=RATE), **CLOSE)
    lifted = librosa.feature.mfcc(y=Y, sr=RATE, n_mfcc=13, lifter=26)
    np.testing.assert_allclose(Mfcc(**PLAIN, n_mfcc=13, lifter=26)(X), lifted, **CLOSE)


@pytest.mark.parametrize("top_db", [20.0, 80.0])
def test_decibels_are_those_of_librosa(top_db: float) -> None:
    magnitude = np.abs(librosa.stft(Y))
    expected = librosa.amplitude_to_db(magnitude, ref=np.max, top_db=top_db)
    given: dict[str, Any] = {"log_reference": "max", "top_db": top_db}
    found = LogSpectrogram(**PLAIN, power=1, log_floor=1e-5, **given)(X)
    np.testing.assert_allclose(found, expected, **CLOSE)
    expected = librosa.power_to_db(magnitude**2, ref=np.max, top_db=top_db)
    np.testing.assert_allclose(LogSpectrogram(**PLAIN, **given)(X), expected, **CLOSE)
