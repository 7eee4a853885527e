"""Arithmetic of shapes that constants and layers share."""

import math
from collections.abc import Sequence

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.values import axis_of


def reshaped(shape: Sequence[int], target: Sequence[int], allow_zero: bool) -> tuple[int, ...]:
    """What a reshape of `shape` to `target` gives: 0 keeps a length, -1 takes what is left."""
    if sum(length == -1 for length in target) > 1 or min(target, default=0) < -1:
        raise ModelError(f"it reshapes to {tuple(target)}")
    kept = [
        shape[place] if length == 0 and not allow_zero and place < len(shape) else length
        for place, length in enumerate(target)
    ]
    count, fixed = math.prod(shape), math.prod(length for length in kept if length != -1)
    if -1 in kept and fixed and count % fixed == 0:
        kept[kept.index(-1)] = count // fixed
    if math.prod(kept) != count or -1 in kept:
        raise ModelError(f"it reshapes {tuple(shape)} to {tuple(target)}, which does not fit")
    return tuple(kept)


def flat_shape(shape: Sequence[int], axis: int) -> tuple[int, int]:
    """The two lengths that a Flatten at `axis` makes of `shape`."""
    if not -len(shape) <= axis <= len(shape):
        raise ModelError(f"it flattens at axis {axis} of a value with {len(shape)} axes")
    axis = axis + len(shape) if axis < 0 else axis
    return math.prod(shape[:axis]), math.prod(shape[axis:])


def slices(call: Call, shape: Sequence[int]) -> tuple[slice, ...]:
    """The slices of a Slice, one for each axis of `shape`, as NumPy takes them."""
    starts, ends = call.integers("starts", 1), call.integers("ends", 2)
    if starts is None or ends is None:
        raise ModelError("it does not say where its slices start and end")
    axes = call.integers("axes", 3) or range(len(starts))
    steps = call.integers("steps", 4) or (1,) * len(starts)
    cut = [slice(None)] * len(shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step == 0:
            raise ModelError("it slices with steps of 0")
        length = shape[axis_of(axis, len(shape))]
        stop: int | None = end
        if step < 0 and end < -length:
            stop = None  # NumPy counts -1 from the end, ONNX's lowest number means the front
        cut[axis_of(axis, len(shape))] = slice(start, stop, step)
    return tuple(cut)


def split_sizes(call: Call, length: int) -> tuple[int, ...]:
    """How long the parts are into which an axis of `length` is split."""
    sizes = call.integers("split", 1)
    if sizes is None:
        parts = len(call.operation.outputs)
        part = -(-length // parts)
        sizes = (*(part,) * (parts - 1), length - part * (parts - 1))
    if sum(sizes) != length or min(sizes) < 0:
        raise ModelError(f"it splits an axis of length {length} into {sizes}")
    return sizes


def padding(call: Call, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How much a Pad adds before and after each of `rank` axes."""
    pads = call.integers("pads", 1) or (0,) * 2 * rank
    axes = call.integers("axes", 3) or tuple(range(rank))
    if len(pads) != 2 * len(axes):
        raise ModelError(f"it pads {len(axes)} axes by {pads}")
    before, after = [0] * rank, [0] * rank
    for axis, first, last in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        before[axis_of(axis, rank)], after[axis_of(axis, rank)] = first, last
    return tuple(before), tuple(after)
