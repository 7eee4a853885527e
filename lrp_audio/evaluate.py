"""``python -m lrp_audio.evaluate``: accuracy of a model on recordings, by speaker."""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import lrp_audio
from lrp_audio.data.corpus import Recording, find_recordings, tell
from lrp_audio.data.split import named
from lrp_audio.data.tasks import SEXES, TASKS, unheard
from lrp_audio.errors import DataError, LrpAudioError, ModelError
from lrp_audio.files import staged
from lrp_audio.listening import heard_classes
from lrp_audio.model import Model
from lrp_audio.options import add_threads
from lrp_audio.report.table import aligned

Figures = dict[str, Any]
Heard = list[tuple[Recording, bool]]
"""Recordings, and whether the model hears each of them right."""

_OVERALL = ("all recordings alike", "all corpora alike")
_EXAMPLES = """\
examples:
  python -m lrp_audio.evaluate --data fsdd/recordings
      FSDD's official test recordings (index 0 to 4)
  python -m lrp_audio.evaluate --model my.npz --data fsdd/recordings --speakers theo
      every recording of a speaker that my.npz was not trained on
  python -m lrp_audio.evaluate --model my-sex.npz --data fsdd/recordings emodb voices
      the speakers that train --task sex keeps for testing, with figures balanced over the sexes

Recordings that do not say what the model was trained for, such as EmoDB's for digits, are left out.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, measure, print a table; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        lrp_audio.threads(options.threads)
        model = lrp_audio.load(options.model)
        task = _task(model)
        recordings = _chosen(options, task)
        labels = [TASKS[task].label(r) for r in recordings]
        right = [a == b for a, b in zip(heard_classes(model, recordings), labels, strict=True)]
        figures = _figures(model.name, task, list(zip(recordings, right, strict=True)))
        print(_text(figures))
        if options.json:
            with staged(options.json.parent) as aside:
                text = json.dumps(figures, indent=2) + "\n"
                (aside / options.json.name).write_text(text, encoding="utf-8")
    except LrpAudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {options.json} cannot be written ({error.strerror}).", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.evaluate",
        description="Accuracy of a digit or sex model on recordings.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help="a shipped model's name or a weights file (default: %(default)s)",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders of corpora, as for training",
    )
    tested = parser.add_mutually_exclusive_group()
    tested.add_argument(
        "--hold-out",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="speakers that training held out, to test on besides the usual test recordings",
    )
    tested.add_argument(
        "--speakers",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="instead, test on every recording of these speakers (theo, or emodb/03)",
    )
    add_threads(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def _task(model: Model) -> str:
    for name, task in TASKS.items():
        if model.classes == task.classes:
            return name
    raise ModelError(
        f"The model {model.name} tells {', '.join(model.classes)} apart; only models of the tasks "
        f"{' and '.join(TASKS)} can be evaluated."
    )


def _chosen(options: argparse.Namespace, task: str) -> list[Recording]:
    """The recordings to test on, of those whose class is known."""
    recordings = [
        r for r in find_recordings(options.data, tell) if TASKS[task].label(r) is not None
    ]
    if not options.speakers:
        return unheard(task, recordings, options.hold_out)
    for name in options.speakers:
        if not any(named(r, [name]) for r in recordings):
            known = ", ".join(sorted({r.who for r in recordings}))
            raise DataError(
                f"There is no speaker {name!r} whose {task} is known; choose from "
                f"{known or '(none)'}."
            )
    return sorted({r for r in recordings if named(r, options.speakers)})


def _figures(model: str, task: str, heard: Heard) -> Figures:
    figures: Figures = {"model": model, "task": task, "all": _grouped(heard)[0]}
    if task == "sex":
        figures["by corpus and sex"] = _grouped(heard, "corpus", "sex")
    figures["by speaker"] = _grouped(heard, "who", "sex")
    if task == "sex":
        figures["balanced"] = _balanced(heard)
    return figures


def _grouped(heard: Heard, *facts: str) -> list[Figures]:
    """How many recordings are heard right of those that share `facts`."""
    groups: defaultdict[tuple[Any, ...], Heard] = defaultdict(list)
    for recording, right in heard:
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


def _balanced(heard: Heard) -> Figures:
    """Accuracies to which both sexes count alike, however many recordings there are of each."""
    groups = _grouped(heard, "corpus", "sex")
    corpora = sorted({group["corpus"] for group in groups})
    return {
        "by corpus": {
            name: _over_sexes([g for g in groups if g["corpus"] == name]) for name in corpora
        },
        _OVERALL[0]: _over_sexes(_grouped(heard, "sex")),
        _OVERALL[1]: _over_sexes(groups),
    }


def _over_sexes(groups: Sequence[Figures]) -> float | None:
    """The mean over the sexes of the mean of their groups; None where a sex is missing."""
    by_sex = [[g["accuracy"] for g in groups if g["sex"] == sex] for sex in SEXES]
    return mean(map(mean, by_sex)) if all(by_sex) else None


def _text(figures: Figures) -> str:
    """The figures as tables."""
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


if __name__ == "__main__":
    sys.exit(main())
