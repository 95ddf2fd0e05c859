"""The log-likelihood by which configurations are compared."""

from __future__ import annotations

import logging

import pandas as pd
from torch import Tensor

from libi.evaluation.metrics import log_likelihood
from libi.selection import choose_restarts
from libi.study.models import EvaluationJob
from libi.trained import TrainedModels

log = logging.getLogger(__name__)


def score_configurations(
    models: TrainedModels, records: pd.DataFrame, x: Tensor, split: str, job: EvaluationJob
) -> pd.DataFrame:
    """Score every configuration of a training file by its chosen restart.

    Args:
        models: the trained models.
        records: their records, one row a model.
        x: points [observed, points] of the split that configurations are compared on.
        split: the split's name.
        job: the evaluation's settings.

    Returns:
        one row a configuration: dataset, method, replicate, configuration, restart, validation_objective, split,
        log_likelihood (mean over points, nats; missing where no restart could be chosen), effective_sample_size
        (median).
    """
    keys = {key: records[key].iloc[0] for key in ("dataset", "method", "replicate")}
    chosen = choose_restarts(records)
    rows = []
    for row in chosen.itertuples(index=False):
        score = dict.fromkeys(("log_likelihood", "effective_sample_size"), float("nan"))
        if pd.isna(row.restart):
            log.warning("%s: every restart diverged, so it cannot be chosen", row.configuration)
        else:
            model = models.model(row.configuration, int(row.restart))
            estimate = log_likelihood(model, x, job, *keys.values(), row.configuration, split)
            score["log_likelihood"] = float(estimate.log_likelihood.mean())
            score["effective_sample_size"] = float(estimate.effective_sample_size.median())
        rows.append({**keys, **row._asdict(), "split": split, **score})
    return pd.DataFrame(rows)
