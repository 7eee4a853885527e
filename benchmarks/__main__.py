"""``python -m benchmarks``: this engine against zennit, and against what the machine can do.

Both use the same weights, inputs and rules, each in a process of its own; their results are
compared first, and their calls alternate. Also measured: peak memory, a training step against
torch, networks from ONNX files against onnxruntime's forward pass (if it is installed), the start
of a process, and the limits of the machine itself.
"""

import argparse
import importlib.util
import sys
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.agreement import DisagreementError
from benchmarks.case import WEIGHTS
from benchmarks.comparison import Effort, PeerError
from benchmarks.forward_passes import forward_passes, installed
from benchmarks.machine import machine
from benchmarks.rates import measured
from benchmarks.rows import Sweep, cold_starts, explanations, training_steps
from benchmarks.table import Record, Report, markdown, write
from lrp_audio.errors import LrpAudioError
from lrp_audio.kernels.threads import available_cores
from lrp_audio.models.zoo import ARCHITECTURES

RULES = ("epsilon", "epsilon-plus", "epsilon-alpha2-beta1")
QUICK = Effort(budget=6.0, least=3, most=31)
MISSING = """The benchmark needs torch and zennit, which are not installed. Install them with
    pip install "lrp-audio[peers]"
or, for a CPU-only torch:
    pip install torch --index-url https://download.pytorch.org/whl/cpu
    pip install --no-deps zennit==0.5.1 && pip install pillow"""


def main(arguments: list[str] | None = None) -> int:
    """Measure what the arguments say, print the tables and write them; returns the exit status."""
    args = _parser().parse_args(arguments)
    if any(importlib.util.find_spec(name) is None for name in ("torch", "zennit")):
        return _fail(MISSING, 2)
    cores = available_cores()
    if args.threads is None:
        args.threads = [1] if args.quick or cores == 1 else [1, 2]
    if max(args.threads) > cores:
        return _fail(f"This process may use {cores} cores; give --threads at most that.", 2)
    try:
        report = _report(args)
    except (DisagreementError, PeerError, LrpAudioError) as error:
        return _fail(str(error), 1)
    print(markdown(report))
    for path in write(report, args.out, "quick" if args.quick else "latest"):
        _note(str(path))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    nets = list(ARCHITECTURES)
    parser.add_argument("--net", nargs="+", choices=nets, default=nets)
    parser.add_argument("--composite", nargs="+", choices=RULES, default=list(RULES))
    parser.add_argument("--batch", nargs="+", type=_positive, default=[1, 32])
    parser.add_argument("--threads", nargs="+", type=_positive, help="by default 1 and 2")
    parser.add_argument("--repeats", type=_positive, help="by default as many as time allows")
    parser.add_argument("--weights", choices=WEIGHTS, default=WEIGHTS[0])
    parser.add_argument("--seed", type=int, default=0, help="of random weights and inputs")
    parser.add_argument(
        "--onnx",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="networks to compare with onnxruntime's forward pass, by default this project's",
    )
    parser.add_argument(
        "--quick", action="store_true", help="explanations only, at one thread, fewer repeats"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR"
    )
    return parser


def _report(args: argparse.Namespace) -> Report:
    about = machine()
    _note("measuring the machine")
    sweep = Sweep(
        nets=args.net,
        rules=args.composite,
        batches=args.batch,
        rates=[measured(threads) for threads in args.threads],
        weights=args.weights,
        seed=args.seed,
        effort=replace(QUICK if args.quick else Effort(), repeats=args.repeats),
    )
    records = list(explanations(sweep, _note))
    passes: list[Record] = []
    if not args.quick:
        records += training_steps(sweep, _note)
    if not args.quick and installed():
        passes += forward_passes(args.onnx, args.batch, args.threads, sweep.effort, _note)
    return {
        "machine": about,
        "rates": [asdict(rates) for rates in sweep.rates],
        "records": records,
        "forward_passes": passes,
        "cold_start": [] if args.quick else list(cold_starts(sweep, _note)),
    }


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(sentence: str, status: int) -> int:
    _note(f"error: {sentence}")
    return status


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
