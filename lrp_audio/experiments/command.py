"""The command ``python -m lrp_audio.experiments``: its options, and a run of an experiment."""

import argparse
from collections.abc import Sequence

import lrp_audio
from lrp_audio.commands.options import (
    Parser,
    add_jobs,
    add_skip_broken,
    add_threads,
    at_least_one,
    path,
    whole,
)
from lrp_audio.commands.run import disk_errors, name_broken
from lrp_audio.commands.text import printable
from lrp_audio.commands.workers import Workers
from lrp_audio.commands.writing import sole_writer
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.registry import EXPERIMENTS
from lrp_audio.experiments.units import Parts, run

_DESCRIPTION = "The paper's experiments, and tests of explanations."
_EPILOG = """\
Results are written to OUT: results.json, NAME.csv, NAME.md, NAME.png and NAME.pdf. Every finished
unit of work is kept in OUT/parts: after a stop, give the same command again to go on. The same seed
gives the same numbers, with any number of workers.

examples:
  python -m lrp_audio.data download audiomnist corpora/audiomnist
  python -m lrp_audio.experiments accuracy --data corpora/audiomnist --jobs 4 --out results/accuracy
  python -m lrp_audio.experiments flipping --data corpora/audiomnist --trained results/accuracy \\
      --out results/flipping
  python -m lrp_audio.experiments sanity --models mynet/ --data recordings/ --out results/mynet

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
    """Do the units of work of the chosen experiment, write its results; returns the exit code."""
    lrp_audio.threads(options.threads)
    plan = _plan(options)
    chosen = EXPERIMENTS[options.name]
    advice = "free it, then give the same command again to go on"
    with disk_errors(plan.out, "cannot be written or read", advice), sole_writer(plan.out):
        parts = Parts(plan.out / "parts")
        units, errors = chosen.units(plan)
        code = name_broken(errors, options.skip_broken)
        workers = Workers(options.jobs, options.dask)
        results = chosen.results(run(units, parts, workers, chosen.name))
        results.save(plan.out, chosen.name, plan.settings())
    print(results.markdown())
    written = printable(plan.out / "results.json")
    print(f"wrote {written}, {chosen.name}.csv, .md, .png and .pdf")
    return code


def _plan(options: argparse.Namespace) -> ExperimentPlan:
    return ExperimentPlan(
        out=options.out,
        data=tuple(options.data),
        models=tuple(options.models),
        trained=options.trained,
        folds=tuple(options.folds),
        hold_out=tuple(options.hold_out),
        clips=options.clips,
        steps=options.steps,
        seed=options.seed,
        quick=options.quick,
    )


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:18} {of.question}" for name, of in EXPERIMENTS.items())
    parser = Parser(
        prog="python -m lrp_audio.experiments",
        description=f"{_DESCRIPTION}\n\nexperiments:\n{names}",
        epilog=_EPILOG,
    )
    parser.add_argument("name", choices=EXPERIMENTS, metavar="NAME", help="one of the above")
    parser.add_argument(
        "--data",
        nargs="+",
        type=path,
        required=True,
        metavar="DIR",
        help="folders of corpora: FSDD, AudioMNIST or its layout, EmoDB, synthetic voices; for "
        "networks of your own any recordings",
    )
    parser.add_argument(
        "--out", type=path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=[],
        metavar="NAME",
        help="only these, e.g. audionet-digit; for flipping, sanity and compare also networks of "
        "your own (the folder with the model.toml), on any recordings",
    )
    parser.add_argument(
        "--trained",
        type=path,
        metavar="DIR",
        help="examine the networks that the experiment accuracy wrote there, each on the speakers "
        "that it was not trained on (default: the shipped networks)",
    )
    parser.add_argument(
        "--folds", nargs="+", type=whole, default=[], metavar="N", help="only these, counted from 0"
    )
    parser.add_argument(
        "--hold-out",
        nargs="+",
        default=[],
        metavar="SPEAKER",
        help="further speakers that the shipped networks were not trained on",
    )
    parser.add_argument(
        "--clips", type=at_least_one, metavar="N", help="recordings to examine for each network"
    )
    parser.add_argument(
        "--steps", type=at_least_one, metavar="N", help="steps of each training run in accuracy"
    )
    parser.add_argument("--seed", type=whole, default=0, help="of all random numbers (default: 0)")
    parser.add_argument("--quick", action="store_true", help="a small version that takes minutes")
    add_skip_broken(parser)
    add_jobs(parser)
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="use a Dask cluster instead, e.g. tcp://192.168.0.10:8786"
    )
    add_threads(parser)
    return parser
