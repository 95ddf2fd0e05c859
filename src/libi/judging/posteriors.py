"""Claims about what trained models infer: aggregated posteriors, posterior means, and the objective they reach."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import chi2

from libi.judging.claims import Claim, Interval, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.evidence import by_replicate, mean_and_sd
from libi.judging.intervals import below, of_mean
from libi.paper.vocabulary import DATASETS, METHODS, NOT_DECIDABLE

LINEAR = ("linear_jtex", "gaussian")
DISTANCES = {
    "mean_distance": "‖μ‖²",
    "covariance_distance": "‖Σ − I‖²",
    "henze_zirkler": "Henze–Zirkler statistic",
}
WHOSE = {"q": "q_ϕ(z|x)", "p": "p_θ(z|x)"}
BLIND = (
    "Henze–Zirkler is affine invariant, and on Gaussian data the aggregated posterior of any linear model is Gaussian "
    "(q's too, but for variances that depend on x): the statistic cannot tell two methods apart"
)
NECESSARY = "posteriors that are close are as far from the prior; the converse is not sure"
NO_TRADE = (
    "on Gaussian f_θ is linear and the noise the same in all features: the axes of the codes can be turned until the "
    "posteriors are diagonal, so the truth itself is the global optimum and there is nothing to trade"
)
OPTIMISATION = "the global optimum is the truth here, so what a method loses it loses to optimisation"
POORLY = 0.05  # nats of KL[p(x) ‖ p_θ(x)] that a model must miss to explain the data poorly
A_TENTH = 0.1  # of a distance: what "≈" may leave
OVER_REPLICATES = "95 % t-interval over replicates; reproduced if it is below the margin, not reproduced if above"


def judge_preference(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """The trained VAE reaches a smaller L over all of p(x) than the truth with the ϕ trained for it (LinearJTEx)."""
    measure = "L(θ_GT, ϕ_GT) less L(θ, ϕ) of the trained VAE (Eq. 2, over all of p(x)), nats"
    gain = _less(gaps, "linear_jtex", "truth", "vae", "objective")
    return judge_family([Comparison(stated, measure, {"truth and VAE on LinearJTEx": gain})])


def judge_trade_off(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """The thesis: the VAE explains the data worse than the truth does, and its posteriors are easier to approximate."""
    comparisons = [
        Comparison(
            stated.about(dataset, dataset=title),
            f"KL[p(x) ‖ p_θ(x)] of the trained VAE less {POORLY} nats (ours), and the truth's "
            "E KL[q_ϕGT(z|x) ‖ p_θGT(z|x)] less the VAE's, nats",
            {
                f"KL[p ‖ p_θ] on {title}": by_replicate(gaps, dataset, "vae", "mle_objective") - POORLY,
                f"posterior matching on {title}": _less(gaps, dataset, "truth", "vae", "posterior_matching"),
            },
            untestable=NO_TRADE if dataset == "gaussian" else "",
        )
        for dataset, title in DATASETS.items()
    ]
    return judge_family(comparisons)


def judge_capture(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """LiBI's generative models nearer to p(x) than the VAE's, by the divergence itself."""
    comparisons = [
        Comparison(
            stated.about(dataset, dataset=title),
            "KL[p(x) ‖ p_θ(x)], the VAE's less LiBI's, nats",
            {f"VAE and LiBI on {title}": _less(gaps, dataset, "vae", "libi", "mle_objective")},
            note=OPTIMISATION if dataset == "gaussian" else "",
        )
        for dataset, title in DATASETS.items()
    ]
    return judge_family(comparisons)


def judge_mismatch(said: Mapping[str, PublishedClaim], posterior: pd.DataFrame) -> list[Claim]:
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
    alike = _share(
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
    for dataset, title in DATASETS.items():
        values = by_replicate(posterior, dataset, "truth", "p_covariance_distance")
        value, sd = mean_and_sd(values)
        replicates = max(values.size, 1)
        bound = 2 * chi2.ppf(0.99, 3 * replicates) / (points * replicates)
        lacking = f"lacking: finite values of the truth on {title}" if np.isnan(value) else ""
        interval = Interval(value, value, value)  # the bound is a quantile already
        claims.append(
            stated.about(dataset).judged(
                below(interval, bound),
                interval,
                measure="‖Σ − I‖² of the training points' aggregated p_θGT(z|x); mean ± sd over replicates",
                uncertainty=sd,
                margin=bound,
                test=f"reproduced if the mean is below the margin, its 99 % quantile for {points} codes a replicate "
                "drawn from the prior",
                note=lacking or _few_draws(posterior, dataset, ["truth"]),
            )
        )
    return claims


def judge_aggregated(said: Mapping[str, PublishedClaim], posterior: pd.DataFrame) -> list[Claim]:
    """LiBI's aggregated posterior closer to the prior than the VAE's, of q_ϕ and under p_θ, in three respects."""
    claims = []
    for whose, name in WHOSE.items():
        comparisons = []
        for dataset, title in DATASETS.items():
            for distance, words in DISTANCES.items():
                column = f"{whose}_{distance}"
                blind = distance == "henze_zirkler" and dataset in LINEAR
                comparisons.append(
                    Comparison(
                        said[f"aggregated_{whose}_closer"].about(dataset, distance),
                        f"{words} of the training points' aggregated {name}, the VAE's less LiBI's",
                        {f"VAE and LiBI on {title}": _less(posterior, dataset, "vae", "libi", column)},
                        untestable=BLIND if blind else "",
                        note=_few_draws(posterior, dataset, ["vae", "libi"]) if whose == "p" else "",
                    )
                )
        claims += judge_family(comparisons)
    return claims


def judge_means(said: Mapping[str, PublishedClaim], posterior: pd.DataFrame) -> list[Claim]:
    """Figures 2 to 5: whose variational means match which true posterior means, where θ fixes the axes of z."""
    nearer, matches = [], []
    for dataset, figures in (("linear_jtex", "Figures 2 and 3"), ("cubic_jtex", "Figures 4 and 5")):
        title = DATASETS[dataset]
        nearer.append(
            Comparison(
                said["means_nearer"].about(dataset, figures=figures),
                "mean squared distance of q_ϕ's means from the posterior means under θ_GT, the VAE's less LiBI's",
                {f"VAE and LiBI on {title}": _less(posterior, dataset, "vae", "libi", "mean_error")},
            )
        )
        for method in ("truth", "vae", "libi"):
            whose = {"truth": "the truth"}.get(method) or METHODS[method]
            matches.append(
                _share(
                    said["means_match"].about(dataset, method, figures=figures, whose=whose),
                    by_replicate(posterior, dataset, method, "own_mean_error"),
                    f"mean squared distance of q_ϕ's means from those of p_θ(z|x) of the same model, {whose}, as a "
                    "share of the spread of the latter",
                    "ours: a tenth of the spread",
                    _few_draws(posterior, dataset, [method]),
                    f"{whose} on {title}",
                )
            )
    return [*judge_family(nearer), *matches]


def _less(table: pd.DataFrame, dataset: str, first: str, second: str, column: str) -> np.ndarray:
    """A method's value less another's [replicates]."""
    return by_replicate(table, dataset, first, column) - by_replicate(table, dataset, second, column)


def _share(stated: PublishedClaim, values: np.ndarray, measure: str, source: str, note: str, what: str) -> Claim:
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


def _few_draws(posterior: pd.DataFrame, dataset: str, methods: list[str]) -> str:
    """How many points' Monte-Carlo posteriors rest on fewer than 100 effective draws; empty if none."""
    rows = posterior[(posterior["dataset"] == dataset) & posterior["method"].isin(methods)]
    worst = rows["points_below_100"].max()
    return f"up to {worst:.0f} points a replicate rest on fewer than 100 effective draws" if worst > 0 else ""
