"""Augmentation for networks that are to hear strangers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio.recipes import EverydayAugmentation

Array = NDArray[Any]

FULL = EverydayAugmentation(rate=8000)
PLAIN = replace(
    FULL,
    stretch=0.0,
    shift=0.0,
    echoing=0.0,
    noisy=0.0,
    filtered=0.0,
    limited=0.0,
    clipped=0.0,
    companded=0.0,
    cut=0.0,
    gain=(1.0, 1.0),
)
"""Nothing is changed: single parts are added from here."""


def tone(length: int, frequency: float = 440.0) -> Array:
    return 3000 * np.sin(2 * np.pi * frequency * np.arange(length) / 8000)


def noise(length: int, seed: int = 0) -> Array:
    return 1000 * np.random.default_rng(seed).standard_normal(length)


def made(augment: EverydayAugmentation, samples: Array, seed: int, strength: float = 1.0) -> Array:
    return augment(samples, 8000, np.random.default_rng(seed), strength)[0]


def power(samples: Array, low: float, high: float) -> float:
    spectrum = np.square(np.abs(np.fft.rfft(samples)))
    frequencies = np.fft.rfftfreq(len(samples), 1 / 8000)
    return float(spectrum[(frequencies >= low) & (frequencies < high)].sum())


@pytest.mark.parametrize("length", [1, 50, 1000, 7999, 8000, 8001, 10_000])
def test_every_recording_becomes_a_finite_window_the_same_for_the_same_seed(length: int) -> None:
    others = [noise(300), noise(9000)]
    for seed in range(20):
        found, gain = FULL(tone(length) + 1, 8000, np.random.default_rng(seed), 1.0, others)
        again, same = FULL(tone(length) + 1, 8000, np.random.default_rng(seed), 1.0, others)
        assert found.shape == (8000,)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert 0.5 <= gain <= 2
        np.testing.assert_array_equal(found, again)
        assert gain == same


@pytest.mark.parametrize("length", [500, 8000])
def test_without_its_parts_a_recording_is_only_placed(length: int) -> None:
    for seed in range(5):
        found, samples = made(PLAIN, noise(length), seed), noise(length)
        offset = int(np.correlate(found, samples.astype(np.float32)).argmax())
        expected = np.pad(samples, (offset, 8000 - length - offset))
        # After the voice a few samples of the filters' ringing may follow.
        np.testing.assert_allclose(found, expected, atol=1)


def test_the_pitch_moves_both_ways_by_at_most_the_stretch() -> None:
    augment = replace(PLAIN, stretch=0.15)
    pitches = []
    for seed in range(60):
        spectrum = np.abs(np.fft.rfft(made(augment, tone(8000, 1000), seed), 32_000))
        pitches.append(spectrum.argmax() * 8000 / 32_000 / 1000)
    assert 0.84 < min(pitches) < 0.9
    assert 1.1 < max(pitches) < 1.16


def test_a_recording_that_fills_the_window_is_shifted_and_a_short_one_is_never_cut() -> None:
    augment = replace(PLAIN, shift=0.1)
    starts = []
    for seed in range(60):
        click = np.zeros(8000)
        click[4000] = 1000
        starts.append(int(np.abs(made(augment, click, seed)).argmax()) - 4000)
        short = made(augment, noise(5000), seed)
        assert np.square(short).sum() == pytest.approx(np.square(noise(5000)).sum(), rel=1e-3)
    assert -800 <= min(starts) < -500
    assert 500 < max(starts) <= 800


@pytest.mark.parametrize("snr", [0.0, 20.0])
@pytest.mark.parametrize("babbling", [0.0, 1.0])
def test_noise_and_babble_lie_below_the_voice_by_the_ratio(snr: float, babbling: float) -> None:
    augment = replace(PLAIN, noisy=1.0, snr=(snr, snr), babbling=babbling)
    samples = tone(8000, 1000)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        found, _ = augment(samples, 8000, rng, 1.0, [noise(4000, seed), noise(8000, seed + 1)])
        ratio = np.square(samples).mean() / np.square(found - samples).mean()
        expected = max(snr, 5.0) if babbling else snr
        assert 10 * np.log10(ratio) == pytest.approx(expected, abs=0.7)


def test_noise_has_many_colours() -> None:
    augment = replace(PLAIN, noisy=1.0, snr=(0.0, 0.0))
    tilts = []
    for seed in range(40):
        rest = made(augment, tone(8000, 1000), seed) - tone(8000, 1000)
        tilts.append(10 * np.log10(power(rest, 100, 900) / power(rest, 2000, 4000)))
    assert min(tilts) < -5
    assert max(tilts) > 10


def test_babble_is_left_out_where_there_are_no_other_recordings() -> None:
    augment = replace(PLAIN, noisy=1.0, snr=(10.0, 10.0), babbling=1.0)
    rest = made(augment, tone(8000), 0) - tone(8000)
    assert np.square(rest).mean() == pytest.approx(np.square(tone(8000)).mean() / 10, rel=0.15)


def test_a_telephone_line_passes_its_band_only() -> None:
    line = replace(PLAIN, limited=1.0, high_pass=(300.0, 300.0), low_pass=(3400.0, 3400.0))
    found = made(line, noise(8000), 0)
    for low, high, loss in ((20, 150, 20.0), (500, 2800, 0.0), (3900, 4000, 6.0)):
        left = 10 * np.log10(power(noise(8000), low, high) / power(found, low, high))
        assert left >= loss if loss else abs(left) < 0.5


def test_a_microphone_tilts_the_spectrum_and_a_room_prolongs_the_sound() -> None:
    flat, tilted = noise(8000), made(replace(PLAIN, filtered=1.0), noise(8000), 1)
    bands = [10 * np.log10(power(tilted, f, 2 * f) / power(flat, f, 2 * f)) for f in (250, 1000)]
    assert abs(bands[0] - bands[1]) > 1
    click = np.zeros(3000)
    click[-1] = 1000
    echo = made(replace(PLAIN, echoing=1.0, direct=(0.0, 0.0)), click, 1)
    assert np.count_nonzero(np.abs(echo) > 5) > 50


def test_an_overdriven_recording_stays_at_its_limit() -> None:
    augment = replace(PLAIN, clipped=1.0)
    shares = [float((np.abs(x) > 0.999 * np.abs(x).max()).mean()) for x in _ten(augment)]
    assert max(shares) > 0.3
    assert max(float((np.abs(x) > 0.999 * np.abs(x).max()).mean()) for x in _ten(PLAIN)) < 0.05


def test_a_companded_recording_has_the_levels_of_eight_bits() -> None:
    for found in _ten(replace(PLAIN, companded=1.0)):
        levels = np.unique(found)
        assert len(levels) <= 257
        assert np.diff(levels).min() < 0.1 * np.diff(levels).max()  # finer where it is quiet
    assert min(len(np.unique(found)) for found in _ten(PLAIN)) > 1000


def _ten(augment: EverydayAugmentation) -> list[Array]:
    return [made(augment, tone(8000, 437.0), seed) for seed in range(10)]


def test_a_recording_cut_out_of_a_longer_one_has_silence_around_it() -> None:
    noisy = replace(PLAIN, noisy=1.0, snr=(0.0, 0.0), cut=1.0)
    for seed in range(5):
        assert np.count_nonzero(made(noisy, tone(3000), seed)) <= 3000 + 64
        assert np.count_nonzero(made(replace(noisy, cut=0.0), tone(3000), seed)) > 7900


def test_less_strength_changes_less_and_some_is_always_left() -> None:
    augment = replace(PLAIN, stretch=0.15, least=0.4)
    for strength, most in ((1.0, 0.15), (0.5, 0.105), (0.0, 0.06)):
        pitches = []
        for seed in range(40):
            found = made(augment, tone(8000, 1000), seed, strength)
            pitches.append(np.abs(np.fft.rfft(found, 32_000)).argmax() / 4000)
        assert 0.8 * most < np.abs(np.array(pitches) - 1).max() <= 1.3 * most
