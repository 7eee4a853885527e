"""Constant folding: what does not depend on the input is computed here, in NumPy.

Shapes that depend on the batch are computed for two sizes of it (`values.BATCHES`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange import arranging, quantisation
from lrp_audio.interchange.call import Call
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


FOLDS: Mapping[str, Fold] = {
    "Abs": _elementwise(np.abs),
    "Add": _elementwise(np.add),
    "And": _elementwise(np.logical_and),
    "Cast": _cast,
    "CastLike": lambda call: call.constant(0).astype(call.constant(1).dtype),
    "Ceil": _elementwise(np.ceil),
    "Clip": _clip,
    "Concat": arranging.concat,
    "Constant": _constant,
    "ConstantOfShape": arranging.constant_of_shape,
    "Cos": _elementwise(np.cos),
    "DequantizeLinear": quantisation.dequantize,
    "Div": _elementwise(_divide),
    "Dropout": lambda call: call.constant(0),
    "Equal": _elementwise(np.equal),
    "Exp": _elementwise(np.exp),
    "Expand": arranging.expand,
    "Flatten": arranging.flatten,
    "Floor": _elementwise(np.floor),
    "Gather": arranging.gather,
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
    "Pad": arranging.pad,
    "Pow": _elementwise(_power),
    "QuantizeLinear": quantisation.quantize,
    "Range": arranging.range_,
    "Reciprocal": _elementwise(np.reciprocal),
    "ReduceMax": _reduction(np.max),
    "ReduceMean": _reduction(np.mean),
    "ReduceMin": _reduction(np.min),
    "ReduceProd": _reduction(np.prod),
    "ReduceSum": _reduction(np.sum),
    "Reshape": arranging.reshape,
    "Round": _elementwise(np.rint),
    "Shape": lambda call: np.array(call.constant(0).shape, np.int64),
    "Sign": _elementwise(np.sign),
    "Sin": _elementwise(np.sin),
    "Size": lambda call: np.array(call.constant(0).size, np.int64),
    "Slice": arranging.slice_,
    "Split": arranging.split,
    "Sqrt": _elementwise(np.sqrt),
    "Squeeze": arranging.squeeze,
    "Sub": _elementwise(np.subtract),
    "Sum": _elementwise(lambda *arrays: _reduced(np.add, arrays)),
    "Tile": arranging.tile,
    "Transpose": arranging.transpose,
    "Unsqueeze": arranging.unsqueeze,
    "Where": _where,
}
"""How each operator computes constants, by its name."""
