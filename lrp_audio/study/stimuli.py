"""Stimuli: the same positive relevance, as a picture and as a sound."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.audible import PEAK
from lrp_audio.audio.encoding import wav
from lrp_audio.drawing.heatmap import save_heatmap
from lrp_audio.drawing.style import new_figure, save_figure
from lrp_audio.explanation import Explanation

FOLDER = "stimuli"


def picture_file(folder: Path, item: str) -> Path:
    """Where the picture of an item lies in the site."""
    return folder / FOLDER / f"{item}.png"


def sound_file(folder: Path, item: str) -> Path:
    """Where the sound of an item lies in the site."""
    return folder / FOLDER / f"{item}.wav"


def positive_only(explanation: Explanation) -> Explanation:
    """`explanation` without relevance against the class: a sound cannot play both at once."""
    return replace(explanation, relevance=np.maximum(explanation.relevance, 0))


def can_be_shown(explanation: Explanation) -> bool:
    """Whether the relevance is finite and its sound is not silent."""
    finite = bool(np.isfinite(explanation.relevance).all())
    return finite and bool(explanation.sound().any())


def write_explanation(site: Path, item: str, explanation: Explanation) -> float:
    """Write picture and sound of one explanation; returns the loudness of the sound (RMS)."""
    shown = positive_only(explanation)
    clip = shown.clip
    # No title: it would name the clip and the answer.
    save_heatmap(picture_file(site, item), clip.samples, shown.relevance, shown.domain, "")
    sound = shown.sound("weighted", "for")
    _write_sound(sound_file(site, item), sound, clip.source_rate)
    return _rms(sound)


def write_recording(site: Path, item: str, explanation: Explanation, loudness: float) -> None:
    """Write the fitted recording, at the `loudness` (RMS) or as near to it as its peak allows."""
    samples = explanation.clip.samples
    gain = min(loudness / _rms(samples), PEAK / float(np.abs(samples).max()))
    _write_sound(sound_file(site, item), samples * gain, explanation.clip.rate)


def write_word(site: Path, item: str, word: str) -> None:
    """Write the picture of a catch trial, which states the answer to give."""
    figure = new_figure(f"Attention check: choose “{word}”")
    figure.set_layout_engine("none")
    for text in figure.texts:
        text.set(fontsize=26, y=0.55)
    save_figure(figure, picture_file(site, item))


def _write_sound(path: Path, sound: NDArray[np.floating], rate: int) -> None:
    path.write_bytes(wav(sound, rate))


def _rms(sound: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
