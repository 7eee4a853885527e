"""The two tasks: which digit is spoken, and the speaker's sex."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lrp_audio.data.corpus import Recording
from lrp_audio.data.split import Split, balance, split_official, split_speakers
from lrp_audio.data.voices import WORDS


@dataclass(frozen=True)
class Task:
    """Class names, the class of a recording, what to test on, and how to draw for training."""

    classes: tuple[str, ...]
    label: Callable[[Recording], int]
    split: Callable[[Sequence[Recording], Sequence[str]], Split]
    chances: Callable[[Sequence[Recording]], NDArray[Any] | None]


_SEXES = ("female", "male")


def _digit(recording: Recording) -> int:
    assert recording.digit is not None
    return recording.digit


def _sex(recording: Recording) -> int:
    assert recording.sex is not None
    return _SEXES.index(recording.sex)


def _split_speakers(recordings: Sequence[Recording], held_out: Sequence[str]) -> Split:
    return split_speakers(recordings, held_out=held_out)


TASKS = {
    "digit": Task(WORDS, _digit, split_official, lambda recordings: None),
    "sex": Task(_SEXES, _sex, _split_speakers, balance),
}
