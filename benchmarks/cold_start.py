"""``python -m benchmarks.cold_start``: time from the start of a process to an explanation.

Of a clip's explanation in Python (load a shipped model, explain an example), and of the explain
command with its files; each with an empty cache of kernels, and with the cache of that run. For
comparison, the time in which Python imports the packages that no explanation does without.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peers import environment

_EXPLAIN = """
import lrp_audio
lrp_audio.load("audionet-digit").explain(lrp_audio.example())
"""


def main() -> None:
    """Start each kind of process in turn, and print the medians."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cold_start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repeats", type=int, default=9, help="runs with a warm cache")
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "python": ["-c", "pass"],
            "import numpy": ["-c", "import numpy"],
            "import numba": ["-c", "import numba"],
            "first explanation in Python": ["-c", _EXPLAIN],
            "explain command": ["-m", "lrp_audio.explain", "--out", folder],
        }
        cold = {
            name: _seconds(command, Path(folder, f"cache {number}"))
            for number, (name, command) in enumerate(commands.items())
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeats):
            for number, (name, command) in enumerate(commands.items()):
                found[name].append(_seconds(command, Path(folder, f"cache {number}")))
    for name, seconds in found.items():
        print(
            f"{name}: first run {cold[name]:.2f} s, then median {statistics.median(seconds):.2f} s "
            f"of {repeats}, {min(seconds):.2f} to {max(seconds):.2f} s"
        )


def _seconds(arguments: list[str], cache: Path) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        env=environment() | {"NUMBA_CACHE_DIR": str(cache)},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
