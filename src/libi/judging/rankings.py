"""Who is best: LiBI against the other methods in Table 1's metrics, the others among themselves, R = 6 against 1."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from libi.judging.claims import DATASETS, METHODS, METRICS, OTHERS, Claim, Saying
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.evidence import Evidence, by_replicate

SIGNS = {"test_ll": 1, "s_knn": -1}  # larger is better, smaller is better
BETTER = {
    "test_ll": "LiBI's test log-likelihood less another method's, nats",
    "s_knn": "another method's smooth k-NN statistic less LiBI's",
}


def judge_metrics(said: Mapping[str, Saying], evidence: Evidence) -> list[Claim]:
    """LiBI's S-kNN lowest on every data set, and its test log-likelihood highest on LinearJTEx and Gaussian."""
    families = (("s_knn_lowest", "s_knn", DATASETS), ("log_likelihood_highest", "test_ll", ("linear_jtex", "gaussian")))
    claims = []
    for name, metric, datasets in families:
        comparisons = [
            Comparison(
                said[name].about(dataset, dataset=DATASETS[dataset]),
                BETTER[metric],
                libi_against_others(evidence.metrics, metric, [dataset], SIGNS[metric]),
                published_gains(evidence.published, metric, [dataset]),
            )
            for dataset in datasets
        ]
        claims += judge_family(comparisons)
    return claims


def judge_across_datasets(said: Mapping[str, Saying], evidence: Evidence) -> list[Claim]:
    """Section 3's sentence taken at its word: better than each other method on each data set, in all three respects."""
    comparisons = [
        Comparison(
            said[name],
            BETTER[metric],
            libi_against_others(evidence.metrics, metric, DATASETS, SIGNS[metric]),
            published_gains(evidence.published, metric, DATASETS),
            note=denial(evidence.published, metric),
        )
        for name, metric in (("across_log_likelihood", "test_ll"), ("across_s_knn", "s_knn"))
    ]
    for inference, whose in ("q", "of q_ϕ (Eq. 8)"), ("p", "under p_θ"):
        moments = [f"{inference}_mean_distance", f"{inference}_covariance_distance"]
        table = evidence.posterior.assign(distance=evidence.posterior[moments].sum(axis=1, skipna=False))
        comparisons.append(
            Comparison(
                said["across_aggregated"].about(inference),
                f"another method's ‖μ‖² + ‖Σ − I‖² of the aggregated posterior {whose} less LiBI's",
                libi_against_others(table, "distance", DATASETS, -1),
            )
        )
    return judge_family(comparisons)


def judge_others(saying: Saying, evidence: Evidence) -> list[Claim]:
    """The four other methods alike on LinearJTEx: no two differ by more than the paper's sd (two one-sided tests)."""
    comparisons = []
    for metric in METRICS:
        paper = _of_paper(evidence.published, "linear_jtex", metric).loc[list(OTHERS)]
        values = {method: by_replicate(evidence.metrics, "linear_jtex", method, metric) for method in OTHERS}
        pairs = itertools.permutations(OTHERS, 2)
        comparisons.append(
            Comparison(
                saying.about(metric, metric=METRICS[metric], least=paper["mean"].min(), greatest=paper["mean"].max()),
                f"difference in {METRICS[metric]} of two of the four, either way round",
                {f"{OTHERS[first]} − {OTHERS[second]}": values[first] - values[second] for first, second in pairs},
                margin=paper["sd"].max(),
                margin_source="the largest sd that the paper prints for the four, which no difference may exceed",
            )
        )
    return judge_family(comparisons)


def judge_rounds(saying: Saying, evidence: Evidence) -> list[Claim]:
    """LiBI's best configuration with R = 6 no worse than its best with R = 1, by the score that chooses among them."""
    comparisons = []
    for dataset, title in DATASETS.items():
        several, one = (best_of_rounds(evidence.scores, dataset, rounds) for rounds in (6, 1))
        comparisons.append(
            Comparison(
                saying.about(dataset),
                "log-likelihood (of the points that choose configurations), best with R = 6 less best with R = 1, nats",
                {f"R = 6 and R = 1 on {title}": several - one},
                margin=_of_paper(evidence.published, dataset, "test_ll").loc["libi", "sd"],
                margin_source="the paper's sd of LiBI's Test-LL; reproduced if R = 6 is worse by no more",
            )
        )
    return judge_family(comparisons)


def libi_against_others(table: pd.DataFrame, column: str, datasets: Iterable[str], sign: int) -> dict[str, np.ndarray]:
    """LiBI's value less each other method's on each data set, times a sign, by name of the pair [replicates]."""
    return {
        _pair(dataset, method): sign
        * (by_replicate(table, dataset, "libi", column) - by_replicate(table, dataset, method, column))
        for dataset, method in itertools.product(datasets, OTHERS)
    }


def published_gains(published: pd.DataFrame, metric: str, datasets: Iterable[str]) -> dict[str, float]:
    """The same gains in the paper's means."""
    gains = {}
    for dataset in datasets:
        means = _of_paper(published, dataset, metric)["mean"]
        differences = (SIGNS[metric] * (means["libi"] - means)).round(2)  # the paper prints two digits
        gains |= {_pair(dataset, method): differences[method] for method in OTHERS}
    return gains


def denial(published: pd.DataFrame, metric: str) -> str:
    """Where the paper's own Table 1 has a better mean than LiBI's; empty if nowhere."""
    found = []
    for dataset, title in DATASETS.items():
        means = _of_paper(published, dataset, metric)["mean"]
        best = (SIGNS[metric] * means).idxmax()
        if means[best] != means["libi"]:
            found.append(f"{title} ({METHODS[best]} {means[best]:.2f}, LiBI {means['libi']:.2f})")
    return f"the paper's own Table 1 denies it on {' and '.join(found)}" if found else ""


def best_of_rounds(scores: pd.DataFrame, dataset: str, rounds: int) -> np.ndarray:
    """Log-likelihoods [replicates] of the LiBI configuration with R rounds whose mean over replicates is highest.

    NaN if none with R rounds has a finite value on every replicate.
    """
    rows = scores[(scores["dataset"] == dataset) & (scores["method"] == "libi")]
    table = rows.pivot(index="replicate", columns="configuration", values="log_likelihood").sort_index()
    of_rounds = [name for name in table if f"rounds={rounds}" in name.split(",") and np.isfinite(table[name]).all()]
    return table[table[of_rounds].mean().idxmax()].to_numpy() if of_rounds else np.full(len(table), np.nan)


def _pair(dataset: str, method: str) -> str:
    return f"LiBI and {OTHERS[method]} on {DATASETS[dataset]}"


def _of_paper(published: pd.DataFrame, dataset: str, metric: str) -> pd.DataFrame:
    """The paper's mean and sd of a column of Table 1, by method."""
    rows = published[(published["dataset"] == dataset) & (published["metric"] == metric)]
    return rows.set_index("method")[["mean", "sd"]]
