"""``python -m benchmarks.contention``: the cost of another busy process on the same cores.

Explanations are timed alone and beside a process that computes without a pause, in alternation.
With ``n`` threads on ``n`` cores, a fair share of the cores is ``n / (n + 1)`` of them, so the time
should grow by ``(n + 1) / n``; with threads that spin while they wait it grows many times over.
"""

import argparse
import statistics
import subprocess
import sys
import time

import lrp_audio
from benchmarks.case import inputs_of, network_of
from benchmarks.ours import predicted
from lrp_audio.kernels.threads import available_cores
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.rules.presets import composite

_BUSY = "while True: sum(range(10**6))"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contention",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--repeats", type=int, default=8)
    args = parser.parse_args()
    lrp_audio.threads(args.threads)
    fair = (args.threads + 1) / args.threads
    for net in ARCHITECTURES:
        for batch in (1, 16):
            alone, beside = _measured(net, batch, args.repeats)
            print(
                f"{net}, batch {batch}, {args.threads} threads: {alone:.0f} ms alone, "
                f"{beside:.0f} ms beside a busy process: {beside / alone:.2f} times as long "
                f"(a fair share: {fair:.2f})"
            )


def _measured(net: str, batch: int, repeats: int) -> tuple[float, float]:
    network, x = network_of(net, "shipped", 0), inputs_of(net, "shipped", batch, 0)
    rules = composite("epsilon-plus", ARCHITECTURES[net].front.bounds)

    def ms() -> float:
        begun = time.perf_counter()
        network.propagate(x, predicted, rules)
        return 1000 * (time.perf_counter() - begun)

    ms()
    alone, beside = list[float](), list[float]()
    for _ in range(repeats):
        alone += [ms() for _ in range(4)]
        busy = subprocess.Popen([sys.executable, "-c", _BUSY])
        try:
            time.sleep(0.2)
            beside += [ms() for _ in range(4)]
        finally:
            busy.kill()
            busy.wait()
    return statistics.median(alone), statistics.median(beside)


if __name__ == "__main__":
    main()
