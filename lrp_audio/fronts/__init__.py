"""Front ends, one a file: how recordings become inputs, and relevance pictures and sound again.

Each is imported on first use: a network needs one of them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrp_audio.fronts.base import FrontEnd
    from lrp_audio.fronts.frames import Frames
    from lrp_audio.fronts.kinds import front_from
    from lrp_audio.fronts.log_mel import LogMel
    from lrp_audio.fronts.log_spectrogram import LogSpectrogram
    from lrp_audio.fronts.magnitude import Magnitude
    from lrp_audio.fronts.mel import Mel
    from lrp_audio.fronts.mfcc import Mfcc
    from lrp_audio.fronts.power import Power
    from lrp_audio.fronts.spectrogram import SPECTROGRAM, Spectrogram
    from lrp_audio.fronts.waveform import WAVEFORM, Waveform

__all__ = [
    "SPECTROGRAM",
    "WAVEFORM",
    "Frames",
    "FrontEnd",
    "LogMel",
    "LogSpectrogram",
    "Magnitude",
    "Mel",
    "Mfcc",
    "Power",
    "Spectrogram",
    "Waveform",
    "front_from",
]

_FILES = {
    "FrontEnd": "base",
    "LogMel": "log_mel",
    "LogSpectrogram": "log_spectrogram",
    "SPECTROGRAM": "spectrogram",
    "WAVEFORM": "waveform",
    "front_from": "kinds",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lrp_audio.fronts' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"lrp_audio.fronts.{_FILES.get(name, name.lower())}")
    return getattr(module, name)
