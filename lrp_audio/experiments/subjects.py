"""What is examined: a network, and a few recordings that it was not trained on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import Clip
from lrp_audio.data.reading import read
from lrp_audio.data.recording import Recording
from lrp_audio.data.tasks import TASKS
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.model import Model
from lrp_audio.model.loading import load_once
from lrp_audio.models.architecture import Architecture
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.types import Array

DIGIT_NETWORKS = ("audionet-digit", "alexnet-digit")
"""The shipped networks for digits, in the order of the results."""
OF_THIS_PROJECT = tuple(f"{of}-{task}" for of in ARCHITECTURES for task in TASKS)
"""The networks whose tasks are known, and with them the labels of recordings."""

_RECORDINGS_PER_UNIT = 8  # few enough to share among workers, many enough to pay for a unit


@dataclass(frozen=True)
class Subject:
    """A network that is examined: its file or folder, and the digest of what it is read from.

    The digest keeps the results of different weights apart.
    """

    name: str
    path: str
    sha256: str

    @property
    def own(self) -> bool:
        """Whether it is the user's, with no labels: it is examined on what it predicts."""
        return self.name not in OF_THIS_PROJECT

    @property
    def task(self) -> str:
        """``digit`` or ``sex``, of an architecture of this project."""
        return self.name.split("-")[1]

    @property
    def architecture(self) -> Architecture:
        """How the network is built, of an architecture of this project."""
        return ARCHITECTURES[self.name.split("-")[0]]

    @property
    def front(self) -> FrontEnd:
        """What makes inputs of recordings."""
        return self.load().front if self.own else self.architecture.front

    @property
    def recordings_per_unit(self) -> int:
        """How many recordings are examined together; inputs of various lengths, one by one."""
        return 1 if self.front.length is None else _RECORDINGS_PER_UNIT

    def load(self) -> Model:
        """The model, read once in each process; raises `ModelError` if its file was replaced."""
        return load_once(Path(self.path), "float32", self.sha256)


@dataclass(frozen=True)
class Portion:
    """A few recordings for one network, which one unit of work examines."""

    subject: Subject
    recordings: tuple[Recording, ...]

    def only(self, recordings: Mapping[Recording, Recording]) -> "Portion":
        """The portion with those of its recordings that are among `recordings`, as they are there.

        There they have digests.
        """
        kept = (recordings[r] for r in self.recordings if r in recordings)
        return replace(self, recordings=tuple(kept))

    def clips(self) -> list[Clip]:
        """The recordings, fitted to the network's rate and length."""
        front = self.subject.load().front
        return [front.fit(read(r, front.rate, front.channels)) for r in self.recordings]

    def labels(self) -> list[int]:
        """True class of each recording."""
        label = TASKS[self.subject.task].label
        return [found for r in self.recordings if (found := label(r)) is not None]

    def targets(self, x: Array) -> NDArray[np.intp]:
        """What is explained of inputs `x` of the recordings, as attribution methods take it.

        The true class; of a network of the user's the predicted one, or its first value.
        """
        if not self.subject.own:
            return np.array(self.labels(), np.intp)
        model = self.subject.load()
        return model.targets(x, None if model.output.kind == "class" else 0)
