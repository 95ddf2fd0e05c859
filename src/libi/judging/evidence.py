"""The files that a study's claims are judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float


@dataclass(frozen=True)
class Evidence:
    """What a study has found, and the paper's Table 1.

    Attributes:
        table1: `results/table1.csv`.
        metrics: one row a data set, method and replicate: test_ll, s_knn, share_below_100, ...
        scores: one row a data set, method, replicate and configuration: log_likelihood on the split that configurations
            are compared on.
        posterior: one row a data set, method and replicate: `results/posterior/*/*_summary.csv`.
        gaps: one row a data set, method and replicate: `results/gaps.csv`.
        restarts: one row a data set, configuration and replicate of LiBI: `results/restarts.csv`; empty without LiBI.
        information: Figure 1A and B, one row a B: `libi.evaluation.pedagogical.information_table`.
        edge: the paper's own B, and the way to the end of its domain: `libi.evaluation.pedagogical.edge_table`.
        optima: the truth and the β-VAE's optima on LinearJTEx, over the whole population.
        collapse: Case 2: theta, mle_objective, posterior_matching, mutual_information.
        scaling: what shrinking the codes does: `libi.evaluation.shrinkage.scaling_table`.
        joint_map: one row a data set and restart; empty if the study has neither data set.
        published: the paper's Table 1: dataset, method, metric, mean, sd.
        training_points: points of each replicate that the posteriors are of.
    """

    table1: pd.DataFrame
    metrics: pd.DataFrame
    scores: pd.DataFrame
    posterior: pd.DataFrame
    gaps: pd.DataFrame
    restarts: pd.DataFrame
    information: pd.DataFrame
    edge: pd.DataFrame
    optima: pd.DataFrame
    collapse: pd.DataFrame
    scaling: pd.DataFrame
    joint_map: pd.DataFrame
    published: pd.DataFrame
    training_points: int


def by_replicate(table: pd.DataFrame, dataset: str, method: str, column: str) -> Float[np.ndarray, " replicates"]:
    """A method's values on all of a data set's replicates, in their order [replicates].

    NaN where the method has no finite value; empty if the study has not the data set.
    """
    rows = table[table["dataset"] == dataset]
    values = rows[rows["method"] == method].set_index("replicate")[column].astype(float)
    found = values.reindex(sorted(rows["replicate"].unique())).to_numpy()
    return np.where(np.isfinite(found), found, np.nan)


def mean_and_sd(values: Float[np.ndarray, " replicates"]) -> tuple[float, float]:
    """Mean and standard deviation (divisor n − 1) of [replicates]; NaN for what is not there, or not of all."""
    mean = values.mean() if values.size else np.nan
    return float(mean), float(values.std(ddof=1)) if values.size > 1 else np.nan


def less(table: pd.DataFrame, dataset: str, first: str, second: str, column: str) -> Float[np.ndarray, " replicates"]:
    """A method's value less another's [replicates]."""
    return by_replicate(table, dataset, first, column) - by_replicate(table, dataset, second, column)


def few_draws(posterior: pd.DataFrame, dataset: str, methods: list[str]) -> str:
    """How many points' Monte-Carlo posteriors rest on fewer than 100 effective draws; empty if none."""
    rows = posterior[(posterior["dataset"] == dataset) & posterior["method"].isin(methods)]
    worst = rows["points_below_100"].max()
    return f"up to {worst:.0f} points a replicate rest on fewer than 100 effective draws" if worst > 0 else ""
