"""What LiBI's inference gains: aggregated posteriors, and posterior means (Figures 2 to 5)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from libi.base.dataset import LATENT
from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.replicates import by_replicate, few_draws, less
from libi.judging.shares import A_TENTH, judge_share
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import LINEAR, PAPERS_DATASETS, PAPERS_METHODS

PLACE = 9
READS = ("posterior",)
SAYS = {
    "aggregated_q_closer": {
        "title": "LiBI's aggregated q is nearer to the prior",
        "family": "Aggregated posterior of q",
        "where": "Appendix A, Eq. 8; Conclusion",
        "statement": (
            '"inference models whose aggregated posterior matches the prior while traditional methods struggle to do '
            'so"'
        ),
    },
    "aggregated_p_closer": {
        "title": "LiBI's aggregated p is nearer to the prior",
        "family": "Aggregated posterior of p",
        "where": "Section 3; Appendix D",
        "statement": (
            '"the aggregated posterior under θ, p_θ(z), will match the prior p(z)"; "better matches the prior"'
        ),
    },
    "true_means_matched": {
        "title": "LiBI's means match the true ones, and the VAE's do not",
        "family": "Posterior means",
        "where": "Appendix B, {figures}",
        "statement": (
            'LiBI\'s "variational posteriors [...] approximate the true posteriors under θ_GT"; traditional '
            'inference\'s "do not match"'
        ),
    },
    "means_match": {
        "title": "the means of q and p match",
        "family": "Posterior means match",
        "where": "Appendix B, Figures 2 to 5",
        "statement": (
            '"the means of the learned variational posteriors" approximate the means of the posteriors under θ'
        ),
    },
}
DISTANCES = {
    "mean_distance": "‖μ‖²",
    "covariance_distance": "‖Σ − I‖²",
    "henze_zirkler": "Henze–Zirkler statistic",
}
WHOSE = {"q": "q_ϕ(z|x)", "p": "p_θ(z|x)"}
BLIND = (
    "Henze–Zirkler is affine invariant, and on Gaussian data the aggregated posterior of any linear model is Gaussian "
    "(q's too, except for variances that depend on x), so the statistic cannot tell two methods apart"
)


def judge_aggregated(said: Mapping[str, PublishedClaim], posterior: pd.DataFrame) -> list[Claim]:
    """LiBI's aggregated posterior closer to the prior than the VAE's, of q_ϕ and under p_θ, in three respects."""
    claims = []
    for whose, name in WHOSE.items():
        comparisons = []
        for dataset, title in PAPERS_DATASETS.items():
            for distance, words in DISTANCES.items():
                column = f"{whose}_{distance}"
                blind = distance == "henze_zirkler" and dataset in LINEAR
                comparisons.append(
                    Comparison(
                        said[f"aggregated_{whose}_closer"].about(dataset, distance),
                        f"{words} of the training points' aggregated {name}, the VAE's minus LiBI's",
                        {f"VAE and LiBI on {title}": less(posterior, dataset, "vae", "libi", column)},
                        untestable=BLIND if blind else "",
                        note=few_draws(posterior, dataset, ["vae", "libi"]) if whose == "p" else "",
                    )
                )
        claims += judge_family(comparisons)
    return claims


def judge_means(said: Mapping[str, PublishedClaim], posterior: pd.DataFrame) -> list[Claim]:
    """Figures 2 to 5: whose variational means match which true posterior means, where θ fixes the axes of z."""
    true, matches = [], []
    for dataset, figures in (("linear_jtex", "Figures 2 and 3"), ("cubic_jtex", "Figures 4 and 5")):
        title = PAPERS_DATASETS[dataset]
        true.append(
            Comparison(
                said["true_means_matched"].about(dataset, figures=figures),
                "mean squared distance of q_ϕ's means from the posterior means under θ_GT, as a share of the variance "
                f"of codes from the prior: {A_TENTH} (ours) minus LiBI's, and the VAE's minus {A_TENTH}",
                {
                    f"LiBI on {title}": A_TENTH - by_replicate(posterior, dataset, "libi", "mean_error") / LATENT,
                    f"VAE on {title}": by_replicate(posterior, dataset, "vae", "mean_error") / LATENT - A_TENTH,
                },
            )
        )
        for method in ("truth", "vae", "libi"):
            whose = {"truth": "the truth"}.get(method) or PAPERS_METHODS[method]
            matches.append(
                judge_share(
                    said["means_match"].about(dataset, method),
                    by_replicate(posterior, dataset, method, "own_mean_error"),
                    "mean squared distance of q_ϕ's means from those of p_θ(z|x) of the same model, as a share of the "
                    "spread of the latter",
                    "ours: a tenth of the spread",
                    few_draws(posterior, dataset, [method]),
                    f"{whose} on {title}",
                )
            )
    return [*judge_family(true), *matches]


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """Against the VAE's."""
    return [*judge_aggregated(said, evidence.posterior), *judge_means(said, evidence.posterior)]


CLAIMS = judge
