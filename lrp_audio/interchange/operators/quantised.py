"""Values that the graph rounds to whole numbers between its layers."""

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.construction import Construction
from lrp_audio.interchange.values import View
from lrp_audio.layers import Clip


def quantize(call: Call, net: Construction) -> View:
    """QuantizeLinear followed by DequantizeLinear: the limits stay, the rounding is left out."""
    scale, zero = call.constant(1), call.array(2)
    kind = np.dtype(np.uint8) if zero is None else zero.dtype
    if scale.size != 1 or kind.kind not in "iu":
        raise ModelError("it quantises with one scale for each channel, or to floats")
    limits = np.iinfo(kind)
    offset = 0 if zero is None else int(zero.reshape(()))
    step = float(scale.reshape(()))
    low, high = (limits.min - offset) * step, (limits.max - offset) * step
    if not any(note.startswith("Values") for note in net.notes):
        net.notes.append(
            "Values between layers are not rounded to whole numbers as in the quantised graph, "
            "whose outputs therefore differ by its rounding; its limits are kept."
        )
    return net.along(Clip(low, high), call.view())


def dequantize(call: Call, net: Construction) -> View:
    """DequantizeLinear of what QuantizeLinear left as floats."""
    return call.view()
