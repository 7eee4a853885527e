"""Finding the fundamental of a voice, scaling its frequencies, and taking parts of it away."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio.audio.pitch import fundamental
from lrp_audio.experiments.frequencies import masks, scaled
from lrp_audio.fronts.spectrogram import PUBLISHED

TIME = np.arange(8000) / 8000


def voice(pitch: float, partials: int = 12) -> NDArray[np.float64]:
    numbers = [k for k in range(1, partials + 1) if k * pitch < 4000]
    return 2000 * np.sum([np.sin(2 * np.pi * k * pitch * TIME + k) / k for k in numbers], axis=0)


@pytest.mark.parametrize("pitch", [65.0, 91.3, 120.0, 207.7, 330.0])
def test_the_fundamental_of_a_steady_voice_is_found_in_noise(pitch: float) -> None:
    noise = 60 * np.random.default_rng(0).standard_normal(8000)
    found = fundamental(voice(pitch) + noise, PUBLISHED, 8000)
    assert np.isfinite(found).mean() > 0.95
    np.testing.assert_allclose(found[np.isfinite(found)], pitch, rtol=0.02)
    assert np.nanmedian(found) == pytest.approx(pitch, rel=0.002)


def test_a_missing_fundamental_is_heard_by_its_harmonics() -> None:
    without = voice(140.0) - 2000 * np.sin(2 * np.pi * 140.0 * TIME + 1)
    assert np.nanmedian(fundamental(without, PUBLISHED, 8000)) == pytest.approx(140.0, rel=0.005)


def test_a_rising_voice_is_followed() -> None:
    rise = 120 + 80 * TIME
    phase = 2 * np.pi * np.cumsum(rise) / 8000
    sound = 2000 * np.sum([np.sin(k * phase) / k for k in range(1, 10)], axis=0)
    found = fundamental(sound, PUBLISHED, 8000)
    expected = np.interp(PUBLISHED.times(8000), TIME, rise)
    inner = slice(10, -10)
    np.testing.assert_allclose(found[inner], expected[inner], rtol=0.03)


@pytest.mark.parametrize("kind", ["noise", "silence", "pause"])
def test_no_voice_no_fundamental(kind: str) -> None:
    noise = np.random.default_rng(1).standard_normal(8000)
    if kind == "pause":
        sound = voice(120.0) * (TIME < 0.5) + 0.5 * noise
        later = fundamental(sound, PUBLISHED, 8000)[PUBLISHED.times(8000) > 0.55]
        assert np.isnan(later).all()
    else:
        sound = 1000 * noise if kind == "noise" else np.zeros(8000)
        assert np.isnan(fundamental(sound, PUBLISHED, 8000)).mean() > 0.98


@pytest.mark.parametrize("factor", [0.66, 1.0, 1.5])
def test_a_scaled_picture_has_its_line_where_the_factor_says(factor: float) -> None:
    picture = np.full((227, 3), -80.0)
    picture[100] = 0.0
    moved = scaled(picture, factor, -80.0)
    assert moved.shape == picture.shape
    assert int(moved[:, 0].argmax()) == round(100 * factor)
    assert -80 <= moved.min() <= moved.max() <= 0


def test_scaling_down_leaves_silence_at_the_top_and_by_one_leaves_all() -> None:
    picture = np.random.default_rng(2).uniform(-60, 0, (227, 4))
    np.testing.assert_array_equal(scaled(picture, 1.0, -80.0), picture)
    assert (scaled(picture, 0.5, -80.0)[114:] == -80).all()
    assert (scaled(picture, 0.5, -80.0)[:113] > -80).all()


def test_the_masks_take_what_they_name() -> None:
    pitch = 200.0
    found = masks(voice(pitch), PUBLISHED, 8000)
    power = np.abs(PUBLISHED.spectra(voice(pitch))) ** 2
    frames = slice(10, -10)
    share = {
        n: power[:, frames][m[:, frames]].sum() / power[:, frames].sum() for n, m in found.items()
    }
    assert share["fundamental"] + share["harmonics"] > 0.95
    assert share["fundamental"] == pytest.approx(1 / sum(k**-2 for k in range(1, 13)), rel=0.05)
    assert share["gaps between"] < 0.02
    assert not (found["fundamental"] & found["harmonics"]).any()
    assert not (found["gaps between"] & (found["fundamental"] | found["harmonics"])).any()
    hertz = PUBLISHED.frequencies(8000)
    assert (found["0 to 300 Hz"].all(axis=1) == (hertz < 300)).all()


def test_the_gaps_are_a_control_of_the_harmonics_size() -> None:
    for pitch in (100.0, 230.0):
        found = masks(voice(pitch), PUBLISHED, 8000)
        partials = (found["fundamental"] | found["harmonics"]).mean()
        assert found["gaps between"].mean() == pytest.approx(partials, rel=0.15)


def test_where_no_voice_sounds_only_bands_are_taken() -> None:
    found = masks(np.zeros(8000), PUBLISHED, 8000)
    assert not any(found[name].any() for name in ("fundamental", "harmonics", "gaps between"))
    assert found["0 to 300 Hz"].any()
