"""Compression of weights for files.

A stack of dense layers without activations between them is one linear map whose rank is at most the
number of classes. Of each weight only its projection on the row space of the layers after it
matters. The function stays the same; each weight becomes a product of two thin factors
(`compact_dense_stack`). With activations between the layers, only the principal components of a
layer's outputs are stored, in half precision, which changes the function a little
(`truncate_dense`).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from lrp_audio.types import Array, Parameters


def compact_dense_stack(parameters: Parameters, names: Sequence[str]) -> Parameters:
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


def truncate_dense(parameters: Parameters, outputs: Mapping[str, Array], rank: int) -> Parameters:
    """All parameters in float16, the weights of dense layers as factors of `rank`.

    `outputs` maps the names of these layers to outputs ``(n, units)`` for typical inputs, before
    the activation. Their `rank` principal components are kept, and the bias gives back the mean of
    the others: of all weights of that rank, this one changes these outputs least in the mean square
    (Eckart & Young 1936).
    """
    stored = dict(parameters)
    for name, y in outputs.items():
        mean = y.mean(axis=0, dtype=np.float64)
        covariance = (y - mean).T @ (y - mean)
        basis = np.linalg.eigh(covariance)[1][:, -rank:]
        bias = stored[f"{name}.bias"].astype(np.float64)
        stored[f"{name}.weight.left"] = basis
        stored[f"{name}.weight.right"] = basis.T @ stored.pop(f"{name}.weight")
        stored[f"{name}.bias"] = mean + basis @ (basis.T @ (bias - mean))
    return {name: array.astype(np.float16) for name, array in stored.items()}
