"""LiBI against the other methods in Table 1's metrics, and across all data sets (Section 3)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.replicates import by_replicate
from libi.paper.evidence import Evidence
from libi.paper.leads import (
    BETTER,
    against,
    denial,
    lead,
    libi_against_others,
    pair,
    published_gains,
    published_leads,
)
from libi.paper.vocabulary import CHOSEN_BY, OTHERS, PAPERS_DATASETS, PAPERS_METHODS, TUNED

PLACE = 6
READS = ("metrics", "posterior", "published")
SAYS = {
    "s_knn_lowest": {
        "title": "LiBI's S-kNN is the lowest",
        "family": "S-kNN lowest",
        "where": "Table 1, {dataset}",
        "statement": '"Our method out-performs all other benchmarks": LiBI\'s S-kNN is the lowest on {dataset}',
    },
    "log_likelihood_highest": {
        "title": "LiBI's Test-LL is the highest",
        "family": "Test-LL highest",
        "where": "Table 1, {dataset}",
        "statement": '"Our method out-performs all other benchmarks": LiBI\'s Test-LL is the highest on {dataset}',
    },
    "beta_vae_best": {
        "title": "β-VAE's Test-LL is the highest on Mobius",
        "family": "Test-LL highest on Mobius",
        "where": "Table 1, Mobius",
        "statement": "β-VAE's Test-LL on Mobius is the paper's bold cell: it is the highest",
    },
    "across_log_likelihood": {
        "title": "LiBI leads in Test-LL on all data sets",
        "family": "Across all data sets",
        "where": "Section 3",
        "statement": (
            '"Across all datasets, LiBI learns generative models that better capture p(x) (as quantified by log-'
            'likelihood [...])"'
        ),
    },
    "across_s_knn": {
        "title": "LiBI leads in S-kNN on all data sets",
        "family": "Across all data sets",
        "where": "Section 3",
        "statement": (
            '"Across all datasets, LiBI learns generative models that better capture p(x) (as quantified by [...] the'
            ' Smooth k-NN test statistic)"'
        ),
    },
    "across_aggregated": {
        "title": "LiBI's aggregated posterior leads on all data sets",
        "family": "Across all data sets",
        "where": "Section 3",
        "statement": (
            '"Across all datasets, LiBI learns generative models [...] for which the aggregated posterior better '
            'matches the prior"'
        ),
    },
}


def judge_metrics(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """LiBI's S-kNN lowest on every data set, its log-likelihood highest on two, and β-VAE's on Mobius."""
    families = (
        ("s_knn_lowest", "s_knn", PAPERS_DATASETS),
        ("log_likelihood_highest", "test_ll", ("linear_jtex", "gaussian")),
    )
    claims = []
    for name, metric, datasets in families:
        comparisons = [
            lead(
                said[name].about(dataset, dataset=PAPERS_DATASETS[dataset]),
                BETTER[metric],
                libi_against_others(evidence.metrics, metric, [dataset]),
                published_gains(evidence.published, metric, [dataset]),
                CHOSEN_BY if (dataset, metric) == TUNED else "",
            )
            for dataset in datasets
        ]
        claims += judge_family(comparisons)
    best = lead(
        said["beta_vae_best"],
        "β-VAE's exact test log-likelihood minus another method's, nats",
        against(evidence.metrics, "test_ll", "mobius", "beta_vae", PAPERS_METHODS),
        {
            pair("mobius", method, "beta_vae"): gain
            for method, gain in published_leads(evidence.published, "test_ll", "mobius", "beta_vae").items()
        },
    )
    return claims + judge_family([best])


def judge_across_datasets(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """Section 3's sentence taken at its word: better than each other method on each data set, in all three respects."""
    comparisons = [
        lead(
            said[name],
            BETTER[metric],
            libi_against_others(evidence.metrics, metric, PAPERS_DATASETS),
            published_gains(evidence.published, metric, PAPERS_DATASETS),
            denial(evidence.published, metric),
        )
        for name, metric in (("across_log_likelihood", "test_ll"), ("across_s_knn", "s_knn"))
    ]
    for inference, whose in ("q", "of q_ϕ (Eq. 8)"), ("p", "under p_θ"):
        moments = [f"{inference}_mean_distance", f"{inference}_covariance_distance"]
        table = evidence.posterior.assign(distance=evidence.posterior[moments].sum(axis=1, skipna=False))
        gains = {
            pair(dataset, method): by_replicate(table, dataset, method, "distance")
            - by_replicate(table, dataset, "libi", "distance")
            for dataset, method in itertools.product(PAPERS_DATASETS, OTHERS)
        }
        measure = f"another method's ‖μ‖² + ‖Σ − I‖² of the aggregated posterior {whose} minus LiBI's"
        comparisons.append(Comparison(said["across_aggregated"].about(inference), measure, gains))
    return judge_family(comparisons)


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """Column by column, and all in one."""
    return [*judge_metrics(said, evidence), *judge_across_datasets(said, evidence)]


CLAIMS = judge
