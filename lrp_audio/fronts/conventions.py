"""Named conventions: what librosa, torchaudio and Kaldi take where nothing else is said."""

from collections.abc import Callable, Mapping
from typing import Any

Values = Mapping[str, Any]

# Kaldi takes the logarithm of at least the spacing of float32 at 1.
_KALDI_FLOOR = 2.0**-23


def librosa(given: Values) -> Values:
    """`librosa.stft` and `librosa.feature`: what front ends take by default."""
    return {}


def torchaudio(given: Values) -> Values:
    """`torchaudio.transforms`; decibels as in ``AmplitudeToDB``, for MFCCs at most 80 of them."""
    n_fft = given.get("n_fft", 400)
    win_length = given.get("win_length", n_fft)
    hop_length = win_length // 2 if isinstance(win_length, int) else None
    return {
        "n_fft": n_fft,
        "win_length": win_length,
        "hop_length": hop_length,
        "pad_mode": "reflect",
        "mel_scale": "htk",
        "mel_norm": "none",
        "bin_spacing": "nyquist",
        "top_db": 80.0 if "n_mfcc" in given else float("inf"),
        "n_mfcc": 40,
    }


def kaldi(given: Values) -> Values:
    """`compute-fbank-feats` and `compute-mfcc-feats`, without dither and energy.

    Samples are in int16 scale; give ``scale = 1`` for `torchaudio.compliance.kaldi` on floats.
    """
    rate = given.get("rate", 16000)
    per_second = rate if isinstance(rate, int) else 16000
    win_length = given.get("win_length", per_second * 25 // 1000)
    size = win_length if isinstance(win_length, int) else 400
    return {
        "scale": 32768.0,
        "win_length": win_length,
        "hop_length": per_second * 10 // 1000,
        "n_fft": 1 << max(size - 1, 1).bit_length(),
        "window": "povey",
        "framing": "snip-edges",
        "preemphasis": 0.97,
        "remove_dc": True,
        "n_mels": 23,
        "fmin": 20.0,
        "mel_scale": "kaldi",
        "mel_norm": "none",
        "log": "natural",
        "log_floor": _KALDI_FLOOR,
        "orientation": "time-frequency",
        "n_mfcc": 13,
        "lifter": 22.0,
        "lifter_first": 0,
    }


CONVENTIONS: dict[str, Callable[[Values], Values]] = {
    "librosa": librosa,
    "torchaudio": torchaudio,
    "kaldi": kaldi,
}
"""Conventions by name: each gives parameters to use where none are given."""
