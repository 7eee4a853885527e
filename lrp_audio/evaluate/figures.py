"""Accuracy of a model by speaker, and by corpus and sex, as plain values and as tables."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import mean
from typing import Any

from lrp_audio.commands.text import aligned
from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import SEXES

Figures = dict[str, Any]
Results = list[tuple[Recording, bool]]
"""Recordings, each with whether the model classifies it correctly."""

_OVERALL = ("all recordings alike", "all corpora alike")


def figures_of(model: str, task: str, results: Results) -> Figures:
    """The accuracy of `model` on `task`, by speaker; for the sex also by group and balanced."""
    figures: Figures = {"model": model, "task": task, "all": _grouped(results)[0]}
    if task == "sex":
        figures["by corpus and sex"] = _grouped(results, "corpus", "sex")
    figures["by speaker"] = _grouped(results, "who", "sex")
    if task == "sex":
        figures["balanced"] = _balanced(results)
    return figures


def _grouped(results: Results, *facts: str) -> list[Figures]:
    """The accuracy of each group of recordings with the same attributes `facts`."""
    groups: defaultdict[tuple[Any, ...], Results] = defaultdict(list)
    for recording, right in results:
        groups[tuple(getattr(recording, fact) for fact in facts)].append((recording, right))
    return [
        dict(zip(facts, group, strict=True))
        | {
            "speakers": len({recording.who for recording, _ in members}),
            "right": sum(right for _, right in members),
            "of": len(members),
            "accuracy": sum(right for _, right in members) / len(members),
        }
        for group, members in sorted(groups.items(), key=str)
    ]


def _balanced(results: Results) -> Figures:
    """Accuracies in which both sexes have equal weight, whatever their numbers of recordings."""
    groups = _grouped(results, "corpus", "sex")
    corpora = sorted({group["corpus"] for group in groups})
    return {
        "by corpus": {
            name: _over_sexes([g for g in groups if g["corpus"] == name]) for name in corpora
        },
        _OVERALL[0]: _over_sexes(_grouped(results, "sex")),
        _OVERALL[1]: _over_sexes(groups),
    }


def _over_sexes(groups: Sequence[Figures]) -> float | None:
    """The mean over the sexes of the mean of their groups; None where a sex is missing."""
    by_sex = [[g["accuracy"] for g in groups if g["sex"] == sex] for sex in SEXES]
    return mean(map(mean, by_sex)) if all(by_sex) else None


def tables(figures: Figures) -> str:
    """The figures as text, in aligned tables."""
    numbers = ("right", "of", "accuracy")
    everyone = {"who": "all", "sex": None, **figures["all"]}
    speakers = [*figures["by speaker"], everyone]
    tables = [_table(figures["model"], speakers, ("who", "sex", *numbers))]
    if figures["task"] == "sex":
        groups, balanced = figures["by corpus and sex"], figures["balanced"]
        overall = [(name, balanced[name]) for name in _OVERALL]
        rows = [*balanced["by corpus"].items(), *overall]
        cells = [(name, _cell(accuracy)) for name, accuracy in rows]
        tables.insert(0, _table("corpus", groups, ("corpus", "sex", "speakers", *numbers)))
        tables.append(aligned([("balanced over the sexes", "accuracy"), *cells], left=1))
    return "\n\n".join(tables)


def _table(title: str, rows: Sequence[Figures], columns: Sequence[str]) -> str:
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    return aligned([(title, *columns[1:]), *cells], left=2)


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" if isinstance(value, float) else str(value)
