"""The shipped networks: trained on the listed speakers, so that they hear strangers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lrp_audio.commands.text import printable
from lrp_audio.data.recording import Recording
from lrp_audio.data.split import Split, drawing_weights, require_speakers
from lrp_audio.data.strangers import Part, speaker_list
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import DataError
from lrp_audio.models.weights import set_temperature
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.recipes.recipe import Recipe
from lrp_audio.training.from_recordings import Classified, train_network
from lrp_audio.training.temperature import fitted_temperature


def standard_split(
    task: str, recipe: Recipe, recordings: Sequence[Recording], held_out: Sequence[str] = ()
) -> Split:
    """The recordings of listed speakers to train and to validate on, of the recipe's corpora.

    The speakers in `held_out` are neither trained nor validated on. Raises `DataError` where one of
    them does not occur, or nothing is left to train or validate on.
    """
    require_speakers(held_out, recordings)

    def of(part: Part) -> tuple[Recording, ...]:
        found = speaker_list().recordings(task, part, recordings, held_out)
        return tuple(r for r in found if r.corpus in recipe.corpora)

    split = Split(of("training"), of("validation"))
    for recordings_of, doing in ((split.training, "train"), (split.test, "validate")):
        if not recordings_of:
            raise DataError(
                f"No recording here is by a speaker to {doing} on for the task {task}; give the "
                f"folder of the corpora {', '.join(recipe.corpora)}."
            )
    missing = {TASKS[task].label(r) for r in split.test} - {
        TASKS[task].label(r) for r in split.training
    }
    if missing or len({TASKS[task].label(r) for r in split.training}) < 2:
        raise DataError(
            f"The recordings to train on for the task {task} have too few classes; give the folder "
            f"of the corpora {', '.join(recipe.corpora)}."
        )
    return split


def train_standard(
    architecture: str, task: str, split: Split, recipe: Recipe, out: Path
) -> tuple[Classified, float]:
    """Train and calibrate one network and write its weights to `out`.

    Returns how they do on the validation speakers, and the temperature. Resumes from the checkpoint
    beside `out`. Raises as `train_network` does.
    """
    labels = [TASKS[task].label(r) or 0 for r in split.training]
    weights = drawing_weights(split.training, labels, recipe.corpora)
    tested = train_network(architecture, task, split, recipe, out, weights, by_corpus)
    corpora = [r.corpus for r in tested.recordings]
    temperature = fitted_temperature(tested.logits, tested.labels, corpora)
    set_temperature(out, temperature)
    return tested, temperature


def by_corpus(tested: Classified) -> str:
    """The accuracy on each corpus and its mean, in words; for the sex, both count alike.

    The digits do not: of some there are few recordings, and chance would decide.
    """
    two = tested.logits.shape[1] == 2
    found: defaultdict[str, defaultdict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for recording, label, right in zip(
        tested.recordings, tested.labels.tolist(), tested.right.tolist(), strict=True
    ):
        found[recording.corpus][label if two else 0].append(right)
    accuracies = {
        corpus: float(np.mean([np.mean(of) for of in classes.values()]))
        for corpus, classes in sorted(found.items())
    }
    parts = [f"{printable(corpus)} {accuracy:.1%}" for corpus, accuracy in accuracies.items()]
    mean = float(np.mean(list(accuracies.values())))
    return f"validation: {', '.join(parts)}, mean {mean:.1%}"


def standard_recipe(architecture: str, task: str) -> Recipe:
    """The standard recipe of a network, with its number of steps as a setting."""
    recipe = ARCHITECTURES[architecture].standard_recipe(task)
    return replace(recipe, settings=replace(recipe.settings, steps=recipe.steps))
