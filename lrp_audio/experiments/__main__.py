"""``python -m lrp_audio.experiments``: the paper's experiments, and tests of explanations."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import lrp_audio
from lrp_audio.errors import LrpAudioError
from lrp_audio.experiments import accuracy, compare, flipping, frequency_scaling, sanity
from lrp_audio.experiments.plan import Plan
from lrp_audio.experiments.running import Parts, run
from lrp_audio.options import add_jobs, add_threads, at_least_one
from lrp_audio.workers import Workers

EXPERIMENTS: dict[str, ModuleType] = {
    "accuracy": accuracy,
    "flipping": flipping,
    "frequency-scaling": frequency_scaling,
    "sanity": sanity,
    "compare": compare,
}
"""Each with `units` and `report`, and a first line that says what it asks."""

_EPILOG = """\
OUT takes results.json, NAME.csv, NAME.md, NAME.png and NAME.pdf. Every unit of work that is done is
kept in OUT/parts: after a stop, give the same command again to go on. The same seed gives the same
numbers, on any number of workers.

examples:
  python -m lrp_audio.data download audiomnist corpora/
  python -m lrp_audio.experiments accuracy --data corpora/audiomnist --jobs 4 --out results/accuracy
  python -m lrp_audio.experiments flipping --data corpora/audiomnist --trained results/accuracy \\
      --out results/flipping
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, do the units of work, write the results; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if min([options.seed, *options.folds]) < 0:
        parser.error("--seed and --folds must be at least 0")
    experiment = EXPERIMENTS[options.name]
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
    try:
        lrp_audio.threads(options.threads)
        parts = Parts(options.out / "parts")
        workers = Workers(options.jobs, options.dask)
        found = run(experiment.units(plan), parts, workers, options.name)
        report = experiment.report(plan, found)
        report.save(options.out)
    except LrpAudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"error: {error.filename or options.out} cannot be written or read "
            f"({error.strerror}): free it, then give the same command again to go on.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nStopped; give the same command again to go on.", file=sys.stderr)
        return 130
    print(report.markdown())
    print(f"wrote {options.out / 'results.json'}, {options.name}.csv, .md, .png and .pdf")
    return 0


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:18} {_first_line(of)}" for name, of in EXPERIMENTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.experiments",
        description=f"{__doc__}\n\nexperiments:\n{names}",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    add_jobs(parser)
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="a Dask cluster instead, e.g. tcp://192.168.0.10:8786"
    )
    add_threads(parser)
    return parser


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
