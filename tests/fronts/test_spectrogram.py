"""The published picture: scipy's spectrogram, cropped, in decibels below its loudest bin."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from strategies import generators

from lrp_audio.fronts.spectrogram import PUBLISHED, SPECTROGRAM, Picture, spectrogram

TIME = np.arange(8000) / 8000


@given(rng=generators())
def test_the_picture_is_the_published_one(rng: np.random.Generator) -> None:
    x = rng.standard_normal(8000) * rng.uniform(0, 3000, 8000)
    _, _, z = scipy.signal.stft(x, 8000, nperseg=455, noverlap=420, window="hann")
    amplitudes = np.abs(z[0:227, 2:-1])
    expected = np.maximum(20 * np.log10(amplitudes / amplitudes.max()), -80)
    found = spectrogram(x)
    assert found.shape == (227, 227)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_it_lies_within_its_bounds_at_any_level(scale: float) -> None:
    found = spectrogram(scale * np.sin(2 * np.pi * 300 * TIME) * (TIME > 0.7))
    assert (found.min(), found.max()) == SPECTROGRAM.bounds


def test_a_tone_of_1_khz_lies_in_the_row_nearest_1_khz() -> None:
    found = spectrogram(np.sin(2 * np.pi * 1000 * TIME))
    nearest = np.abs(Picture().axes(8000)["frequencies"] - 1000).argmin()
    assert (found.argmax(axis=0) == nearest).all()
    assert abs(Picture().axes(8000)["frequencies"][nearest] - 1000) < 8000 / 455 / 2


def test_a_click_at_half_a_second_lies_in_the_column_there() -> None:
    click = np.zeros(8000)
    click[4000] = 1
    loudest = (10 ** (spectrogram(click) / 20)).sum(axis=0).argmax()
    assert abs(Picture().axes(8000)["times"][loudest] - 0.5) < 35 / 8000 / 2


def test_rows_and_columns_are_17_58_hz_and_4_375_ms_apart() -> None:
    assert (
        Picture().axes(8000)["frequencies"].shape == Picture().axes(8000)["times"].shape == (227,)
    )
    np.testing.assert_allclose(Picture().axes(8000)["frequencies"][:2], [0, 17.58], atol=0.01)
    np.testing.assert_allclose(Picture().axes(8000)["times"][:2], [8.75e-3, 13.125e-3])


def test_silence_is_the_floor_everywhere() -> None:
    np.testing.assert_array_equal(spectrogram(np.zeros(8000)), np.full((227, 227), -80.0))


def test_bins_outside_the_picture_take_their_nearest_neighbours_value() -> None:
    values = np.random.default_rng(0).standard_normal((2, 227, 227))
    found = Picture().uncropped(values)
    assert found.shape == (2, PUBLISHED.bins, PUBLISHED.frames) == (2, 228, 230)
    np.testing.assert_array_equal(Picture().cropped(found), values)
    np.testing.assert_array_equal(found[:, 227, 2:-1], values[:, 226])
    for frame, nearest in ((0, 0), (1, 0), (229, 226)):
        np.testing.assert_array_equal(found[:, :227, frame], values[:, :, nearest])
