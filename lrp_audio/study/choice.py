"""Choosing clips: which recordings the network classifies wrongly, and which a study shows."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrp_audio.commands.run import say
from lrp_audio.data import tasks
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.reading import readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import ClipError, StudyError
from lrp_audio.evaluate.classification import predicted_classes
from lrp_audio.model import Model, example

MOST_BY_DEFAULT = 24
"""The most trials of a study for which no number is given: about ten minutes."""

_FEWEST = 4


@dataclass(frozen=True)
class Candidate:
    """A recording, the class that was spoken and the one that the network predicts."""

    recording: Recording
    spoken: str
    network: str

    @property
    def wrong(self) -> bool:
        """Whether the two differ."""
        return self.spoken != self.network


def task_of(model: Model) -> str:
    """The task whose classes are those of `model`; raises `StudyError` where there is none."""
    if task := tasks.task_of(model.classes):
        return task
    raise StudyError(
        f"The model {model.name} has the classes {', '.join(model.classes)}; a study needs a model "
        f"of a task that recordings are labelled for: {' or '.join(TASKS)}."
    )


def recordings(
    data: Sequence[str], task: str, on_error: Callable[[ClipError], object]
) -> list[Recording]:
    """The recordings, in folders and among the bundled clips, that are labelled for `task`.

    Errors of folders that cannot be listed go to `on_error`. Raises `DataError` or `StudyError`
    where there is none.
    """
    folders = [Path(name) for name in data if Path(name).is_dir()]
    examples = {name for name in data if not Path(name).is_dir()}
    bundled = {r.path.stem: r for r in find_recordings([example().parent])}
    if unknown := examples - bundled.keys():
        raise StudyError(
            f"{min(unknown)} is neither a folder nor a bundled clip: give folders of recordings, "
            f"or names such as {min(bundled)}."
        )
    found = [bundled[name] for name in sorted(examples if data else bundled)]
    found += find_recordings(folders, say, on_error)
    usable = [r for r in found if TASKS[task].label(r) is not None]
    if not usable:
        raise StudyError(
            f"No recording is labelled with the {task}: give FSDD's, AudioMNIST's or EmoDB's "
            "files, or files named like 7_jackson_12.wav (digit, speaker, index)."
        )
    return usable


def classify(
    model: Model,
    task: str,
    found: Iterable[Recording],
    on_error: Callable[[ClipError], None],
) -> list[Candidate]:
    """What `model` predicts for each recording; errors of unreadable ones go to `on_error`."""
    known, errors = readable(found, model.front.rate)
    for error in errors:
        on_error(error)
    labels = [TASKS[task].label(recording) for recording in known]
    return [
        Candidate(recording, model.classes[label], model.classes[predicted])
        for recording, label, predicted in zip(
            known, labels, predicted_classes(model, known), strict=True
        )
        if label is not None
    ]


def ranked(candidates: Iterable[Candidate], rng: np.random.Generator) -> Iterator[Candidate]:
    """In random order, but one of each predicted class in turn, so that none dominates."""
    candidates = list(candidates)
    queues: dict[str, deque[Candidate]] = defaultdict(deque)
    for place in rng.permutation(len(candidates)):
        queues[candidates[place].network].append(candidates[place])
    while queues:
        for name in [list(queues)[i] for i in rng.permutation(len(queues))]:
            yield queues[name].popleft()
            if not queues[name]:
                del queues[name]


def shares(wanted: int | None, wrong: int, right: int, reserved: int) -> tuple[int, int]:
    """How many of the `wrong` and of the `right` clips to show; `reserved` right ones are used up.

    An even number in total; half of them wrong if there are enough, else all the wrong ones. Raises
    `StudyError` where there are fewer than `wanted` or too few for any study.
    """
    spare = max(right - reserved, 0)
    # More wrong clips than right ones could not be balanced.
    most = spare + min(wrong, spare)
    most -= most % 2
    if most < _FEWEST or (wanted or 0) > most:
        raise StudyError(
            f"{wrong + right} usable recordings, {wrong} of them misclassified, are enough for "
            f"{most} trials beside {reserved} clips for practice and checks, not for "
            f"{max(wanted or 0, _FEWEST)}: give more recordings with --data"
            + (" or fewer --clips." if most >= _FEWEST else ".")
        )
    count = wanted or min(most, MOST_BY_DEFAULT)
    chosen = min(wrong, count // 2)
    return chosen, count - chosen
