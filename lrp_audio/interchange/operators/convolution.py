"""Convolutions over one or two axes."""

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call, whole
from lrp_audio.interchange.construction import Construction
from lrp_audio.interchange.layouts import samples_first
from lrp_audio.interchange.operators.arithmetic import affine
from lrp_audio.interchange.operators.windows import pads_of
from lrp_audio.interchange.values import View
from lrp_audio.layers import BatchNorm, Conv1D, Conv2D


def conv(call: Call, net: Construction) -> View:
    """Conv with constant weights."""
    if call.live != [0]:
        raise ModelError("its weights depend on the input of the network")
    view, weight = samples_first(net, call.view()), call.constant(1)
    rank = weight.ndim - 2
    if rank not in (1, 2):
        raise ModelError(f"it slides over {rank} axes; one or two are read")
    kernel = whole(call.integers("kernel_shape"), weight.shape[2:])
    if kernel != weight.shape[2:]:
        raise ModelError(f"its kernel is {kernel} and its weights {weight.shape}")
    stride = whole(call.integers("strides"), (1,) * rank)
    dilation = whole(call.integers("dilations"), (1,) * rank)
    pads = pads_of(call, view.shape[1:], kernel, stride, dilation)
    bias = call.array(2)
    make = Conv1D if rank == 1 else Conv2D
    layer = make(
        net.number(weight),
        None if bias is None else net.number(bias),
        stride,
        pads,
        dilation,
        call.attribute("group", 1),
    )
    node = net.add(layer, view.node)
    return View(node, net.shapes[node], view.axes)


def batch_normalization(call: Call, net: Construction) -> View:
    """BatchNormalization with the statistics of training."""
    if call.attribute("training_mode", 0):
        raise ModelError("it computes its own statistics, as in training; export after .eval()")
    view = call.view()
    scale, shift, mean, variance = (
        call.constant(place).astype(np.float64) for place in range(1, 5)
    )
    epsilon = call.attribute("epsilon", 1e-5)
    if not (variance + epsilon > 0).all():
        raise ModelError("its variance + epsilon is not above 0")
    if len(view.axes) > 1 and view.axes[1] == 0:
        layer = BatchNorm(scale, shift, mean, variance, epsilon)
        layer.weight, layer.bias = net.number(layer.weight), net.number(layer.bias)
        return net.along(layer, view)
    weight = scale / np.sqrt(variance + epsilon)
    channels = (-1, *[1] * (len(view.axes) - 2))
    scaled = affine(net, view, weight=weight.reshape(channels))
    return affine(net, scaled, bias=(shift - mean * weight).reshape(channels))
