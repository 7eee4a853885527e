"""AudioNet on waveforms, as published (Becker et al., arXiv 1807.03418)."""

from dataclasses import replace

import numpy as np

from lrp_audio.fronts.waveform import WAVEFORM
from lrp_audio.layers import Conv1D, Dense, Dropout, Flatten, Layer, MaxPool1D, ReLU
from lrp_audio.models.architecture import Architecture, he_normal
from lrp_audio.models.compact import compact_dense_stack
from lrp_audio.models.network import Network, chain
from lrp_audio.recipes import (
    Augmentation,
    ChannelAugmentation,
    EverydayAugmentation,
    Recipe,
    Settings,
)
from lrp_audio.recipes.corpora import DIGIT_CORPORA, SEX_CORPORA, SEX_STRETCH
from lrp_audio.types import Parameters

_CONVOLUTIONS = {"conv1": 100, "conv2": 64, "conv3": 128, "conv4": 128, "conv5": 128, "conv6": 128}
_DENSE = {"fc7": 1024, "fc8": 512}
_KERNEL = 3


def parameter_shapes(classes: int) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by name; 17,107,162 numbers for ten classes."""
    shapes: dict[str, tuple[int, ...]] = {}
    width = 1
    for name, channels in _CONVOLUTIONS.items():
        shapes |= {f"{name}.weight": (channels, width, _KERNEL), f"{name}.bias": (channels,)}
        width = channels
    width *= WAVEFORM.length // 2 ** len(_CONVOLUTIONS)
    for name, units in (_DENSE | {"fc9": classes}).items():
        shapes |= {f"{name}.weight": (units, width), f"{name}.bias": (units,)}
        width = units
    return shapes


def audionet(parameters: Parameters) -> Network:
    """AudioNet over `parameters` as named and shaped by `parameter_shapes`; they are not copied.

    Input ``(batch, 1, 8000)``, output the logits ``(batch, classes)``. No ReLU in the dense stack.
    """
    layers: list[tuple[str, Layer]] = []
    for number, name in enumerate(_CONVOLUTIONS, 1):
        pool = MaxPool1D((3,), (2,), ceil_mode=True) if number == 1 else MaxPool1D((2,), (2,))
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        layers += [
            (name, Conv1D(weight, bias, pad=(1,))),
            (f"relu{number}", ReLU()),
            (f"pool{number}", pool),
        ]
    layers += [("flatten", Flatten())]
    for name in _DENSE:
        dense = Dense(parameters[f"{name}.weight"], parameters[f"{name}.bias"])
        layers += [(name, dense), (f"drop{name[2:]}", Dropout(0.5))]
    layers += [("fc9", Dense(parameters["fc9.weight"], parameters["fc9.bias"]))]
    return Network(chain(layers), WAVEFORM.shape)


def initial_parameters(classes: int, rng: np.random.Generator) -> Parameters:
    """Random float32 parameters, biases zero: gaussian as He et al. 2015, the dense stack smaller.

    The published filler, gaussian with standard deviation 0.1, is not used: with it the logits of
    the untrained network are in the thousands. The dense stack starts at a third of the
    standard deviation that keeps its scale, so that the first logits are small.
    """
    shapes = parameter_shapes(classes)
    return he_normal(shapes, lambda name: 2.0 if name.startswith("conv") else 0.1, rng)


AUDIONET = Architecture(
    "audionet",
    replace(WAVEFORM, offset="removed"),
    parameter_shapes,
    audionet,
    initial_parameters,
    lambda parameters, inputs: compact_dense_stack(parameters, ["fc7", "fc8", "fc9"]),
    {
        "digit": Recipe(Settings(), Augmentation(), steps=3000),
        "sex": Recipe(Settings(epochs=5), ChannelAugmentation(rate=WAVEFORM.rate), steps=400),
    },
    {
        "digit": Recipe(
            Settings(),
            EverydayAugmentation(rate=WAVEFORM.rate, least=0.7),
            steps=7400,
            corpora=DIGIT_CORPORA,
        ),
        "sex": Recipe(
            Settings(),
            EverydayAugmentation(rate=WAVEFORM.rate, stretch=SEX_STRETCH),
            steps=1400,
            corpora=SEX_CORPORA,
        ),
    },
)
