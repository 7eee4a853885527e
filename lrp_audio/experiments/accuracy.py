"""Accuracy on unseen speakers: the published cross-validation over speakers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

import numpy as np

import lrp_audio
from lrp_audio.commands.run import say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.folds import FOLDS, Fold, folds
from lrp_audio.data.reading import readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.split import Split
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import ClipError, DataError
from lrp_audio.evaluate.classification import predicted_classes
from lrp_audio.experiments.experiment import Experiment
from lrp_audio.experiments.fold_weights import FOLDER, fold_weights
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.results import ExperimentResults, ResultRow, ResultTable
from lrp_audio.experiments.units import UnitResult
from lrp_audio.model import Model
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.training.from_recordings import train_network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER = {
    ("alexnet", "digit"): (95.82, 1.49),
    ("alexnet", "sex"): (95.87, 2.85),
    ("audionet", "digit"): (92.53, 2.04),
    ("audionet", "sex"): (91.74, 8.60),
}
"""Mean and standard deviation over the folds in percent (Becker et al., table 1)."""

_QUICK_STEPS = 60


@dataclass(frozen=True)
class FoldTraining:
    """A network to train for `steps` steps on one fold of a task, and to test on its test set.

    `data` are the folders of the corpora, `models` that of the weights; `recordings` is the digest
    of all recordings that are labelled for the task.
    """

    architecture: str
    task: str
    fold: int
    data: tuple[str, ...]
    steps: int
    seed: int
    models: str
    recordings: str

    def work(self) -> UnitResult:
        """Train, from the checkpoint if there is one; accuracy on the validation and test sets."""
        fold = self._fold()
        recipe = ARCHITECTURES[self.architecture].recipes[self.task]
        epochs = max(1, round(self.steps * recipe.settings.batch / len(fold.training)))
        settings = replace(recipe.settings, epochs=epochs, seed=self.seed)
        out = fold_weights(Path(self.models), self.architecture, self.task, self.fold)
        split = Split(fold.training, fold.validation)
        weights = TASKS[self.task].sampling_weights(split.training)
        recipe = replace(recipe, settings=settings)
        train_network(self.architecture, self.task, split, recipe, out, weights)
        parts = {"validation": fold.validation, "test": fold.test}
        model = lrp_audio.load(out)
        found = {name: self._accuracy(model, recordings) for name, recordings in parts.items()}
        out.with_name(f"{out.name}.checkpoint").unlink(missing_ok=True)
        return {"training": len(fold.training), **found}

    def _fold(self) -> Fold:
        """The fold without the recordings that cannot be read, which do not change the others."""
        rate = ARCHITECTURES[self.architecture].front.rate
        # Folders that cannot be listed were named before the work began.
        every = find_recordings(map(Path, self.data), unlisted=lambda error: None)
        whole = folds(self.task, every, self.seed)[self.fold]
        used = _labelled(every, self.task)
        found = {r: r for r in readable(used, rate)[0]}
        if _digest(used, found) != self.recordings:
            raise DataError("Recordings were changed meanwhile: give the command again.")
        training, validation, test = (
            tuple(found[r] for r in part if r in found)
            for part in (whole.training, whole.validation, whole.test)
        )
        if not (training and validation and test):
            raise DataError(
                f"No recording can be read in one of the parts of fold {self.fold} (training, "
                "validation, test): mend the recordings, or leave the fold out with --folds."
            )
        return Fold(self.fold, training, validation, test)

    def _accuracy(self, model: Model, recordings: Sequence[Recording]) -> float:
        labels = [TASKS[self.task].label(r) for r in recordings]
        found = predicted_classes(model, recordings)
        return float(np.mean([a == b for a, b in zip(found, labels, strict=True)]))


def units(plan: ExperimentPlan) -> tuple[list[FoldTraining], list[ClipError]]:
    """One for each network, task and fold; and the errors of recordings that cannot be read."""
    errors: list[ClipError] = []
    # Said once here, not in every worker.
    recordings = find_recordings(plan.data, say, errors.append)
    wanted = [
        (architecture, task)
        for architecture, task in product(sorted(ARCHITECTURES), TASKS)
        if task in ARCHITECTURES[architecture].recipes
        if not plan.models or f"{architecture}-{task}" in plan.models
        if _chosen_folds(plan, task)
    ]
    digests = {}
    for rate, task in sorted({(ARCHITECTURES[name].front.rate, task) for name, task in wanted}):
        used = _labelled(recordings, task)
        read, wrong = readable(used, rate)
        errors += (error for error in wrong if str(error) not in map(str, errors))
        digests[rate, task] = _digest(used, {r: r for r in read})
    found = [
        FoldTraining(
            architecture,
            task,
            fold,
            tuple(map(str, plan.data)),
            plan.step_count(ARCHITECTURES[architecture].recipe(task).steps, _QUICK_STEPS),
            plan.seed,
            str(plan.out.resolve() / FOLDER),
            digests[ARCHITECTURES[architecture].front.rate, task],
        )
        for architecture, task in wanted
        for fold in _chosen_folds(plan, task)
    ]
    if not found:
        names = ", ".join(f"{architecture}-{task}" for architecture, task in PAPER)
        raise DataError(
            f"There is nothing to train: expected --models among {names}, and --folds from 0 to "
            f"{FOLDS['digit'] - 1} for digits, to {FOLDS['sex'] - 1} for the sex."
        )
    return found, errors


def _chosen_folds(plan: ExperimentPlan, task: str) -> list[int]:
    chosen = plan.folds or range(1 if plan.quick else FOLDS[task])
    return [fold for fold in chosen if fold < FOLDS[task]]


def _labelled(recordings: Sequence[Recording], task: str) -> list[Recording]:
    return [r for r in recordings if TASKS[task].label(r) is not None]


def _digest(used: Sequence[Recording], read: Mapping[Recording, Recording]) -> str:
    """A digest of the labels and the contents of the recordings `used`, of which some were `read`.

    Those that cannot be read shape the folds by their names.
    """
    found = [asdict(read.get(r, r)) for r in used]
    return sha256(json.dumps(found, default=str).encode()).hexdigest()


def results(found: Iterator[tuple[FoldTraining, UnitResult]]) -> ExperimentResults:
    """Mean and standard deviation over the folds, beside the paper's."""
    rows: list[ResultRow] = [
        {
            "network": unit.architecture,
            "task": unit.task,
            "fold": unit.fold,
            "training": result["training"],
            "steps": unit.steps,
            "validation": 100 * result["validation"],
            "test": 100 * result["test"],
        }
        for unit, result in found
    ]
    table = ResultTable(
        "Accuracy in cross-validation by speakers",
        "Percentage of the recordings of unseen speakers that are classified correctly: mean and "
        "sample standard deviation over the folds. The paper's figures are for AudioMNIST.",
        [_summary(*pair, rows) for pair in _pairs(rows)],
    )
    return ExperimentResults([table], rows, lambda figure: _draw(figure, rows))


ACCURACY = Experiment(
    "accuracy",
    "How well do the networks classify speakers that they were not trained on?",
    units,
    results,
)


def _pairs(rows: Sequence[ResultRow]) -> list[tuple[str, str]]:
    """Networks and tasks that were trained; first those of the paper, in its order."""
    found = [(row["network"], row["task"]) for row in rows]
    return [pair for pair in dict.fromkeys([*PAPER, *found]) if pair in found]


def _is(row: ResultRow, network: str, task: str) -> bool:
    return (row["network"], row["task"]) == (network, task)


def _summary(network: str, task: str, rows: Sequence[ResultRow]) -> ResultRow:
    mine = [row for row in rows if _is(row, network, task)]
    test = [row["test"] for row in mine]
    return {
        "network": network,
        "task": task,
        "folds": len(mine),
        "clips to train on": round(mean(row["training"] for row in mine)),
        "steps": mine[0]["steps"],
        "validation": mean(row["validation"] for row in mine),
        "test": mean(test),
        "sd": stdev(test) if len(test) > 1 else None,
        "paper": "{} ± {}".format(*PAPER[network, task]) if (network, task) in PAPER else None,
        "chance": 100 / len(TASKS[task].classes),
    }


def _draw(figure: "Figure", rows: Sequence[ResultRow]) -> None:
    axes = figure.subplots()
    pairs = list(dict.fromkeys([*PAPER, *_pairs(rows)]))
    for place, pair in enumerate(pairs):
        if pair in PAPER:
            centre, spread = PAPER[pair]
            axes.errorbar(
                place + 0.15, centre, spread, fmt="s", color="0.5", label=None if place else "paper"
            )
        test = [row["test"] for row in rows if _is(row, *pair)]
        label = None if place else "here, each fold"
        axes.plot([place - 0.15] * len(test), test, "o", color="#2f7fc1", mfc="none", label=label)
        chance = 100 / len(TASKS[pair[1]].classes)
        axes.hlines(chance, place - 0.4, place + 0.4, color="0.7", ls=":")
    axes.set_xticks(range(len(pairs)), [f"{network}\n{task}" for network, task in pairs])
    axes.set_ylim(0, 100)
    axes.set_ylabel("accuracy on unseen speakers in %\n(dotted: chance)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
