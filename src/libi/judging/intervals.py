"""Intervals of 95 %, and the verdicts that they allow.

A verdict never rests on a p-value alone: an interval says how large a difference can be, and a margin which
differences matter (Anderson & Maxwell 2016, "There's more than one way to conduct a replication study").
"""

from __future__ import annotations

from math import inf, isnan, nan, sqrt

import numpy as np
from jaxtyping import Float
from scipy.stats import t

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, REPRODUCED, Interval

CONFIDENCE = 0.95


def exact(value: float, error: float = 0.0) -> Interval:
    """A number that is known up to a numerical error."""
    return Interval(value, value - error, value + error)


def of_mean(values: Float[np.ndarray, " n"]) -> Interval:
    """The mean of [n] values with Student's interval; without ends for fewer than two, missing if one is missing."""
    mean = float(values.mean()) if values.size else nan
    if values.size < 2 or isnan(mean):
        return Interval(mean, nan, nan)
    half = t.ppf((1 + CONFIDENCE) / 2, values.size - 1) * float(values.std(ddof=1)) / sqrt(values.size)
    return Interval(mean, mean - half, mean + half)


def welch(ours: tuple[float, float, float], theirs: tuple[float, float, float]) -> Interval:
    """The difference of two means with Welch's interval (1947), whose variances need not be equal.

    Args:
        ours: mean, standard deviation (divisor n − 1) and n.
        theirs: the same of what is subtracted.
    """
    difference = ours[0] - theirs[0]
    parts = [sd**2 / n for _, sd, n in (ours, theirs)]
    if isnan(difference) or isnan(sum(parts)):
        return Interval(difference, nan, nan)
    if sum(parts) == 0:
        return exact(difference)
    freedom = sum(parts) ** 2 / sum(part**2 / (n - 1) for part, (_, _, n) in zip(parts, (ours, theirs), strict=True))
    half = t.ppf((1 + CONFIDENCE) / 2, freedom) * sqrt(sum(parts))
    return Interval(difference, difference - half, difference + half)


def above(interval: Interval, bound: float) -> str:
    """Whether a number is above a bound: reproduced if its whole interval is, not reproduced if none of it is."""
    return between(interval, bound, inf)


def below(interval: Interval, bound: float) -> str:
    """Whether a number is below a bound."""
    return between(interval, -inf, bound)


def within(interval: Interval, margin: float) -> str:
    """Whether a difference is smaller than a margin, either way round."""
    return between(interval, -margin, margin)


def between(interval: Interval, lower: float, upper: float) -> str:
    """Whether a number is between two bounds, ends included."""
    if lower <= interval.low and interval.high <= upper:
        return REPRODUCED
    if interval.high < lower or interval.low > upper:
        return NOT_REPRODUCED
    return NOT_DECIDABLE
