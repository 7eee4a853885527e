"""The padding of convolutions and pools, by numbers or by name."""

from collections.abc import Sequence

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call, whole
from lrp_audio.layers.window import Same

Pads = tuple[tuple[int, int], ...] | Same


def pads_of(
    call: Call,
    lengths: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Pads:
    """Padding before and after each axis of the window, for an input of these `lengths`.

    By name where it depends on them.
    """
    rank = len(kernel)
    if not len(lengths) == len(stride) == len(dilation) == rank or min((*stride, *dilation)) < 1:
        raise ModelError(
            f"its window {tuple(kernel)} with strides {tuple(stride)} and dilations "
            f"{tuple(dilation)} does not fit an input of {len(lengths)} axes"
        )
    name = call.attribute("auto_pad", "NOTSET")
    if name in ("SAME_UPPER", "SAME_LOWER"):
        if max(stride) > 1:
            return "same" if name == "SAME_UPPER" else "same-lower"
        totals = [
            max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
            for n, k, s, d in zip(lengths, kernel, stride, dilation, strict=True)
        ]
        halves = [(total // 2, total - total // 2) for total in totals]
        return tuple(halves if name == "SAME_UPPER" else (half[::-1] for half in halves))
    if name == "VALID":
        return ((0, 0),) * rank
    pads = whole(call.integers("pads"), (0,) * 2 * rank)
    if len(pads) != 2 * rank or min(pads) < 0:
        raise ModelError(f"its pads are {pads}; expected {2 * rank} numbers of at least 0")
    return tuple(zip(pads[:rank], pads[rank:], strict=True))
