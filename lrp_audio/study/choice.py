"""Choosing clips: which recordings the network got wrong, and which of them a study shows."""

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
"""Trials of a study unless told otherwise: about ten minutes."""

_FEWEST = 4


@dataclass(frozen=True)
class Candidate:
    """A recording, the class that was said and the one that the network named."""

    recording: Recording
    spoken: str
    network: str

    @property
    def wrong(self) -> bool:
        """Whether the two differ."""
        return self.spoken != self.network


def task_of(model: Model) -> str:
    """The task whose classes `model` tells apart; raises `StudyError` where there is none."""
    if task := tasks.task_of(model.classes):
        return task
    raise StudyError(
        f"The model {model.name} tells {', '.join(model.classes)} apart; a study needs a model of "
        f"the tasks {' and '.join(TASKS)}, of which recordings say the right answer."
    )


def recordings(data: Sequence[str], task: str) -> list[Recording]:
    """The recordings in folders and of bundled examples that say what `task` asks for.

    Raises `DataError` or `StudyError` where there is none.
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
    found += find_recordings(folders, say)
    usable = [r for r in found if TASKS[task].label(r) is not None]
    if not usable:
        raise StudyError(
            f"No recording says which {task} is right: give FSDD's, AudioMNIST's or EmoDB's "
            "files, or files named like 7_jackson_12.wav (digit, speaker, index)."
        )
    return usable


def listen(
    model: Model,
    task: str,
    found: Iterable[Recording],
    complain: Callable[[ClipError], None],
) -> list[Candidate]:
    """The class that `model` predicts for each recording; errors in reading go to `complain`."""
    known, errors = readable(found, model.front.rate)
    for error in errors:
        complain(error)
    labels = [TASKS[task].label(recording) for recording in known]
    return [
        Candidate(recording, model.classes[label], model.classes[predicted])
        for recording, label, predicted in zip(
            known, labels, predicted_classes(model, known), strict=True
        )
        if label is not None
    ]


def ranked(candidates: Iterable[Candidate], rng: np.random.Generator) -> Iterator[Candidate]:
    """At random, but in turn one of each class that the network named, so that none prevails."""
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
    """How many wrong and right clips to show, of so many; `reserved` right ones serve elsewhere.

    Half of them wrong if there are enough, else all the wrong ones; an even number in all. Raises
    `StudyError` where there are fewer than `wanted` or too few for any study.
    """
    spare = max(right - reserved, 0)
    # A wrong clip more than there are right ones could not be balanced by them.
    most = spare + min(wrong, spare)
    most -= most % 2
    if most < _FEWEST or (wanted or 0) > most:
        raise StudyError(
            f"{wrong + right} usable recordings, {wrong} of them heard wrongly, are enough for "
            f"{most} trials beside {reserved} clips for practice and checks, not for "
            f"{max(wanted or 0, _FEWEST)}: give more recordings with --data"
            + (" or fewer --clips." if most >= _FEWEST else ".")
        )
    count = wanted or min(most, MOST_BY_DEFAULT)
    chosen = min(wrong, count // 2)
    return chosen, count - chosen
