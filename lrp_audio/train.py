"""``python -m lrp_audio.train``: train a published network in this project's own engine."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from lrp_audio.audio.clip import fit, read_clip, waveform_input
from lrp_audio.data.corpus import Recording, find_recordings, split_official
from lrp_audio.errors import LrpAudioError
from lrp_audio.layers.base import Array, Gradients
from lrp_audio.models.audionet import audionet, initial_parameters
from lrp_audio.models.compact import compact_dense_stack
from lrp_audio.models.weights import Description, save_weights
from lrp_audio.training.run import Samples, Settings, train

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_EXAMPLES = """\
examples:
  python -m lrp_audio.data.voices voices/
  python -m lrp_audio.train --model audionet --task digit --data fsdd/recordings voices --out my.npz
  python -m lrp_audio.train ... --hold-out theo      keep one speaker for testing

The run writes OUT.checkpoint every five minutes. Give the same command again to go on after a kill.
Recordings with index 0 to 4 are FSDD's official test set and never trained on.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, write the weights; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if min(options.epochs, options.batch) < 1 or options.seed < 0:
        parser.error("--epochs and --batch must be at least 1, --seed at least 0")
    if not (0 < options.rate < 1 and 0 <= options.fall <= 1):
        parser.error("--rate must lie between 0 and 1, --fall from 0 to 1")
    if options.out.suffix != ".npz":
        parser.error("--out must end in .npz")
    try:
        _train(options)
    except LrpAudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"error: {error.filename or options.out} cannot be written ({error.strerror}): free "
            "it, then give the same command again to go on from the checkpoint.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print(
            "\nStopped; give the same command again to go on from the checkpoint.", file=sys.stderr
        )
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.train",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", choices=["audionet"], default="audionet")
    parser.add_argument("--task", choices=["digit"], default="digit")
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders with files {digit}_{speaker}_{index}.wav",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="weights (.npz)")
    parser.add_argument(
        "--hold-out",
        nargs="*",
        default=[],
        metavar="SPEAKER",
        help="speakers to test on instead of training on them",
    )
    parser.add_argument("--epochs", type=int, default=default.epochs, metavar="N")
    parser.add_argument("--batch", type=int, default=default.batch, metavar="N")
    parser.add_argument("--rate", type=float, default=default.rate, help="peak learning rate")
    parser.add_argument(
        "--fall",
        type=float,
        default=default.fall,
        help="share of the run over which the rate falls to zero",
    )
    parser.add_argument("--seed", type=int, default=default.seed)
    return parser


def _train(options: argparse.Namespace) -> None:
    split = split_official(find_recordings(options.data), options.hold_out)
    print(f"{len(split.training)} recordings to train on, {len(split.test)} to test on")
    samples = _load(split.training)
    inputs = np.stack([waveform_input(fit(read_clip(r.path)).samples) for r in split.test])
    labels = np.array([r.digit for r in split.test])
    settings = Settings(
        epochs=options.epochs,
        batch=options.batch,
        rate=options.rate,
        fall=options.fall,
        seed=options.seed,
    )
    averaged = train(
        audionet,
        initial_parameters(len(DIGITS), np.random.default_rng(options.seed)),
        samples,
        settings,
        options.out.with_name(f"{options.out.name}.checkpoint"),
        partial(_accuracy, inputs=inputs.astype(np.float32), labels=labels),
    )
    compacted = compact_dense_stack(averaged, ["fc7", "fc8", "fc9"])
    save_weights(options.out, Description("audionet", DIGITS), compacted)
    print(f"wrote {options.out}: {_accuracy(averaged, inputs.astype(np.float32), labels)}")


def _load(recordings: Sequence[Recording]) -> Samples:
    signals = [read_clip(r.path).samples.astype(np.float32) for r in recordings]
    return Samples(signals, np.array([r.digit for r in recordings]))


def _accuracy(parameters: Gradients, inputs: Array, labels: Array, batch: int = 32) -> str:
    network = audionet(parameters)
    found = [
        network.forward(inputs[i : i + batch, None]).argmax(axis=1)
        for i in range(0, len(inputs), batch)
    ]
    return f"accuracy on the test recordings {(np.concatenate(found) == labels).mean():.4f}"


if __name__ == "__main__":
    sys.exit(main())
