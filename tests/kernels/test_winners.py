"""The winner of a max-pool: one definition, held against ``np.argmax`` of each window."""

from typing import Any

import numpy as np
import pytest

from lrp_audio.kernels import pooling
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.windows import Window
from lrp_audio.kernels.winners import NO_WINNER, rectified_maxima
from lrp_audio.types import Array

WINDOWS = [
    (Window((3, 3), (2, 2), (1, 1)), (4, 5)),
    (Window((2, 4), (2, 3), (0, 2)), (4, 4)),
    (Window((7, 1), (5, 1), (3, 0)), (2, 9)),
    (Window((17, 16), (17, 16), (8, 4)), (1, 1)),  # more than 255 places
]


def _image(dtype: Any) -> Array:
    """Small whole numbers, so that many are equal, with NaN, infinities and zeros of both signs."""
    rng = np.random.default_rng(11)
    image = rng.integers(-2, 3, (3, 7, 9, 5)).astype(dtype)
    for value, share in ((np.nan, 0.05), (-np.inf, 0.2), (np.inf, 0.02), (-0.0, 0.1)):
        image[rng.random(image.shape) < share] = value
    image[0, :4] = -np.inf
    return image


def _windows(image: Array, window: Window, size: tuple[int, int]) -> Any:
    """Each window: where it is in the pooled image, and rows and columns inside the image."""
    for at in np.ndindex(*size):
        begin = [i * s - p for i, s, p in zip(at, window.stride, window.pad, strict=True)]
        lengths = image.shape[1:3]
        yield (
            at,
            tuple(
                np.arange(max(0, b), min(n, b + k))
                for b, n, k in zip(begin, lengths, window.kernel, strict=True)
            ),
        )


@pytest.mark.parametrize(("window", "size"), WINDOWS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_share_goes_to_the_first_argmax_of_its_window(
    window: Window, size: tuple[int, int], dtype: Any
) -> None:
    image = _image(dtype)
    share = np.random.default_rng(12).standard_normal((3, 5, *size)).astype(dtype)
    largest, expected = np.empty_like(share), np.zeros_like(image)
    for at, (rows, columns) in _windows(image, window, size):
        for sample, channel in np.ndindex(3, 5):
            seen = image[sample, rows][:, columns, channel]
            y, x = np.unravel_index(np.argmax(seen), seen.shape)
            largest[(sample, channel, *at)] = seen[y, x]
            expected[sample, rows[y], columns[x], channel] += share[(sample, channel, *at)]
    x = np.moveaxis(image, -1, 1)
    np.testing.assert_array_equal(pooling.maximum(x, window, size), largest)
    found = pooling.to_winners(x, share, window)
    np.testing.assert_array_equal(found, np.moveaxis(expected, -1, 1))


@pytest.mark.parametrize(("window", "size"), WINDOWS[:3], ids=str)
def test_the_fused_pool_chooses_the_same_winners(window: Window, size: tuple[int, int]) -> None:
    image = _image(np.float32)
    out, place = np.empty((3, *size, 5), np.float32), np.empty((3, *size, 5), np.uint8)
    block, bias = (0, 3, 0, size[0], 0, size[1]), np.zeros(5, np.float32)
    best, which = np.empty(5, np.float32), np.empty(5, np.int32)
    kernel = compiled()(rectified_maxima)
    kernel(image, image.shape[1:3], bias, out, place, block, window, best, which)
    for at, (rows, columns) in _windows(image, window, size):
        for sample, channel in np.ndindex(3, 5):
            seen = image[sample, rows][:, columns, channel]
            y, x = np.unravel_index(np.argmax(seen), seen.shape)
            ky = rows[y] - at[0] * window.stride[0] + window.pad[0]
            kx = columns[x] - at[1] * window.stride[1] + window.pad[1]
            expected = NO_WINNER if seen[y, x] <= 0 else ky * window.kernel[1] + kx
            assert place[(sample, *at, channel)] == expected
            np.testing.assert_equal(out[(sample, *at, channel)], np.maximum(seen[y, x], 0))
