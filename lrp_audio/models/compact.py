"""Compression of weights for files.

A stack of dense layers without activations between them is one linear map whose rank is at most the
number of classes, so of each weight only the part matters that the layers after it can see: its
projection on their row space. The function stays the same; each weight becomes a product of two
thin factors (`compact_dense_stack`). Where activations lie between, the largest singular values
and half precision have to do, and the function changes a little (`truncate_dense`).
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


def truncate_dense(parameters: Gradients, names: Sequence[str], rank: int) -> Gradients:
    """All parameters in float16, the weights of the dense layers `names` as factors of `rank`.

    Of each of these weights the `rank` largest singular values are kept (Eckart & Young 1936).
    """
    stored = dict(parameters)
    for name in names:
        left, values, right = np.linalg.svd(stored.pop(f"{name}.weight"), full_matrices=False)
        roots = np.sqrt(values[:rank])
        stored[f"{name}.weight.left"] = left[:, :rank] * roots
        stored[f"{name}.weight.right"] = roots[:, None] * right[:rank]
    return {name: array.astype(np.float16) for name, array in stored.items()}
