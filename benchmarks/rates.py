"""``python -m benchmarks.rates THREADS``: the rates that the machine reaches, as JSON.

NumPy is imported late: its BLAS counts the cores that the process may use when it is loaded.
"""

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from benchmarks.peers import command, environment, restrict

_SIZE = 2048  # of the matrices
_LONG = 1 << 26  # numbers in an array to stream, 256 MB: beyond any cache
_SECONDS = 1.5


@dataclass(frozen=True)
class Rates:
    """Rates of `threads` threads: 10^9 floating-point operations and 10^9 bytes a second."""

    threads: int
    sgemm_gflops: float
    memory_gb_s: float


def measured(threads: int) -> Rates:
    """The rates of this machine, measured in a process of its own."""
    done = subprocess.run(
        command("rates", str(threads)),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Rates(**json.loads(done.stdout))


def main() -> None:
    """Measure with the number of threads that is given."""
    threads = int(sys.argv[1])
    restrict(threads)
    print(json.dumps(asdict(Rates(threads, _sgemm_gflops(), _memory_gb_s(threads)))))


def _sgemm_gflops() -> float:
    import numpy as np

    a = np.ones((_SIZE, _SIZE), np.float32)
    product = np.empty_like(a)
    return 2 * _SIZE**3 / _best_seconds(lambda: np.dot(a, a, out=product)) / 1e9


def _memory_gb_s(threads: int) -> float:
    """The better of reading two arrays (a dot product) and of a sum written to a third."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    a, b, c = (np.ones(_LONG, np.float32) for _ in range(3))
    step = -(-_LONG // threads)
    parts = [slice(first, first + step) for first in range(0, _LONG, step)]
    with ThreadPoolExecutor(threads) as pool, threadpool_limits(1):
        reading = _best_seconds(lambda: list(pool.map(lambda s: np.dot(a[s], b[s]), parts)))
        adding = _best_seconds(
            lambda: list(pool.map(lambda s: np.add(a[s], b[s], out=c[s]), parts))
        )
    return max(8 * _LONG / reading, 12 * _LONG / adding) / 1e9


def _best_seconds(work: Callable[[], object]) -> float:
    best, ends = math.inf, time.perf_counter() + _SECONDS
    work()
    while time.perf_counter() < ends or best == math.inf:
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


if __name__ == "__main__":
    main()
