"""What the importance sampling of Eq. 48 is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.intervals import above, of_mean
from libi.judging.replicates import by_replicate, mean_and_sd
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import NEGLIGIBLE, PAPERS_DATASETS, PAPERS_METHODS, UNRELIABLE

PLACE = 12
READS = ("metrics",)
SAYS = {
    "likelihood_unreliable": {
        "title": "Eq. 48 fails on CubicJTEx",
        "family": "Test-LL on CubicJTEx",
        "where": "Table 1; Appendix E, Evaluation",
        "statement": (
            '"on CubicJTEx Test-LL is unreliable"; "we found it difficulty estimating the log-likelihood on CubicJTEx"'
        ),
    },
    "proposal_covers": {
        "title": "Eq. 48's proposal covers the posteriors",
        "family": "Coverage of Eq. 48",
        "where": "Appendix E, Evaluation",
        "statement": (
            '"We inflated the variance of the proposal distribution by a factor of 2 to ensure our proposal has '
            'sufficient coverage": on {dataset}'
        ),
    },
}
FEW_DRAWS = 0.05  # of the points: these decide their mean, since what is missed is only bounded by the noise


def judge_likelihood(stated: PublishedClaim, metrics: pd.DataFrame) -> list[Claim]:
    """CubicJTEx's importance-sampled log-likelihood rests on few draws, whatever the method.

    The mean over test points is as good as the worst of them: a point whose posterior is missed counts with minus
    thousands of nats.
    """
    claims = []
    for method, name in PAPERS_METHODS.items():
        shares, errors = (
            by_replicate(table, "cubic_jtex", method, column)
            for table, column in (
                (metrics, "share_below_100"),
                (metrics.assign(error=metrics["test_ll"] - metrics["test_ll_exact"]), "error"),
            )
        )
        interval = of_mean(shares)
        error, spread = mean_and_sd(errors)
        lacking = (
            "" if not np.isnan(interval.low) else f"lacking: finite values of {name} on CubicJTEx, of two replicates"
        )
        claims.append(
            stated.about(method).judged(
                above(interval, FEW_DRAWS),
                interval,
                measure=f"share of {name}'s test points with fewer than 100 effective draws; mean ± sd over replicates",
                uncertainty=mean_and_sd(shares)[1],
                margin=FEW_DRAWS,
                test="95 % t-interval over replicates; reproduced if it is above the margin, not reproduced if below. "
                "Margin: ours, one point in twenty; with 100 effective draws a point errs by a tenth of a nat",
                note=lacking or f"Eq. 48 minus the exact value: {error:.2f} ± {spread:.2f} nats",
            )
        )
    return claims


def judge_coverage(stated: PublishedClaim, metrics: pd.DataFrame) -> list[Claim]:
    """Eq. 48 beside the exact log-likelihood, for all methods, where the paper does not call it unreliable."""
    errors = metrics.assign(error=metrics["test_ll"] - metrics["test_ll_exact"])
    comparisons = [
        Comparison(
            stated.about(dataset, dataset=title),
            "Eq. 48 minus the exact mean log-likelihood of the test points, nats",
            {
                f"{name} on {title}": by_replicate(errors, dataset, method, "error")
                for method, name in PAPERS_METHODS.items()
            },
            {f"{name} on {title}": NEGLIGIBLE for name in PAPERS_METHODS.values()},
            f"ours, {NEGLIGIBLE} nats",
            alike=True,
        )
        for dataset, title in PAPERS_DATASETS.items()
        if dataset != UNRELIABLE[0]
    ]
    return judge_family(comparisons)


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """For every method."""
    return [
        *judge_likelihood(said["likelihood_unreliable"], evidence.metrics),
        *judge_coverage(said["proposal_covers"], evidence.metrics),
    ]


CLAIMS = judge
