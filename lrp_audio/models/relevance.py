"""The relevance of every layer of a network, for a batch or a single sample."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lrp_audio.rules.base import SparseRelevance
from lrp_audio.types import Array

RelevanceByName = dict[str, Array | SparseRelevance]


class LayerRelevance(Mapping[str, Array]):
    """Relevance ``(batch, ...)`` by name of the layer at whose output it is; `INPUT` is the input.

    For a convolution that is fused with its max-pool, only the relevance of the winners is stored;
    the array of all outputs is made on access.
    """

    def __init__(self, by_step: Sequence[RelevanceByName]) -> None:
        self._by_step = list(by_step)  # layers that share arrays are in one step

    def __getitem__(self, name: str) -> Array:
        for stored in self._by_step:
            if name in stored:
                found = stored[name]
                return found if isinstance(found, np.ndarray) else found.whole()
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for stored in self._by_step for name in stored)

    def __len__(self) -> int:
        return sum(map(len, self._by_step))

    def __repr__(self) -> str:
        return f"<relevance of {', '.join(self)}>"

    def split(self, batch: int) -> list["SampleRelevance"]:
        """The relevance of each of `batch` samples, in arrays of its own.

        Empties this object step by step, so that memory never holds everything twice.
        """
        of_samples: list[list[RelevanceByName]] = [[] for _ in range(batch)]
        while self._by_step:
            stored = self._by_step.pop(0)
            for index, own in enumerate(of_samples):
                own.append(_of_sample(stored, index))
        return [SampleRelevance(LayerRelevance(own)) for own in of_samples]


class SampleRelevance(Mapping[str, Array]):
    """Relevance of one sample by name of the layer, as in `LayerRelevance`, without a batch axis.

    Its arrays share no memory with those of other samples, and it can be pickled.
    """

    def __init__(self, batch_of_one: LayerRelevance) -> None:
        self._batch = batch_of_one

    def __getitem__(self, name: str) -> Array:
        return np.asarray(self._batch[name][0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._batch)

    def __len__(self) -> int:
        return len(self._batch)

    def __repr__(self) -> str:
        return repr(self._batch)


def _of_sample(stored: RelevanceByName, index: int) -> RelevanceByName:
    """One sample's part of the relevance of a step; an array that layers share is copied once."""
    copies: dict[int, Array] = {}

    def copy(array: Array) -> Array:
        if id(array) not in copies:
            # Order "K" keeps the memory layout, which the kernels depend on for speed.
            copies[id(array)] = np.array(array[index : index + 1], order="K")
        return copies[id(array)]

    return {
        name: copy(found) if isinstance(found, np.ndarray) else found.of(copy)
        for name, found in stored.items()
    }
