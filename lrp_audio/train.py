"""``python -m lrp_audio.train``: train a published network in this project's own engine."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lrp_audio.commands.options import Parser, add_skip_broken, add_threads
from lrp_audio.commands.run import disk_errors, name_broken, run, say
from lrp_audio.commands.text import printable
from lrp_audio.errors import DataError

_AGAIN = "give the same command again to go on from the checkpoint"
_EXAMPLES = """\
examples:
  python -m lrp_audio.data.voices voices/
  python -m lrp_audio.train --model audionet --task digit --data fsdd/recordings voices --out my.npz
  python -m lrp_audio.train ... --hold-out theo      reserve one speaker for testing

The run writes OUT.checkpoint every five minutes. After a kill, the same command resumes from it.
Recordings with index 0 to 4 are FSDD's official test set and never trained on.

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
        "--batch must be at least 1": options.batch is None or options.batch >= 1,
        "--seed must be at least 0": options.seed is None or options.seed >= 0,
        "--rate must lie between 0 and 1": options.rate is None or 0 < options.rate < 1,
        "--fall must lie from 0 to 1": options.fall is None or 0 <= options.fall <= 1,
    }
    for sentence, holds in checks.items():
        if not holds:
            parser.error(sentence)
    if options.out.suffix != ".npz":
        parser.error("--out must end in .npz")
    with disk_errors(options.out, advice=f"free it, then {_AGAIN}"):
        return _train(options)


def _parser() -> argparse.ArgumentParser:
    from lrp_audio.data.tasks import TASKS
    from lrp_audio.models.zoo import ARCHITECTURES

    parser = Parser(prog="python -m lrp_audio.train", description=__doc__, epilog=_EXAMPLES)
    parser.add_argument("--model", choices=sorted(ARCHITECTURES), default="audionet")
    parser.add_argument("--task", choices=sorted(TASKS), default="digit")
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders of corpora: FSDD, AudioMNIST's layout, EmoDB, synthetic voices",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="weights (.npz)")
    parser.add_argument(
        "--hold-out",
        nargs="*",
        default=[],
        metavar="SPEAKER",
        help="speakers to test on instead of training on them",
    )
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch", type=int, metavar="N")
    parser.add_argument("--rate", type=float, help="peak learning rate")
    parser.add_argument(
        "--fall",
        type=float,
        help="share of the run over which the rate falls to zero",
    )
    parser.add_argument("--seed", type=int)
    add_skip_broken(parser)
    add_threads(parser)
    return parser


def _train(options: argparse.Namespace) -> int:
    import lrp_audio
    from lrp_audio.data.corpus import find_recordings
    from lrp_audio.data.reading import readable
    from lrp_audio.data.split import Split
    from lrp_audio.data.tasks import TASKS
    from lrp_audio.models.zoo import ARCHITECTURES
    from lrp_audio.training.from_recordings import train_network

    lrp_audio.threads(options.threads)
    architecture = ARCHITECTURES[options.model]
    recipe, rate = architecture.recipe(options.task), architecture.front.rate
    given = {name: getattr(options, name) for name in ("epochs", "batch", "rate", "seed")}
    given["cooldown"] = options.fall
    settings = replace(recipe.settings, **{k: v for k, v in given.items() if v is not None})
    recordings = find_recordings(options.data, say)
    chosen = TASKS[options.task].split(recordings, options.hold_out)
    training, errors = readable(chosen.training, rate)
    test, more = readable(chosen.test, rate)
    code = name_broken([*errors, *more], options.skip_broken)
    if not (training and test):
        raise DataError("Of the recordings to train on or to test on none can be read.")
    # Broken recordings are left out after the split, which does not depend on them.
    split = Split(tuple(training), tuple(test))
    print(f"{len(training)} recordings to train on, {len(test)} to test on")
    measured = train_network(options.model, options.task, split, settings, options.out)
    print(f"wrote {printable(options.out)}: {measured}")
    return code


if __name__ == "__main__":
    sys.exit(main())
