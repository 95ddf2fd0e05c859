"""How often LiBI's restarts fail, configuration by configuration."""

from __future__ import annotations

import pandas as pd

FAILED = 20.0  # nats of Eq. 44 above the best that was found for its configuration: a failed restart of LiBI


def summarise_restarts(records: pd.DataFrame) -> pd.DataFrame:
    """Compare the restarts of each configuration with the best that was found for it on any replicate.

    Args:
        records: one row a model of LiBI: dataset, replicate, configuration, restart, validation_objective (Eq. 44 on
            the validation points; smaller is better), best_round, diverged.

    Returns:
        one row a data set, configuration and replicate: dataset, configuration, rounds (R), replicate, restarts, failed
        (restarts that diverged or end more than 20 nats above the best found for the configuration on any replicate),
        best_objective, excess (of the best restart over the best found on any replicate), best_round (that of the best
        restart).
    """
    records = records.assign(
        objective=records["validation_objective"].where(~records["diverged"].astype(bool)),
        rounds=records["configuration"].str.extract(r"rounds=(\d+)", expand=False).astype(int),
    )
    reached = records.groupby(["dataset", "configuration"])["objective"].transform("min")
    records["failed"] = ~(records["objective"] <= reached + FAILED)
    keys = ["dataset", "configuration", "rounds", "replicate"]
    groups = records.sort_values("objective", kind="stable").groupby(keys)  # missing ones last
    table = groups.agg(
        restarts=("restart", "size"),
        failed=("failed", "sum"),
        best_objective=("objective", "min"),
        best_round=("best_round", "first"),
    )
    table = table.reindex(pd.MultiIndex.from_frame(records[keys].drop_duplicates())).reset_index()  # in their order
    best = table["best_objective"]
    table["excess"] = best - best.groupby([table["dataset"], table["configuration"]]).transform("min")
    table["best_round"] = table["best_round"].where(best.notna())
    return table
