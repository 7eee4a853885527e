"""Which networks are examined, and on which recordings that they were not trained on."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from lrp_audio.audio.clip import Clip
from lrp_audio.commands.run import say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.folds import folds
from lrp_audio.data.reading import read, readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.strangers import speaker_list
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import ClipError, DataError, ModelError
from lrp_audio.experiments.fold_weights import FOLDER, fold_weights
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.units import AnyUnit
from lrp_audio.model import Model
from lrp_audio.model.loading import load_once
from lrp_audio.models.architecture import Architecture
from lrp_audio.models.weights import read_weights_file
from lrp_audio.models.zoo import ARCHITECTURES, shipped

DIGIT_NETWORKS = ("audionet-digit", "alexnet-digit")
"""The shipped networks for digits, in the order of the results."""

_RECORDINGS_PER_UNIT = 8  # few enough to share among workers, many enough to pay for a unit


@dataclass(frozen=True)
class Subject:
    """A network that is examined: its weights file, and the digest of that file.

    The digest keeps the results of different weights apart.
    """

    name: str
    path: str
    sha256: str

    @property
    def task(self) -> str:
        """``digit`` or ``sex``."""
        return self.name.split("-")[1]

    @property
    def architecture(self) -> Architecture:
        """How the network is built."""
        return ARCHITECTURES[self.name.split("-")[0]]

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
        return [front.fit(read(recording, front.rate)) for recording in self.recordings]

    def labels(self) -> list[int]:
        """True class of each recording."""
        label = TASKS[self.subject.task].label
        return [found for r in self.recordings if (found := label(r)) is not None]


def units(
    plan: ExperimentPlan, names: Sequence[str], clips: int, make: Callable[[Portion], AnyUnit]
) -> tuple[list[AnyUnit], list[ClipError]]:
    """Units that `make` makes of a few recordings each, at most `clips` for each network.

    `names` are the networks that the experiment is about, of which the plan may choose some.
    Recordings that cannot be read are left out, and their errors returned; the others are divided
    as if all could be read, so that results already kept stay valid. Raises `DataError` or
    `ModelError` where there is nothing to examine.
    """
    unlisted: list[ClipError] = []
    recordings = find_recordings(plan.data, say, unlisted.append)
    chosen = [name for name in names if not plan.models or name in plan.models]
    if not chosen:
        raise ModelError(
            f"This experiment is about {', '.join(names)}; --models gives {', '.join(plan.models)}."
        )
    portions = [
        Portion(subject, tuple(drawn[first : first + _RECORDINGS_PER_UNIT]))
        for name in chosen
        for subject, unseen in _subjects(name, recordings, plan)
        for drawn in [draw(unseen, clips, subject.task, plan.seed)]
        for first in range(0, len(drawn), _RECORDINGS_PER_UNIT)
    ]
    kept, errors = _readable(portions)
    return [make(portion) for portion in kept], [*unlisted, *errors]


def _readable(portions: Sequence[Portion]) -> tuple[list[Portion], list[ClipError]]:
    """The portions without recordings that cannot be read, and the errors of these."""
    kept, errors = list[Portion](), list[ClipError]()
    for rate, of_rate in groupby(portions, lambda of: of.subject.architecture.front.rate):
        own = list(of_rate)
        sound, wrong = readable(dict.fromkeys(r for of in own for r in of.recordings), rate)
        kept += [portion.only({r: r for r in sound}) for portion in own]
        errors += wrong
    return [portion for portion in kept if portion.recordings], errors


def draw(recordings: Sequence[Recording], most: int, task: str, seed: int) -> list[Recording]:
    """At most `most` of the recordings, drawn with `seed` from all classes in turn."""
    rng = np.random.default_rng([seed, 3])
    classes: defaultdict[int | None, list[Recording]] = defaultdict(list)
    for index in rng.permutation(len(recordings)):
        classes[TASKS[task].label(recordings[index])].append(recordings[index])
    turns = max(map(len, classes.values()))
    in_turn = [of[turn] for turn in range(turns) for of in classes.values() if turn < len(of)]
    return sorted(in_turn[:most])


def _subjects(
    name: str, recordings: Sequence[Recording], plan: ExperimentPlan
) -> Iterator[tuple[Subject, Sequence[Recording]]]:
    """The networks called `name`, each with the recordings that it was not trained on."""
    architecture, task = name.split("-")
    if plan.trained is None:
        unseen = speaker_list().unseen(task, recordings, plan.hold_out)
        yield _subject(name, shipped()[name]), unseen
        return
    models = plan.trained / FOLDER
    trained = [
        (_subject(name, path), fold.test)
        for fold in folds(task, recordings, plan.seed)
        if not plan.folds or fold.number in plan.folds
        if (path := fold_weights(models, architecture, task, fold.number)).is_file()
    ]
    if not trained:
        raise DataError(
            f"{plan.trained} holds no {name} of these folds: expected the output folder of the "
            "experiment accuracy, with models/ in it."
        )
    yield from trained


def _subject(name: str, path: Path) -> Subject:
    return Subject(name, str(path), read_weights_file(path).sha256)
