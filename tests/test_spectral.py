"""DFT-LRP equals the dense matrix of the inverse DFT under LRP-0, and conserves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import generators

from lrp_audio.audio.spectral import frequency_relevance
from lrp_audio.layers import Dense
from lrp_audio.rules import LRP0

Array = NDArray[np.float64]
lengths = st.integers(2, 33)  # even and odd


def through_dense_matrix(x: Array, relevance: Array) -> Array:
    """Relevance of the frequencies by the inverse DFT as a matrix over real and imaginary parts."""
    count = len(x)
    k, n = np.arange(count // 2 + 1), np.arange(count)[:, None]
    mirrored = np.where((k == 0) | (2 * k == count), 1, 2)
    angle = 2 * np.pi * k * n / count
    inverse = np.hstack([np.cos(angle), -np.sin(angle)]) * np.tile(mirrored, 2) / count
    spectrum = np.fft.rfft(x)
    parts = np.concatenate([spectrum.real, spectrum.imag])[None]
    layer = Dense(inverse)
    np.testing.assert_allclose(layer.forward(parts)[0], x, atol=1e-12)  # it is the inverse DFT
    shares = LRP0().propagate(layer, parts, x[None], relevance[None]).relevance[0]
    return shares[: len(k)] + shares[len(k) :]


@given(rng=generators(), length=lengths)
def test_rfft_gives_what_the_dense_matrix_rule_gives(rng: np.random.Generator, length: int) -> None:
    x = rng.uniform(0.1, 2, length) * rng.choice([-1, 1], length)
    relevance = rng.standard_normal(length)
    expected = through_dense_matrix(x, relevance)
    found = frequency_relevance(x, relevance)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@given(rng=generators(), length=lengths)
def test_relevance_is_conserved_also_beside_silence(rng: np.random.Generator, length: int) -> None:
    x = rng.standard_normal((3, length)) * (rng.random((3, length)) < 0.7)
    relevance = x * rng.standard_normal((3, length))
    found = frequency_relevance(x, relevance)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), relevance.sum(axis=1), rtol=0, atol=1e-12)


@given(rng=generators(), length=lengths)
def test_relevance_of_x_squared_is_the_power_spectrum(
    rng: np.random.Generator, length: int
) -> None:
    x = rng.standard_normal(length)
    power = np.abs(np.fft.fft(x)) ** 2 / length
    folded = power[: length // 2 + 1].copy()
    folded[1 : (length + 1) // 2] *= 2
    np.testing.assert_allclose(frequency_relevance(x, x**2), folded, rtol=1e-10, atol=1e-12)


def test_a_pure_tone_has_all_its_relevance_at_its_frequency() -> None:
    x = np.cos(2 * np.pi * 1000 * np.arange(8000) / 8000)
    found = frequency_relevance(x, x**2)
    assert found.argmax() == 1000
    np.testing.assert_allclose(found[1000], found.sum(), rtol=1e-9)
