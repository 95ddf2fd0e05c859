"""Aggregated posteriors of the truth and of the VAE (Eq. 4 and 9)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import chi2

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.closed_forms import CLOSED_FORM, EDGE, OPTIMUM_ERROR, known, zero
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.intervals import above, below, exact, of_mean
from libi.judging.replicates import by_replicate, few_draws, mean_and_sd
from libi.judging.shares import judge_share
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import PAPERS_DATASETS

PLACE = 4
READS = ("optima", "posterior")
SAYS = {
    "aggregated_differs": {
        "title": "the aggregated posterior is not the prior",
        "family": "Eq. 4",
        "where": "Section 1, Eq. 4; Figure 1F",
        "statement": '"p(z) = E[p_θGT(z|x)] ≠ E[p_θ*(z|x)]": "its aggregated posterior fails to match the prior"',
    },
    "optimum_q_is_not_prior": {
        "title": "the aggregated q is not the prior",
        "family": "Eq. 4",
        "where": "Figure 1, caption",
        "statement": '"Note: q_ϕ(z) ≠ p(z)"',
    },
    "aggregated_alike": {
        "title": "the aggregated posteriors of p and q are alike",
        "family": "Eq. 4",
        "where": "Section 1, Eq. 4; Figure 1F",
        "statement": '"E[p_θ*(z|x)] ≈ E[q_ϕ*(z|x)]"',
    },
    "prior_recovered": {
        "title": "the aggregated posterior of the truth is the prior",
        "family": "Eq. 9",
        "where": "Appendix A, Eq. 9",
        "statement": '"one should be able to recover the prior from the true posterior": E_p(x)[p(z|x)] = p(z)',
    },
}
NECESSARY = "close posteriors are equally far from the prior; the converse need not hold"


def judge_population_posteriors(said: Mapping[str, PublishedClaim], optima: pd.DataFrame, points: int) -> list[Claim]:
    """Eq. 4 at the VAE's optimum and Eq. 9 at the truth, of LinearJTEx over all of p(x)."""
    rows = optima.set_index("name")
    p, q = (_covariance(rows.loc["beta=1"], whose) for whose in ("p", "q"))
    mismatch, apart = _squared_distance(p, np.eye(2)), _squared_distance(q, p)
    recovered = _squared_distance(_covariance(rows.loc["truth"], "p"), np.eye(2))
    sampled = 6 / points  # mean of ‖Σ − I‖² of so many codes of dimension 2 drawn from the prior
    differ = {
        "p_θ*": (said["aggregated_differs"].about("population"), mismatch),
        "q_ϕ*": (said["optimum_q_is_not_prior"], _squared_distance(q, np.eye(2))),
    }
    return [
        *(
            known(
                stated,
                above(exact(distance), sampled),
                distance,
                OPTIMUM_ERROR,
                sampled,
                measure=f"‖Σ − I‖² of E_p(x)[{whose}(z|x)]; {CLOSED_FORM}",
                test="reproduced if it is above the margin. Margin: ours, what as many codes as training points show "
                "on average when drawn from the prior",
            )
            for whose, (stated, distance) in differ.items()
        ),
        known(
            said["aggregated_alike"].about("population"),
            below(exact(apart), EDGE * mismatch),
            apart,
            OPTIMUM_ERROR,
            EDGE * mismatch,
            measure=f"‖Σ_q − Σ_p‖² of E_p(x)[q_ϕ*(z|x)] and E_p(x)[p_θ*(z|x)]; {CLOSED_FORM}",
            test="reproduced if it is below the margin. Margin: ours, a tenth of the distance of p's from the prior",
        ),
        zero(
            said["prior_recovered"].about("population"),
            recovered,
            "‖Σ − I‖² of E_p(x)[p_θGT(z|x)] on LinearJTEx",
        ),
    ]


def judge_mismatch(said: Mapping[str, PublishedClaim], posterior: pd.DataFrame) -> list[Claim]:
    """Eq. 4 of the trained VAE on LinearJTEx: E[p_θ(z|x)] is not the prior, and E[q_ϕ(z|x)] is close to it."""
    truth, vae, q = (
        by_replicate(posterior, "linear_jtex", method, f"{whose}_covariance_distance")
        for method, whose in (("truth", "p"), ("vae", "p"), ("vae", "q"))
    )
    differs = Comparison(
        said["aggregated_differs"].about("trained"),
        "‖Σ − I‖² of the training points' aggregated p_θ(z|x), the trained VAE's minus the truth's",
        {"VAE and truth on LinearJTEx": vae - truth},
    )
    alike = judge_share(
        said["aggregated_alike"].about("trained"),
        np.abs(q - vae) / vae,
        "|‖Σ_q − I‖² − ‖Σ_p − I‖²| / ‖Σ_p − I‖² of the trained VAE",
        "ours: a tenth of the distance from the prior",
        NECESSARY,
        "the VAE on LinearJTEx",
    )
    return [*judge_family([differs]), alike]


def judge_recovery(stated: PublishedClaim, posterior: pd.DataFrame, points: int) -> list[Claim]:
    """Eq. 9 on samples: under the truth, the training points' aggregated posterior has the prior's covariance.

    Codes drawn from the prior themselves, n of them, have n ‖Σ − I‖² ~ 2 χ²₃ for large n: two variances and twice a
    covariance of variances 2/n, 2/n and 1/n. Posteriors that are mixed, not sampled, have less.
    """
    claims = []
    for dataset, title in PAPERS_DATASETS.items():
        values = by_replicate(posterior, dataset, "truth", "p_covariance_distance")
        value, sd = mean_and_sd(values)
        replicates = max(values.size, 1)
        bound = 2 * chi2.ppf(0.99, 3 * replicates) / (points * replicates)
        lacking = f"lacking: finite values of the truth on {title}" if np.isnan(value) else ""
        claims.append(
            stated.about(dataset).judged(
                below(exact(value), bound),
                of_mean(values),
                measure="‖Σ − I‖² of the training points' aggregated p_θGT(z|x); mean ± sd over replicates",
                uncertainty=sd,
                margin=bound,
                test=f"reproduced if the mean is below the margin, its 99 % quantile for {points} codes a replicate "
                "drawn from the prior",
                note=lacking or few_draws(posterior, dataset, ["truth"]),
            )
        )
    return claims


def _covariance(row: pd.Series, whose: str) -> np.ndarray:
    entries = (row[f"{whose}_covariance_{entry}"] for entry in ("11", "12", "12", "22"))
    return np.array(list(entries), dtype=float).reshape(2, 2)


def _squared_distance(matrix: np.ndarray, other: np.ndarray) -> float:
    return float(((matrix - other) ** 2).sum())


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """Over all of p(x), and of trained models."""
    return [
        *judge_population_posteriors(said, evidence.optima, evidence.training_points),
        *judge_mismatch(said, evidence.posterior),
        *judge_recovery(said["prior_recovered"], evidence.posterior, evidence.training_points),
    ]


CLAIMS = judge
