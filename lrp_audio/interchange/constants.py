"""Constant folding: what does not depend on the input is computed here, in NumPy.

Shapes that depend on the batch are computed for two sizes of it (`values.BATCHES`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.shapes import flat_shape, padding, reshaped, slices, split_sizes
from lrp_audio.interchange.values import BATCHES, Known, View, axis_of, spend
from lrp_audio.types import Array

Folded: TypeAlias = Array | tuple[Array, ...]
Fold: TypeAlias = Callable[[Call], Folded]

_FLOATS = {1: np.float32, 10: np.float32, 11: np.float64, 16: np.float32}  # 16 bits as 32
_TYPES: dict[int, Any] = _FLOATS | {
    2: np.uint8,
    3: np.int8,
    4: np.uint16,
    5: np.int16,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    12: np.uint32,
    13: np.uint64,
}


def folded(call: Call) -> tuple[Known, ...]:
    """The outputs of an operation whose inputs are all known."""
    fold = FOLDS.get(call.operation.op)
    if fold is None:
        raise ModelError("it is not among the operators that constants are computed with")
    known = [value for value in call.inputs if isinstance(value, Known)]
    if not any(value.depends_on_batch for value in known):
        return tuple(Known.constant(array) for array in _outputs(fold, call, 0))
    first, second = (_outputs(fold, call, trial) for trial in range(len(BATCHES)))
    return tuple(Known(pair) for pair in zip(first, second, strict=True))


def shape_of(call: Call) -> tuple[Known, ...]:
    """The shape, or the size, of a value that depends on the network's input."""
    view = call.inputs[0]
    assert isinstance(view, View)
    start, end = (call.attribute(name, None) for name in ("start", "end"))
    shapes = [np.array(view.sizes(batch)[start:end], np.int64) for batch in BATCHES]
    if call.operation.op == "Size":
        shapes = [np.array(shape.prod(), np.int64) for shape in shapes]
    return (Known((shapes[0], shapes[1])),)


def _outputs(fold: Fold, call: Call, trial: int) -> tuple[Array, ...]:
    given = tuple(v.arrays[trial] if isinstance(v, Known) else v for v in call.inputs)
    with np.errstate(all="ignore"):
        made = fold(replace(call, inputs=given))
    outputs = made if isinstance(made, tuple) else (made,)
    for output in outputs:
        if output.dtype.kind not in "fiub":
            raise ModelError(f"it makes numbers of the type {output.dtype}")
    return tuple(np.asarray(output) for output in outputs)


def _elementwise(function: Callable[..., Array]) -> Fold:
    def fold(call: Call) -> Array:
        arrays = [call.constant(position) for position in range(len(call.inputs))]
        spend(call.budget, np.broadcast_shapes(*(a.shape for a in arrays)), "the result")
        return np.asarray(function(*arrays))

    return fold


def _divide(x: Array, y: Array) -> Array:
    if x.dtype.kind == "f":
        return np.asarray(x / y)
    if not np.all(y):
        raise ModelError("it divides whole numbers by 0")
    return np.asarray(np.trunc(x / y)).astype(x.dtype)  # towards 0, as ONNX says


def _power(x: Array, y: Array) -> Array:
    return np.asarray(np.power(x.astype(np.float64), y)).astype(x.dtype)


def _extreme(function: Any) -> Fold:
    return _elementwise(lambda *arrays: np.asarray(_reduced(function, arrays)))


def _reduced(function: Any, arrays: tuple[Array, ...]) -> Array:
    result = arrays[0]
    for array in arrays[1:]:
        result = function(result, array)
    return result


def _reduction(function: Callable[..., Any]) -> Fold:
    def fold(call: Call) -> Array:
        x = call.constant(0)
        axes = call.integers("axes", 1)
        if not axes and call.attribute("noop_with_empty_axes", 0):
            return x
        over = tuple(axis_of(axis, x.ndim) for axis in axes) if axes else None
        keep = bool(call.attribute("keepdims", 1))
        return np.asarray(function(x, axis=over, keepdims=keep)).astype(x.dtype)

    return fold


def _constant(call: Call) -> Array:
    given = call.operation.attributes
    if callable(given.get("value")):
        array: Array = given["value"]()
        return array
    for name, dtype in (("value_float", np.float32), ("value_int", np.int64)):
        if given.get(name) is not None:
            return np.array(given[name], dtype)
        if given.get(name + "s") is not None:
            return np.array(given[name + "s"], dtype)
    raise ModelError("its constant is not made of numbers")


def _cast(call: Call) -> Array:
    to = call.attribute("to", 0)
    if to not in _TYPES:
        raise ModelError(f"it casts to type {to}, which is not read")
    return call.constant(0).astype(_TYPES[to])


def _constant_of_shape(call: Call) -> Array:
    value = call.operation.attributes.get("value")
    filled = value() if callable(value) else np.zeros(1, np.float32)
    if filled.size != 1:
        raise ModelError("its value is not one number")
    shape = spend(call.budget, call.integers("shape", 0) or (), "the result")
    return np.full(shape, filled.reshape(()), filled.dtype)


def _range(call: Call) -> Array:
    start, limit, delta = (call.constant(position) for position in range(3))
    if any(a.size != 1 for a in (start, limit, delta)) or not np.all(delta):
        raise ModelError("its start, limit and delta are not three numbers")
    first, last, step = (a.reshape(()).item() for a in (start, limit, delta))
    spend(call.budget, (max(0, int(np.ceil((last - first) / step))),), "the result")
    return np.arange(first, last, step).astype(start.dtype)


def _gather(call: Call) -> Array:
    x, indices = call.constant(0), call.constant(1)
    axis = axis_of(call.attribute("axis", 0), x.ndim)
    spend(call.budget, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), "the result")
    return np.take(x, indices.astype(np.int64), axis)


def _expand(call: Call) -> Array:
    x, wanted = call.constant(0), call.integers("shape", 1) or ()
    shape = spend(call.budget, np.broadcast_shapes(x.shape, wanted), "the result")
    return np.array(np.broadcast_to(x, shape))


def _tile(call: Call) -> Array:
    x, repeats = call.constant(0), call.integers("repeats", 1) or ()
    spend(call.budget, [n * r for n, r in zip(x.shape, repeats, strict=True)], "the result")
    return np.tile(x, repeats)


def _concat(call: Call) -> Array:
    arrays = [call.constant(position) for position in range(len(call.inputs))]
    call.budget.spend(sum(array.size for array in arrays))
    return np.concatenate(arrays, axis_of(call.attribute("axis", 0), arrays[0].ndim))


def _squeeze(call: Call) -> Array:
    x, axes = call.constant(0), call.integers("axes", 1)
    return np.squeeze(x, None if axes is None else tuple(axis_of(a, x.ndim) for a in axes))


def _unsqueeze(call: Call) -> Array:
    x, axes = call.constant(0), call.integers("axes", 1) or ()
    return np.expand_dims(x, tuple(axis_of(a, x.ndim + len(axes)) for a in axes))


def _transpose(call: Call) -> Array:
    return np.transpose(call.constant(0), call.integers("perm"))


def _reshape(call: Call) -> Array:
    x, target = call.constant(0), call.integers("shape", 1) or ()
    return x.reshape(reshaped(x.shape, target, bool(call.attribute("allowzero", 0))))


def _flatten(call: Call) -> Array:
    x = call.constant(0)
    return x.reshape(flat_shape(x.shape, call.attribute("axis", 1)))


def _slice(call: Call) -> Array:
    x = call.constant(0)
    return x[slices(call, x.shape)]


def _split(call: Call) -> tuple[Array, ...]:
    x = call.constant(0)
    axis = axis_of(call.attribute("axis", 0), x.ndim)
    ends = np.cumsum(split_sizes(call, x.shape[axis]))[:-1]
    return tuple(np.split(x, ends, axis))


def _pad(call: Call) -> Array:
    x = call.constant(0)
    before, after = padding(call, x.ndim)
    if call.attribute("mode", "constant") != "constant" or min(before + after, default=0) < 0:
        raise ModelError("it pads a constant with something other than a number")
    widths = list(zip(before, after, strict=True))
    spend(call.budget, [n + b + a for n, (b, a) in zip(x.shape, widths, strict=True)], "the result")
    return np.pad(x, widths, constant_values=call.number("value", 2, 0.0))


def _matmul(call: Call) -> Array:
    x, y = call.constant(0), call.constant(1)
    call.budget.spend(x.size * (y.shape[-1] if y.ndim > 1 else 1))
    return np.asarray(x @ y)


def _clip(call: Call) -> Array:
    x = call.constant(0)
    least, most = call.number("min", 1, -np.inf), call.number("max", 2, np.inf)
    return np.clip(x, least, most).astype(x.dtype)


def _nonzero(call: Call) -> Array:
    x = call.constant(0)
    call.budget.spend(x.size * x.ndim)
    return np.array(np.nonzero(x), np.int64)


def _where(call: Call) -> Array:
    condition, x, y = (call.constant(position) for position in range(3))
    spend(call.budget, np.broadcast_shapes(condition.shape, x.shape, y.shape), "the result")
    return np.where(condition.astype(bool), x, y).astype(x.dtype)


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


def _dequantize(call: Call) -> Array:
    x = call.constant(0)
    scale, zero = _scale_of(call, x.ndim)
    return np.asarray((x.astype(np.int64) - zero.astype(np.int64)).astype(scale.dtype) * scale)


def _quantize(call: Call) -> Array:
    x = call.constant(0)
    scale, zero = _scale_of(call, x.ndim)
    kind = np.dtype(np.uint8) if call.array(2) is None else call.constant(2).dtype
    limits = np.iinfo(kind)
    steps = np.rint(x / scale) + zero.astype(np.float64)
    return np.asarray(np.clip(steps, limits.min, limits.max), kind)


FOLDS: Mapping[str, Fold] = {
    "Abs": _elementwise(np.abs),
    "Add": _elementwise(np.add),
    "And": _elementwise(np.logical_and),
    "Cast": _cast,
    "CastLike": lambda call: call.constant(0).astype(call.constant(1).dtype),
    "Ceil": _elementwise(np.ceil),
    "Clip": _clip,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Cos": _elementwise(np.cos),
    "DequantizeLinear": _dequantize,
    "Div": _elementwise(_divide),
    "Dropout": lambda call: call.constant(0),
    "Equal": _elementwise(np.equal),
    "Exp": _elementwise(np.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Floor": _elementwise(np.floor),
    "Gather": _gather,
    "Greater": _elementwise(np.greater),
    "GreaterOrEqual": _elementwise(np.greater_equal),
    "Identity": lambda call: call.constant(0),
    "Less": _elementwise(np.less),
    "LessOrEqual": _elementwise(np.less_equal),
    "Log": _elementwise(np.log),
    "MatMul": _matmul,
    "Max": _extreme(np.maximum),
    "Min": _extreme(np.minimum),
    "Mod": _elementwise(np.mod),
    "Mul": _elementwise(np.multiply),
    "Neg": _elementwise(np.negative),
    "NonZero": _nonzero,
    "Not": _elementwise(np.logical_not),
    "Or": _elementwise(np.logical_or),
    "Pad": _pad,
    "Pow": _elementwise(_power),
    "QuantizeLinear": _quantize,
    "Range": _range,
    "Reciprocal": _elementwise(np.reciprocal),
    "ReduceMax": _reduction(np.max),
    "ReduceMean": _reduction(np.mean),
    "ReduceMin": _reduction(np.min),
    "ReduceProd": _reduction(np.prod),
    "ReduceSum": _reduction(np.sum),
    "Reshape": _reshape,
    "Round": _elementwise(np.rint),
    "Shape": lambda call: np.array(call.constant(0).shape, np.int64),
    "Sign": _elementwise(np.sign),
    "Sin": _elementwise(np.sin),
    "Size": lambda call: np.array(call.constant(0).size, np.int64),
    "Slice": _slice,
    "Split": _split,
    "Sqrt": _elementwise(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _elementwise(np.subtract),
    "Sum": _elementwise(lambda *arrays: _reduced(np.add, arrays)),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
"""How each operator computes constants, by its name."""
