"""Which model stands for a method: restart by its own validation objective, then configuration by log-likelihood."""

from __future__ import annotations

import pandas as pd


def choose_restarts(records: pd.DataFrame, column: str = "validation_objective") -> pd.DataFrame:
    """For every configuration the restart whose own objective is best, usually on the validation set.

    Args:
        records: one row a model: configuration, restart, validation_objective and training_objective (smaller is
            better), diverged.
        column: the objective that decides.

    Returns:
        one row a configuration, in the order of the records: configuration, restart, validation_objective. Restart is
        missing where every restart has diverged or has no finite objective.
    """
    fit = records[column].where(~records["diverged"].astype(bool))
    rows = []
    for name, group in fit.groupby(records["configuration"], sort=False):
        if group.notna().any():
            best = group.idxmin()
            rows.append((name, records.loc[best, "restart"], records.loc[best, "validation_objective"]))
        else:
            rows.append((name, pd.NA, pd.NA))
    table = pd.DataFrame(rows, columns=["configuration", "restart", "validation_objective"])
    return table.astype({"restart": "Int64", "validation_objective": "Float64"})


def choose_configurations(scores: pd.DataFrame) -> pd.DataFrame:
    """For every method the configuration with the highest log-likelihood averaged over replicates.

    Args:
        scores: one row a replicate and configuration of a data set: dataset, method, replicate, configuration, split,
            log_likelihood (missing where no restart could be chosen).

    Returns:
        one row a configuration: dataset, method, configuration, split, log_likelihood_mean, log_likelihood_sd
        (divisor replicates − 1), replicates, chosen. A configuration without a log-likelihood on some replicate has
        no mean and cannot be chosen; of equal ones the first is. A method may be left without a choice.
    """
    keys = ["dataset", "method", "configuration", "split"]
    values = scores.groupby(keys, sort=False)["log_likelihood"]
    table = values.agg(
        log_likelihood_mean=lambda column: column.mean(skipna=False),
        log_likelihood_sd=lambda column: column.std(ddof=1, skipna=False),
        replicates="size",
    ).reset_index()
    means = table["log_likelihood_mean"].dropna()
    best = means.groupby(table["method"], sort=False).idxmax()
    table["chosen"] = table.index.isin(best)
    return table


def chosen_configurations(selection: pd.DataFrame) -> dict[str, str]:
    """Method to the name of the configuration that `choose_configurations` chose; no entry where there was none."""
    chosen = selection[selection["chosen"].astype(bool)]
    return dict(zip(chosen["method"], chosen["configuration"], strict=True))
