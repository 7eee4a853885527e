"""Depthwise convolution by loops over positions, each over all channels at once.

Every output channel reads one input channel, so there is no matrix product to make of it. Images
are channels-last; `taps` is ``(kernel height * kernel width, out)``. With several outputs for each
input channel, the channels of the image are repeated first.
"""

import numpy as np

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array

_MOST_OUTPUTS = 4  # for each input channel; with more of them GEMM is faster


def suits(shape: tuple[int, ...], taps: int) -> bool:
    """Whether a weight of `shape` ``(groups, taps * in/g, out/g)`` is a depthwise one."""
    groups, columns, made = shape
    return bool(groups > 1 and columns == taps and made <= _MOST_OUTPUTS)


def add_transpose(s: Array, packed: Array, window: Window, images: Array) -> None:
    """Transpose of the convolution: add what each window of `s` gives to `images`."""
    made = packed.shape[2]
    if made == 1:
        _add_transpose(s, _taps(packed), window, images)
        return
    repeated = np.zeros((*images.shape[:3], s.shape[3]), images.dtype)
    _add_transpose(s, _taps(packed), window, repeated)
    images += repeated.reshape(*images.shape, made).sum(axis=4)


def add_weight_gradient(images: Array, s: Array, window: Window, gradient: Array) -> None:
    """Add the gradient of the weight to `gradient`, which has the shape of the packed weight."""
    repeated, taps = _for_each_output(images, np.zeros_like(gradient))
    _add_weight_gradient(repeated, s, window, taps)
    groups, columns, made = gradient.shape
    gradient += taps.reshape(columns, groups, made).transpose(1, 0, 2)


def _taps(packed: Array) -> Array:
    groups, columns, made = packed.shape
    return np.ascontiguousarray(packed.transpose(1, 0, 2)).reshape(columns, groups * made)


def _for_each_output(images: Array, packed: Array) -> tuple[Array, Array]:
    made = packed.shape[2]
    return images if made == 1 else np.repeat(images, made, axis=3), _taps(packed)


@compiled()
def _add_transpose(s: Array, taps: Array, window: Window, images: Array) -> None:
    kernel, stride, pad, dilation = window
    samples, height, width, channels = images.shape
    for sample in range(samples):
        for oy in range(s.shape[1]):
            for ox in range(s.shape[2]):
                given = s[sample, oy, ox]
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            into, tap = images[sample, y, x], taps[ky * kernel[1] + kx]
                            for c in range(channels):
                                into[c] += given[c] * tap[c]


@compiled()
def _add_weight_gradient(images: Array, s: Array, window: Window, taps: Array) -> None:
    kernel, stride, pad, dilation = window
    samples, height, width, channels = images.shape
    for sample in range(samples):
        for oy in range(s.shape[1]):
            for ox in range(s.shape[2]):
                given = s[sample, oy, ox]
                for ky in range(kernel[0]):
                    y = oy * stride[0] + ky * dilation[0] - pad[0]
                    for kx in range(kernel[1]):
                        x = ox * stride[1] + kx * dilation[1] - pad[1]
                        if 0 <= y < height and 0 <= x < width:
                            seen, tap = images[sample, y, x], taps[ky * kernel[1] + kx]
                            for c in range(channels):
                                tap[c] += seen[c] * given[c]
