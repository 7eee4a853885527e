"""Which networks an experiment examines, and which recordings are drawn for each."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from lrp_audio.commands.run import say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.folds import folds
from lrp_audio.data.reading import readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.strangers import speaker_list
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import ClipError, DataError, ModelError
from lrp_audio.experiments.fold_weights import FOLDER, fold_weights
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.subjects import OF_THIS_PROJECT, Portion, Subject
from lrp_audio.experiments.units import AnyUnit
from lrp_audio.explain.clips import find_clips, passed_over_sentence
from lrp_audio.model.loading import load_once
from lrp_audio.models.weights import read_weights_file
from lrp_audio.models.zoo import shipped
from lrp_audio.outputs import Kind

Examined = tuple[Subject, Sequence[Recording]]
"""A network, and the recordings to draw from for it."""


def units(
    plan: ExperimentPlan,
    names: Sequence[str],
    clips: int,
    make: Callable[[Portion], AnyUnit],
    own: Container[Kind] = (),
) -> tuple[list[AnyUnit], list[ClipError]]:
    """Units that `make` makes of a few recordings each, at most `clips` for each network.

    `names` are the networks that the experiment is about, of which the plan may choose some; it may
    also name networks of the user's with an output of one of the kinds in `own`. Recordings that
    cannot be read are left out, and their errors returned; the others are divided as if all could
    be read, so that results already kept stay valid. Raises `DataError` or `ModelError` where there
    is nothing to examine.
    """
    unlisted: list[ClipError] = []
    ours = [name for name in names if not plan.models or name in plan.models]
    theirs = [name for name in plan.models if name not in names]
    subjects = _own_subjects(theirs, names, own)
    drawn: list[Examined] = []
    if ours:
        recordings = find_recordings(plan.data, say, unlisted.append)
        drawn += [
            (subject, draw(unseen, clips, TASKS[subject.task].label, plan.seed))
            for name in ours
            for subject, unseen in _subjects(name, recordings, plan)
        ]
    if subjects:
        sounds = draw(_any_recordings(plan, unlisted), clips, lambda _: None, plan.seed)
        drawn += [(subject, sounds) for subject in subjects]
    portions = [
        Portion(subject, tuple(of[first : first + subject.recordings_per_unit]))
        for subject, of in drawn
        for first in range(0, len(of), subject.recordings_per_unit)
    ]
    kept, errors = _readable(portions)
    return [make(portion) for portion in kept], [*unlisted, *errors]


def draw(
    recordings: Sequence[Recording],
    most: int,
    label: Callable[[Recording], int | None],
    seed: int,
) -> list[Recording]:
    """At most `most` of the recordings, drawn with `seed` from all classes in turn."""
    rng = np.random.default_rng([seed, 3])
    classes: defaultdict[int | None, list[Recording]] = defaultdict(list)
    for index in rng.permutation(len(recordings)):
        classes[label(recordings[index])].append(recordings[index])
    turns = max(map(len, classes.values()), default=0)
    in_turn = [of[turn] for turn in range(turns) for of in classes.values() if turn < len(of)]
    return sorted(in_turn[:most])


def _own_subjects(
    given: Sequence[str], names: Sequence[str], kinds: Container[Kind]
) -> list[Subject]:
    """The user's networks at the paths `given`, each under a name of its own."""
    if wrong := [each for each in given if not kinds or not Path(each).exists()]:
        further = ", and takes the path of a network of your own" if kinds else ""
        raise ModelError(
            f"This experiment is about {', '.join(names)}{further}; --models gives "
            f"{', '.join(wrong)}."
        )
    found: dict[str, Subject] = {}
    for each in given:
        model = load_once(Path(each), "float32")
        if model.output.kind not in kinds:
            raise ModelError(
                f"The network {each} gives values, and this experiment needs classes, of which one "
                "is predicted: take the experiment sanity."
            )
        taken = model.name in found or model.name in OF_THIS_PROJECT
        name = f"{each} ({model.sha256[:8]})" if taken else model.name
        found[name] = Subject(name, each, model.sha256)
    return list(found.values())


def _any_recordings(plan: ExperimentPlan, unlisted: list[ClipError]) -> list[Recording]:
    """Every recording in the folders of the plan, without a label."""
    search = find_clips(plan.data)
    if passed_over := passed_over_sentence(search.passed_over):
        say(passed_over)
    if not search.clips and search.errors:
        raise search.errors[0]
    unlisted += search.errors
    return [Recording(clip.path, None, "", 0, "", None) for clip in search.clips]


def _readable(portions: Sequence[Portion]) -> tuple[list[Portion], list[ClipError]]:
    """The portions without recordings that cannot be read, and the errors of these."""
    kept, errors = list[Portion](), list[ClipError]()
    fronts = groupby(portions, lambda of: (of.subject.front.rate, of.subject.front.channels))
    for (rate, channels), of_front in fronts:
        own = list(of_front)
        every = dict.fromkeys(r for of in own for r in of.recordings)
        sound, wrong = readable(every, rate, channels)
        kept += [portion.only({r: r for r in sound}) for portion in own]
        errors += wrong
    return [portion for portion in kept if portion.recordings], errors


def _subjects(
    name: str, recordings: Sequence[Recording], plan: ExperimentPlan
) -> Iterator[Examined]:
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
