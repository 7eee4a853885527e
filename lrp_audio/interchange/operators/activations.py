"""Functions of each value by itself."""

import math
from collections.abc import Callable

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.construction import Construction
from lrp_audio.interchange.layouts import with_constant
from lrp_audio.interchange.operators.arithmetic import affine
from lrp_audio.interchange.operators.gates import larger
from lrp_audio.interchange.values import View, axis_of
from lrp_audio.layers import (
    ELU,
    GELU,
    Clip,
    HardSigmoid,
    LeakyReLU,
    PReLU,
    Softmax,
)
from lrp_audio.layers.base import Layer

_LARGEST = float(np.finfo(np.float32).max)  # what exporters write for no limit


def function(make: Callable[[], Layer]) -> Callable[[Call, Construction], View]:
    """An operator without parameters."""
    return lambda call, net: net.along(make(), call.view())


def leaky_relu(call: Call, net: Construction) -> View:
    """LeakyRelu."""
    return net.along(LeakyReLU(call.attribute("alpha", 0.01)), call.view())


def elu(call: Call, net: Construction) -> View:
    """Elu."""
    return net.along(ELU(call.attribute("alpha", 1.0)), call.view())


def selu(call: Call, net: Construction) -> View:
    """Selu: an ELU times a constant."""
    view = net.along(ELU(call.attribute("alpha", 1.6732632423543772)), call.view())
    return affine(net, view, weight=np.array(call.attribute("gamma", 1.0507009873554805)))


def hard_sigmoid(call: Call, net: Construction) -> View:
    """HardSigmoid."""
    alpha, beta = call.attribute("alpha", 0.2), call.attribute("beta", 0.5)
    return net.along(HardSigmoid(alpha, beta), call.view())


def gelu(call: Call, net: Construction) -> View:
    """Gelu in its exact form."""
    if call.attribute("approximate", "none") != "none":
        raise ModelError("it approximates the GELU; export with approximate='none'")
    return net.along(GELU(), call.view())


def prelu(call: Call, net: Construction) -> View:
    """PRelu with one slope, or one for each channel."""
    slope = call.constant(1)
    if slope.size == 1:
        return net.along(PReLU(net.number(slope.reshape(1))), call.view())
    view, slope = with_constant(net, call.view(), slope)
    if slope.size != slope.shape[0] or slope.shape[0] != view.shape[0]:
        view, slope = with_constant(net, net.plain(call.view()), call.constant(1))
    if slope.size != slope.shape[0]:
        raise ModelError("its slopes differ within a channel")
    return net.along(PReLU(net.number(slope.reshape(-1))), view)


def clip(call: Call, net: Construction) -> View:
    """Clip between constants, or above a value that depends on the input."""
    if call.live != [0]:
        view = larger(net, call.view(0), call.view(1))
        high = call.number("max", 2, math.inf)
        return view if high >= _LARGEST else net.along(Clip(high=high), view)
    low, high = call.number("min", 1, -math.inf), call.number("max", 2, math.inf)
    low = -math.inf if low <= -_LARGEST else low
    high = math.inf if high >= _LARGEST else high
    return net.along(Clip(low, high), call.view())


def softmax(make: type[Softmax]) -> Callable[[Call, Construction], View]:
    """Softmax or LogSoftmax inside of the network, along one axis."""

    def normalised(call: Call, net: Construction) -> View:
        view = net.plain(call.view())
        rank = len(view.axes)
        axis = axis_of(call.attribute("axis", -1 if call.opset >= 13 else 1), rank)
        if call.opset < 13 and any(n != 1 for n in view.sizes()[axis + 1 :]):
            raise ModelError("it normalises over several axes; export with opset 13 or newer")
        place = view.axes[axis]
        if not isinstance(place, int):
            raise ModelError("it normalises over the batch")
        return net.along(make(1 + place), view)

    return normalised
