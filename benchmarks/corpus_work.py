"""The task of a worker process of `benchmarks.throughput`, in a module that it can import."""

from collections.abc import Sequence
from functools import lru_cache

import lrp_audio
from lrp_audio.data.reading import read
from lrp_audio.data.recording import Recording
from lrp_audio.model import Model


def explained(name: str, piece: Sequence[Recording]) -> float:
    """Explain some recordings with the model `name`; the sum of all their relevance."""
    model = _loaded(name)
    found = model.explain_batch([read(recording, model.front.rate) for recording in piece])
    return sum(float(each.relevance.sum()) for each in found)


@lru_cache(maxsize=1)
def _loaded(name: str) -> Model:
    return lrp_audio.load(name)
