"""The evaluate command: recordings are classified, and the accuracy is printed and written."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lrp_audio
from lrp_audio.commands.run import name_broken, say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.reading import readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.split import spoken_by
from lrp_audio.data.strangers import Part, speaker_list
from lrp_audio.data.tasks import TASKS, task_of, unseen_recordings
from lrp_audio.errors import ClipError, DataError, LrpAudioError, ModelError
from lrp_audio.evaluate.classification import heard, predicted_classes
from lrp_audio.evaluate.figures import figures_of, tables
from lrp_audio.evaluate.strangers import stranger_figures, stranger_table
from lrp_audio.files import staged
from lrp_audio.model import Model
from lrp_audio.models.shipped import shipped

_DEFAULT = "audionet-digit"


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate as the `options` say; returns the exit code."""
    lrp_audio.threads(options.threads)
    return _strangers(options) if options.strangers else _one_model(options)


def _one_model(options: argparse.Namespace) -> int:
    model = lrp_audio.load(_name(options))
    task = _task(model)
    unlisted: list[ClipError] = []
    chosen = _chosen(options, task, find_recordings(options.data, say, unlisted.append))
    recordings, code = _readable(chosen, model, unlisted, options.skip_broken)
    labels = [TASKS[task].label(r) for r in recordings]
    right = [a == b for a, b in zip(predicted_classes(model, recordings), labels, strict=True)]
    figures = figures_of(model.name, task, list(zip(recordings, right, strict=True)))
    print(tables(figures))
    _write(options.json, figures)
    return code


def _name(options: argparse.Namespace) -> str:
    return str(options.model[0]) if options.model else _DEFAULT


def _strangers(options: argparse.Namespace) -> int:
    """Several models on the speakers of a part of the list, a table for each."""
    unlisted: list[ClipError] = []
    found = find_recordings(options.data, say, unlisted.append)
    part: Part = options.part or "test"
    codes, figures = [0], []
    tested: dict[tuple[str, int], list[Recording]] = {}
    for name in options.model or shipped():
        model = lrp_audio.load(name)
        model = replace(model, output=replace(model.output, sure=options.sure))
        task = _task(model)
        chosen = speaker_list().recordings(task, part, found)
        if not chosen:
            raise DataError(
                f"No recording here with a known {task} is by a {part} speaker: give the folders "
                "of other corpora."
            )
        key = task, model.front.rate
        if key not in tested:
            tested[key], code = _readable(chosen, model, unlisted, options.skip_broken)
            codes.append(code)
        figures.append(stranger_figures(model.name, task, part, heard(model, task, tested[key])))
        print(("\n" if len(figures) > 1 else "") + stranger_table(figures[-1]), flush=True)
    _write(options.json, {"models": figures})
    return max(codes)


def _readable(
    chosen: Sequence[Recording], model: Model, unlisted: Sequence[ClipError], skip_broken: bool
) -> tuple[list[Recording], int]:
    """The recordings that can be read, and the exit code; `unlisted` are errors of folders."""
    recordings, errors = readable(chosen, model.front.rate)
    code = name_broken([*unlisted, *errors], skip_broken)
    if not recordings:
        raise DataError("None of the recordings to test on can be read.")
    return recordings, code


def _write(path: Path | None, figures: dict[str, Any]) -> None:
    if path is None:
        return
    try:
        with staged(path.parent) as aside:
            text = json.dumps(figures, indent=2) + "\n"
            (aside / path.name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise LrpAudioError(f"{path} cannot be written ({error.strerror}).") from error


def _task(model: Model) -> str:
    if task := task_of(model.classes):
        return task
    raise ModelError(
        f"The model {model.name} tells {', '.join(model.classes)} apart; only models of the tasks "
        f"{' and '.join(TASKS)} can be evaluated."
    )


def _chosen(options: argparse.Namespace, task: str, found: Sequence[Recording]) -> list[Recording]:
    """The recordings to test on, of those of the `found` ones whose class is known."""
    recordings = [r for r in found if TASKS[task].label(r) is not None]
    if not options.speakers and _name(options) in shipped():
        return speaker_list().unseen(task, recordings, options.hold_out)
    if not options.speakers:
        return unseen_recordings(task, recordings, options.hold_out)
    for name in options.speakers:
        if not any(spoken_by(r, [name]) for r in recordings):
            known = ", ".join(sorted({r.who for r in recordings}))
            raise DataError(
                f"There is no speaker {name!r} whose {task} is known; choose from "
                f"{known or '(none)'}."
            )
    return sorted({r for r in recordings if spoken_by(r, options.speakers)})
