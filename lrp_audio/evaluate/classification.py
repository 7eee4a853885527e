"""Classifying the recordings of a corpus."""

from collections.abc import Sequence

from tqdm import tqdm

from lrp_audio.data.reading import read
from lrp_audio.data.recording import Recording
from lrp_audio.model import Model


def predicted_classes(model: Model, recordings: Sequence[Recording]) -> list[int]:
    """Index of the class that `model` predicts for each recording, with a progress bar.

    Raises `ClipError` for a recording that cannot be read.
    """
    with tqdm(recordings, unit="clip", leave=False, disable=None) as bar:
        return model.classify_batch(read(recording, model.front.rate) for recording in bar)
