"""The tile in registers, and the transforms of tiles, against their definitions in NumPy."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from numba import njit

from lrp_audio.kernels.microkernel import MOST_ROWS, VECTORS, add_products, tile_width
from lrp_audio.kernels.transform import tile_transform

FLOATS = [np.float32, np.float64]


@njit
def in_registers(rows, vectors, a, at_a, runs, steps, b, at_b, c, at_c):  # type: ignore[no-untyped-def]
    first, row, run, step = at_a
    add_products(
        rows, vectors, a, first, row, run, step, runs, steps,
        b, at_b[0], at_b[1], c, at_c[0], at_c[1],
    )  # fmt: skip


def tiles() -> Iterator[tuple[int, int]]:
    return product(range(1, MOST_ROWS + 1), range(1, VECTORS + 1))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("at_a", "runs", "steps"),
    [
        ((5, 40, 0, 1), 1, 33),  # rows apart
        ((0, 7, 0, 1), 1, 21),  # rows that overlap: windows of three positions of seven channels
        ((2, 6, 50, 3), 4, 9),  # several runs, and steps of three
        ((1, 1, 90, 14), 3, 6),  # a transposed A: rows next to each other
        ((0, 0, 0, 0), 1, 1),
    ],
    ids=str,
)
def test_a_tile_in_registers_is_the_product_in_numpy(
    dtype: Any, at_a: tuple[int, ...], runs: int, steps: int
) -> None:
    rng = np.random.default_rng(0)
    a, b, c = (rng.standard_normal(n).astype(dtype) for n in (1000, 4000, 1200))
    for rows, vectors in tiles():
        width = vectors * tile_width(dtype) // VECTORS
        at_b, at_c = (3, width + 1), (2, width + 5)
        found, expected = c.copy(), c.astype(np.float64)
        in_registers(rows, vectors, a, at_a, runs, steps, b, at_b, found, at_c)
        first, row, run, step = at_a
        add_products(
            rows, vectors, a.astype(np.float64), first, row, run, step, runs, steps,
            b.astype(np.float64), *at_b, expected, *at_c,
        )  # fmt: skip
        # In float64, the reference's tile has the width of float64: compare what both have.
        narrow = vectors * tile_width(np.float64) // VECTORS
        for r in range(rows):
            start = at_c[0] + r * at_c[1]
            np.testing.assert_allclose(
                found[start : start + narrow],
                expected[start : start + narrow],
                atol=100 * np.finfo(dtype).eps,
            )


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_tile_changes_nothing_beside_it(dtype: Any) -> None:
    ones = np.ones(3000, dtype)
    for rows, vectors in tiles():
        width = vectors * tile_width(dtype) // VECTORS
        c = np.zeros((rows + 2, width + 2), dtype)
        at_c = (width + 3, width + 2)
        in_registers(rows, vectors, ones, (0, 1, 0, 1), 1, 5, ones, (0, 1), c.reshape(-1), at_c)
        expected = np.zeros_like(c)
        expected[1:-1, 1:-1] = 5
        np.testing.assert_array_equal(c, expected)


TRANSFORM = tile_transform(np.array([[1, 0, -1], [2, 0.5, 0]]), np.array([[1, -1], [0, 1], [4, 3]]))


@njit
def transformed(given, first, row, column, made, channels):  # type: ignore[no-untyped-def]
    TRANSFORM((given, first, row, column), (made, 1, 3 * channels, channels), channels)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("channels", [16, 17, 31, 32, 50])
def test_a_tile_is_transformed_for_every_channel(dtype: Any, channels: int) -> None:
    given = np.random.default_rng(1).standard_normal(1000).astype(dtype)
    found, expected = np.zeros((2, 6 * channels + 2), dtype)
    transformed(given, 4, 2 * channels, channels, found, channels)
    tile = given[4 : 4 + 6 * channels].reshape(3, 2, channels).astype(np.float64)
    down, across = np.array([[1, 0, -1], [2, 0.5, 0]]), np.array([[1, -1], [0, 1], [4, 3]])
    expected[1:-1] = np.einsum("ij,jlc,kl->ikc", down, tile, across).ravel()
    np.testing.assert_allclose(found, expected, atol=50 * np.finfo(dtype).eps)
