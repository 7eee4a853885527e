"""The audible heatmap: relu(R) * x at a safe peak, whatever the magnitudes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrp_audio.audio.audible import audible
from lrp_audio.errors import LrpAudioError, ShapeError


def finite(dtype: type[np.floating]) -> st.SearchStrategy[np.ndarray]:
    width = 8 * np.dtype(dtype).itemsize
    elements = st.floats(allow_nan=False, allow_infinity=False, width=width)
    return hnp.arrays(dtype, 20, elements=elements)


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


def test_relevance_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 8\).*\(8,\)"):
        audible(np.ones((1, 8)), np.ones(8))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    for pair in ((np.array([1.0, bad]), np.ones(2)), (np.ones(2), np.array([1.0, bad]))):
        with pytest.raises(LrpAudioError, match="not finite"):
            audible(*pair)
