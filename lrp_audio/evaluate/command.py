"""The evaluate command: recordings are classified, and the accuracy is printed and written."""

import argparse
import json

import lrp_audio
from lrp_audio.commands.run import name_broken, say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.reading import readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.split import spoken_by
from lrp_audio.data.tasks import TASKS, task_of, unseen_recordings
from lrp_audio.errors import DataError, LrpAudioError, ModelError
from lrp_audio.evaluate.classification import predicted_classes
from lrp_audio.evaluate.figures import figures_of, tables
from lrp_audio.files import staged
from lrp_audio.model import Model


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate as the `options` say; returns the exit code."""
    lrp_audio.threads(options.threads)
    model = lrp_audio.load(options.model)
    task = _task(model)
    recordings, errors = readable(_chosen(options, task), model.front.rate)
    code = name_broken(errors, options.skip_broken)
    if not recordings:
        raise DataError("None of the recordings to test on can be read.")
    labels = [TASKS[task].label(r) for r in recordings]
    right = [a == b for a, b in zip(predicted_classes(model, recordings), labels, strict=True)]
    figures = figures_of(model.name, task, list(zip(recordings, right, strict=True)))
    print(tables(figures))
    if options.json:
        try:
            with staged(options.json.parent) as aside:
                text = json.dumps(figures, indent=2) + "\n"
                (aside / options.json.name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise LrpAudioError(f"{options.json} cannot be written ({error.strerror}).") from error
    return code


def _task(model: Model) -> str:
    if task := task_of(model.classes):
        return task
    raise ModelError(
        f"The model {model.name} tells {', '.join(model.classes)} apart; only models of the tasks "
        f"{' and '.join(TASKS)} can be evaluated."
    )


def _chosen(options: argparse.Namespace, task: str) -> list[Recording]:
    """The recordings to test on, of those whose class is known."""
    found = find_recordings(options.data, say)
    recordings = [r for r in found if TASKS[task].label(r) is not None]
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
