"""Classifying the recordings of a corpus."""

from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from lrp_audio.audio.clip import Clip
from lrp_audio.data.reading import read
from lrp_audio.data.recording import Recording
from lrp_audio.data.tasks import TASKS
from lrp_audio.evaluate.strangers import Heard
from lrp_audio.model import Model


def predicted_classes(model: Model, recordings: Sequence[Recording]) -> list[int]:
    """Index of the class that `model` predicts for each recording, with a progress bar.

    Raises `ClipError` for a recording that cannot be read.
    """
    return model.classify_batch(_clips(model, recordings))


def heard(model: Model, task: str, recordings: Sequence[Recording]) -> Heard:
    """How `model` classifies each recording for `task`, and with which probability.

    Raises as `predicted_classes` does.
    """
    logits = model.logits(_clips(model, recordings))
    shares = model.output.probabilities(logits)
    assert shares is not None  # a model of a task gives classes
    labels = np.array([TASKS[task].label(recording) for recording in recordings])
    confidence = shares.max(axis=1)
    calibrated = model.output.temperature is not None
    return Heard(
        recordings,
        logits.argmax(axis=1) == labels,
        confidence,
        confidence >= model.output.sure if calibrated else None,
    )


def _clips(model: Model, recordings: Sequence[Recording]) -> Iterator[Clip]:
    with tqdm(recordings, unit="clip", leave=False, disable=None) as bar:
        for recording in bar:
            yield read(recording, model.front.rate)
