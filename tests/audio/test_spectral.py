"""DFT-LRP equals the dense matrix of the inverse transform under LRP-0, and conserves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import generators

from lrp_audio.audio.spectral import (
    dropped_relevance,
    frequency_relevance,
    time_frequency_relevance,
)
from lrp_audio.audio.stft import Stft
from lrp_audio.fronts.spectrogram import PUBLISHED
from lrp_audio.layers import Dense
from lrp_audio.rules import LRP0

Array = NDArray[np.float64]
lengths = st.integers(2, 33)  # even and odd


@st.composite
def transforms(draw: st.DrawFn) -> Stft:
    window = draw(st.integers(2, 9))
    hop = draw(st.integers(1, max(window // 2, 1)))
    return Stft(window, hop, draw(st.integers(window, 33)))


def through_dense_matrix(x: Array, relevance: Array) -> Array:
    """Relevance of the frequencies by the inverse DFT as a matrix over real and imaginary parts."""
    count = len(x)
    k, n = np.arange(count // 2 + 1), np.arange(count)[:, None]
    mirrored = np.where((k == 0) | (2 * k == count), 1, 2)
    angle = 2 * np.pi * k * n / count
    inverse = np.hstack([np.cos(angle), -np.sin(angle)]) * np.tile(mirrored, 2) / count
    return by_lrp0(inverse, np.fft.rfft(x), x, relevance)


def through_dense_stft_matrix(x: Array, relevance: Array, stft: Stft) -> Array:
    """Relevance of the bins by the inverse STFT as a matrix: what it makes of unit vectors."""
    units = np.eye(stft.bins * stft.frames).reshape(-1, stft.bins, stft.frames)
    inverse = stft.signal(np.concatenate([units, 1j * units])).T
    spectra = stft.spectra(x)
    return by_lrp0(inverse, spectra.ravel(), x, relevance).reshape(spectra.shape)


def by_lrp0(inverse: Array, spectrum: NDArray[np.complex128], x: Array, relevance: Array) -> Array:
    """LRP-0 through the matrix that makes x from real and imaginary parts, which are summed."""
    parts = np.concatenate([spectrum.real, spectrum.imag])[None]
    layer = Dense(inverse)
    np.testing.assert_allclose(layer.forward(parts)[0], x, atol=1e-12)  # it is the inverse
    shares = LRP0().propagate(layer, parts, x[None], relevance[None]).relevance[0]
    return shares[: len(spectrum)] + shares[len(spectrum) :]


@given(rng=generators(), length=lengths)
def test_rfft_gives_what_the_dense_matrix_rule_gives(rng: np.random.Generator, length: int) -> None:
    x = rng.uniform(0.1, 2, length) * rng.choice([-1, 1], length)
    relevance = rng.standard_normal(length)
    expected = through_dense_matrix(x, relevance)
    found = frequency_relevance(x, relevance)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@given(rng=generators(), stft=transforms())
def test_short_time_spectra_give_what_the_dense_matrix_rule_gives(
    rng: np.random.Generator, stft: Stft
) -> None:
    x = rng.uniform(0.1, 2, stft.length) * rng.choice([-1, 1], stft.length)
    relevance = rng.standard_normal(stft.length)
    expected = through_dense_stft_matrix(x, relevance, stft)
    found = time_frequency_relevance(x, relevance, stft)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@given(rng=generators(), stft=transforms(), dtype=st.sampled_from([np.float32, np.float64]))
def test_relevance_is_conserved_less_that_of_silent_samples(
    rng: np.random.Generator, stft: Stft, dtype: type[np.floating]
) -> None:
    shape = (3, stft.length)
    x = rng.uniform(0.1, 2, shape) * rng.choice([-1, 0, 1], shape)
    x, relevance = x.astype(dtype), rng.standard_normal(shape).astype(dtype)
    kept = relevance.sum(axis=1, dtype=np.float64) - dropped_relevance(x, relevance)
    by_frequency = frequency_relevance(x, relevance)
    by_bin = time_frequency_relevance(x, relevance, stft)
    assert by_bin.shape == (3, stft.bins, stft.frames)
    for found in (by_frequency, by_bin.reshape(3, -1)):
        assert found.dtype == np.float64
        turnover = np.abs(found).sum(axis=1)
        assert (np.abs(found.sum(axis=1) - kept) <= 1e-10 * turnover).all()


@given(rng=generators(), length=lengths)
def test_silent_samples_without_relevance_drop_nothing(
    rng: np.random.Generator, length: int
) -> None:
    x = rng.standard_normal((2, length)) * (rng.random((2, length)) < 0.7)
    np.testing.assert_array_equal(dropped_relevance(x, x), [0, 0])
    np.testing.assert_array_equal(dropped_relevance(0 * x, x), x.sum(axis=1))


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


def test_a_short_tone_has_its_relevance_at_its_frequency_and_time() -> None:
    time = np.arange(8000) / 8000
    x = np.cos(2 * np.pi * 1000 * time) * (np.abs(time - 0.5) < 0.05)
    stft = Stft(256, 64, 8000)
    found = time_frequency_relevance(x, x**2, stft)
    inside = np.abs(stft.times(8000) - 0.5) < 0.05 + 128 / 8000
    near = np.abs(stft.frequencies(8000) - 1000) < 100
    assert found[near][:, inside].sum() > 0.95 * found.sum()
    np.testing.assert_allclose(found[:, ~inside], 0, atol=1e-12 * found.max())


def test_what_the_published_transform_carries_on_is_conserved() -> None:
    rng = np.random.default_rng(0)
    x, relevance = rng.standard_normal((2, 8000)).astype(np.float32)
    found = time_frequency_relevance(x, relevance, PUBLISHED)
    expected = relevance.sum(dtype=np.float64)
    assert abs(found.sum() - expected) <= 1e-10 * np.abs(found).sum()
