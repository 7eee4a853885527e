"""Augmentation: what a recording becomes before the network hears it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio.recipes.augmentation import Augmentation, ChannelAugmentation, place

Array = NDArray[Any]


def tone(length: int, frequency: float = 440.0) -> Array:
    return 3000 * np.sin(2 * np.pi * frequency * np.arange(length) / 8000)


def decibels(power: Any) -> Any:
    return 10 * np.log10(power)


def heard(
    augment: Augmentation, samples: Array, seeds: int, strength: float = 1.0
) -> Iterator[Array]:
    """What `augment` makes of `samples` with each of the first `seeds`."""
    for seed in range(seeds):
        yield augment(samples, 8000, np.random.default_rng(seed), strength)[0]


PLAIN = Augmentation(stretch=1e-17, noisy=0.0, gain=(1.0, 1.0))
"""Nothing is changed, for a stretch that small is none: single ranges are opened from here."""

DRY = ChannelAugmentation(
    rate=8000, stretch=1e-17, noisy=0.0, gain=(1.0, 1.0), filtered=0.0, echoing=0.0
)
"""The same with a channel that passes everything."""

BOTH = pytest.mark.parametrize("augment", [Augmentation(), ChannelAugmentation(rate=8000)])


# --- any augmentation ---------------------------------------------------------------------------


@BOTH
def test_a_seed_fixes_what_is_heard(augment: Augmentation) -> None:
    (first, gain), (again, same_gain), (other, other_gain) = (
        augment(tone(4000), 8000, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert gain == same_gain != other_gain
    assert not np.array_equal(first, other)


@BOTH
@pytest.mark.parametrize("length", [1, 2, 50, 4000, 8000, 20_000])
def test_whatever_the_recording_the_samples_have_their_length_and_are_finite(
    length: int, augment: Augmentation
) -> None:
    for found in heard(augment, tone(length) + 1, seeds=20):
        assert found.shape == (8000,)
        assert np.isfinite(found).all()


def test_without_strength_a_recording_is_only_placed() -> None:
    samples = tone(8001)  # the last one falls away
    for seed in range(20):
        found, gain = Augmentation()(samples, 8000, np.random.default_rng(seed), strength=0.0)
        np.testing.assert_array_equal(found, samples[:-1])
        assert gain == 1.0


def test_without_strength_a_channel_passes_everything_and_only_places() -> None:
    short = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found, gain = ChannelAugmentation(rate=8000)(tone(3001) + 5, 8000, rng, strength=0.0)
        begin, *_, end = np.flatnonzero(np.abs(found) > 1)
        short += begin > 0
        np.testing.assert_allclose(found[begin : end + 1], tone(3000) + 5, atol=1e-8)
        np.testing.assert_allclose(np.delete(found, np.arange(begin, end + 1)), 0, atol=1e-8)
        assert gain == 1.0
    assert short > 10


@BOTH
def test_silence_stays_silence(augment: Augmentation) -> None:
    for found in heard(augment, np.zeros(4000), seeds=10):
        np.testing.assert_array_equal(found, 0)


def test_half_the_strength_is_half_the_range() -> None:
    lengths = []
    for found in heard(replace(PLAIN, stretch=0.25), tone(3000), seeds=200, strength=0.5):
        sounding = np.flatnonzero(found)
        lengths.append(sounding[-1] - sounding[0] + 1)
    assert 3000 / 1.125 - 3 < min(lengths) < 3000 / 1.1
    assert 3000 / 0.9 < max(lengths) < 3000 / 0.875 + 3


def test_resampling_changes_duration_and_pitch_by_up_to_a_quarter() -> None:
    lengths, pitches = [], []
    for found in heard(replace(PLAIN, stretch=0.25), tone(3000), seeds=300):
        sounding = np.flatnonzero(found)
        lengths.append(sounding[-1] - sounding[0] + 1)
        pitches.append(np.abs(np.fft.rfft(found)).argmax())
    assert min(lengths) > 3000 / 1.25 - 3
    assert max(lengths) < 3000 / 0.75 + 3
    assert min(lengths) < 3000 / 1.2
    assert max(lengths) > 3000 / 0.8
    np.testing.assert_allclose(np.array(pitches) * lengths, 440 * 3000, rtol=0.02)


@pytest.mark.parametrize(("quiet", "snr"), [(PLAIN, (10.0, 40.0)), (DRY, (0.0, 40.0))])
def test_noise_comes_at_the_drawn_distance_below_the_signal(
    quiet: Augmentation, snr: tuple[float, float]
) -> None:
    ratios = []
    noisy = replace(quiet, noisy=1.0, snr=snr)
    pairs = zip(heard(noisy, tone(8001), 100), heard(quiet, tone(8001), 100), strict=True)
    for found, clean in pairs:
        ratios.append(decibels((clean**2).mean() / ((found - clean) ** 2).mean()))
    assert snr[0] - 1e-6 < min(ratios) < snr[0] + 3
    assert snr[1] - 3 < max(ratios) < snr[1] + 1e-6


def test_the_usual_noise_lies_in_the_range_that_is_asked_for() -> None:
    assert Augmentation().snr == (10.0, 40.0)
    assert ChannelAugmentation(rate=8000).snr == (0.0, 40.0)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_share_of_the_clips_is_noisy_and_the_rest_are_not(strength: float) -> None:
    found = heard(replace(PLAIN, noisy=0.4), tone(2000) + 1, seeds=300, strength=strength)
    noisy = sum(np.count_nonzero(samples == 0) < 5000 for samples in found)
    assert 90 * strength <= noisy <= 150 * strength


def test_the_gain_stays_in_its_range_and_leaves_the_samples_alone() -> None:
    gains = []
    for seed in range(200):
        found, gain = replace(PLAIN, gain=(0.7, 1.4))(tone(8001), 8000, np.random.default_rng(seed))
        np.testing.assert_allclose(found, tone(8000), atol=1e-2)
        gains.append(gain)
    assert 0.7 <= min(gains) < 0.75
    assert 1.3 < max(gains) <= 1.4
    assert 0.45 < np.mean(np.array(gains) < 1) < 0.6  # log-uniform: as often fainter as louder


def test_a_short_clip_falls_on_every_offset_and_a_long_one_on_every_window() -> None:
    rng = np.random.default_rng(0)
    starts = {int(np.flatnonzero(place(np.ones(3), 8, rng))[0]) for _ in range(300)}
    assert starts == set(range(6))
    windows = {tuple(place(np.arange(5), 3, rng)) for _ in range(300)}
    assert windows == {(0, 1, 2), (1, 2, 3), (2, 3, 4)}
    np.testing.assert_array_equal(place(np.arange(3), 3, rng), [0, 1, 2])


# --- the channel --------------------------------------------------------------------------------


def response(augment: ChannelAugmentation, seeds: int) -> Array:
    """What each of the channels does to a click at the begin: ``(seeds, 8000)``."""
    click = np.zeros(8001)
    click[0] = 1.0
    return np.stack(list(heard(augment, click, seeds)))


def gains_in_decibels(responses: Array) -> Array:
    """By frequency in Hz: ``(seeds, 4001)``."""
    return np.asarray(decibels(np.abs(np.fft.rfft(responses)) ** 2))


def test_a_voice_keeps_its_pitch_whatever_the_channel() -> None:
    found = heard(
        replace(ChannelAugmentation(rate=8000), stretch=1e-17, noisy=0.0), tone(6000), seeds=100
    )
    assert {int(np.abs(np.fft.rfft(samples)).argmax()) for samples in found} <= {439, 440, 441}
    found = heard(replace(ChannelAugmentation(rate=8000), noisy=0.0), tone(6000), seeds=100)
    pitches = [np.abs(np.fft.rfft(samples)).argmax() / 440 for samples in found]
    assert 0.915 < min(pitches) < 0.95
    assert 1.05 < max(pitches) < 1.085


def test_a_filter_cuts_what_lies_below_and_above_its_edges() -> None:
    flat = replace(DRY, filtered=1.0, equaliser=0.0)
    narrow = replace(flat, high_pass=(200.0, 200.0), low_pass=(2000.0, 2000.0))
    (found,) = gains_in_decibels(response(narrow, 1))
    assert found[[200, 2000]] == pytest.approx([-3.01, -3.01], abs=0.02)
    assert found[600] == pytest.approx(0.0, abs=0.1)
    assert found[100] == pytest.approx(decibels(1 / 17), abs=0.02)  # second order
    assert found[4000] == pytest.approx(decibels(1 / 257), abs=0.02)  # fourth order


def test_the_edges_of_the_filters_are_drawn_from_their_ranges() -> None:
    filters = replace(DRY, filtered=1.0, equaliser=0.0, low_pass=(2000.0, 3900.0))
    found = gains_in_decibels(response(filters, 200))
    low = np.abs(found[:, :400] + 3.01).argmin(axis=1)
    high = 1500 + np.abs(found[:, 1500:] + 3.01).argmin(axis=1)
    assert 19 <= low.min() < 25
    assert 250 < low.max() <= 301
    assert 1999 <= high.min() < 2100
    assert 3700 < high.max() <= 3901


def test_an_equaliser_changes_by_a_few_decibels_from_octave_to_octave() -> None:
    open_ended = {"high_pass": (0.01, 0.01), "low_pass": (1e5, 1e5)}
    found = gains_in_decibels(response(replace(DRY, filtered=1.0, **open_ended), 300))
    steps = np.diff(found[:, [125, 250, 500, 1000, 2000, 4000]], axis=1)
    np.testing.assert_allclose(steps.std(axis=0), 4.0, rtol=0.15)
    np.testing.assert_allclose(steps.mean(axis=0), 0.0, atol=0.8)


def test_a_room_adds_a_tail_that_decays_to_the_direct_sound() -> None:
    found = response(replace(DRY, echoing=1.0), 200)
    tail = (found[:, 1:] ** 2).sum(axis=1)
    assert found[:, 0].min() > 0.5
    assert 0 < tail.min() < 0.01
    assert 0.8 < tail.max() < 1.0
    for rir in found:
        energy = rir[1:] ** 2
        assert energy[:2000].sum() > 0.98 * energy.sum()  # within a quarter of a second
        assert energy[4000:].sum() < 1e-3 * energy.sum()


@pytest.mark.parametrize("strength", [1.0, 0.5])
@pytest.mark.parametrize("kind", ["filtered", "echoing"])
def test_a_share_of_the_clips_passes_a_filter_or_a_room(kind: str, strength: float) -> None:
    augment = replace(DRY, **{kind: 0.6})
    clean = tone(8000)
    found = heard(augment, tone(8001), seeds=300, strength=strength)
    changed = sum(np.abs(samples - clean).max() > 1 for samples in found)
    assert 150 * strength <= changed <= 210 * strength


def test_noise_takes_every_colour_from_white_to_brown() -> None:
    noisy = replace(DRY, noisy=1.0, snr=(0.0, 0.0))
    slopes = []
    octaves = 2.0 ** np.arange(6, 12)
    for found in heard(noisy, tone(8001, 20.0), seeds=200):
        power = np.abs(np.fft.rfft(found - tone(8000, 20.0))) ** 2
        levels = [decibels(power[int(f) : int(2 * f)].mean()) for f in octaves]
        slopes.append(np.polyfit(np.log2(octaves), levels, 1)[0])
    assert min(slopes) == pytest.approx(-6.0, abs=0.8)  # decibels an octave
    assert max(slopes) == pytest.approx(0.0, abs=0.8)
