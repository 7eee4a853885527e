"""``python -m benchmarks.cold_start``: time from process start to a written explanation."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Run the explain command with an empty kernel cache, then with the cache of that run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs with a warm cache")
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": str(Path(folder, "cache"))}
        command = [sys.executable, "-m", "lrp_audio.explain", "--out", folder]
        first, *later = (_seconds(command, environment) for _ in range(1 + repeats))
    print(f"first run (empty kernel cache): {first:.1f} s")
    print(
        f"later runs: median {statistics.median(later):.2f} s of {repeats}, "
        f"{min(later):.2f} to {max(later):.2f} s"
    )


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
