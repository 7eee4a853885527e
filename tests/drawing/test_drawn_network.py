"""Drawn networks: the numbers of LRP, at their places, without text over text."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from networks import blocks, graphs, perceptron, residual, signal

from lrp_audio.drawing.bundles import bundles_of
from lrp_audio.drawing.lanes import lanes_of
from lrp_audio.drawing.layers import layers_figure
from lrp_audio.drawing.network import network_figure
from lrp_audio.drawing.numbers import alike, percent
from lrp_audio.drawing.stages import Stage, one_by_one, stages_of, without_loss
from lrp_audio.errors import LrpAudioError
from lrp_audio.layers import Dense
from lrp_audio.models.network import INPUT, Network, chain
from lrp_audio.rules import PRESETS, composite

NETWORKS = {
    "one connection": perceptron(1, 1),
    "two neurons": perceptron(2, 1),
    "three layers": perceptron(4, 6, 5, 3),
    "a row of ten": perceptron(10, 9, 2),
    "a hundred": perceptron(46, 34, 16, 4),
    "signal": signal(2, 8),
    "residual": residual(3),
    "layers": signal(8, 60),
    "blocks": blocks(4),
    "long names": blocks(2, "/encoder/stages.{}/blocks.0/residual_branch/$ {} $/Conv_output_0"),
    "odd names": blocks(1, "層{}\n{}"),
}


def sample(network: Network, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0.1, 2, network.input_shape)


def stages(network: Network, joins: Any, rules: str = "epsilon-plus") -> list[Stage]:
    x = sample(network)[np.newaxis]
    activations = network.activations(x)
    chosen = composite(rules, (0, 2))
    steps = list(network.steps(activations, activations[network.output], chosen))
    return stages_of(x, steps, joins)


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("name", NETWORKS)
def test_no_text_stands_on_other_text_or_outside(name: str) -> None:
    figure = NETWORKS[name].draw(sample(NETWORKS[name]))
    figure.canvas.draw()
    inside = figure.bbox
    placed = []
    for axes in figure.axes:
        every = list(axes.texts)
        if axes.axison:
            every += [axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels()]
        legend = axes.get_legend()
        every += legend.get_texts() if legend else []
        placed += [text for text in every if text.get_text() and text.get_visible()]
    boxes = [text.get_window_extent() for text in placed]
    assert boxes
    for i, box in enumerate(boxes):
        assert inside.contains(*box.min), placed[i]
        assert inside.contains(*box.max), placed[i]
        for j in range(i):
            other = boxes[j]
            # Text at an angle is compared by the middle half of its rectangle.
            turned = placed[i].get_rotation() % 90 or placed[j].get_rotation() % 90
            shrunk = box.expanded(0.5, 0.5) if turned else box
            assert not shrunk.overlaps(other), (placed[i], placed[j])


@given(network=graphs())
def test_connections_of_all_readers_add_up_to_the_relevance_of_a_neuron(network: Network) -> None:
    found = stages(network, one_by_one, "lrp-0")
    for stage in found[:-1]:
        given = [b.relevance.sum(axis=0) for b in bundles_of(found) if b.source == stage.name]
        scale = max(float(np.abs(b.relevance).max(initial=0)) for b in bundles_of(found))
        expected = stage.relevance.reshape(-1)
        np.testing.assert_allclose(np.sum(given, axis=0), expected, atol=1e-9 * (1 + scale))


@given(network=graphs())
def test_nothing_else_stands_in_the_lane_of_a_link(network: Network) -> None:
    lanes = lanes_of(stages(network, without_loss))
    for link in lanes.links:
        assert lanes.lane[link.end] <= link.lane
        between = range(link.start + 1, link.end)
        assert link.lane not in [lanes.lane[row] for row in between]
        for other in lanes.links:
            if other is not link and other.lane == link.lane:
                assert other.end <= link.start or link.end <= other.start


@given(network=graphs())
def test_links_carry_the_relevance_of_the_layer_below(network: Network) -> None:
    lanes = lanes_of(stages(network, without_loss, "lrp-0"))
    scale = max(abs(link.relevance) for link in lanes.links)
    for row, stage in enumerate(lanes.stages[1:], 1):
        arrived = sum(link.relevance for link in lanes.links if link.end == row)
        assert arrived == pytest.approx(stage.relevance.sum(), abs=1e-9 * (1 + scale))


def test_neurons_show_relevance_value_and_what_was_absorbed() -> None:
    layer = Dense(np.array([[1.0, 2.0]]), np.array([-0.5]))
    network = Network(chain([("dense", layer)]), (2,))
    shown = texts(network.draw([2.0, 1.5], rules="lrp-0"))
    relevance = {"2.00", "3.00", "4.50"}  # of inputs, connections and output
    assert relevance <= set(shown)
    assert shown.count("2.00") == 3  # the value, the relevance and the connection of one input
    assert shown.count("3.00") == 2  # the relevance and the connection of the other
    assert shown.count("1.50") == 1  # its value
    assert "bias \N{MINUS SIGN}0.50" in shown
    assert {"input", "dense", "lrp-0"} <= set(shown)


def test_lines_are_the_connections_and_the_largest_is_on_top() -> None:
    network = perceptron(3, 2)
    (lines,) = (
        c for c in network.draw(sample(network)).axes[0].collections if len(c.get_paths()) == 6
    )
    widths = lines.get_linewidths()
    assert list(widths) == sorted(widths)
    assert len(set(map(tuple, lines.get_colors()))) > 1


def test_another_output_is_explained_if_asked_for() -> None:
    network, x = perceptron(3, 2), sample(perceptron(3, 2))
    outputs = network.forward(x[np.newaxis])[0]
    for target in (0, 1):
        figure = network.draw(x, target)
        colours = figure.axes[0].collections[-1].get_facecolors()
        grey = figure.axes[0].collections[1].get_facecolors()
        assert len(grey) == 3
        assert not np.allclose(colours[target], colours[1 - target])
        print_ = alike(np.array([outputs[target]]))
        assert print_(outputs[target]) in texts(figure)
    assert texts(network.draw(x)) == texts(network.draw(x, int(outputs.argmax())))


def test_rows_of_layers_end_at_what_arrived_and_say_what_they_kept() -> None:
    found = stages(blocks(3), without_loss)
    figure = layers_figure(found)
    ends: dict[int, float] = {}
    for bar in figure.axes[1].patches:
        row = round(bar.get_y() + bar.get_height() / 2)
        ends[row] = bar.get_x() + bar.get_width()
    rows = [stage for stage in reversed(found) if stage.sources]
    assert list(ends.values()) == pytest.approx([s.relevance.sum() for s in rows], rel=1e-9)
    written = [text for text in texts(figure) if text.startswith(("kept", "no relevance"))]
    entries = [stage.entry for stage in rows]
    shares = [float(e.relevance_in[0] / e.relevance_out[0]) for e in entries]
    assert written == [f"kept {percent(share)}" for share in shares]


def test_layers_that_lose_nothing_are_drawn_with_the_layer_before() -> None:
    found = stages(signal(2, 8), without_loss)
    assert [stage.layers for stage in found] == [
        (INPUT,), ("conv", "relu", "pool", "flatten"), ("dense",),
    ]  # fmt: skip
    neurons = stages(signal(2, 8), one_by_one)
    assert [stage.layers for stage in neurons] == [
        (INPUT,), ("conv", "relu"), ("pool", "flatten"), ("dense",),
    ]  # fmt: skip


@pytest.mark.parametrize("rules", PRESETS)
@pytest.mark.parametrize("name", ["residual", "blocks"])
def test_a_network_is_drawn_under_every_composite(name: str, rules: str) -> None:
    network = NETWORKS[name]
    assert network.draw(sample(network).astype(np.float32), rules=rules).axes


def test_a_network_without_relevance_is_drawn() -> None:
    for network in (perceptron(3, 4, 2), blocks(2)):
        for array in network.parameters().values():
            array[...] = 0
        assert network.draw(sample(network)).axes


@pytest.mark.parametrize(
    ("x", "target", "rules", "sentence"),
    [
        (np.ones((2, 3)), None, "epsilon", r"drawn for one sample, .* shape \(2, 3\): give \(3,\)"),
        (np.ones(4), None, "epsilon", r"takes \(batch, 3\) but was given .* \(1, 4\)"),
        (["one"], None, "epsilon", "expected real numbers"),
        (np.ones(3), 2, "epsilon", "is 2; expected a whole number from 0 to 1"),
        (np.ones(3), "0", "epsilon", "expected a whole number from 0 to 1"),
        (np.ones(3), 0, "epsilom", "no rules 'epsilom'; choose one of"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    x: Any, target: Any, rules: Any, sentence: str
) -> None:
    with pytest.raises(LrpAudioError, match=sentence):
        network_figure(perceptron(3, 2), x, target, rules)


@pytest.mark.parametrize(
    ("values", "value", "text"),
    [
        ([1, 20], 3.0, "3"),
        ([0.25, -12.5], -0.25, "\N{MINUS SIGN}0.25"),
        ([0.25, -125], -0.25, "\N{MINUS SIGN}0.2"),
        ([0.25, 0.5], 1e-9, "0.000"),
        ([0.25, 0.5], -1e-9, "0.000"),
        ([1e7, 1], 123456.0, "1.2e+05"),
        ([2e-6, 1e-6], 1e-6, "1e\N{MINUS SIGN}06"),
        ([0, 0], 0.0, "0"),
    ],
)
def test_numbers_of_a_kind_have_the_same_decimals(
    values: list[float], value: float, text: str
) -> None:
    assert alike(np.array(values, float))(value) == text


def test_a_relevance_that_is_printed_as_zero_is_left_out() -> None:
    layer = Dense(np.array([[1.0, 1e-4]]), np.array([1e-5]))
    shown = texts(Network(chain([("dense", layer)]), (2,)).draw([1.0, 1.0], rules="lrp-0"))
    assert shown.count("1.00") == 6  # three values, one relevance of each kind
    assert "bias 0.00" not in shown
    assert shown.count("0.00") == 1  # of the other input


def test_connections_without_relevance_are_drawn_where_the_layer_has_them() -> None:
    found = stages(residual(3), one_by_one)
    connected = {(b.source, b.target): b.connected for b in bundles_of(found)}
    assert connected[INPUT, "stem"].all()
    np.testing.assert_array_equal(connected["stem", "gate"], np.eye(3, dtype=bool))
    np.testing.assert_array_equal(connected[INPUT, "sum"], np.eye(3, dtype=bool))
    assert not connected["gate", "gated"].any()  # a gate gets no relevance


def test_long_names_keep_their_start_and_end() -> None:
    found = stages(blocks(1, "a/quite/long/name/{}/{}"), without_loss)
    assert found[2].layers == ("a/quite/long/name/0/conv", "a/quite/long/name/0/relu")
    assert found[2].label(20) == "a/quit…g/name/0/relu"
    assert len(found[2].label(20)) == 20
    assert found[0].label(20) == INPUT


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1, "100 %"),
        (0.9996, "100 %"),
        (0.9994, "99.9 %"),
        (0, "0 %"),
        (-0.25, "\N{MINUS SIGN}25.0 %"),
    ],
)
def test_shares_are_percentages(share: float, text: str) -> None:
    assert percent(share) == text
