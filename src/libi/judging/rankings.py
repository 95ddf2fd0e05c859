"""Who is best: LiBI against the other methods in Table 1's metrics, the others among themselves, R = 6 against 1."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from math import inf

import numpy as np
import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.evidence import Evidence, by_replicate
from libi.judging.intervals import of_mean
from libi.paper.vocabulary import DATASETS, METHODS, METRICS, NOT_DECIDABLE, NOT_TESTABLE, OTHERS

SIGNS = {"test_ll": 1, "s_knn": -1}  # larger is better, smaller is better
COLUMNS = {"test_ll": "test_ll_exact", "s_knn": "s_knn"}  # the likelihood itself, not what Eq. 48 makes of it
UNITS = {"test_ll": "exact test log-likelihood, nats", "s_knn": "smooth k-NN statistic"}
BETTER = {
    "test_ll": "LiBI's exact test log-likelihood less another method's, nats",
    "s_knn": "another method's smooth k-NN statistic less LiBI's",
}
HALF_THE_LEAD = (
    "ours, half the lead over the second best of the data set that the paper publishes; 0 where it publishes none"
)
NEGLIGIBLE = 0.05  # nats


def judge_metrics(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """LiBI's S-kNN lowest on every data set, its log-likelihood highest on two, and β-VAE's on Mobius."""
    families = (("s_knn_lowest", "s_knn", DATASETS), ("log_likelihood_highest", "test_ll", ("linear_jtex", "gaussian")))
    claims = []
    for name, metric, datasets in families:
        comparisons = [
            lead(
                said[name].about(dataset, dataset=DATASETS[dataset]),
                BETTER[metric],
                libi_against_others(evidence.metrics, metric, [dataset]),
                published_gains(evidence.published, metric, [dataset]),
            )
            for dataset in datasets
        ]
        claims += judge_family(comparisons)
    best = lead(
        said["beta_vae_best"],
        "β-VAE's exact test log-likelihood less another method's, nats",
        against(evidence.metrics, "test_ll", "mobius", "beta_vae", METHODS),
        {
            _pair("mobius", method, "beta_vae"): gain
            for method, gain in _published_leads(evidence.published, "test_ll", "mobius", "beta_vae").items()
        },
    )
    return claims + judge_family([best])


def lead(
    stated: PublishedClaim,
    measure: str,
    gains: Mapping[str, np.ndarray],
    leads: Mapping[str, float],
    note: str = "",
) -> Comparison:
    """A claim that something is ahead, contradicted by less than half of the published lead over the second best."""
    least: dict[str, float] = {}
    for name, gain in leads.items():
        least[_place(name)] = min(gain, least.get(_place(name), inf))
    margins = {name: max(0.0, least[_place(name)] / 2) for name in leads}
    return Comparison(stated, measure, gains, margins, HALF_THE_LEAD, published=leads, note=note)


def judge_across_datasets(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """Section 3's sentence taken at its word: better than each other method on each data set, in all three respects."""
    comparisons = [
        lead(
            said[name],
            BETTER[metric],
            libi_against_others(evidence.metrics, metric, DATASETS),
            published_gains(evidence.published, metric, DATASETS),
            denial(evidence.published, metric),
        )
        for name, metric in (("across_log_likelihood", "test_ll"), ("across_s_knn", "s_knn"))
    ]
    for inference, whose in ("q", "of q_ϕ (Eq. 8)"), ("p", "under p_θ"):
        moments = [f"{inference}_mean_distance", f"{inference}_covariance_distance"]
        table = evidence.posterior.assign(distance=evidence.posterior[moments].sum(axis=1, skipna=False))
        gains = {
            _pair(dataset, method): by_replicate(table, dataset, method, "distance")
            - by_replicate(table, dataset, "libi", "distance")
            for dataset, method in itertools.product(DATASETS, OTHERS)
        }
        measure = f"another method's ‖μ‖² + ‖Σ − I‖² of the aggregated posterior {whose} less LiBI's"
        comparisons.append(Comparison(said["across_aggregated"].about(inference), measure, gains))
    return judge_family(comparisons)


def judge_others(stated: PublishedClaim, evidence: Evidence) -> list[Claim]:
    """The four other methods alike on LinearJTEx: no two differ by more than the paper's sd (two one-sided tests)."""
    comparisons = []
    for metric in METRICS:
        paper = _of_paper(evidence.published, "linear_jtex", metric).loc[list(OTHERS)]
        values = {method: by_replicate(evidence.metrics, "linear_jtex", method, COLUMNS[metric]) for method in OTHERS}
        pairs = {f"{OTHERS[one]} − {OTHERS[two]}": (one, two) for one, two in itertools.combinations(OTHERS, 2)}
        comparisons.append(
            Comparison(
                stated.about(metric, metric=METRICS[metric], least=paper["mean"].min(), greatest=paper["mean"].max()),
                f"difference of two of the four, {UNITS[metric]}",
                {name: values[one] - values[two] for name, (one, two) in pairs.items()},
                dict.fromkeys(pairs, float(paper["sd"].max())),
                "the largest sd that the paper prints for the four",
                alike=True,
            )
        )
    return judge_family(comparisons)


def judge_alike_on_mobius(stated: PublishedClaim, evidence: Evidence) -> list[Claim]:
    """All five methods within 0.04 nats of each other on Mobius, by the published means: a tie, by equivalence."""
    values = {method: by_replicate(evidence.metrics, "mobius", method, COLUMNS["test_ll"]) for method in METHODS}
    pairs = {f"{METHODS[one]} − {METHODS[two]}": (one, two) for one, two in itertools.combinations(METHODS, 2)}
    comparison = Comparison(
        stated,
        f"difference of two methods, {UNITS['test_ll']}",
        {name: values[one] - values[two] for name, (one, two) in pairs.items()},
        dict.fromkeys(pairs, NEGLIGIBLE),
        f"ours, {NEGLIGIBLE} nats, the least sd that the paper prints there",
        alike=True,
    )
    return judge_family([comparison])


def judge_rounds(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """LiBI's best configuration with R = 6 better than its best with R = 1, and by few of the six rounds."""
    comparisons = []
    for dataset, title in DATASETS.items():
        several, one = (best_of_rounds(evidence.scores, dataset, rounds) for rounds in (6, 1))
        comparisons.append(
            Comparison(
                said["rounds_improve"].about(dataset),
                "log-likelihood (of the points that choose configurations), best with R = 6 less best with R = 1, nats",
                {f"R = 6 and R = 1 on {title}": several - one},
            )
        )
    return [*judge_family(comparisons), *(judge_few_rounds(said["few_rounds"], evidence, name) for name in DATASETS)]


def judge_few_rounds(stated: PublishedClaim, evidence: Evidence, dataset: str) -> Claim:
    """In which of its six rounds LiBI finds the θ that it keeps, averaged over the chosen restarts of R = 6."""
    rows = evidence.restarts[evidence.restarts["dataset"] == dataset] if len(evidence.restarts) else evidence.restarts
    rounds = rows[rows["rounds"] == 6] if len(rows) else pd.DataFrame(columns=["replicate", "best_round"])
    interval = of_mean(rounds.groupby("replicate")["best_round"].mean().to_numpy(dtype=float))
    lacking = f"lacking: two replicates of LiBI with R = 6 on {DATASETS[dataset]}" if np.isnan(interval.low) else ""
    return stated.about(dataset).judged(
        NOT_DECIDABLE if lacking else NOT_TESTABLE,
        interval,
        measure="round of six that found the θ that is kept, mean over the chosen restarts of all configurations; "
        "± half of the interval",
        uncertainty=interval.high - interval.centre,
        test="none: “very small” is no number, and the paper's grid has R = 1 and R = 6 only, with the same epochs "
        "in all",
        note=lacking or "near 6 training has not converged; it does not follow that more rounds are needed",
    )


def against(
    table: pd.DataFrame, metric: str, dataset: str, method: str, others: Iterable[str]
) -> dict[str, np.ndarray]:
    """A method's lead over each other one on a data set, by name of the pair [replicates]."""
    column, sign = COLUMNS[metric], SIGNS[metric]
    own = by_replicate(table, dataset, method, column)
    return {
        _pair(dataset, other, method): sign * (own - by_replicate(table, dataset, other, column))
        for other in others
        if other != method
    }


def libi_against_others(table: pd.DataFrame, metric: str, datasets: Iterable[str]) -> dict[str, np.ndarray]:
    """LiBI's lead over each other method on each data set, by name of the pair [replicates]."""
    leads: dict[str, np.ndarray] = {}
    for dataset in datasets:
        leads |= against(table, metric, dataset, "libi", OTHERS)
    return leads


def published_gains(published: pd.DataFrame, metric: str, datasets: Iterable[str]) -> dict[str, float]:
    """The same leads in the paper's means."""
    leads = ((dataset, _published_leads(published, metric, dataset, "libi")) for dataset in datasets)
    return {_pair(dataset, other): gain for dataset, gains in leads for other, gain in gains.items()}


def _published_leads(published: pd.DataFrame, metric: str, dataset: str, method: str) -> dict[str, float]:
    means = _of_paper(published, dataset, metric)["mean"]
    leads = (SIGNS[metric] * (means[method] - means)).round(2)  # the paper prints two digits
    return leads.drop(method).to_dict()


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


def _place(pair: str) -> str:
    """The data set of a pair, by its name."""
    return pair.rpartition(" on ")[2]


def _pair(dataset: str, other: str, method: str = "libi") -> str:
    return f"{METHODS[method]} and {METHODS[other]} on {DATASETS[dataset]}"


def _of_paper(published: pd.DataFrame, dataset: str, metric: str) -> pd.DataFrame:
    """The paper's mean and sd of a column of Table 1, by method."""
    rows = published[(published["dataset"] == dataset) & (published["metric"] == metric)]
    return rows.set_index("method")[["mean", "sd"]]
