"""The two tasks: which digit is spoken, and the speaker's sex."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lrp_audio.data.corpus import Recording
from lrp_audio.data.split import Split, balance, split_official, split_speakers
from lrp_audio.data.voices import WORDS
from lrp_audio.errors import DataError

SEXES = ("female", "male")


@dataclass(frozen=True)
class Task:
    """Class names, the class of a recording, what to test on, and how to draw for training.

    The class is None where nobody says it; `split` leaves such recordings out.
    """

    classes: tuple[str, ...]
    label: Callable[[Recording], int | None]
    split: Callable[[Sequence[Recording], Sequence[str]], Split]
    chances: Callable[[Sequence[Recording]], NDArray[Any] | None]


def _digit(recording: Recording) -> int | None:
    return recording.digit


def _sex(recording: Recording) -> int | None:
    return None if recording.sex is None else SEXES.index(recording.sex)


def _split_digits(recordings: Sequence[Recording], held_out: Sequence[str]) -> Split:
    digits = [r for r in recordings if r.digit is not None]
    if not digits:
        raise DataError(
            "No recording is known to say a digit; add a corpus of digits: FSDD, AudioMNIST, or "
            "voices made by python -m lrp_audio.data.voices."
        )
    return split_official(digits, held_out)


def _split_speakers(recordings: Sequence[Recording], held_out: Sequence[str]) -> Split:
    return split_speakers(recordings, held_out=held_out)


TASKS = {
    "digit": Task(WORDS, _digit, _split_digits, lambda recordings: None),
    "sex": Task(SEXES, _sex, _split_speakers, balance),
}
