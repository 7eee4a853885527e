"""The front ends of published networks, declared, against reference inputs where these are found.

``LRP_AUDIO_NETWORKS`` names the folder of the references.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from front_cases import FULL_SCALE, RATE, sound

from lrp_audio.audio.clip import clip_from_samples
from lrp_audio.fronts import LogMel, Mel, Waveform, front_from
from lrp_audio.types import Floats

DNSMOS: dict[str, Any] = {
    "rate": RATE,
    "length": 144000,
    "short": "repeat",
    "n_fft": 321,
    "hop_length": 160,
    "n_mels": 120,
    "log_reference": "max",
    "mean": -40.0,
    "deviation": 40.0,
    "orientation": "time-frequency",
    "channel_axis": "none",
}
WAKE_WORD: dict[str, Any] = {
    "rate": RATE,
    "frames": 76,
    "scale": 32768,
    "n_fft": 512,
    "win_length": 400,
    "hop_length": 160,
    "framing": "uncentred",
    "n_mels": 32,
    "fmin": 60.0,
    "fmax": 3800.0,
    "mean": -20.0,
    "deviation": 10.0,
    "orientation": "time-frequency",
    "channel_axis": "last",
}


def reference(name: str) -> dict[str, Any]:
    beside = Path(__file__).parents[3] / "shared" / "data" / "networks"
    path = Path(os.environ.get("LRP_AUDIO_NETWORKS", beside)) / name
    if not path.is_file():
        pytest.skip(f"needs {path} (set LRP_AUDIO_NETWORKS)")
    with np.load(path) as arrays:
        return dict(arrays)


def test_dnsmos_takes_a_log_mel_spectrogram_of_an_odd_fft_of_a_repeated_clip() -> None:
    librosa = pytest.importorskip("librosa", reason="needs the extra fronts-peers")
    given = clip_from_samples(sound(2.3) / FULL_SCALE, RATE)
    front = front_from("log-mel", DNSMOS)
    found = front(front.fit(given).samples)
    audio = given.samples / FULL_SCALE
    while len(audio) < 144160:
        audio = np.append(audio, audio)
    power = librosa.feature.melspectrogram(
        y=audio[:144000], sr=RATE, n_fft=321, hop_length=160, n_mels=120
    )
    expected = (librosa.power_to_db(power, ref=np.max) + 40) / 40
    assert found.shape == (900, 120)
    np.testing.assert_allclose(found, expected.T, atol=1e-5)


def test_dnsmos_inputs_reach_both_bounds_and_their_lowest_filter_is_all_but_empty() -> None:
    x = reference("dnsmos_p808.npz")["input"][0]
    front = front_from("log-mel", DNSMOS)
    assert x.shape == front.shape
    assert (x.min(), x.max()) == front.bounds == (-1.0, 1.0)
    assert (x[:, 0] == -1).all()
    assert isinstance(front, Mel)
    assert 0 < front.filters.matrix[0].sum() < 1e-3 * front.filters.matrix[1].sum()


def test_the_wake_word_spectrogram_is_computed_from_its_samples() -> None:
    known = reference("livekit_embedding.npz")
    front = front_from("log-mel", WAKE_WORD)
    samples = known["samples"].astype(np.float64)
    assert front.length == 512 + 75 * 160 == len(samples)
    np.testing.assert_allclose(front(samples), known["window"][0], atol=1e-5)
    decibels = LogMel(**WAKE_WORD | {"mean": 0.0, "deviation": 1.0, "channel_axis": "first"})
    np.testing.assert_allclose(decibels(samples), known["mel"][0], rtol=1e-5)


def test_crepe_takes_frames_standardised_one_by_one() -> None:
    frames = reference("crepe_tiny.npz")["frames"].astype(np.float64)
    one = Waveform(RATE, 1024, normalisation="clip", channel_axis="none")
    many = front_from("frames", {"rate": RATE, "hop_length": 1024, "scale": 32768})

    def loud(x: Floats) -> Floats:
        return 4000 * x + 100

    for frame in frames:
        np.testing.assert_allclose(one(loud(frame)), frame, atol=1e-6)
    np.testing.assert_allclose(many(loud(frames.ravel())), frames, atol=1e-6)
