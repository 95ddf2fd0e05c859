"""By how much a method is ahead of another, in our study and in the paper's Table 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

import numpy as np
import pandas as pd
from jaxtyping import Float

from libi.judging.claims import PublishedClaim
from libi.judging.comparisons import Comparison
from libi.judging.replicates import by_replicate
from libi.metrics import METRICS
from libi.models.metric import HIGHER
from libi.paper.vocabulary import EXACT, OTHERS, PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS

Gains = Float[np.ndarray, " replicates"]
SIGNS = {name: 1 if METRICS.literal(name, "BETTER", HIGHER) == HIGHER else -1 for name in PAPERS_METRICS}
COLUMNS = {"test_ll": EXACT, "s_knn": "s_knn"}  # the likelihood itself, not what Eq. 48 makes of it
UNITS = {"test_ll": "exact test log-likelihood, nats", "s_knn": "smooth k-NN statistic"}
BETTER = {
    "test_ll": "LiBI's exact test log-likelihood minus another method's, nats",
    "s_knn": "another method's smooth k-NN statistic minus LiBI's",
}
HALF_THE_LEAD = (
    "ours, half the lead over the second best of the data set that the paper publishes; 0 where it publishes none"
)


def lead(
    stated: PublishedClaim,
    measure: str,
    gains: Mapping[str, Gains],
    leads: Mapping[str, float],
    note: str = "",
) -> Comparison:
    """A claim that something is ahead, contradicted by less than half of the published lead over the second best."""
    least: dict[str, float] = {}
    for name, gain in leads.items():
        least[_place(name)] = min(gain, least.get(_place(name), inf))
    margins = {name: max(0.0, least[_place(name)] / 2) for name in leads}
    return Comparison(stated, measure, gains, margins, HALF_THE_LEAD, published=leads, note=note)


def against(table: pd.DataFrame, metric: str, dataset: str, method: str, others: Iterable[str]) -> dict[str, Gains]:
    """A method's lead over each other one on a data set, by name of the pair [replicates]."""
    column, sign = COLUMNS[metric], SIGNS[metric]
    own = by_replicate(table, dataset, method, column)
    return {
        pair(dataset, other, method): sign * (own - by_replicate(table, dataset, other, column))
        for other in others
        if other != method
    }


def libi_against_others(table: pd.DataFrame, metric: str, datasets: Iterable[str]) -> dict[str, Gains]:
    """LiBI's lead over each other method on each data set, by name of the pair [replicates]."""
    leads: dict[str, Gains] = {}
    for dataset in datasets:
        leads |= against(table, metric, dataset, "libi", OTHERS)
    return leads


def published_gains(published: pd.DataFrame, metric: str, datasets: Iterable[str]) -> dict[str, float]:
    """The same leads in the paper's means."""
    leads = ((dataset, published_leads(published, metric, dataset, "libi")) for dataset in datasets)
    return {pair(dataset, other): gain for dataset, gains in leads for other, gain in gains.items()}


def published_leads(published: pd.DataFrame, metric: str, dataset: str, method: str) -> dict[str, float]:
    """A method's lead over each other one on a data set in the paper's means, by the other's name."""
    means = of_paper(published, dataset, metric)["mean"]
    leads = (SIGNS[metric] * (means[method] - means)).round(2)  # the paper prints two digits
    return leads.drop(method).to_dict()


def denial(published: pd.DataFrame, metric: str) -> str:
    """Where the paper's own Table 1 has a better mean than LiBI's; empty if nowhere."""
    found = []
    for dataset, title in PAPERS_DATASETS.items():
        means = of_paper(published, dataset, metric)["mean"]
        best = (SIGNS[metric] * means).idxmax()
        if means[best] != means["libi"]:
            found.append(f"{title} ({PAPERS_METHODS[best]} {means[best]:.2f}, LiBI {means['libi']:.2f})")
    return f"the paper's own Table 1 denies it on {' and '.join(found)}" if found else ""


def _place(pair: str) -> str:
    """The data set of a pair, by its name."""
    return pair.rpartition(" on ")[2]


def pair(dataset: str, other: str, method: str = "libi") -> str:
    """Name of the comparison of two methods on a data set."""
    return f"{PAPERS_METHODS[method]} and {PAPERS_METHODS[other]} on {PAPERS_DATASETS[dataset]}"


def of_paper(published: pd.DataFrame, dataset: str, metric: str) -> pd.DataFrame:
    """The paper's mean and sd of a column of Table 1, by method."""
    rows = published[(published["dataset"] == dataset) & (published["metric"] == metric)]
    return rows.set_index("method")[["mean", "sd"]]
