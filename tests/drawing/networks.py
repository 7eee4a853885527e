"""Networks to be drawn: chains, branches and forks, small and large, and random graphs."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrp_audio.layers import (
    Concat,
    Conv1D,
    Dense,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool1D,
    Product,
    ReLU,
    Sigmoid,
    Sum,
)
from lrp_audio.models.network import INPUT, Network, Node, chain

Array = NDArray[Any]


def dense(rng: np.random.Generator, outputs: int, inputs: int) -> Dense:
    return Dense(rng.standard_normal((outputs, inputs)), rng.standard_normal(outputs))


def perceptron(*sizes: int, seed: int = 0) -> Network:
    """Dense layers of these sizes, with a ReLU after each but the last."""
    rng = np.random.default_rng(seed)
    layers: list[tuple[str, Layer]] = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes), 1):
        layers += [(f"dense{number}", dense(rng, outputs, inputs)), (f"relu{number}", ReLU())]
    return Network(chain(layers[:-1]), sizes[:1])


def signal(channels: int, length: int) -> Network:
    """A convolution with a max-pool over a short signal."""
    rng = np.random.default_rng(1)
    conv = Conv1D(rng.standard_normal((channels, 1, 3)), rng.standard_normal(channels))
    pooled = channels * ((length - 2) // 2)
    last = ("dense", dense(rng, 2, pooled))
    layers = [("conv", conv), ("relu", ReLU()), ("pool", MaxPool1D(2)), ("flatten", Flatten())]
    return Network(chain([*layers, last]), (1, length))


def residual(width: int) -> Network:
    """A block with a skip connection from its input, a gate and two branches side by side."""
    rng = np.random.default_rng(2)
    nodes = [
        Node("stem", dense(rng, width, width), (INPUT,)),
        Node("relu", ReLU(), ("stem",)),
        Node("again", dense(rng, width, width), ("relu",)),
        Node("sum", Sum(2), ("again", INPUT)),
        Node("gate", Sigmoid(), ("stem",)),
        Node("gated", Product(0), ("sum", "gate")),
        Node("left", dense(rng, width, width), ("gated",)),
        Node("right", dense(rng, 2, width), ("gated",)),
        Node("both", Concat(1, (width, 2)), ("left", "right")),
        Node("twice", Sum(2), ("both", "both")),
        Node("top", dense(rng, 3, width + 2), ("twice",)),
    ]
    return Network(nodes, (width,))


def blocks(count: int, names: str = "block{}_{}") -> Network:
    """A residual network of convolutions that is too large for its neurons to be drawn."""
    rng = np.random.default_rng(3)

    def conv(inputs: int) -> Conv1D:
        return Conv1D(rng.standard_normal((6, inputs, 3)) / 3, rng.standard_normal(6), pad="same")

    nodes, last = [Node("stem", conv(1), (INPUT,))], "stem"
    for number in range(count):
        conv1, relu, conv2, added = (
            names.format(number, n) for n in ("conv", "relu", "out", "add")
        )
        nodes += [
            Node(conv1, conv(6), (last,)),
            Node(relu, ReLU(), (conv1,)),
            Node(conv2, conv(6), (relu,)),
            Node(added, Sum(2), (conv2, last)),
        ]
        last = added
    nodes += [
        Node("mean", GlobalAveragePool(), (last,)),
        Node("logits", dense(rng, 4, 6), ("mean",)),
    ]
    return Network(nodes, (1, 32))


@st.composite
def graphs(draw: st.DrawFn) -> Network:
    """Sums of up to four of the layers before them, in any order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes, names, unread = list[Node](), [INPUT], {INPUT}
    for number in range(draw(st.integers(1, 10))):
        read = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
        layer = dense(rng, 3, 3) if len(read) == 1 else Sum(len(read))
        nodes.append(Node(f"n{number}", layer, tuple(read)))
        names.append(f"n{number}")
        unread = (unread - set(read)) | {f"n{number}"}
    rest = sorted(unread - {INPUT})
    if len(rest) > 1:
        nodes.append(Node("last", Sum(len(rest)), tuple(rest)))
    return Network(nodes, (3,))
