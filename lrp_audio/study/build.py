"""``build``: from recordings and a model to a folder with a website, its key, and the records.

OUT/site/ is uploaded to a web space, OUT/key.json is kept private, and the files that participants
hand in are put into OUT/records/.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

import lrp_audio
from lrp_audio.data.reading import read
from lrp_audio.errors import ClipError, StudyError
from lrp_audio.explanation import Explanation
from lrp_audio.files import make_folder, remove_leftovers, workspace
from lrp_audio.model import Model
from lrp_audio.study import choice, stimuli
from lrp_audio.study.bundle import bundled_scripts, cdn_scripts
from lrp_audio.study.choice import Candidate
from lrp_audio.study.design import CATCHES, PRACTICE, Item, Kind, orders
from lrp_audio.study.key import ExclusionRules, Key
from lrp_audio.study.site import QUESTIONS, Wording, check_address, paragraphs, write_page

_BATCH = 8  # clips explained at once
_RESERVED = PRACTICE + CATCHES["heard"] + 1  # and one to set the volume by


@dataclass(frozen=True)
class StudyPlan:
    """The settings of ``build``. ``send`` is empty where participants download their answers."""

    model: str
    data: Sequence[str]
    clips: int | None
    seed: int
    send: str
    cdn: bool
    consent: str


@dataclass(frozen=True)
class BuiltStudy:
    """The key of a study, and how many recordings were classified, and misclassified."""

    key: Key
    classified: int
    misclassified: int


def build(plan: StudyPlan, out: Path, on_error: Callable[[ClipError], None]) -> BuiltStudy:
    """Make the study in `out`, a folder that is new or empty; all of it appears at once.

    Recordings that cannot be read are left out, and their errors passed to `on_error`. Raises
    `StudyError`, or as reading models and recordings does.
    """
    remove_leftovers(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StudyError(f"{out} is in use: give a new folder with --out, or empty that one.")
    send = check_address(plan.send) if plan.send else ""
    model = lrp_audio.load(plan.model)
    task = choice.task_of(model)
    rng = np.random.default_rng(plan.seed)
    found = choice.recordings(plan.data, task, on_error)
    classified = choice.classify(model, task, found, on_error)
    make_folder(out.parent)
    with workspace(out.parent) as work:
        study = work / "study"
        site = study / "site"
        (site / stimuli.FOLDER).mkdir(parents=True)
        (study / "records").mkdir()
        scripts = cdn_scripts() if plan.cdn else bundled_scripts(site)
        items, rules, domain = _write_items(model, classified, plan.clips, site, rng)
        made = orders(items, rng)
        key = Key(model.name, rules, task, model.classes, items, made, ExclusionRules())
        wording = Wording(*QUESTIONS[task], domain, paragraphs(plan.consent))
        write_page(site, key, scripts, wording, send)
        key.save(study)
        if out.exists():
            out.rmdir()
        os.replace(study, out)
    return BuiltStudy(key, len(classified), sum(c.wrong for c in classified))


def _write_items(
    model: Model,
    candidates: Sequence[Candidate],
    clips: int | None,
    site: Path,
    rng: np.random.Generator,
) -> tuple[tuple[Item, ...], str, str]:
    """Choose clips, explain them, write their stimuli; returns items, rules and domain."""
    misclassified = sum(c.wrong for c in candidates)
    few, many = choice.shares(clips, misclassified, len(candidates) - misclassified, _RESERVED)
    wrong = _explained(model, choice.ranked([c for c in candidates if c.wrong], rng))
    right = _explained(model, choice.ranked([c for c in candidates if not c.wrong], rng))
    trials = _take("trial", wrong, few, rng) + _take("trial", right, many, rng)
    practice = _take("practice", right, PRACTICE, rng)
    recorded = _take("catch", right, CATCHES["heard"], rng) + _take("check", right, 1, rng)
    words = [
        Item(_new_id(rng), "catch", str(word), str(word))
        for word in rng.choice(model.classes, CATCHES["seen"])
    ]
    loudness = [stimuli.write_explanation(site, item.id, e) for item, e in trials + practice]
    for item, explanation in recorded:
        stimuli.write_recording(site, item.id, explanation, float(np.median(loudness)))
    for item in words:
        stimuli.write_word(site, item.id, item.network)
    items = [item for item, _ in trials + practice + recorded] + words
    _, first = trials[0]
    return tuple(items), first.rules, first.domain.name


def _explained(
    model: Model, candidates: Iterator[Candidate]
) -> Iterator[tuple[Candidate, Explanation]]:
    """The candidates whose explanations can be seen and heard, explained as they are needed."""
    while batch := list(islice(candidates, _BATCH)):
        explanations = model.explain_batch([read(c.recording, model.front.rate) for c in batch])
        for candidate, explanation in zip(batch, explanations, strict=True):
            if stimuli.can_be_shown(stimuli.positive_only(explanation)):
                yield candidate, explanation


def _take(
    kind: Kind,
    explained: Iterator[tuple[Candidate, Explanation]],
    count: int,
    rng: np.random.Generator,
) -> list[tuple[Item, Explanation]]:
    taken = list(islice(explained, count))
    if len(taken) < count:
        raise StudyError(
            "The explanations of too many recordings are silent: give more recordings with "
            "--data, or fewer --clips."
        )
    return [
        (
            Item(
                id=_new_id(rng),
                kind=kind,
                network=candidate.network,
                spoken=candidate.spoken,
                clip=candidate.recording.path.name,
                probability=explanation.top(1)[0][2] or 0.0,
            ),
            explanation,
        )
        for candidate, explanation in taken
    ]


def _new_id(rng: np.random.Generator) -> str:
    return rng.bytes(6).hex()
