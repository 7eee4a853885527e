"""Front ends against torchaudio, where it is installed (extra ``fronts-peers``)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from front_cases import FULL_SCALE, PLAIN, RATE, sound

from lrp_audio.fronts import Mfcc, Power, front_from

torch = pytest.importorskip("torch", reason="needs the extra fronts-peers")
torchaudio = pytest.importorskip("torchaudio", reason="needs the extra fronts-peers")
kaldi = pytest.importorskip("torchaudio.compliance.kaldi", reason="needs the extra fronts-peers")

X = sound(0.7)
OWN = PLAIN | {"convention": "torchaudio"}
KALDI = {"channel_axis": "none", "convention": "kaldi"}
CLOSE = {"rtol": 1e-9, "atol": 1e-9}

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """torchaudio makes its filters in torch's default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def wave(scale: float = 1.0) -> Any:
    return torch.tensor(scale * X / FULL_SCALE)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(("n_fft", "win", "hop"), [(512, 400, 160), (321, 321, 100), (400, 30, 7)])
def test_power_is_that_of_torchaudio(n_fft: int, win: int, hop: int, centred: bool) -> None:
    transform = torchaudio.transforms.Spectrogram(n_fft, win, hop, center=centred)
    given = {"n_fft": n_fft, "win_length": win, "hop_length": hop, "pad_mode": "reflect"}
    found = Power(**PLAIN, **given, framing="centred" if centred else "uncentred")(X)
    np.testing.assert_allclose(found, transform(wave()).numpy(), **CLOSE)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("n_fft", [400, 321])
def test_log_mels_are_those_of_torchaudio(
    n_fft: int, scale: str, norm: str | None, power: float
) -> None:
    given: dict[str, Any] = {"n_fft": n_fft, "n_mels": 40, "power": power, "mel_scale": scale}
    transform = torchaudio.transforms.MelSpectrogram(RATE, norm=norm, **given)
    decibels = torchaudio.transforms.AmplitudeToDB("power" if power == 2 else "magnitude", 60)
    found = front_from("log-mel", OWN | given | {"mel_norm": norm or "none", "top_db": 60})(X)
    np.testing.assert_allclose(found, decibels(transform(wave())).numpy(), **CLOSE)
    natural = {"log": "natural", "log_offset": 1e-6, "mel_norm": norm or "none"}
    expected = torch.log(transform(wave()) + 1e-6).numpy()
    np.testing.assert_allclose(front_from("log-mel", OWN | given | natural)(X), expected, **CLOSE)


def test_defaults_are_those_of_torchaudio() -> None:
    mel = torchaudio.transforms.MelSpectrogram(RATE)(wave())
    np.testing.assert_allclose(front_from("mel", OWN)(X), mel.numpy(), **CLOSE)
    decibels = torchaudio.transforms.AmplitudeToDB("power")(mel)
    np.testing.assert_allclose(front_from("log-mel", OWN)(X), decibels.numpy(), **CLOSE)
    found, expected = front_from("mfcc", OWN)(X), torchaudio.transforms.MFCC(RATE)(wave()).numpy()
    np.testing.assert_allclose(found, expected, **CLOSE)
    assert isinstance(front_from("mfcc", OWN), Mfcc)


@pytest.mark.parametrize("snip", [True, False])
@pytest.mark.parametrize("rate", [8000, 16000, 22050])
def test_filter_banks_are_those_of_kaldi(rate: int, snip: bool) -> None:
    framing = {"rate": rate, "framing": "snip-edges" if snip else "kaldi-padded"}
    said = {"sample_frequency": float(rate), "snip_edges": snip, "dither": 0.0}
    loud = wave(FULL_SCALE)[None]
    found = front_from("log-mel", KALDI | framing)(X)
    np.testing.assert_allclose(found, kaldi.fbank(loud, **said).numpy(), **CLOSE)
    found = front_from("mfcc", KALDI | framing)(X)
    np.testing.assert_allclose(found, kaldi.mfcc(loud, **said).numpy(), **CLOSE)


def test_filter_banks_with_other_settings_are_those_of_kaldi() -> None:
    given = {"n_mels": 128, "window": "hann-symmetric", "fmin": 50.0, "fmax": 7000.0, "scale": 1.0}
    found = front_from("log-mel", KALDI | given | {"rate": RATE, "preemphasis": 0.5, "power": 1.0})(
        X
    )
    expected = kaldi.fbank(
        wave()[None],
        sample_frequency=RATE,
        num_mel_bins=128,
        window_type="hanning",
        low_freq=50.0,
        high_freq=7000.0,
        preemphasis_coefficient=0.5,
        use_power=False,
        dither=0.0,
    )
    np.testing.assert_allclose(found, expected.numpy(), **CLOSE)
    found = front_from("log-mel", KALDI | {"rate": RATE, "remove_dc": False})(X + 500)
    loud = wave(FULL_SCALE)[None] + 500
    expected = kaldi.fbank(loud, remove_dc_offset=False, dither=0.0)
    np.testing.assert_allclose(found, expected.numpy(), **CLOSE)
