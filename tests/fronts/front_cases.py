"""Sounds and front ends that the tests of front ends share."""

from typing import Any

import numpy as np

from lrp_audio.types import Floats

RATE = 16000
FULL_SCALE = 32768.0


def sound(seconds: float = 0.5, rate: int = RATE, seed: int = 0) -> Floats:
    """Noise and a gliding tone that swell, in int16 scale."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (300 * time + 800 * time**2))
    swell = np.hanning(len(time) + 2)[1:-1] ** 2
    return np.asarray(swell * (9000 * tone + 800 * rng.standard_normal(len(time))))


PLAIN: dict[str, Any] = {"rate": RATE, "channel_axis": "none"}
"""Parameters of a front end that gives a bare spectrogram."""

ANALYSES: tuple[dict[str, Any], ...] = (
    {"n_fft": 512, "hop_length": 128},
    {"n_fft": 321, "hop_length": 160},
    {"n_fft": 512, "win_length": 400, "hop_length": 160, "framing": "uncentred"},
    {"n_fft": 256, "hop_length": 100, "pad_mode": "reflect", "window": "hamming"},
    {"n_fft": 400, "hop_length": 400, "window": "hann-symmetric", "preemphasis": 0.97},
)

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("magnitude", {}),
    ("power", {}),
    ("log-spectrogram", {"power": 1, "log": "natural", "log_offset": 1e-6}),
    ("log-spectrogram", {"top_db": 30.0, "log_reference": "max"}),
    ("mel", {"n_mels": 24}),
    ("mel", {"n_mels": 24, "power": 1, "mel_scale": "htk", "mel_norm": "none"}),
    ("log-mel", {"n_mels": 24, "top_db": 40.0, "mean": -40, "deviation": 40}),
    ("log-mel", {"n_mels": 90, "log": "log10", "log_floor": 1e-4, "normalisation": "bin"}),
    ("log-mel", {"n_mels": 24, "mel_scale": "kaldi", "log": "natural", "normalisation": "clip"}),
    ("mfcc", {"n_mels": 24, "n_mfcc": 13, "lifter": 22}),
)
