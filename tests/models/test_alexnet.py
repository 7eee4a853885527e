"""AlexNet is the published network, and LRP closes its ledger on spectrograms."""

import numpy as np
import pytest

from lrp_audio.fronts import SPECTROGRAM
from lrp_audio.layers import Conv2D, Dense, Dropout, MaxPool2D, ReLU
from lrp_audio.models.alexnet import alexnet, initial_parameters, parameter_shapes
from lrp_audio.models.network import INPUT, Network
from lrp_audio.rules.box import Box
from lrp_audio.rules.presets import PRESETS, composite


@pytest.fixture(scope="module")
def network() -> Network:
    return alexnet(initial_parameters(10, np.random.default_rng(0)))


@pytest.mark.parametrize(("classes", "published"), [(10, 12_808_906), (2, 12_800_706)])
def test_it_has_as_many_parameters_as_published(classes: int, published: int) -> None:
    assert sum(int(np.prod(shape)) for shape in parameter_shapes(classes).values()) == published


def test_its_sizes_are_the_published_ones(network: Network) -> None:
    expected = {
        INPUT: (1, 227, 227),
        "conv1": (96, 55, 55),
        "pool1": (96, 27, 27),
        "conv2": (256, 27, 27),
        "pool2": (256, 13, 13),
        "conv3": (384, 13, 13),
        "conv4": (384, 13, 13),
        "conv5": (256, 13, 13),
        "pool5": (256, 6, 6),
        "flatten": (9216,),
        "fc6": (1024,),
        "fc7": (1024,),
        "fc8": (10,),
    }
    assert {name: network.shapes[name] for name in expected} == expected


def test_its_layers_follow_the_published_order(network: Network) -> None:
    layers = {node.name: node.layer for node in network.nodes}
    kinds = [type(layer) for layer in layers.values()]
    assert kinds[:6] == [Conv2D, ReLU, MaxPool2D] * 2
    assert kinds[6:13] == [Conv2D, ReLU] * 3 + [MaxPool2D]
    assert kinds[14:] == [Dense, ReLU, Dropout] * 2 + [Dense]
    groups = {name: layer.groups for name, layer in layers.items() if isinstance(layer, Conv2D)}
    assert groups == {"conv1": 1, "conv2": 2, "conv3": 1, "conv4": 2, "conv5": 2}


@pytest.mark.parametrize("rules", sorted(PRESETS))
def test_its_ledger_closes_on_a_spectrogram(network: Network, rules: str) -> None:
    rng = np.random.default_rng(1)
    x = np.stack([SPECTROGRAM(rng.standard_normal(8000))]).astype(np.float32)
    assigned = composite(rules, SPECTROGRAM.bounds)
    found = network.propagate(x, lambda logits: logits * (np.arange(10) == 3), assigned)
    turnover = max(np.abs(r).sum(dtype=np.float64) for r in found.relevance.values())
    assert found.ledger.worst_residual() < 1e-5 * turnover
    assert found.relevance[INPUT].shape == x.shape


def test_the_box_rule_of_its_first_layer_has_the_bounds_of_a_spectrogram(network: Network) -> None:
    assigned = network.assign(composite("epsilon-gamma-box", SPECTROGRAM.bounds))
    assert assigned[0].rule == Box(-80.0, 0.0)
