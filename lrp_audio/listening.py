"""Recordings put to a network: the classes that it hears in them."""

from collections.abc import Sequence

from tqdm import tqdm

from lrp_audio.attributions.queries import pieces
from lrp_audio.data.corpus import Recording, read
from lrp_audio.model import Model


def heard_classes(model: Model, recordings: Sequence[Recording]) -> list[int]:
    """Index of the class that `model` hears in each recording."""
    found: list[int] = []
    with tqdm(total=len(recordings), unit="clip", leave=False, disable=None) as bar:
        for piece in pieces(len(recordings)):
            batch = recordings[piece]
            logits = model.network.forward(
                model.inputs([read(recording, model.front.rate) for recording in batch])
            )
            found += logits.argmax(axis=1).tolist()
            bar.update(len(batch))
    return found
