"""``python -m benchmarks.throughput``: how long it takes to explain a whole corpus.

Recordings are read, explained in batches, and their relevance summed, in one process with all
threads and in several with a share each. Nothing is drawn or written: pictures and sounds take
additional time. The projection for 30,000 clips, the size of AudioMNIST, uses the measured rate;
for 16 machines, it is a sixteenth of that time plus that of the last batch.
"""

import argparse
import time
from functools import partial
from pathlib import Path

from benchmarks.corpus_work import explained
from lrp_audio.commands.text import aligned
from lrp_audio.commands.workers import Workers
from lrp_audio.data.corpus import find_recordings
from lrp_audio.models.batches import batches

_CORPUS = 30_000
_MACHINES = 16


def main() -> None:
    """Measure each model on each number of processes and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", nargs="+", type=Path, required=True, metavar="DIR")
    parser.add_argument("--models", nargs="+", default=["audionet-digit", "alexnet-digit"])
    parser.add_argument("--clips", type=int, default=512)
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--dask", metavar="ADDRESS", help="also measure on this cluster")
    args = parser.parse_args()
    recordings = find_recordings(args.data)[: args.clips]
    pieces = list(batches(recordings))
    places = [(f"{jobs} process(es)", Workers(jobs)) for jobs in args.jobs]
    if args.dask:
        places.append(("Dask", Workers(dask=args.dask)))
    rows = [("model", "on", "clips", "s", "clips/s", "30,000 clips", "on 16 machines")]
    for model in args.models:
        for name, workers in places:
            list(workers.run(partial(explained, model), pieces[:4]))  # compiled and loaded
            begun = time.perf_counter()
            list(workers.run(partial(explained, model), pieces))
            seconds = time.perf_counter() - begun
            whole = seconds / len(recordings) * _CORPUS
            last = seconds / len(pieces)
            shared = whole / _MACHINES + last
            numbers = (f"{seconds:.1f}", f"{len(recordings) / seconds:.1f}")
            projected = (f"{whole / 60:.1f} min", f"{shared / 60:.1f} min")
            rows.append((model, name, str(len(recordings)), *numbers, *projected))
    print(aligned(rows, left=2))


if __name__ == "__main__":
    main()
