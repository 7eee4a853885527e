"""``python -m benchmarks.faults``: hostile inputs, kills and failing writes, and what came of them.

Without options a short form of a few minutes, which runs with the other checks.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import lrp_audio
from benchmarks.faults.commands import COMMANDS
from benchmarks.faults.kills import kill_command
from benchmarks.faults.kinds import KINDS
from benchmarks.faults.reading import Readings, read_kind, read_one
from benchmarks.faults.report import tables, write
from benchmarks.faults.tasks import Task, in_children
from benchmarks.faults.trial import Trials
from benchmarks.faults.writes import fail_writes
from lrp_audio.commands.text import printable
from lrp_audio.errors import LrpAudioError
from lrp_audio.kernels.threads import available_cores

_SHORT = {"inputs": 200, "kills": 4, "writes": 3}
_FULL = {"inputs": 10_000, "kills": 200, "writes": 100}


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what the arguments say; returns 0 if everything ended as promised, else 1."""
    options = _parser().parse_args(arguments)
    if not sys.platform.startswith("linux"):
        print("error: The suite limits memory and kills processes as Linux does it.")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it mounted is removed
    lrp_audio.threads(1)
    if options.input is not None:
        return _one_input(options)
    begun = time.monotonic()
    readings: list[Readings] = []
    kills: list[Trials] = []
    writes: list[Trials] = []
    for result in in_children(list(_tasks(options)), options.jobs):
        (readings if isinstance(result, Readings) else kills if result.kills else writes).append(
            result
        )
        _say(result)
    order = [*KINDS, *COMMANDS]
    readings.sort(key=lambda r: order.index(r.kind))
    kills.sort(key=lambda t: order.index(t.command))
    text = tables(readings, kills, writes, (time.monotonic() - begun) / 60)
    print(f"\n{text}")
    if options.write:
        write(text)
    return int(any(part.failures for part in (*readings, *kills, *writes)))


def _tasks(options: argparse.Namespace) -> Iterator[Task]:
    """The longest first: commands, then kinds of inputs."""
    counts = {n: getattr(options, n) for n in _SHORT}
    usual = _FULL if options.full else _SHORT
    counts = {name: usual[name] if given is None else given for name, given in counts.items()}
    chosen = options.only or [*COMMANDS, *KINDS]
    for name in chosen:
        if name in COMMANDS and counts["kills"]:
            yield partial(kill_command, name, counts["kills"], options.seed)
        if name in COMMANDS and counts["writes"]:
            yield partial(fail_writes, name, counts["writes"])
    for name in chosen:
        if name in KINDS and counts["inputs"]:
            yield partial(read_kind, name, counts["inputs"], options.seed)


def _say(result: Readings | Trials) -> None:
    if isinstance(result, Readings):
        line = f"{result.kind}: {result.inputs} inputs, {result.read} read"
    else:
        line = f"{result.command}: {result.faults} {'kills' if result.kills else 'failing writes'}"
    print(f"{line}, {len(result.failures)} failures, {result.seconds:.0f} s", flush=True)
    for failure in result.failures:
        print(f"    {failure.again}: {printable(failure.what)}", flush=True)


def _one_input(options: argparse.Namespace) -> int:
    (name,) = options.only
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    print(f"the input {options.input} of the kind {name} is in {folder}", flush=True)
    try:
        print(f"read: {read_one(name, options.input, options.seed, folder)}")
    except LrpAudioError as error:
        print(f"refused: {printable(error)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults",
        description=__doc__,
        epilog=f"kinds of inputs: {', '.join(KINDS)}\n\ncommands: {', '.join(COMMANDS)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="10,000 inputs of each kind, 200 kills of each command, and up to 100 failing writes "
        "of each sort, instead of 200, 4 and 3",
    )
    for name in _SHORT:
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"another number of {name}")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*KINDS, *COMMANDS],
        metavar="NAME",
        help="only these kinds and commands",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of random numbers")
    parser.add_argument(
        "--jobs",
        type=int,
        default=available_cores(),
        metavar="N",
        help="kinds or commands at a time (default: one for each core)",
    )
    parser.add_argument(
        "--input",
        type=int,
        metavar="N",
        help="make and read only this input of the kind that --only names, without a limit",
    )
    parser.add_argument(
        "--write", action="store_true", help="put the tables into docs/reliability.md"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
