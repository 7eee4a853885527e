"""The graph: building it, walking it forwards and backwards, and AudioNet as published."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio.errors import ShapeError
from lrp_audio.layers import Conv1D, Dense, Dropout, Flatten, Layer, MaxPool1D, ReLU, Sum
from lrp_audio.layers.base import WeightedLayer
from lrp_audio.models.audionet import audionet, parameter_shapes
from lrp_audio.models.network import INPUT, Network, Node, chain
from lrp_audio.rules import LRP0, Composite, Epsilon, ZPlus

Array = NDArray[Any]


class Meet(WeightedLayer):
    """``sum_i w_i x_i`` of branches stacked along axis 1: a test's own layer with many inputs."""

    kind: ClassVar[str] = "meet"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[1:]

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        return np.tensordot(x, weight, (1, 0))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        return np.einsum("i,bj->bij", weight, s)

    def weight_gradient(self, x: Array, g: Array) -> Array:
        return np.einsum("bij,bj->i", x, g)


GRADIENT = Composite("gradient", {kind: LRP0() for kind in ("dense", "convolution", "meet")})


def forked(rng: np.random.Generator) -> Network:
    """stem -> (left, relu -> right) -> meet -> top: the stem's output is read twice."""

    def dense(outputs: int, inputs: int) -> Dense:
        return Dense(rng.standard_normal((outputs, inputs)), rng.standard_normal(outputs))

    nodes = (
        Node("stem", dense(5, 4), (INPUT,)),
        Node("left", dense(3, 5), ("stem",)),
        Node("relu", ReLU(), ("stem",)),
        Node("right", dense(3, 5), ("relu",)),
        Node("meet", Meet(np.array([1.0, -2.0])), ("left", "right")),
        Node("top", dense(2, 3), ("meet",)),
    )
    return Network(nodes, (4,))


def by_hand(network: Network, x: Array) -> Array:
    """The logits of `forked`, written out."""
    layers: dict[str, Any] = {node.name: node.layer for node in network.nodes}

    def dense(name: str, given: Array) -> Array:
        return np.asarray(given @ layers[name].weight.T + layers[name].bias)

    stem = dense("stem", x)
    meet = dense("left", stem) - 2 * dense("right", np.maximum(stem, 0))
    return dense("top", meet)


# --- building -----------------------------------------------------------------------------------


def test_a_chain_is_nodes_that_each_read_the_one_before() -> None:
    first, second = ReLU(), Flatten()
    assert chain([("a", first), ("b", second)]) == (
        Node("a", first, (INPUT,)),
        Node("b", second, ("a",)),
    )


def test_every_node_knows_the_shape_of_its_output() -> None:
    layers: list[tuple[str, Layer]] = [
        ("conv", Conv1D(np.ones((3, 2, 3)), stride=(2,))),
        ("pool", MaxPool1D((2,), ceil_mode=True)),
        ("flatten", Flatten()),
        ("fc", Dense(np.ones((4, 9)))),
    ]
    network = Network(chain(layers), (2, 11))
    expected = {INPUT: (2, 11), "conv": (3, 5), "pool": (3, 3), "flatten": (9,), "fc": (4,)}
    assert network.shapes == expected
    assert network.output == "fc"
    found = network.activations(np.ones((7, 2, 11)))
    assert {name: array.shape for name, array in found.items()} == {
        name: (7, *shape) for name, shape in expected.items()
    }


def test_a_layer_that_does_not_fit_is_named() -> None:
    with pytest.raises(ShapeError, match=r"Layer fc2: A dense layer for 4 inputs .* \(3,\)"):
        Network(chain([("fc1", Dense(np.ones((3, 2)))), ("fc2", Dense(np.ones((2, 4))))]), (2,))


def test_branches_of_different_shapes_that_meet_are_named() -> None:
    nodes = (
        Node("left", Dense(np.ones((3, 2))), (INPUT,)),
        Node("right", Dense(np.ones((4, 2))), (INPUT,)),
        Node("meet", Meet(np.ones(2)), ("left", "right")),
    )
    with pytest.raises(ShapeError, match=r"Layer meet: Branches .* \(3,\), \(4,\)"):
        Network(nodes, (2,))


def test_an_input_of_another_shape_is_refused_with_both_shapes() -> None:
    network = Network(chain([("fc", Dense(np.ones((3, 2))))]), (2,))
    with pytest.raises(ShapeError, match=r"takes \(batch, 2\) .* \(5, 3\)"):
        network.forward(np.ones((5, 3)))


def test_parameters_are_the_layers_own_under_their_names() -> None:
    layer = Dense(np.ones((3, 2)), np.zeros(3))
    found = Network(chain([("fc", layer), ("relu", ReLU())]), (2,)).parameters()
    assert found.keys() == {"fc.weight", "fc.bias"}
    assert found["fc.weight"] is layer.weight
    assert found["fc.bias"] is layer.bias


# --- forks and nodes with two sources -----------------------------------------------------------


def test_a_node_with_two_sources_reads_both() -> None:
    rng = np.random.default_rng(0)
    network, x = forked(rng), rng.standard_normal((3, 4))
    np.testing.assert_allclose(network.forward(x), by_hand(network, x), rtol=1e-12)


def test_the_gradient_of_a_fork_is_the_sum_of_its_branches() -> None:
    rng = np.random.default_rng(1)
    network, x = forked(rng), rng.standard_normal((3, 4))
    g = rng.standard_normal((3, 2))
    found = network.gradient(network.activations(x), g)
    step = 1e-6
    for i in range(4):
        nudge = step * np.eye(4)[i]
        rise = by_hand(network, x + nudge) - by_hand(network, x - nudge)
        np.testing.assert_allclose(found[:, i], (rise * g).sum(axis=1) / (2 * step), rtol=1e-6)


def test_training_gradients_pass_forks_and_meetings() -> None:
    rng = np.random.default_rng(2)
    network, x = forked(rng), rng.standard_normal((3, 4))
    g = rng.standard_normal((3, 2))
    y, pullback = network.differentiable(x, rng)
    np.testing.assert_allclose(y, by_hand(network, x), rtol=1e-12)
    gradients = pullback(g)
    parameters = network.parameters()
    assert gradients.keys() == parameters.keys()
    step = 1e-6
    for name, parameter in parameters.items():
        direction = rng.standard_normal(parameter.shape)
        start = parameter.copy()
        parameter[...] = start + step * direction
        above = (network.forward(x) * g).sum()
        parameter[...] = start - step * direction
        below = (network.forward(x) * g).sum()
        parameter[...] = start
        slope = (above - below) / (2 * step)
        assert (gradients[name] * direction).sum() == pytest.approx(slope, rel=1e-5), name


def test_the_relevance_of_a_fork_is_the_sum_of_what_its_branches_hand_back() -> None:
    """Under LRP-0 that sum is gradient * activation, which is known on its own."""
    rng = np.random.default_rng(3)
    network, x = forked(rng), rng.standard_normal((3, 4))
    activations = network.activations(x)
    chosen = np.eye(2)[[0, 1, 1]]
    steps = {
        step.assignment.layer: step
        for step in network.steps(activations, chosen * activations["top"], GRADIENT)
    }
    assert list(steps) == ["top", "meet", "right", "relu", "left", "stem"]
    handed = steps["left"].flow.relevance + steps["relu"].flow.relevance
    np.testing.assert_allclose(steps["stem"].relevance, handed, rtol=1e-12)
    np.testing.assert_allclose(
        steps["stem"].flow.relevance, x * network.gradient(activations, chosen), rtol=1e-9
    )


def test_a_node_with_two_sources_hands_each_its_own_share() -> None:
    rng = np.random.default_rng(4)
    network, x = forked(rng), rng.standard_normal((1, 4))
    found = network.activations(x)
    steps = {s.assignment.layer: s for s in network.steps(found, found["top"], GRADIENT)}
    arrived = steps["meet"].relevance
    np.testing.assert_allclose(
        steps["left"].relevance, arrived * found["left"] / found["meet"], rtol=1e-10
    )
    np.testing.assert_allclose(
        steps["right"].relevance, arrived * -2 * found["right"] / found["meet"], rtol=1e-10
    )
    for step in steps.values():
        assert abs(step.entry.residual[0]) < 1e-10 * max(1, np.abs(step.relevance).sum())


def test_the_gradient_of_an_input_that_two_nodes_read_is_added_up() -> None:
    nodes = (
        Node("left", Dense(np.array([[2.0, 0.0]])), (INPUT,)),
        Node("right", Dense(np.array([[0.0, 3.0]])), (INPUT,)),
        Node("meet", Meet(np.array([1.0, 10.0])), ("left", "right")),
    )
    network = Network(nodes, (2,))
    found = network.gradient(network.activations(np.ones((1, 2))), np.ones((1, 1)))
    np.testing.assert_array_equal(found, [[2.0, 30.0]])


# --- sharing and leaving alone ------------------------------------------------------------------


def small(dtype: type[np.floating] = np.float32) -> Network:
    rng = np.random.default_rng(7)

    def draw(*shape: int) -> Array:
        drawn = rng.standard_normal(shape).astype(dtype)
        drawn.setflags(write=False)  # as a loaded model's, so that W+ and W- are remembered
        return drawn

    layers: list[tuple[str, Layer]] = [
        ("conv1", Conv1D(draw(16, 1, 3), draw(16), pad=(1,))),
        ("relu1", ReLU()),
        ("pool1", MaxPool1D((3,), (2,), ceil_mode=True)),
        ("conv2", Conv1D(draw(8, 16, 3), draw(8), pad=(1,))),
        ("relu2", ReLU()),
        ("flatten", Flatten()),
        ("drop", Dropout(0.5)),
        ("fc", Dense(draw(10, 8 * 200), draw(10))),
    ]
    return Network(chain(layers), (1, 400))


def relevance(network: Network, x: Array) -> Array:
    activations = network.activations(x)
    rules = Composite("mine", {"dense": Epsilon(), "convolution": ZPlus()})
    *_, last = network.steps(activations, activations["fc"], rules)
    return np.asarray(last.flow.relevance)


def test_threads_that_share_a_network_get_the_numbers_of_one_alone() -> None:
    inputs = np.random.default_rng(8).standard_normal((16, 2, 1, 400)).astype(np.float32)
    alone = [relevance(small(), x) for x in inputs]
    shared = small()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for found, expected in zip(
                pool.map(lambda x: relevance(shared, x), inputs), alone, strict=True
            ):
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_pass_changes_its_input_or_an_activation(dtype: type[np.floating]) -> None:
    network = small(dtype)
    x = np.random.default_rng(9).standard_normal((2, 1, 400)).astype(dtype)
    found = network.activations(x)
    before = {name: array.copy() for name, array in found.items()}
    given = x.copy()
    network.gradient(found, np.ones((2, 10), dtype))
    list(network.steps(found, found["fc"], GRADIENT))
    np.testing.assert_array_equal(x, given)
    for name, array in found.items():
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, before[name], err_msg=name)


# --- AudioNet -----------------------------------------------------------------------------------


def hollow_audionet(classes: int) -> Network:
    """AudioNet whose parameters take no memory: for looking at its shapes."""
    shapes = parameter_shapes(classes)
    return audionet({n: np.broadcast_to(np.float32(0), shape) for n, shape in shapes.items()})


@pytest.mark.parametrize(("classes", "count"), [(10, 17_107_162), (2, 17_103_058)])
def test_audionet_has_as_many_parameters_as_published(classes: int, count: int) -> None:
    network = hollow_audionet(classes)
    assert sum(array.size for array in network.parameters().values()) == count
    assert network.shapes[network.output] == (classes,)


def test_audionet_has_the_published_lengths() -> None:
    shapes = hollow_audionet(10).shapes
    assert shapes[INPUT] == (1, 8000)
    lengths = {"pool1": (100, 4000), "pool2": (64, 2000), "pool3": (128, 1000)}
    lengths |= {"pool4": (128, 500), "pool5": (128, 250), "pool6": (128, 125)}
    assert {name: shapes[name] for name in lengths} == lengths
    assert (shapes["flatten"], shapes["fc7"], shapes["fc8"]) == ((16000,), (1024,), (512,))


def test_audionet_has_a_relu_after_every_convolution_and_none_in_the_dense_stack() -> None:
    kinds: list[Callable[..., Layer]] = [type(node.layer) for node in hollow_audionet(10).nodes]
    assert kinds[:18] == [Conv1D, ReLU, MaxPool1D] * 6
    assert kinds[18:] == [Flatten, Dense, Dropout, Dense, Dropout, Dense]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_computes_with_threads_of_its_own() -> None:
    layer = Dense(np.ones((1 << 12, 1 << 10)))  # large enough for several threads
    x = np.ones((1, 1 << 10))
    expected = layer.forward(x)
    with get_context("fork").Pool(1) as pool:
        found = pool.apply_async(layer.forward, (x,)).get(timeout=60)
    np.testing.assert_array_equal(found, expected)


def test_input_relevance_is_the_sum_over_all_who_read_the_input() -> None:
    same = Dense(np.eye(2))
    nodes = [Node("branch", same, (INPUT,)), Node("sum", Sum(2), (INPUT, "branch"))]
    network, x = Network(nodes, (2,)), np.array([[1.0, 3.0]])
    rules = Composite("lrp-0", {"dense": LRP0(), "sum": LRP0()})
    found = network.propagate(x, lambda output: output, rules)
    np.testing.assert_allclose(found.relevance[INPUT], 2 * x)
    np.testing.assert_allclose(found.relevance["branch"], x)
    assert [entry.layer for entry in found.ledger] == ["sum", "branch"]


def test_a_layer_that_nobody_reads_is_refused_by_name() -> None:
    nodes = [Node("dead", Dense(np.eye(2)), (INPUT,)), Node("top", Dense(np.eye(2)), (INPUT,))]
    with pytest.raises(ShapeError, match="No layer reads dead"):
        Network(nodes, (2,))


@pytest.mark.parametrize(
    "nodes",
    [
        [Node("a", Dense(np.eye(2)), ("typo",))],
        [Node("a", Dense(np.eye(2)), (INPUT,)), Node("a", Dense(np.eye(2)), ("a",))],
    ],
)
def test_unknown_sources_and_repeated_names_are_refused(nodes: list[Node]) -> None:
    with pytest.raises(ShapeError, match=r"Layer a reading .* does not fit"):
        Network(nodes, (2,))
