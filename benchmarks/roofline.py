"""The least work of an explanation or a training step, and the time that the machine needs for it.

The least work is counted in products of a weight with inputs, one multiply-add for each weight and
output position:

========================  =========================================================================
forward                   1 product: W x
epsilon, LRP-0            1 more: W^T s, since z is known
z+, inputs >= 0           2 more: W+ x for the denominator, W+^T s
z+, signed inputs         3 more: |W| |x| (z+ is half its sum with z), W+^T s, W-^T s
alpha-beta                3 more: W+ x or |W| |x| (z- is the rest of z), and two transposed
training                  2 more: the gradient of W, and of x (not in the first layer)
========================  =========================================================================

A product takes at least its arithmetic at the rate of sgemm, and at least the time to move its
weight, inputs and outputs once at the memory's bandwidth; the limit is the sum over the products
of the longer of both. All elementwise work is left out. Weights that stay in a large cache from one
product to the next can be read faster than memory allows, but no slower.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.rates import Rates
from lrp_audio.layers.base import WeightedLayer
from lrp_audio.models.network import INPUT, Network
from lrp_audio.rules import LRP0, AlphaBeta, Epsilon, Rule, ZPlus
from lrp_audio.rules.composite import Composite


@dataclass(frozen=True)
class Work:
    """Multiply-adds, and float32 numbers moved between them and the memory."""

    multiply_adds: int
    numbers: int

    def least_ms(self, rates: Rates) -> float:
        """The longer of computing and moving."""
        computing = 2 * self.multiply_adds / rates.sgemm_gflops
        return max(computing, 4 * self.numbers / rates.memory_gb_s) / 1e6


def least_ms(work: Iterable[Work], rates: Rates) -> float:
    """The limit for products that come one after the other."""
    return sum(product.least_ms(rates) for product in work)


def explanation(network: Network, rules: Composite, batch: int) -> list[Work]:
    """The products that an explanation of a `batch` under `rules` needs at least."""
    assigned = {a.layer: a.rule for a in network.assign(rules)}
    return [
        work
        for name, work, signed in _products(network, batch)
        for _ in range(1 + _beyond_forward(assigned[name], signed))
    ]


def training_step(network: Network, batch: int) -> list[Work]:
    """The products of a step of training, and its update.

    For each parameter the update reads gradient, parameter, two moments and average, and writes the
    last four.
    """
    products = [
        work for _, work, first in _products(network, batch) for _ in range(2 if first else 3)
    ]
    parameters = sum(array.size for array in network.parameters().values())
    return [*products, Work(0, 9 * parameters)]


def _products(network: Network, batch: int) -> Iterable[tuple[str, Work, bool]]:
    """Of each weighted layer: name, one product, and whether it reads the network's input.

    Only that input is signed, as far as the rules of convolutions care: a ReLU precedes the others.
    """
    for node in network.nodes:
        if isinstance(node.layer, WeightedLayer):
            (source,) = node.sources
            weight = node.layer.weight.size
            given, made = network.shapes[source], network.shapes[node.name]
            work = Work(
                batch * weight * math.prod(made[1:]),
                weight + batch * (math.prod(given) + math.prod(made)),
            )
            yield node.name, work, source == INPUT


def _beyond_forward(rule: Rule, signed: bool) -> int:
    match rule:
        case Epsilon() | LRP0():
            return 1
        case ZPlus():
            return 3 if signed else 2
        case AlphaBeta():
            return 3
        case _:
            raise NotImplementedError(f"The least work of the rule {rule} is not known.")
