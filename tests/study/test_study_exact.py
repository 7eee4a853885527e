"""The exact test against every sign written out, and what the interval promises."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from lrp_audio.study.analysis import min_f
from lrp_audio.study.exact import interval, p_value
from lrp_audio.study.participants import Truth, named
from lrp_audio.study.power import gains, power, sample_size

differences = st.lists(st.fractions(-1, 1, max_denominator=8), min_size=1, max_size=9)


def brute(values: list[Fraction], one_sided: bool = False) -> Fraction:
    """The share of signs with a sum as far from zero, or as large, as that of `values`."""
    total = sum(values)
    signs = list(product((1, -1), repeat=len(values)))
    sums = [sum(s * v for s, v in zip(sign, values, strict=True)) for sign in signs]
    far = [s >= total if one_sided else abs(s) >= abs(total) for s in sums]
    return Fraction(sum(far), len(far))


@given(differences)
def test_the_p_value_is_the_share_of_all_signs(values: list[Fraction]) -> None:
    assert p_value(values) == pytest.approx(float(brute(values)), abs=1e-12)
    assert p_value([-v for v in values]) == p_value(values)


def test_the_p_value_is_that_of_scipy() -> None:
    values = np.random.default_rng(0).integers(-4, 6, 11)
    theirs = permutation_test(
        (values, np.zeros(11)), lambda a, b: np.mean(a - b), permutation_type="samples"
    )
    assert p_value(values.tolist()) == pytest.approx(theirs.pvalue, abs=1e-12)


@given(st.lists(st.fractions(-1, 1, max_denominator=6), min_size=6, max_size=7))
def test_the_interval_holds_what_the_test_does_not_reject(values: list[Fraction]) -> None:
    limits = interval(values)
    assert limits is not None
    mean = sum(values) / len(values)
    assert limits[0] <= float(mean) <= limits[1]
    small = Fraction(1, 10**6)
    for limit, sign in ((limits[0], 1), (-limits[1], -1)):
        # A limit is the mean of some of the differences: an exact fraction.
        edge = Fraction(limit).limit_denominator(10_000)
        inside = [sign * v - edge - small for v in values]
        outside = [sign * v - edge + small for v in values]
        assert brute(inside, one_sided=True) > Fraction(25, 1000)
        assert brute(outside, one_sided=True) <= Fraction(25, 1000)


def test_five_participants_can_show_nothing() -> None:
    assert interval([1] * 5) is None
    assert p_value([1] * 5) > 0.05
    assert interval([1] * 6) == (1.0, 1.0)
    assert p_value([1] * 6) < 0.05


def test_without_an_effect_few_studies_find_one() -> None:
    # Of 2000 at exactly 5 %, 70 to 130 are found in all but one of a thousand runs; the test may
    # be more cautious, because sums are whole numbers.
    for count in (8, 30):
        assert 0.02 <= power(Truth(0.4, 0.4), 16, count, seed=1, studies=2000) <= 0.065


def test_the_interval_covers_the_truth() -> None:
    # It speaks of the clips that were used, so clips do not differ here. Of 1000 intervals that
    # cover in 95 %, fewer than 930 do so in one run of five hundred.
    drawn = gains(Truth(0.35, 0.5, clips=0), 16, 20, np.random.default_rng(0), 1000)
    limits = [interval(study.tolist()) for study in drawn]
    covered = [low <= 8 * (0.5 - 0.35) <= high for low, high in filter(None, limits)]
    assert len(covered) == 1000
    assert np.mean(covered) >= 0.93
    assert drawn.mean() == pytest.approx(8 * 0.15, abs=0.05)


def test_chances_are_those_that_were_asked_for() -> None:
    heard = np.arange(20) % 2 == np.arange(40)[:, None] % 2
    truth = Truth(0.3, 0.7, people=1, clips=0.7, people_gain=0.6, clips_gain=0.5)
    right = named(np.broadcast_to(heard, (2000, 40, 20)), truth, np.random.default_rng(0))
    assert right[:, heard].mean() == pytest.approx(0.7, abs=0.01)
    assert right[:, ~heard].mean() == pytest.approx(0.3, abs=0.01)


def test_a_planned_size_reaches_the_power_and_half_of_it_does_not() -> None:
    truth = Truth(0.35, 0.6)
    count = sample_size(truth, 16, 0.8, seed=0)
    assert power(truth, 16, count, seed=0) >= 0.8
    assert power(truth, 16, count // 2, seed=0) < 0.8


def test_clips_that_differ_deceive_the_test_of_record_but_not_min_f() -> None:
    # No effect over all clips there are, but each clip has its own: 16 of them seldom cancel.
    truth = Truth(0.5, 0.5, clips_gain=1.5)
    half = np.arange(16) % 2 == 0
    rng = np.random.default_rng(0)
    heard = rng.permuted(np.broadcast_to(half, (300, 40, 16)), axis=2)
    right = named(heard, truth, rng)
    of_record, both = [], []
    for r, h in zip(right, heard, strict=True):
        people = (r & h).sum(1) - (r & ~h).sum(1)
        clips = (r & h).sum(0) / h.sum(0) - (r & ~h).sum(0) / (~h).sum(0)
        of_record.append(p_value(people.tolist()) <= 0.05)
        p = min_f((people / 8).tolist(), clips.tolist())
        assert p is not None
        both.append(p <= 0.05)
    assert np.mean(of_record) > 0.2
    assert np.mean(both) <= 0.06
