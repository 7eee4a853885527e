"""A step of training against torch: the same loss, gradients, clipping, AdamW and moving average.

The gradients are compared in float64 (in float32, rounding switches ReLUs on and off) and without
dropout, whose masks are random; the timed step is in float32, with dropout.
"""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agreement import check_step
from benchmarks.case import CLASSES, inputs_of, network_of, without_dropout, write_case
from benchmarks.comparison import Comparison, Effort, compare, compared
from benchmarks.rates import Rates
from benchmarks.roofline import least_ms, training_step
from lrp_audio.models.network import Network
from lrp_audio.recipes.recipe import Settings

BATCH = 64
_CHECKED = 4  # samples of the comparison
_WIDE = 1000  # inputs of a weight above which it learns more slowly, as in training.optimiser


def step_of_training(
    folder: Path, net: str, seed: int, rates: Rates, effort: Effort
) -> tuple[Comparison, float]:
    """The comparison for `net`, and the least milliseconds of a step."""
    network, x = network_of(net, "random", seed), inputs_of(net, "random", BATCH, seed)
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, BATCH).tolist()
    about: dict[str, Any] = {
        "net": net,
        "task": "train",
        "seed": seed,
        "settings": asdict(Settings()),
        "shares": _shares_of_rate(network),
    }
    still = {"dtype": "float64", "dropout": False, "labels": labels[:_CHECKED], **about}
    write_case(folder / "still", without_dropout(network), x[:_CHECKED], **still)
    difference = compare(folder / "still", rates.threads, check_step)
    write_case(folder / "step", network, x, dtype="float32", dropout=True, labels=labels, **about)
    found = compared(folder / "step", rates.threads, effort, lambda *_: difference)
    return found, least_ms(training_step(network, BATCH), rates)


def _shares_of_rate(network: Network) -> dict[str, float]:
    return {
        name: min(1.0, _WIDE / math.prod(array.shape[1:]))
        for name, array in network.parameters().items()
    }
