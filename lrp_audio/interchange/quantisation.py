"""Constants that are stored as whole numbers with a scale."""

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.values import axis_of
from lrp_audio.types import Array


def _scale_of(call: Call, rank: int) -> tuple[Array, Array]:
    """Scale and zero point of a quantisation, for a value with `rank` axes."""
    if call.attribute("block_size", 0):
        raise ModelError("it is quantised in blocks, which are not read")
    scale = call.constant(1)
    zero = call.array(2)
    zero = np.zeros(scale.shape, np.int32) if zero is None else zero
    if scale.size == 1:
        return scale.reshape(()), zero.reshape(())
    shape = [1] * rank
    shape[axis_of(call.attribute("axis", 1), rank)] = -1
    return scale.reshape(shape), zero.reshape(shape)


def dequantize(call: Call) -> Array:
    """DequantizeLinear: ``(x - zero) scale``."""
    x = call.constant(0)
    scale, zero = _scale_of(call, x.ndim)
    return np.asarray((x.astype(np.int64) - zero.astype(np.int64)).astype(scale.dtype) * scale)


def quantize(call: Call) -> Array:
    """QuantizeLinear: ``round(x / scale) + zero`` within the limits of its type."""
    x = call.constant(0)
    scale, zero = _scale_of(call, x.ndim)
    kind = np.dtype(np.uint8) if call.array(2) is None else call.constant(2).dtype
    limits = np.iinfo(kind)
    steps = np.rint(x / scale) + zero.astype(np.float64)
    return np.asarray(np.clip(steps, limits.min, limits.max), kind)
