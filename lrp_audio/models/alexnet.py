"""AlexNet on spectrograms, as published (Becker et al., arXiv 1807.03418): no normalisation."""

from dataclasses import replace

import numpy as np

from lrp_audio.fronts.spectrogram import SPECTROGRAM
from lrp_audio.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU
from lrp_audio.models.architecture import Architecture, he_normal
from lrp_audio.models.batches import slices
from lrp_audio.models.compact import truncate_dense
from lrp_audio.models.network import Network, chain
from lrp_audio.recipes import (
    Augmentation,
    ChannelAugmentation,
    EverydayAugmentation,
    Recipe,
    Settings,
)
from lrp_audio.recipes.corpora import DIGIT_CORPORA, SEX_CORPORA, SEX_STRETCH
from lrp_audio.types import Array, Parameters

_CONVOLUTIONS = {
    # name: channels out, channels in, kernel, stride, pad, groups, whether a pool follows
    "conv1": (96, 1, 11, 4, 0, 1, True),
    "conv2": (256, 96, 5, 1, 2, 2, True),
    "conv3": (384, 256, 3, 1, 1, 1, False),
    "conv4": (384, 384, 3, 1, 1, 2, False),
    "conv5": (256, 384, 3, 1, 1, 2, True),
}
_FLAT = 256 * 6 * 6
_HIDDEN = {"fc6": 1024, "fc7": 1024}
_STORED_RANK = 128  # of the weights of fc6 and fc7: the largest that fits into a file of 8 MB


def parameter_shapes(classes: int) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by name; 12,808,906 numbers for ten classes."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (channels, width, kernel, _, _, groups, _) in _CONVOLUTIONS.items():
        shapes[f"{name}.weight"] = (channels, width // groups, kernel, kernel)
        shapes[f"{name}.bias"] = (channels,)
    width = _FLAT
    for name, units in (_HIDDEN | {"fc8": classes}).items():
        shapes |= {f"{name}.weight": (units, width), f"{name}.bias": (units,)}
        width = units
    return shapes


def alexnet(parameters: Parameters) -> Network:
    """AlexNet over `parameters` as named and shaped by `parameter_shapes`; they are not copied.

    Input ``(batch, 1, 227, 227)``, frequency first, output the logits ``(batch, classes)``.
    """
    layers: list[tuple[str, Layer]] = []
    for name, (_, _, _, stride, pad, groups, pooled) in _CONVOLUTIONS.items():
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        convolution = Conv2D(weight, bias, (stride, stride), (pad, pad), groups=groups)
        layers += [(name, convolution), (f"relu{name[4:]}", ReLU())]
        if pooled:
            layers += [(f"pool{name[4:]}", MaxPool2D((3, 3), (2, 2)))]
    layers += [("flatten", Flatten())]
    for name in _HIDDEN:
        dense = Dense(parameters[f"{name}.weight"], parameters[f"{name}.bias"])
        layers += [(name, dense), (f"relu{name[2:]}", ReLU()), (f"drop{name[2:]}", Dropout(0.5))]
    layers += [("fc8", Dense(parameters["fc8.weight"], parameters["fc8.bias"]))]
    return Network(chain(layers), SPECTROGRAM.shape)


def initial_parameters(classes: int, rng: np.random.Generator) -> Parameters:
    """Random float32 parameters, biases zero: gaussian as He et al. 2015, the last layer smaller.

    The published fillers (gaussian, 0.01 and 0.005) suit spectrograms in decibels and 10,000 steps;
    these suit standardised ones and fewer steps.
    """
    shapes = parameter_shapes(classes)
    return he_normal(shapes, lambda name: 0.1 if name == "fc8.weight" else 2.0, rng)


def compact(parameters: Parameters, inputs: Array) -> Parameters:
    """What a file stores of `parameters`: a seventh of them, chosen by typical `inputs`.

    `inputs` are ``(n, 1, 227, 227)``, n well above 128. See `truncate_dense`.
    """
    network = alexnet(parameters)
    found: dict[str, list[Array]] = {name: [] for name in _HIDDEN}
    for batch in slices(len(inputs)):
        activations = network.activations(inputs[batch])
        for name, parts in found.items():
            parts.append(activations[name])
    outputs = {name: np.concatenate(parts) for name, parts in found.items()}
    return truncate_dense(parameters, outputs, _STORED_RANK)


_RATE = 1e-3
ALEXNET = Architecture(
    "alexnet",
    replace(SPECTROGRAM, offset="removed"),
    parameter_shapes,
    alexnet,
    initial_parameters,
    compact,
    {
        "digit": Recipe(Settings(epochs=7, batch=32, rate=_RATE), Augmentation(), steps=900),
        "sex": Recipe(
            Settings(epochs=4, batch=32, rate=_RATE),
            ChannelAugmentation(rate=SPECTROGRAM.rate),
            steps=700,
        ),
    },
    {
        "digit": Recipe(
            Settings(batch=32, rate=_RATE),
            EverydayAugmentation(rate=SPECTROGRAM.rate),
            steps=2800,
            corpora=DIGIT_CORPORA,
        ),
        "sex": Recipe(
            Settings(batch=32, rate=_RATE),
            EverydayAugmentation(rate=SPECTROGRAM.rate, stretch=SEX_STRETCH),
            steps=1500,
            corpora=SEX_CORPORA,
        ),
    },
)
