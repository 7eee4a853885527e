"""``python -m lrp_audio.train``: train a published network in this project's own engine."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import lrp_audio
from lrp_audio.audio.clip import Clip, fit
from lrp_audio.audio.front import WAVEFORM
from lrp_audio.data.corpus import find_recordings, read
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import LrpAudioError
from lrp_audio.layers.base import Array, Gradients
from lrp_audio.models.network import Network
from lrp_audio.models.weights import Description, read_weights, save_weights
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.options import add_threads
from lrp_audio.training.recipes import RECIPES
from lrp_audio.training.run import Samples, Settings, train
from lrp_audio.training.standard import for_raw_input

_MOST_TESTED = 400  # recordings listened to after every epoch
_TYPICAL = 1024  # inputs by which the stored parts of the weights are chosen
_LONGEST = 10_000  # samples: a random second of more might hold none of the voice

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
    checks = {
        "--epochs must be at least 1": options.epochs is None or options.epochs >= 1,
        "--batch must be at least 1": options.batch is None or options.batch >= 1,
        "--seed must be at least 0": options.seed is None or options.seed >= 0,
        "--rate must lie between 0 and 1": options.rate is None or 0 < options.rate < 1,
        "--fall must lie from 0 to 1": options.fall is None or 0 <= options.fall <= 1,
    }
    for sentence, held in checks.items():
        if not held:
            parser.error(sentence)
    if options.out.suffix != ".npz":
        parser.error("--out must end in .npz")
    try:
        lrp_audio.threads(options.threads)
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
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.train",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", choices=sorted(ARCHITECTURES), default="audionet")
    parser.add_argument("--task", choices=sorted(TASKS), default="digit")
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders of corpora: FSDD, AudioMNIST's layout, EmoDB, synthetic voices",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="weights (.npz)")
    parser.add_argument(
        "--hold-out",
        nargs="*",
        default=[],
        metavar="SPEAKER",
        help="speakers to test on instead of training on them",
    )
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch", type=int, metavar="N")
    parser.add_argument("--rate", type=float, help="peak learning rate")
    parser.add_argument(
        "--fall",
        type=float,
        help="share of the run over which the rate falls to zero",
    )
    parser.add_argument("--seed", type=int)
    add_threads(parser)
    return parser


def _train(options: argparse.Namespace) -> None:
    architecture = ARCHITECTURES[options.model]
    front, build = architecture.front, architecture.build
    recipe = RECIPES[options.model, options.task]
    given = {name: getattr(options, name) for name in ("epochs", "batch", "rate", "fall", "seed")}
    settings = replace(recipe.settings, **{k: v for k, v in given.items() if v is not None})
    task = TASKS[options.task]
    split = task.split(find_recordings(options.data), options.hold_out)
    print(f"{len(split.training)} recordings to train on, {len(split.test)} to test on")

    def standard(samples: Array) -> Array:
        return np.asarray((front(samples) - front.centre) / front.spread, np.float32)

    def prepare(samples: Array, rng: np.random.Generator, strength: float) -> Array:
        placed, gain = recipe.augmentation(samples, front.length, rng, strength)
        return np.float32(gain if front is WAVEFORM else 1) * standard(placed)

    test = split.test[:: -(-len(split.test) // _MOST_TESTED)]
    fitted = [fit(read(r)).samples for r in test]
    labels = np.array([task.label(r) for r in test])
    samples = Samples(
        [_loudest(read(r)).samples.astype(np.float32) for r in split.training],
        np.array([task.label(r) for r in split.training]),
        task.chances(split.training),
    )
    averaged = train(
        build,
        architecture.initial(len(task.classes), np.random.default_rng(settings.seed)),
        samples,
        prepare,
        settings,
        options.out.with_name(f"{options.out.name}.checkpoint"),
        partial(_accuracy, build, inputs=np.stack([standard(s) for s in fitted]), labels=labels),
    )
    typical = _typical(samples, prepare, settings)
    stored = architecture.compact(averaged, typical)
    stored = for_raw_input(stored, "conv1", front.centre, front.spread)
    save_weights(options.out, Description(options.model, task.classes), stored)
    shipped = read_weights(options.out, architecture.shapes(len(task.classes)), np.float32)
    raw = np.stack([front(s) for s in fitted]).astype(np.float32)
    print(f"wrote {options.out}: {_accuracy(build, shipped, raw, labels)}")


def _typical(
    samples: Samples, prepare: Callable[[Array, np.random.Generator, float], Array], s: Settings
) -> Array:
    """Inputs drawn as in the middle of the schedule's fall."""
    rng = np.random.default_rng([s.seed, 2])
    chosen = np.concatenate([samples.batch(s, step) for step in range(-(-_TYPICAL // s.batch))])
    return np.stack([prepare(samples.signals[i], rng, 0.5) for i in chosen[:_TYPICAL]])


def _loudest(clip: Clip) -> Clip:
    return fit(clip, _LONGEST) if len(clip.samples) > _LONGEST else clip


def _accuracy(
    build: Callable[[Gradients], Network],
    parameters: Gradients,
    inputs: Array,
    labels: Array,
    batch: int = 32,
) -> str:
    network = build(parameters)
    found = [
        network.forward(inputs[i : i + batch]).argmax(axis=1) for i in range(0, len(inputs), batch)
    ]
    right = np.concatenate(found) == labels
    return f"accuracy on {len(inputs)} test recordings {right.mean():.4f}"


if __name__ == "__main__":
    sys.exit(main())
