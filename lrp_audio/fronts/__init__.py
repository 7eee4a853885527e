"""Front ends, one a file: how recordings become inputs, and relevance pictures and sound again."""

from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.spectrogram import SPECTROGRAM, Spectrogram
from lrp_audio.fronts.waveform import WAVEFORM, Waveform

__all__ = ["SPECTROGRAM", "WAVEFORM", "FrontEnd", "Spectrogram", "Waveform"]
