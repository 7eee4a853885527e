"""Standardised inputs: trained on ``(x - centre) / spread``, shipped for ``x``."""

import numpy as np

from lrp_audio.layers.base import Gradients


def for_raw_input(parameters: Gradients, first: str, centre: float, spread: float) -> Gradients:
    """Parameters of the same function of ``x`` instead of ``(x - centre) / spread``.

    Exact where `first`, the name of the first layer, has no padding or `centre` is 0:
    ``W (x - centre) / spread + b`` is ``(W / spread) x + b - centre / spread sum(W)``.
    """
    weight = parameters[f"{first}.weight"].astype(np.float64) / spread
    bias = parameters[f"{first}.bias"] - centre * weight.reshape(len(weight), -1).sum(axis=1)
    dtype = parameters[f"{first}.weight"].dtype
    raw = {f"{first}.weight": weight.astype(dtype), f"{first}.bias": bias.astype(dtype)}
    return parameters | raw
