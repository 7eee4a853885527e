"""Recordings put to a network: as inputs, and the classes that it hears in them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lrp_audio.attributions.asking import pieces
from lrp_audio.audio.clip import fit
from lrp_audio.data.corpus import Recording, read
from lrp_audio.model import Model


def inputs(model: Model, recordings: Sequence[Recording]) -> NDArray[np.floating]:
    """What `model` hears of each recording, fitted to a second: ``(recordings, *input shape)``."""
    clips = [fit(read(recording), model.front.length) for recording in recordings]
    return np.stack([model.front(clip.samples).astype(model.dtype) for clip in clips])


def heard_classes(model: Model, recordings: Sequence[Recording]) -> list[int]:
    """Index of the class that `model` hears in each recording."""
    found: list[int] = []
    with tqdm(total=len(recordings), unit="clip", leave=False, disable=None) as bar:
        for piece in pieces(len(recordings)):
            batch = recordings[piece]
            logits = model.network.forward(inputs(model, batch))
            found += logits.argmax(axis=1).tolist()
            bar.update(len(batch))
    return found
