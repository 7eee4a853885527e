"""Constants that are moved, cut, joined, repeated or made from a shape."""

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.shapes import flat_shape, padding, reshaped, slices, split_sizes
from lrp_audio.interchange.values import axis_of, spend
from lrp_audio.types import Array


def expand(call: Call) -> Array:
    """Expand."""
    x, wanted = call.constant(0), call.integers("shape", 1) or ()
    shape = spend(call.budget, np.broadcast_shapes(x.shape, wanted), "the result")
    return np.array(np.broadcast_to(x, shape))


def tile(call: Call) -> Array:
    """Tile."""
    x, repeats = call.constant(0), call.integers("repeats", 1) or ()
    spend(call.budget, [n * r for n, r in zip(x.shape, repeats, strict=True)], "the result")
    return np.tile(x, repeats)


def concat(call: Call) -> Array:
    """Concat."""
    arrays = [call.constant(position) for position in range(len(call.inputs))]
    call.budget.spend(sum(array.size for array in arrays))
    return np.concatenate(arrays, axis_of(call.attribute("axis", 0), arrays[0].ndim))


def squeeze(call: Call) -> Array:
    """Squeeze."""
    x, axes = call.constant(0), call.integers("axes", 1)
    return np.squeeze(x, None if axes is None else tuple(axis_of(a, x.ndim) for a in axes))


def unsqueeze(call: Call) -> Array:
    """Unsqueeze."""
    x, axes = call.constant(0), call.integers("axes", 1) or ()
    return np.expand_dims(x, tuple(axis_of(a, x.ndim + len(axes)) for a in axes))


def transpose(call: Call) -> Array:
    """Transpose."""
    return np.transpose(call.constant(0), call.integers("perm"))


def reshape(call: Call) -> Array:
    """Reshape."""
    x, target = call.constant(0), call.integers("shape", 1) or ()
    return x.reshape(reshaped(x.shape, target, bool(call.attribute("allowzero", 0))))


def flatten(call: Call) -> Array:
    """Flatten."""
    x = call.constant(0)
    return x.reshape(flat_shape(x.shape, call.attribute("axis", 1)))


def slice_(call: Call) -> Array:
    """Slice."""
    x = call.constant(0)
    return x[slices(call, x.shape)]


def split(call: Call) -> tuple[Array, ...]:
    """Split."""
    x = call.constant(0)
    axis = axis_of(call.attribute("axis", 0), x.ndim)
    ends = np.cumsum(split_sizes(call, x.shape[axis]))[:-1]
    return tuple(np.split(x, ends, axis))


def pad(call: Call) -> Array:
    """Pad with a number."""
    x = call.constant(0)
    before, after = padding(call, x.ndim)
    if call.attribute("mode", "constant") != "constant" or min(before + after, default=0) < 0:
        raise ModelError("it pads a constant with something other than a number")
    widths = list(zip(before, after, strict=True))
    spend(call.budget, [n + b + a for n, (b, a) in zip(x.shape, widths, strict=True)], "the result")
    return np.pad(x, widths, constant_values=call.number("value", 2, 0.0))


def gather(call: Call) -> Array:
    """Gather."""
    x, indices = call.constant(0), call.constant(1)
    axis = axis_of(call.attribute("axis", 0), x.ndim)
    spend(call.budget, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), "the result")
    return np.take(x, indices.astype(np.int64), axis)


def constant_of_shape(call: Call) -> Array:
    """ConstantOfShape."""
    value = call.operation.attributes.get("value")
    filled = value() if callable(value) else np.zeros(1, np.float32)
    if filled.size != 1:
        raise ModelError("its value is not one number")
    shape = spend(call.budget, call.integers("shape", 0) or (), "the result")
    return np.full(shape, filled.reshape(()), filled.dtype)


def range_(call: Call) -> Array:
    """Range."""
    start, limit, delta = (call.constant(position) for position in range(3))
    if any(a.size != 1 for a in (start, limit, delta)) or not np.all(delta):
        raise ModelError("its start, limit and delta are not three numbers")
    first, last, step = (a.reshape(()).item() for a in (start, limit, delta))
    spend(call.budget, (max(0, int(np.ceil((last - first) / step))),), "the result")
    return np.arange(first, last, step).astype(start.dtype)
