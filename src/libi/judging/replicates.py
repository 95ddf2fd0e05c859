"""What tables say of a method, replicate by replicate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float


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
