"""Sounds of relevance: the mask does what it says in each domain, and the level is always safe."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from strategies import generators

import lrp_audio
from lrp_audio.audio.audible import (
    MAX_GAIN,
    Sign,
    in_frequency,
    in_time,
    in_time_frequency,
    masked,
    speaking,
    weighted,
)
from lrp_audio.audio.spectral import time_frequency_relevance
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import LrpAudioError, ShapeError
from lrp_audio.fronts.spectrogram import PUBLISHED

Array = NDArray[np.float64]
Masking = Callable[[Array, Array], Array]

TIME = 20
STFT = Stft(8, 3, TIME)
LOUDEST = np.float32(0.99)
DOMAINS: dict[str, tuple[tuple[int, ...], Masking]] = {
    "time": ((TIME,), in_time),
    "frequency": ((TIME // 2 + 1,), in_frequency),
    "time-frequency": ((STFT.bins, STFT.frames), lambda m, x: in_time_frequency(m, x, STFT)),
}
"""By domain, the shape of a mask for a signal of 20 samples, and how it is laid on."""

domains = pytest.mark.parametrize("domain", DOMAINS)
magnitudes = st.sampled_from([1e-320, 1e-300, 1e-30, 1.0, 1e30, 1e300])


def finite(dtype: type[np.floating]) -> st.SearchStrategy[np.ndarray]:
    width = 8 * np.dtype(dtype).itemsize
    elements = st.floats(allow_nan=False, allow_infinity=False, width=width)
    return hnp.arrays(dtype, TIME, elements=elements)


def noise(shape: tuple[int, ...] = (8000,), seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def audible(relevance: Array, signal: Array) -> np.ndarray:
    """The published audible heatmap, ``relu(R) * x``."""
    return weighted(in_time(speaking(relevance), signal))


def short_rms(x: np.ndarray) -> Array:
    """RMS over plain windows of 240 samples: not the one that is used."""
    return np.sqrt(np.convolve(x.astype(np.float64) ** 2, np.full(240, 1 / 240), "same"))


@given(relevance=finite(np.float32) | finite(np.float64), signal=finite(np.float64))
def test_the_sound_is_silent_or_peaks_at_099(relevance: np.ndarray, signal: np.ndarray) -> None:
    sound = audible(relevance, signal)
    peak = np.abs(sound).max()
    assert sound.dtype == np.float32
    assert peak == 0 or peak == pytest.approx(0.99)


@given(st.sampled_from([1e-30, 1.0, 1e30]), st.sampled_from([1e-30, 1.0, 1e30]))
def test_the_sound_is_the_signal_weighted_by_positive_relevance(r: float, x: float) -> None:
    relevance = r * np.array([1.0, -3.0, 2.0, 0.0, 0.5])
    signal = x * np.array([1.0, 5.0, -1.0, 5.0, 2.0])
    expected = 0.99 * np.array([0.5, 0.0, -1.0, 0.0, 0.5])
    np.testing.assert_allclose(audible(relevance, signal), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("relevance", "signal"),
    [
        (np.zeros(4), np.ones(4)),
        (-np.ones(4), np.ones(4)),
        (np.ones(4), np.zeros(4)),
        (np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        (np.zeros(0), np.zeros(0)),
    ],
)
def test_nothing_relevant_or_nothing_heard_is_silence(
    relevance: np.ndarray, signal: np.ndarray
) -> None:
    np.testing.assert_array_equal(audible(relevance, signal), np.zeros(len(signal)))
    sound = in_time(speaking(relevance), signal)
    np.testing.assert_array_equal(masked(sound, signal, 8000), np.zeros(len(signal)))


@given(relevance=finite(np.float32) | finite(np.float64))
def test_masks_for_and_against_are_disjoint_and_peak_at_1(relevance: np.ndarray) -> None:
    agreeing, opposing = speaking(relevance, "for"), speaking(relevance, "against")
    assert not (agreeing * opposing).any()
    np.testing.assert_array_equal(opposing, speaking(-relevance, "for"))
    assert agreeing.min() >= 0
    assert agreeing.max() == (1 if (relevance > 0).any() else 0)


@domains
@given(rng=generators(), magnitude=magnitudes)
def test_a_mask_of_ones_gives_the_signal_back_and_one_of_zeros_silence(
    domain: str, rng: np.random.Generator, magnitude: float
) -> None:
    shape, lay_on = DOMAINS[domain]
    x = magnitude * rng.uniform(-1, 1, TIME)
    assert np.abs(lay_on(np.ones(shape), x) - x).max() <= 1e-10 * np.abs(x).max()
    assert not lay_on(np.zeros(shape), x).any()
    assert not lay_on(np.ones(shape), 0 * x).any()


@domains
@given(rng=generators(), r=magnitudes, magnitude=magnitudes)
def test_no_sound_clips_or_is_undefined_at_any_magnitude(
    domain: str, rng: np.random.Generator, r: float, magnitude: float
) -> None:
    shape, lay_on = DOMAINS[domain]
    x = magnitude * rng.uniform(-1, 1, TIME)
    mask = speaking(r * rng.standard_normal(shape), "against")
    sound = lay_on(mask, x)
    assert np.isfinite(sound).all()
    for heard in (weighted(sound), masked(sound, x, 8000)):
        assert heard.shape == (TIME,)
        assert heard.dtype == np.float32
        assert np.abs(heard).max() <= LOUDEST  # also false for NaN


@given(sound=finite(np.float64) | finite(np.float32), original=finite(np.float64))
def test_unrelated_sounds_do_not_clip_either(sound: np.ndarray, original: np.ndarray) -> None:
    assert np.abs(masked(sound, original, 8000)).max() <= LOUDEST


def test_a_mask_in_frequency_lets_only_its_frequencies_through() -> None:
    time = np.arange(8000) / 8000
    low, high = np.sin(2 * np.pi * 300 * time), np.sin(2 * np.pi * 1000 * time)
    mask = (np.arange(4001) < 600).astype(np.float64)
    np.testing.assert_allclose(in_frequency(mask, low + high), low, atol=1e-10)


def test_a_mask_in_time_and_frequency_lets_only_its_part_through() -> None:
    time = np.arange(8000) / 8000
    stft = Stft(256, 64, 8000)
    low, high = np.sin(2 * np.pi * 300 * time), np.sin(2 * np.pi * 1000 * time)
    early_and_low = (stft.times(8000) < 0.5) & (stft.frequencies(8000) < 600)[:, None]
    found = in_time_frequency(early_and_low.astype(np.float64), low + high, stft)
    # The transition of the mask is a window long, on either side.
    np.testing.assert_allclose(found[256:3700], low[256:3700], atol=1e-3)
    np.testing.assert_allclose(found[4300:], 0, atol=1e-10)


def test_all_of_the_sound_is_masked_to_its_own_level() -> None:
    x = 3000 * noise()
    np.testing.assert_allclose(masked(x, x, 8000), x / 32768, rtol=1e-6)
    np.testing.assert_allclose(masked(1e-9 * x, x, 8000), x / 32768, rtol=1e-6)
    np.testing.assert_allclose(masked(x, 1e6 * x, 8000), 0.99 * x / np.abs(x).max(), rtol=1e-6)


@given(rng=generators())
def test_a_masked_sound_has_the_loudness_of_the_original(rng: np.random.Generator) -> None:
    time = np.arange(8000) / 8000
    slow = np.exp(rng.uniform(0.5, 1.5) * np.sin(2 * np.pi * rng.uniform(1, 4) * time))
    original = 1000 * slow * rng.standard_normal(8000)
    relevance = 10 ** (np.sin(2 * np.pi * rng.uniform(1, 4) * time) / 2)  # over 20 dB
    sound = in_time(speaking(relevance), original)
    expected, found = short_rms(original / 32768), short_rms(masked(sound, original, 8000))
    assert np.corrcoef(expected, found)[0, 1] > 0.99
    assert np.abs(np.log10(found / expected)).max() < 0.1  # 2 dB


def test_what_is_hardly_relevant_is_raised_by_30_db_at_most() -> None:
    original = 3000 * noise()
    sound = original * np.where(np.arange(8000) < 4000, 1, 1e-4)
    found = masked(sound, original, 8000)
    level = np.median(found[:3000] / sound[:3000])
    np.testing.assert_allclose(found[5000:], MAX_GAIN * level * sound[5000:], rtol=0.2)


def test_a_masked_sound_that_would_clip_is_lowered_as_a_whole() -> None:
    original = np.full(8000, 20000.0)
    clicks = np.zeros(8000)
    clicks[400::800] = 1
    clicks[2000] = 1
    found = masked(clicks, original, 8000)
    assert np.abs(found).max() == LOUDEST
    np.testing.assert_array_equal(found != 0, clicks != 0)


@pytest.mark.parametrize(("sign", "threshold"), [("for", 0.85), ("against", 0.5)])
def test_a_masked_sound_has_its_energy_where_the_relevance_was(
    sign: Sign, threshold: float
) -> None:
    """Measured: 0.92 and 0.58; frames overlap, so that no sound has just the spectra asked for."""
    explanation = lrp_audio.load("audionet-digit").explain(lrp_audio.example("7_female"))
    x = explanation.clip.samples
    relevance = time_frequency_relevance(explanation.input, explanation.relevance, PUBLISHED)
    mask = speaking(relevance, sign)
    wanted = mask * np.abs(PUBLISHED.spectra(x))
    found = np.abs(PUBLISHED.spectra(in_time_frequency(mask, x, PUBLISHED)))
    assert np.corrcoef(wanted.ravel(), found.ravel())[0, 1] > threshold


def test_relevance_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 8\).*\(8,\)"):
        audible(np.ones((1, 8)), np.ones(8))


@domains
def test_masks_and_signals_of_another_shape_are_refused(domain: str) -> None:
    shape, lay_on = DOMAINS[domain]
    for mask, x in (
        (np.ones((*shape[:-1], shape[-1] + 1)), np.ones(TIME)),
        (np.ones(shape), np.ones((1, TIME))),
        (np.ones(shape), np.ones(TIME + 3)),
    ):
        with pytest.raises(ShapeError, match="does not fit"):
            lay_on(mask, x)


def test_sounds_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(9,\).*\(8,\)"):
        masked(np.ones(9), np.ones(8), 8000)
    with pytest.raises(ShapeError, match=r"\(1, 8\).*\(8,\)"):
        weighted(np.ones((1, 8)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    for pair in ((np.array([1.0, bad]), np.ones(2)), (np.ones(2), np.array([1.0, bad]))):
        for make in (audible, in_frequency, in_time, lambda *pair: masked(*pair, 8000)):
            with pytest.raises(LrpAudioError, match="not finite"):
                make(*pair)
    with pytest.raises(LrpAudioError, match="not finite"):
        weighted(np.array([bad]))


def test_another_sign_is_refused() -> None:
    with pytest.raises(LrpAudioError, match="choose for or against"):
        speaking(np.ones(2), "both")  # type: ignore[arg-type]
