"""float32 kernels against float64 ones on sizes that fill several tiles and threads."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio.layers import Conv1D, Conv2D, Dense
from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import AlphaBeta, Epsilon, Rule, ZPlus

CASES = {
    "conv1d": lambda w: Conv1D(w((100, 64, 3)), w((100,)), pad=(1,)),
    "conv2d-groups": lambda w: Conv2D(w((64, 16, 5, 5)), w((64,)), pad=(2, 2), groups=2),
    "conv2d-stride": lambda w: Conv2D(w((48, 32, 11, 11)), w((48,)), stride=(4, 4)),
    "dense": lambda w: Dense(w((600, 5000)), w((600,))),
}
SHAPES = {
    "conv1d": (64, 3000),
    "conv2d-groups": (32, 27, 27),
    "conv2d-stride": (32, 59, 59),
    "dense": (5000,),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rule", [Epsilon(0.1), ZPlus(), AlphaBeta(2, 1)], ids=str)
def test_float32_relevance_stays_within_its_rounding_of_float64(case: str, rule: Rule) -> None:
    found = {}
    for dtype in (np.float32, np.float64):
        rng = np.random.default_rng(0)

        def draw(
            shape: tuple[int, ...], rng: np.random.Generator = rng, dtype: type = dtype
        ) -> NDArray[np.floating]:
            return rng.standard_normal(shape).astype(dtype)

        layer: LinearLayer = CASES[case](draw)
        x = rng.standard_normal((3, *SHAPES[case])).astype(dtype)
        z = layer.forward(x)
        relevance = rng.standard_normal(z.shape).astype(dtype) * np.abs(z)
        found[dtype] = layer.relevance(x, z, relevance, rule).relevance
    assert found[np.float32].dtype == np.float32
    difference = np.abs(found[np.float32] - found[np.float64]).max()
    assert difference <= 1e-4 * np.abs(found[np.float64]).max()
