"""``python -m lrp_audio.train``: train a published network in this project's own engine."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from lrp_audio.commands.options import Parser, add_skip_broken, add_threads, path, whole
from lrp_audio.commands.run import disk_errors, name_broken, run, say
from lrp_audio.commands.text import printable
from lrp_audio.commands.writing import sole_writer
from lrp_audio.errors import ClipError, DataError

if TYPE_CHECKING:
    from lrp_audio.data.recording import Recording
    from lrp_audio.data.split import Split
    from lrp_audio.recipes import Recipe

_AGAIN = "give the same command again to go on from the checkpoint"
_FOLDER = Path("trained")
_EXAMPLES = """\
examples:
  python -m lrp_audio.data.voices voices/
  python -m lrp_audio.train --model audionet --task digit --data fsdd/recordings voices --out my.npz
  python -m lrp_audio.train ... --hold-out theo      reserve one speaker for testing
  python -m lrp_audio.train --recipe standard --data corpora/ voices/ --out trained/
      the four shipped networks, one after the other; --model and --task choose some of them

The run writes OUT.checkpoint every five minutes. After a kill, the same command resumes from it.
Recordings with index 0 to 4 are FSDD's official test set and never trained on. With --recipe
standard, speakers are trained on, validated on and tested on as lrp_audio/data/strangers.toml says.

exit code: 0 done, 2 an argument, the data or some of the recordings could not be used, 130 stopped
from the keyboard.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, write the weights; returns the exit code."""
    return run(partial(_main, arguments), _AGAIN)


def _main(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    checks = {
        "--epochs must be at least 1": options.epochs is None or options.epochs >= 1,
        "--steps must be at least 1": options.steps is None or options.steps >= 1,
        "--batch must be at least 1": options.batch is None or options.batch >= 1,
        "--seed must be at least 0": options.seed is None or options.seed >= 0,
        "--rate must lie between 0 and 1": options.rate is None or 0 < options.rate < 1,
        "--fall must lie from 0 to 1": options.fall is None or 0 <= options.fall <= 1,
    }
    if options.recipe:
        options.out = options.out or _FOLDER
        checks["--out is a folder with --recipe"] = options.out.suffix != ".npz"
        checks["--recipe counts in --steps, not in --epochs"] = options.epochs is None
    else:
        checks["--out is needed without --recipe"] = options.out is not None
        checks["--out must end in .npz"] = bool(options.out) and options.out.suffix == ".npz"
    for sentence, holds in checks.items():
        if not holds:
            parser.error(sentence)
    with disk_errors(options.out, advice=f"free it, then {_AGAIN}"):
        if options.recipe:
            return _train_standard(options)
        with sole_writer(options.out.parent, options.out.name):
            return _train(options)


def _parser() -> argparse.ArgumentParser:
    from lrp_audio.data.tasks import TASKS
    from lrp_audio.models.zoo import ARCHITECTURES

    parser = Parser(prog="python -m lrp_audio.train", description=__doc__, epilog=_EXAMPLES)
    parser.add_argument(
        "--recipe",
        choices=("standard",),
        help="train the shipped networks as they were, on the listed speakers",
    )
    parser.add_argument(
        "--model",
        choices=sorted(ARCHITECTURES),
        help="default: audionet; with --recipe, all of them",
    )
    parser.add_argument(
        "--task", choices=sorted(TASKS), help="default: digit; with --recipe, all of them"
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=path,
        required=True,
        metavar="DIR",
        help="folders of corpora: FSDD, AudioMNIST's layout, EmoDB, synthetic voices",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="FILE",
        help=f"weights (.npz); with --recipe, a folder for them (default: {_FOLDER})",
    )
    parser.add_argument(
        "--hold-out",
        nargs="*",
        default=[],
        metavar="SPEAKER",
        help="speakers to test on instead of training on them",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=whole, metavar="N", help="passes over the recordings")
    length.add_argument("--steps", type=whole, metavar="N", help="batches, instead of epochs")
    parser.add_argument("--batch", type=whole, metavar="N")
    parser.add_argument("--rate", type=float, help="peak learning rate")
    parser.add_argument(
        "--fall",
        type=float,
        help="share of the run over which the rate falls to zero",
    )
    parser.add_argument("--seed", type=whole)
    add_skip_broken(parser)
    add_threads(parser)
    return parser


def _train(options: argparse.Namespace) -> int:
    import lrp_audio
    from lrp_audio.data.corpus import find_recordings
    from lrp_audio.data.tasks import TASKS
    from lrp_audio.models.zoo import ARCHITECTURES
    from lrp_audio.training.from_recordings import accuracy, train_network

    lrp_audio.threads(options.threads)
    model, task = options.model or "audionet", options.task or "digit"
    architecture = ARCHITECTURES[model]
    recipe = _with_settings(architecture.recipe(task), options)
    unlisted: list[ClipError] = []
    recordings = find_recordings(options.data, say, unlisted.append)
    chosen = TASKS[task].split(recordings, options.hold_out)
    split, code = _readable(chosen, architecture.front.rate, unlisted, options.skip_broken)
    print(f"{len(split.training)} recordings to train on, {len(split.test)} to test on")
    weights = TASKS[task].sampling_weights(split.training)
    tested = train_network(model, task, split, recipe, options.out, weights)
    print(f"wrote {printable(options.out)}: {accuracy(tested)}")
    return code


def _train_standard(options: argparse.Namespace) -> int:
    import lrp_audio
    from lrp_audio.data.corpus import find_recordings
    from lrp_audio.data.tasks import TASKS
    from lrp_audio.models.zoo import ARCHITECTURES

    lrp_audio.threads(options.threads)
    unlisted: list[ClipError] = []
    recordings = find_recordings(options.data, say, unlisted.append)
    models = [options.model] if options.model else sorted(ARCHITECTURES, reverse=True)
    tasks = [options.task] if options.task else sorted(TASKS)
    codes = [0]
    for task, model in product(tasks, models):
        out = options.out / f"{model}-{task}.npz"
        with sole_writer(options.out, out.name):
            codes.append(_train_listed(model, task, recordings, unlisted, out, options))
    return max(codes)


def _train_listed(
    model: str,
    task: str,
    recordings: Sequence["Recording"],
    unlisted: Sequence[ClipError],
    out: Path,
    options: argparse.Namespace,
) -> int:
    """Train one of the shipped networks on the listed speakers, and write it to `out`."""
    from lrp_audio.models.zoo import ARCHITECTURES
    from lrp_audio.training.standard import (
        by_corpus,
        standard_recipe,
        standard_split,
        train_standard,
    )

    begun = time.monotonic()
    recipe = _with_settings(standard_recipe(model, task), options)
    chosen = standard_split(task, recipe, recordings, options.hold_out)
    rate = ARCHITECTURES[model].front.rate
    split, code = _readable(chosen, rate, unlisted, options.skip_broken)
    parts = ((split.training, "train"), (split.test, "validate"))
    said = (f"{len(of)} recordings of {len({r.who for r in of})} speakers" for of, _ in parts)
    doing = (f"{number} to {what} on" for number, (_, what) in zip(said, parts, strict=True))
    print(f"{model}-{task}: {', '.join(doing)}", flush=True)
    tested, temperature = train_standard(model, task, split, recipe, out)
    minutes = (time.monotonic() - begun) / 60
    print(
        f"wrote {printable(out)} after {minutes:.1f} minutes: {by_corpus(tested)}, "
        f"temperature {temperature:.3f}",
        flush=True,
    )
    return code


def _with_settings(recipe: "Recipe", options: argparse.Namespace) -> "Recipe":
    """`recipe` with the settings that were given instead of its own."""
    given = {n: getattr(options, n) for n in ("epochs", "steps", "batch", "rate", "seed")}
    given["cooldown"] = options.fall
    chosen = {name: value for name, value in given.items() if value is not None}
    return replace(recipe, settings=replace(recipe.settings, **chosen))


def _readable(
    chosen: "Split", rate: int, unlisted: Sequence[ClipError], skip_broken: bool
) -> tuple["Split", int]:
    """The recordings that can be read, and the exit code; `unlisted` are errors of folders.

    Broken ones are left out after the split, which does not depend on them.
    """
    from lrp_audio.data.reading import readable
    from lrp_audio.data.split import Split

    training, errors = readable(chosen.training, rate)
    test, more = readable(chosen.test, rate)
    code = name_broken([*unlisted, *errors, *more], skip_broken)
    if not (training and test):
        raise DataError("Of the recordings to train on or to test on none can be read.")
    return Split(tuple(training), tuple(test)), code


if __name__ == "__main__":
    sys.exit(main())
