"""Claims that a number decides which is known up to a numerical error."""

from __future__ import annotations

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.intervals import exact, within

NUMERICAL_ERROR = 1e-9  # of closed forms in float64, and of the least value that an optimisation finds
OPTIMUM_ERROR = 1e-6  # of where that is, which is less sure
CLOSED_FORM = "closed form; ± numerical error"  # in the measure of every claim that no data can change
ZERO = "a closed form; reproduced if it is 0 up to its numerical error"
EDGE = 0.1  # of an axis, a range or a distance: what still counts as its end, or as none
MISFIT = 0.1  # nats
FITTING = "ours: at least ten times what fitting a covariance to 150 points or more costs"


def zero(stated: PublishedClaim, value: float, measure: str, note: str = "") -> Claim:
    """A claim that a closed form is 0."""
    interval = exact(value, NUMERICAL_ERROR)
    return stated.judged(
        within(exact(value), NUMERICAL_ERROR),
        interval,
        measure=f"{measure}; {CLOSED_FORM}",
        uncertainty=NUMERICAL_ERROR,
        margin=NUMERICAL_ERROR,
        test=ZERO,
        note=note,
    )


def known(stated: PublishedClaim, verdict: str, value: float, error: float, margin: float, **words: str) -> Claim:
    """A claim that a number known up to a numerical error is on one side of a margin."""
    return stated.judged(verdict, exact(value, error), uncertainty=error, margin=margin, **words)
