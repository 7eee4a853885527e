"""Adam's update and the moving average of the parameters, in one pass over memory."""

import numpy as np

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.types import Array

_GRAIN = 1 << 20  # numbers in a piece of work
_BETA1, _BETA2, _TINY = 0.9, 0.999, 1e-8


@compiled()
def _update(
    p: Array, g: Array, m: Array, v: Array, average: Array, settings: Array, first: int, last: int
) -> None:
    rate, scale, decay, bias1, bias2, keep, beta1, beta2, tiny = settings
    one = settings.dtype.type(1)
    for i in range(first, last):
        slope = g[i] * scale
        m[i] = beta1 * m[i] + (one - beta1) * slope
        v[i] = beta2 * v[i] + (one - beta2) * slope * slope
        p[i] -= rate * (m[i] / bias1 / (np.sqrt(v[i] / bias2) + tiny) + decay * p[i])
        average[i] = keep * average[i] + (one - keep) * p[i]


def update(
    parameter: Array,
    gradient: Array,
    moments: tuple[Array, Array],
    average: Array,
    step: int,
    rate: float,
    scale: float,
    decay: float,
    keep: float,
) -> None:
    """One step of AdamW in place (Kingma & Ba 2015; Loshchilov & Hutter 2019), arrays contiguous.

    `scale` multiplies the gradient (clipping), `decay` is decoupled, `step` counts from 1, and
    `average` moves towards the parameter by ``1 - keep`` of their distance.
    """
    bias1, bias2 = 1 - _BETA1**step, 1 - _BETA2**step
    settings = np.array(
        [rate, scale, decay, bias1, bias2, keep, _BETA1, _BETA2, _TINY], parameter.dtype
    )
    p, g, m, v, a = (
        array.reshape(-1)
        for array in (parameter, np.ascontiguousarray(gradient), *moments, average)
    )
    parallel_for(lambda i, j: _update(p, g, m, v, a, settings, i, j), p.size, _GRAIN)
