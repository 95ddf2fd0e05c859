"""Intervals against scipy's, and their share of draws that hold the truth; verdicts by hand."""

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind, ttest_ind_from_stats

from libi.judging.claims import Interval
from libi.judging.intervals import above, below, between, exact, of_mean, welch, within

number = st.floats(-100, 100)
samples = st.lists(number, min_size=2, max_size=8).filter(lambda values: np.ptp(values) > 1e-3)


@given(samples, samples)
def test_welch_is_scipys(first, second):
    ours, theirs = ((np.mean(values), np.std(values, ddof=1), len(values)) for values in (first, second))
    expected = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    interval = welch(ours, theirs)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-9)


@given(samples)
def test_the_mean_s_interval_is_scipys(values):
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    interval = of_mean(np.array(values))
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-9)


def test_welch_decides_as_its_p_value():
    """The published S-kNN of the VAE on LinearJTEx, 1.62 ± 0.12, and ours of the first study, 1.95 ± 0.23."""
    interval = welch((1.95, 0.23, 5), (1.62, 0.12, 5))
    p_value = ttest_ind_from_stats(1.95, 0.23, 5, 1.62, 0.12, 5, equal_var=False).pvalue
    assert interval.low > 0 and p_value < 0.05


def test_welch_holds_the_difference_in_19_of_20_cases():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        first, second = rng.normal(1, 1, 5), rng.normal(0, 3, 5)
        interval = welch(*((values.mean(), values.std(ddof=1), 5) for values in (first, second)))
        held += interval.low <= 1 <= interval.high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_without_spread_the_interval_is_a_point():
    assert welch((2.0, 0.0, 5), (1.5, 0.0, 5)) == exact(0.5) == Interval(0.5, 0.5, 0.5)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, nan]])
def test_too_few_values_have_no_ends(values):
    interval = of_mean(np.array(values))
    assert isnan(interval.low) and isnan(interval.high)
    assert above(interval, 0) == below(interval, 0) == within(interval, 1) == "not decidable"
    assert isnan(welch((1.0, nan, 1), (0.0, 1.0, 5)).low)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(1, 2, "reproduced"), (-1, 2, "not decidable"), (-3, -1, "not reproduced"), (0, 1, "reproduced")],
)
def test_verdicts_on_one_side_of_0(low, high, verdict):
    assert above(Interval((low + high) / 2, low, high), 0) == verdict
    assert below(Interval(-(low + high) / 2, -high, -low), 0) == verdict
    assert between(Interval((low + high) / 2, low, high), 0, inf) == verdict


def test_verdicts_within_a_margin():
    assert within(Interval(0, -0.5, 0.5), 1) == "reproduced"
    assert within(Interval(1, 0.5, 1.5), 1) == "not decidable"
    assert within(Interval(2, 1.5, 2.5), 1) == within(Interval(-2, -2.5, -1.5), 1) == "not reproduced"
