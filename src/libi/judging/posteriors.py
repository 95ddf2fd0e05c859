"""Claims about what trained models infer: aggregated posteriors, posterior means, and the objective they reach."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import chi2

from libi.judging.claims import DATASETS, NOT_DECIDABLE, Claim, Saying
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.evidence import by_replicate, mean_and_sd

LINEAR = ("linear_jtex", "gaussian")
DISTANCES = {
    "mean_distance": "‖μ‖²",
    "covariance_distance": "‖Σ − I‖²",
    "henze_zirkler": "Henze–Zirkler statistic",
}
WHOSE = {"q": "q_ϕ(z|x)", "p": "p_θ(z|x)"}
BLIND = (
    "Henze–Zirkler is affine invariant, and Gaussian data give a linear model a Gaussian aggregated posterior: it can "
    "hardly tell two methods apart here"
)
NECESSARY = "posteriors that are close are as far from the prior; the converse is not sure"
A_TENTH = 0.1  # of a distance: what "≈" may leave


def judge_preference(saying: Saying, posterior: pd.DataFrame) -> list[Claim]:
    """The trained VAE reaches a smaller L over all of p(x) than the truth with the ϕ trained for it (LinearJTEx)."""
    table = posterior.assign(objective=posterior["mle_objective"] + posterior["posterior_matching"])
    truth, vae = (by_replicate(table, "linear_jtex", method, "objective") for method in ("truth", "vae"))
    measure = "L(θ_GT, ϕ_GT) less L(θ, ϕ) of the trained VAE (Eq. 2, over all of p(x)), nats"
    return judge_family([Comparison(saying, measure, {"truth and VAE on LinearJTEx": truth - vae})])


def judge_mismatch(said: Mapping[str, Saying], posterior: pd.DataFrame) -> list[Claim]:
    """Eq. 4 of the trained VAE on LinearJTEx: E[p_θ(z|x)] is not the prior, and E[q_ϕ(z|x)] is close to it."""
    truth, vae, q = (
        by_replicate(posterior, "linear_jtex", method, f"{whose}_covariance_distance")
        for method, whose in (("truth", "p"), ("vae", "p"), ("vae", "q"))
    )
    differs = Comparison(
        said["aggregated_differs"].about("trained"),
        "‖Σ − I‖² of the training points' aggregated p_θ(z|x), the trained VAE's less the truth's",
        {"VAE and truth on LinearJTEx": vae - truth},
    )
    value, sd = mean_and_sd(np.abs(q - vae) / vae)
    lacking = np.isnan(sd)
    alike = (
        said["aggregated_alike"]
        .about("trained")
        .judged(
            value <= A_TENTH,
            measure="|‖Σ_q − I‖² − ‖Σ_p − I‖²| / ‖Σ_p − I‖² of the trained VAE; mean ± sd over replicates",
            value=value,
            uncertainty=sd,
            tolerance=A_TENTH,
            tolerance_source="ours: a tenth of the distance from the prior",
            note="lacking: two replicates or more, all with finite values of the VAE on LinearJTEx"
            if lacking
            else NECESSARY,
            **({"verdict": NOT_DECIDABLE} if lacking else {}),
        )
    )
    return [*judge_family([differs]), alike]


def judge_recovery(saying: Saying, posterior: pd.DataFrame, points: int) -> list[Claim]:
    """Eq. 9 on samples: under the truth, the training points' aggregated posterior has the prior's covariance.

    Codes drawn from the prior themselves, n of them, have n ‖Σ − I‖² ~ 2 χ²₃ for large n: two variances and twice a
    covariance of variances 2/n, 2/n and 1/n. Posteriors that are mixed, not sampled, have less.
    """
    claims = []
    for dataset, title in DATASETS.items():
        values = by_replicate(posterior, dataset, "truth", "p_covariance_distance")
        value, sd = mean_and_sd(values)
        replicates = max(values.size, 1)
        bound = 2 * chi2.ppf(0.99, 3 * replicates) / (points * replicates)
        lacking = f"lacking: finite values of the truth on {title}" if np.isnan(value) else ""
        claims.append(
            saying.about(dataset).judged(
                value <= bound,
                measure="‖Σ − I‖² of the training points' aggregated p_θGT(z|x); mean ± sd over replicates",
                value=value,
                uncertainty=sd,
                tolerance=bound,
                tolerance_source=f"99% quantile of that mean for {points} codes a replicate drawn from the prior",
                note=lacking or _few_draws(posterior, dataset, ["truth"]),
            )
        )
    return claims


def judge_aggregated(said: Mapping[str, Saying], posterior: pd.DataFrame) -> list[Claim]:
    """LiBI's aggregated posterior closer to the prior than the VAE's, of q_ϕ and under p_θ, in three respects."""
    claims = []
    for whose, name in WHOSE.items():
        comparisons = []
        for dataset, title in DATASETS.items():
            for distance, words in DISTANCES.items():
                vae, libi = (
                    by_replicate(posterior, dataset, method, f"{whose}_{distance}") for method in ("vae", "libi")
                )
                notes = [BLIND if distance == "henze_zirkler" and dataset in LINEAR else ""]
                notes += [_few_draws(posterior, dataset, ["vae", "libi"]) if whose == "p" else ""]
                comparisons.append(
                    Comparison(
                        said[f"aggregated_{whose}_closer"].about(dataset, distance),
                        f"{words} of the training points' aggregated {name}, the VAE's less LiBI's",
                        {f"VAE and LiBI on {title}": vae - libi},
                        note="; ".join(filter(None, notes)),
                    )
                )
        claims += judge_family(comparisons)
    return claims


def judge_means(saying: Saying, posterior: pd.DataFrame) -> list[Claim]:
    """LiBI's variational means nearer to the true posterior means than the VAE's, where θ fixes the axes of z."""
    comparisons = []
    for dataset, figures in (("linear_jtex", "Figures 2 and 3"), ("cubic_jtex", "Figures 4 and 5")):
        vae, libi = (by_replicate(posterior, dataset, method, "mean_error") for method in ("vae", "libi"))
        comparisons.append(
            Comparison(
                saying.about(dataset, figures=figures),
                "mean squared distance of q_ϕ's means from the posterior means under θ_GT, the VAE's less LiBI's",
                {f"VAE and LiBI on {DATASETS[dataset]}": vae - libi},
            )
        )
    return judge_family(comparisons)


def _few_draws(posterior: pd.DataFrame, dataset: str, methods: list[str]) -> str:
    """How many points' Monte-Carlo posteriors rest on fewer than 100 effective draws; empty if none."""
    rows = posterior[(posterior["dataset"] == dataset) & posterior["method"].isin(methods)]
    worst = rows["points_below_100"].max()
    return f"up to {worst:.0f} points a replicate rest on fewer than 100 effective draws" if worst > 0 else ""
