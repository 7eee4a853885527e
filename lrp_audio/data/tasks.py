"""The two tasks: which digit is spoken, and the speaker's sex."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.data.recording import WORDS, Recording
from lrp_audio.data.speakers import SEXES
from lrp_audio.data.split import (
    Split,
    balanced_weights,
    require_speakers,
    split_official,
    split_speakers,
    spoken_by,
)
from lrp_audio.errors import DataError


@dataclass(frozen=True)
class Task:
    """Class names, the class of a recording, what to test on, and the weights for drawing.

    `label` is None where the class is unknown; `split` leaves such recordings out.
    """

    classes: tuple[str, ...]
    label: Callable[[Recording], int | None]
    split: Callable[[Sequence[Recording], Sequence[str]], Split]
    sampling_weights: Callable[[Sequence[Recording]], NDArray[np.float64] | None]


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
    "sex": Task(SEXES, _sex, _split_speakers, balanced_weights),
}


def task_of(classes: Sequence[str]) -> str | None:
    """The name of the task with these `classes`; None where there is none."""
    return next((name for name, task in TASKS.items() if task.classes == tuple(classes)), None)


def unseen_recordings(
    task: str, recordings: Sequence[Recording], held_out: Sequence[str] = ()
) -> list[Recording]:
    """Those of `recordings` that ``python -m lrp_audio.train`` does not train on, sorted.

    For digits these are FSDD's official test recordings, for the sex those of a quarter of the
    speakers; in both cases also those of the speakers in `held_out`, named as in `split_official`.
    Raises `DataError` where there are none.
    """
    known = [r for r in recordings if TASKS[task].label(r) is not None]
    require_speakers(held_out, known)
    if task == "sex":
        return list(TASKS[task].split(known, held_out).test)
    found = sorted({r for r in known if r.official_test or spoken_by(r, held_out)})
    if not found:
        raise DataError(
            "No recording here is a test recording (index 0 to 4) of a digit; name speakers that "
            "the network was not trained on."
        )
    return found
