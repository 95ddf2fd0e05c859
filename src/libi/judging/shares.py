"""Claims that something is small: a share below a tenth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from libi.judging.claims import NOT_DECIDABLE, Claim, PublishedClaim
from libi.judging.intervals import below, of_mean
from libi.judging.replicates import mean_and_sd

A_TENTH = 0.1  # of a distance: what "≈" may leave
OVER_REPLICATES = "95 % t-interval over replicates; reproduced if it is below the margin, not reproduced if above"


def judge_share(
    stated: PublishedClaim, values: Float[np.ndarray, " replicates"], measure: str, source: str, note: str, what: str
) -> Claim:
    """A claim that something is small: a share [replicates] below a tenth."""
    interval = of_mean(values)
    lacking = f"lacking: two replicates or more, all with finite values of {what}" if np.isnan(interval.low) else ""
    return stated.judged(
        NOT_DECIDABLE if lacking else below(interval, A_TENTH),
        interval,
        measure=f"{measure}; mean ± sd over replicates",
        uncertainty=mean_and_sd(values)[1],
        margin=A_TENTH,
        test=f"{OVER_REPLICATES}. Margin: {source}",
        note=lacking or note,
    )
