"""How well the networks hear strangers: the published cross-validation over speakers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from lrp_audio.experiments.plan import Plan
from lrp_audio.experiments.report import Report, Row, Table
from lrp_audio.experiments.running import Result
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
class Training:
    """One network trained on one fold of one task for `steps` steps, and tested on strangers."""

    architecture: str
    task: str
    fold: int
    data: tuple[str, ...]
    steps: int
    seed: int
    models: str

    def work(self) -> Result:
        """Train, or go on from the checkpoint; accuracy on the fold's validation and test set."""
        fold = self._fold()
        recipe = ARCHITECTURES[self.architecture].recipes[self.task].settings
        epochs = max(1, round(self.steps * recipe.batch / len(fold.training)))
        settings = replace(recipe, epochs=epochs, seed=self.seed)
        out = weights(Path(self.models), self.architecture, self.task, self.fold)
        split = Split(fold.training, fold.validation)
        train_network(self.architecture, self.task, split, settings, out)
        parts = {"validation": fold.validation, "test": fold.test}
        found = {name: self._accuracy(out, recordings) for name, recordings in parts.items()}
        out.with_name(f"{out.name}.checkpoint").unlink(missing_ok=True)
        return {"training": len(fold.training), **found}

    def _fold(self) -> Fold:
        """The fold without the recordings that cannot be read, which do not change the others."""
        rate = ARCHITECTURES[self.architecture].front.rate
        whole = folds(self.task, find_recordings(map(Path, self.data)), self.seed)[self.fold]
        training, validation, test = (
            tuple(readable(part, rate)[0])
            for part in (whole.training, whole.validation, whole.test)
        )
        if not (training and validation and test):
            raise DataError(f"Of a part of fold {self.fold} no recording can be read.")
        return Fold(self.fold, training, validation, test)

    def _accuracy(self, path: Path, recordings: Sequence[Recording]) -> float:
        labels = [TASKS[self.task].label(r) for r in recordings]
        found = predicted_classes(lrp_audio.load(path), recordings)
        return float(np.mean([a == b for a, b in zip(found, labels, strict=True)]))


def weights(folder: Path, architecture: str, task: str, fold: int) -> Path:
    """Where the weights that were trained on a fold lie below an experiment's output folder."""
    return folder / f"{architecture}-{task}-fold{fold}.npz"


def units(plan: Plan) -> tuple[list[Training], list[ClipError]]:
    """Every network on every task, and each of its folds; and which recordings cannot be read."""
    find_recordings(plan.data, say)  # said once here, and not by every worker
    found = []
    for architecture, task in PAPER:
        if plan.models and f"{architecture}-{task}" not in plan.models:
            continue
        chosen = plan.folds or (range(1) if plan.quick else range(FOLDS[task]))
        for fold in (number for number in chosen if number < FOLDS[task]):
            usual = ARCHITECTURES[architecture].recipe(task).steps
            steps = plan.steps or (_QUICK_STEPS if plan.quick else usual)
            data, models = tuple(map(str, plan.data)), str(plan.out.resolve() / "models")
            found.append(Training(architecture, task, fold, data, steps, plan.seed, models))
    if not found:
        names = ", ".join(f"{architecture}-{task}" for architecture, task in PAPER)
        raise DataError(
            f"There is nothing to train: expected --models among {names}, and --folds from 0 to "
            f"{FOLDS['digit'] - 1} for digits, to {FOLDS['sex'] - 1} for the sex."
        )
    tasks = {unit.task for unit in found}
    recordings = find_recordings(plan.data)
    used = [r for r in recordings if any(TASKS[task].label(r) is not None for task in tasks)]
    rates = {ARCHITECTURES[unit.architecture].front.rate for unit in found}
    return found, [error for rate in sorted(rates) for error in readable(used, rate)[1]]


def report(plan: Plan, found: Iterator[tuple[Training, Result]]) -> Report:
    """Mean and standard deviation over the folds, beside the paper's."""
    rows: list[Row] = [
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
    table = [_summary(*pair, rows) for pair in _pairs(rows)]
    reading = (
        "Percent of the recordings of strangers that are heard right: mean and sample standard "
        "deviation over the folds. The paper's figures are for AudioMNIST."
    )
    tables = [Table("Accuracy in cross-validation by speakers", reading, table)]
    return Report("accuracy", plan.settings(), tables, rows, lambda figure: _draw(figure, rows))


def _pairs(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Networks and tasks that were trained, those of the paper first in its order."""
    found = [(row["network"], row["task"]) for row in rows]
    return [pair for pair in dict.fromkeys([*PAPER, *found]) if pair in found]


def _is(row: Row, network: str, task: str) -> bool:
    return (row["network"], row["task"]) == (network, task)


def _summary(network: str, task: str, rows: Sequence[Row]) -> Row:
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


def _draw(figure: "Figure", rows: Sequence[Row]) -> None:
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
    axes.set_ylabel("accuracy on strangers in %\n(dotted: chance)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
