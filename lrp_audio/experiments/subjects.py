"""Which networks are examined, and on which recordings of speakers or takes they never heard."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np

import lrp_audio
from lrp_audio.audio.clip import Clip
from lrp_audio.commands.run import say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.folds import folds
from lrp_audio.data.reading import read, readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.tasks import TASKS, unseen_recordings
from lrp_audio.errors import ClipError, DataError, ModelError
from lrp_audio.experiments.accuracy import weights
from lrp_audio.experiments.plan import Plan
from lrp_audio.model import Model
from lrp_audio.models.zoo import ARCHITECTURES, shipped

Made = TypeVar("Made")
_TOGETHER = 8  # recordings of a unit of work: small enough to spread, large enough to be worth it


@dataclass(frozen=True)
class Subject:
    """A network that is examined: its weights file, and the digest of that file.

    The digest makes a result of other weights another result.
    """

    name: str
    path: str
    sha256: str

    @property
    def task(self) -> str:
        """``digit`` or ``sex``."""
        return self.name.split("-")[1]

    @property
    def rate(self) -> int:
        """Samples a second of its input."""
        return ARCHITECTURES[self.name.split("-")[0]].front.rate

    def load(self) -> Model:
        """The model; read once in each process."""
        return _load(self)


@dataclass(frozen=True)
class Portion:
    """A few recordings for one network: what a unit of work is done on."""

    subject: Subject
    recordings: tuple[Recording, ...]

    def only(self, recordings: Collection[Recording]) -> "Portion":
        """The portion without recordings other than these."""
        return replace(self, recordings=tuple(r for r in self.recordings if r in recordings))

    def clips(self) -> list[Clip]:
        """The recordings as the network hears them: fitted to a second."""
        front = self.subject.load().front
        return [front.fit(read(recording, front.rate)) for recording in self.recordings]

    def labels(self) -> list[int]:
        """True class of each recording."""
        label = TASKS[self.subject.task].label
        return [found for r in self.recordings if (found := label(r)) is not None]


def units(
    plan: Plan, names: Sequence[str], clips: int, make: Callable[[Portion], Made]
) -> tuple[list[Made], list[ClipError]]:
    """What `make` makes of a few recordings each, for all networks called `names`.

    At most `clips` recordings a network, unless the plan says another number. Recordings that
    cannot be read are left out, and what is wrong with them is given besides; the others are
    divided as if they could be read, so that results of these units can be kept. Raises `DataError`
    or `ModelError` where there is nothing to examine.
    """
    recordings = find_recordings(plan.data, say)
    chosen = [name for name in names if not plan.models or name in plan.models]
    if not chosen:
        raise ModelError(
            f"This experiment is about {', '.join(names)}; --models gives {', '.join(plan.models)}."
        )
    portions = []
    for name in chosen:
        for subject, tested in _strangers(name, recordings, plan):
            drawn = draw(tested, plan.clips or clips, subject.task, plan.seed)
            portions += [
                Portion(subject, tuple(drawn[first : first + _TOGETHER]))
                for first in range(0, len(drawn), _TOGETHER)
            ]
    kept, errors = list[Portion](), list[ClipError]()
    for rate, of_rate in groupby(portions, lambda portion: portion.subject.rate):
        own = list(of_rate)
        sound, wrong = readable(dict.fromkeys(r for of in own for r in of.recordings), rate)
        kept += [portion.only(frozenset(sound)) for portion in own]
        errors += wrong
    return [make(portion) for portion in kept if portion.recordings], errors


def draw(recordings: Sequence[Recording], most: int, task: str, seed: int) -> list[Recording]:
    """At most `most` of the recordings, drawn with `seed`: as many of each class as there are."""
    rng = np.random.default_rng([seed, 3])
    classes: defaultdict[int | None, list[Recording]] = defaultdict(list)
    for index in rng.permutation(len(recordings)):
        classes[TASKS[task].label(recordings[index])].append(recordings[index])
    turns = max(map(len, classes.values()))
    dealt = [of[turn] for turn in range(turns) for of in classes.values() if turn < len(of)]
    return sorted(dealt[:most])


def _strangers(
    name: str, recordings: Sequence[Recording], plan: Plan
) -> Iterator[tuple[Subject, Sequence[Recording]]]:
    """The networks called `name`, each with the recordings that it was not trained on."""
    architecture, task = name.split("-")
    if plan.trained is None:
        yield _subject(name, shipped()[name]), unseen_recordings(task, recordings, plan.hold_out)
        return
    trained = [
        (_subject(name, path), fold.test)
        for fold in folds(task, recordings, plan.seed)
        if not plan.folds or fold.number in plan.folds
        if (path := weights(plan.trained / "models", architecture, task, fold.number)).is_file()
    ]
    if not trained:
        raise DataError(
            f"{plan.trained} holds no {name} of these folds: expected the output folder of the "
            "experiment accuracy, with models/ in it."
        )
    yield from trained


def _subject(name: str, path: Path) -> Subject:
    return Subject(name, str(path), hashlib.sha256(path.read_bytes()).hexdigest())


@lru_cache(maxsize=4)
def _load(subject: Subject) -> Model:
    return lrp_audio.load(subject.path)
