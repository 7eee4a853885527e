"""``python -m benchmarks.forward_passes FILE``: an explanation in forward passes of onnxruntime.

How many forward passes of onnxruntime does one explanation of a network from an ONNX file cost?
Both read the same file, each in a process of its own; their outputs are compared first, and their
calls alternate. The inputs are those of a ``reference.npz`` beside the file, or else noise. Without
a file, the networks of this project are written as ONNX. Needs onnxruntime (extra ``peers``).
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.agreement import DisagreementError, check_output
from benchmarks.case import network_of
from benchmarks.comparison import Comparison, Effort, PeerError, compared
from benchmarks.table import Record, forward_passes_table
from lrp_audio.errors import LrpAudioError
from lrp_audio.interchange.folder import reference_of
from lrp_audio.interchange.read import read_onnx_network
from lrp_audio.models.network import Network
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.types import Array

RULES = ("epsilon", "epsilon-plus")


def main(arguments: list[str] | None = None) -> int:
    """Measure the files that the arguments name, and print the table; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.forward_passes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="ONNX files")
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--threads", nargs="+", type=int, default=[1])
    parser.add_argument("--repeats", type=int, help="by default as many as time allows")
    args = parser.parse_args(arguments)
    if not installed():
        print(
            'error: it needs onnxruntime and onnx: pip install "lrp-audio[peers]"', file=sys.stderr
        )
        return 2
    effort = Effort(repeats=args.repeats)
    try:
        records = list(
            forward_passes(args.files, args.batch, args.threads, effort, lambda line: None)
        )
    except (DisagreementError, PeerError, LrpAudioError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(forward_passes_table(records))
    return 0


def installed() -> bool:
    """Whether there is an onnxruntime to compare with, and onnx to write networks for it."""
    return all(importlib.util.find_spec(name) for name in ("onnxruntime", "onnx"))


def forward_passes(
    files: Sequence[Path],
    batches: Sequence[int],
    threads: Sequence[int],
    effort: Effort,
    note: Callable[[str], None],
) -> Iterator[Record]:
    """A record for each file, or of this project's networks; and for each composite and size."""
    with TemporaryDirectory() as aside:
        for file in files or written(Path(aside)):
            network = read_onnx_network(file).network
            for rules in RULES:
                for number in threads:
                    for batch in batches:
                        note(f"{file.stem}, {rules}, batch {batch}, threads {number}, onnxruntime")
                        found = _compared(file, network, rules, batch, number, effort)
                        about = {"net": file.stem, "rules": rules, "batch": batch}
                        yield _record(about | {"threads": number}, found)


def written(folder: Path) -> list[Path]:
    """ONNX files of this project's networks with random weights, in `folder`."""
    from benchmarks.onnx_file import write_onnx  # imports onnx, which may be missing

    for net in ARCHITECTURES:
        write_onnx(network_of(net, "random", 0), folder / f"{net}.onnx")
    return sorted(folder.glob("*.onnx"))


def _compared(
    file: Path, network: Network, rules: str, batch: int, threads: int, effort: Effort
) -> Comparison:
    with TemporaryDirectory() as folder:
        about = {"task": "onnx", "file": str(file.resolve()), "rules": rules}
        (Path(folder) / "case.json").write_text(json.dumps(about))
        np.save(Path(folder) / "x.npy", _inputs(file, network, batch))
        return compared(Path(folder), threads, effort, check_output, peer="onnx_peer")


def _inputs(file: Path, network: Network, batch: int) -> Array:
    reference = reference_of(file.parent)
    if reference is None:
        rng = np.random.default_rng(batch)
        return rng.standard_normal((batch, *network.input_shape), np.float32)
    given = reference.input[np.arange(batch) % len(reference.input)]
    return given.reshape(batch, *network.input_shape).astype(np.float32)


def _record(about: Record, found: Comparison) -> Record:
    ours, forward = found.timings
    return about | {
        "ours_ms": ours.median,
        "forward_ms": forward.median,
        "forward_passes": ours.median / forward.median,
        "ours_quartiles_ms": [ours.low, ours.high],
        "forward_quartiles_ms": [forward.low, forward.high],
        "repeats": found.repeats,
        "ours_rss_mb": found.memory[0],
        "forward_rss_mb": found.memory[1],
        "difference": found.difference,
    }


if __name__ == "__main__":
    sys.exit(main())
