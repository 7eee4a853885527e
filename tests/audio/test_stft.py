"""The short-time Fourier transform is scipy's, and its inverse gives the signal back."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from lrp_audio.audio.stft import Stft
from lrp_audio.errors import SpectrumError


@st.composite
def transforms(draw: st.DrawFn) -> Stft:
    window = draw(st.integers(2, 33))  # even and odd
    hop = draw(st.integers(1, max(window // 2, 1)))
    return Stft(window, hop, draw(st.integers(window, 100)))


@given(rng=generators(), stft=transforms(), batch=st.sampled_from([(), (2,), (2, 1, 3)]))
def test_spectra_are_scipys_and_the_inverse_gives_the_signal_back(
    rng: np.random.Generator, stft: Stft, batch: tuple[int, ...]
) -> None:
    x = rng.standard_normal((*batch, stft.length))
    frequencies, times, expected = scipy.signal.stft(
        x, 8000, "hann", nperseg=stft.win_length, noverlap=stft.win_length - stft.hop_length
    )
    found = stft.spectra(x)
    assert found.shape == (*batch, stft.bins, stft.frames)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stft.signal(found), x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stft.frequencies(8000), frequencies, rtol=1e-12)
    np.testing.assert_allclose(stft.times(8000), times, rtol=1e-12)


@given(rng=generators(), stft=transforms())
def test_spectra_of_no_signal_invert_as_scipys_do(rng: np.random.Generator, stft: Stft) -> None:
    parts = rng.standard_normal((2, stft.bins, stft.frames))
    _, expected = scipy.signal.istft(
        parts[0] + 1j * parts[1],
        window="hann",
        nperseg=stft.win_length,
        noverlap=stft.win_length - stft.hop_length,
    )
    found = stft.signal(parts[0] + 1j * parts[1])
    np.testing.assert_allclose(found, expected[: stft.length], rtol=1e-9, atol=1e-9)


def test_a_sine_has_half_its_amplitude_at_its_frequency() -> None:
    stft = Stft(256, 64, 8000)
    magnitudes = np.abs(stft.spectra(3 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)))
    inside = magnitudes[:, 2:-3]
    assert (inside.argmax(axis=0) == 32).all()
    np.testing.assert_allclose(inside[32], 1.5, rtol=1e-9)


def test_float32_is_transformed_in_float64() -> None:
    x = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    stft = Stft(16, 4, 100)
    assert stft.spectra(x).dtype == np.complex128
    np.testing.assert_array_equal(stft.spectra(x), stft.spectra(x.astype(np.float64)))


@pytest.mark.parametrize(
    ("window", "hop", "reason"),
    [
        (101, 20, "window of 101 samples does not fit a clip of 100"),
        (1, 1, "window of 1 samples"),
        (-8, 4, "window of -8 samples"),
        (16, 0, "hop of 0 samples"),
        (16, -4, "hop of -4 samples"),
        (16, 17, "hop of 17 samples does not fit a window of 16"),
        (16, 16, "heard by no frame .* at most 8 samples"),
        (2, 2, "heard by no frame .* at most 1 samples"),
    ],
)
def test_windows_and_hops_that_cannot_be_are_refused(window: int, hop: int, reason: str) -> None:
    with pytest.raises(SpectrumError, match=reason):
        Stft(window, hop, 100)


@pytest.mark.parametrize("window", [*range(2, 40), 455, 456])
def test_the_hop_that_the_refusal_suggests_is_possible(window: int) -> None:
    for length in (window, window + 1, 1000):
        Stft(window, max(window // 2, 1), length)
