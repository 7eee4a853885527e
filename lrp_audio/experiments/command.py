"""The command ``python -m lrp_audio.experiments``: its options, and an experiment."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import lrp_audio
from lrp_audio.commands.options import Parser, add_jobs, add_skip_broken, add_threads, at_least_one
from lrp_audio.commands.run import disk_errors, name_broken
from lrp_audio.commands.text import printable
from lrp_audio.commands.workers import Workers
from lrp_audio.experiments import accuracy, compare, flipping, frequency_scaling, sanity
from lrp_audio.experiments.plan import Plan
from lrp_audio.experiments.running import Parts, run

EXPERIMENTS: dict[str, ModuleType] = {
    "accuracy": accuracy,
    "flipping": flipping,
    "frequency-scaling": frequency_scaling,
    "sanity": sanity,
    "compare": compare,
}
"""Each with `units` and `report`, and a first line that says what it asks."""

_DESCRIPTION = "The paper's experiments, and tests of explanations."
_EPILOG = """\
OUT takes results.json, NAME.csv, NAME.md, NAME.png and NAME.pdf. Every unit of work that is done is
kept in OUT/parts: after a stop, give the same command again to go on. The same seed gives the same
numbers, on any number of workers.

examples:
  python -m lrp_audio.data download audiomnist corpora/
  python -m lrp_audio.experiments accuracy --data corpora/audiomnist --jobs 4 --out results/accuracy
  python -m lrp_audio.experiments flipping --data corpora/audiomnist --trained results/accuracy \\
      --out results/flipping

exit code: 0 done, 2 an argument, the data or some of the recordings could not be used, 130 stopped
from the keyboard.
"""


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of a command line; ends with a sentence where one is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if min([options.seed, *options.folds]) < 0:
        parser.error("--seed and --folds must be at least 0")
    return options


def experiment(options: argparse.Namespace) -> int:
    """Do what the `options` ask for: units of work, then the results; returns the exit code."""
    lrp_audio.threads(options.threads)
    plan = Plan(
        options.out,
        tuple(options.data),
        tuple(options.models),
        options.trained,
        tuple(options.folds),
        tuple(options.hold_out),
        options.clips,
        options.steps,
        options.seed,
        options.quick,
    )
    chosen = EXPERIMENTS[options.name]
    with disk_errors(
        options.out,
        "cannot be written or read",
        "free it, then give the same command again to go on",
    ):
        parts = Parts(options.out / "parts")
        units, errors = chosen.units(plan)
        code = name_broken(errors, options.skip_broken)
        found = run(units, parts, Workers(options.jobs, options.dask), options.name)
        report = chosen.report(plan, found)
        report.save(options.out)
    print(report.markdown())
    results = printable(options.out / "results.json")
    print(f"wrote {results}, {options.name}.csv, .md, .png and .pdf")
    return code


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:18} {_first_line(of)}" for name, of in EXPERIMENTS.items())
    parser = Parser(
        prog="python -m lrp_audio.experiments",
        description=f"{_DESCRIPTION}\n\nexperiments:\n{names}",
        epilog=_EPILOG,
    )
    parser.add_argument("name", choices=EXPERIMENTS, metavar="NAME", help="one of the above")
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders of corpora: AudioMNIST, its like, FSDD, EmoDB, synthetic voices",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of results")
    parser.add_argument(
        "--models", nargs="+", default=[], metavar="NAME", help="only these, e.g. audionet-digit"
    )
    parser.add_argument(
        "--trained",
        type=Path,
        metavar="DIR",
        help="ask the networks that the experiment accuracy trained and wrote there, each on the "
        "speakers that it never heard (default: the shipped ones)",
    )
    parser.add_argument(
        "--folds", nargs="+", type=int, default=[], metavar="N", help="only these, counted from 0"
    )
    parser.add_argument(
        "--hold-out",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="speakers that the training of the shipped networks held out besides",
    )
    parser.add_argument(
        "--clips", type=at_least_one, metavar="N", help="recordings to examine for each network"
    )
    parser.add_argument(
        "--steps", type=at_least_one, metavar="N", help="steps of each training run in accuracy"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (default: 0)")
    parser.add_argument("--quick", action="store_true", help="a small version, in minutes")
    add_skip_broken(parser)
    add_jobs(parser)
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="a Dask cluster instead, e.g. tcp://192.168.0.10:8786"
    )
    add_threads(parser)
    return parser


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").splitlines()[0]
