"""Exact compression of a stack of dense layers without activations between them.

Such a stack is one linear map whose rank is at most the number of classes, so of each weight only
the part matters that the layers after it can see: its projection on their row space. The function
stays the same; each weight becomes a product of two thin factors.
"""

from collections.abc import Sequence

import numpy as np

from lrp_audio.layers.base import Gradients


def compact_dense_stack(parameters: Gradients, names: Sequence[str]) -> Gradients:
    """Parameters with the weights of the dense layers `names`, in forward order, as factors.

    Every layer but the last is projected on the row space of what follows it, in float64. Returns
    ``NAME.weight.left`` and ``NAME.weight.right`` in the place of ``NAME.weight``.
    """
    stored = dict(parameters)
    following = parameters[f"{names[-1]}.weight"].astype(np.float64)
    for name in reversed(names[:-1]):
        basis = np.linalg.qr(following.T)[0]
        weight = stored.pop(f"{name}.weight").astype(np.float64)
        bias = stored[f"{name}.bias"].astype(np.float64)
        stored[f"{name}.weight.left"] = basis
        stored[f"{name}.weight.right"] = basis.T @ weight
        stored[f"{name}.bias"] = basis @ (basis.T @ bias)
        following = following @ weight
    return stored
