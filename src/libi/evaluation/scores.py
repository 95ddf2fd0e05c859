"""The log-likelihood by which configurations are compared."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from libi.evaluation.choices import trained_replicates
from libi.metrics.test_ll import ImportanceSettings, estimate
from libi.models.selection import choose_restarts
from libi.models.trained import TrainedModel, TrainedModels
from libi.posterior.marginal import TOLERANCE, marginal_log_likelihood
from libi.study.jobs import ScoringJob

log = logging.getLogger(__name__)
OBJECTIVES = {"validation": "validation_objective", "train": "training_objective"}  # by the split of a restart
SCORE = ("log_likelihood", "largest_error", "effective_sample_size")


def score_replicates(
    paths: Sequence[str | Path],
    records: pd.DataFrame,
    points: Mapping[int, tuple[Mapping[str, Tensor], Mapping[str, str]]],
    job: ScoringJob,
) -> pd.DataFrame:
    """Score every configuration of a method on every replicate, see `score_configurations`.

    Args:
        paths: the training files of the method on a data set.
        records: their records, one row a model.
        points: by replicate, the points that configurations are compared on: tensors (x) and metadata (split).
        job: the settings.
    """
    tables = []
    for models in trained_replicates(paths):
        tensors, about = points[models.replicate]
        own = records[records["replicate"] == models.replicate]
        tables.append(score_configurations(models, own, tensors["x"], about["split"], job))
    return pd.concat(tables, ignore_index=True)


def score_configurations(
    models: TrainedModels, records: pd.DataFrame, x: Float[Tensor, "observed points"], split: str, job: ScoringJob
) -> pd.DataFrame:
    """Score every configuration of a method on one replicate by its chosen restart.

    Args:
        models: the trained models.
        records: their records, one row a model.
        x: points [observed, points] of the split that configurations are compared on.
        split: the split's name.
        job: the settings; its `likelihood` says how the log-likelihood is computed.

    Returns:
        one row a configuration: dataset, method, replicate, configuration, restart, validation_objective, split,
        likelihood (exact or importance), log_likelihood (mean over points, nats; missing where no restart could be
        chosen), largest_error (of a point's exact log-likelihood; else missing), effective_sample_size (median, of the
        importance-sampled one; else missing).
    """
    keys = {key: records[key].iloc[0] for key in ("dataset", "method", "replicate")}
    rows = []
    for row in choose_restarts(records, OBJECTIVES[job.restart_split]).itertuples(index=False):
        score = dict.fromkeys(SCORE, float("nan"))
        if pd.isna(row.restart):
            log.warning("%s: every restart diverged, so it cannot be chosen", row.configuration)
        else:
            model = models.model(row.configuration, int(row.restart))
            score |= _score(model, x, job, *keys.values(), row.configuration, split)
            if score["largest_error"] > TOLERANCE:
                log.warning("%s: a point's log-likelihood errs by %.2g nats", row.configuration, score["largest_error"])
        rows.append({**keys, **row._asdict(), "split": split, "likelihood": job.likelihood, **score})
    return pd.DataFrame(rows)


def _score(model: TrainedModel, x: Tensor, job: ScoringJob, *labels: object) -> dict[str, float]:
    if job.likelihood == "exact":
        exact = marginal_log_likelihood(model.dataset, model.generative, x)
        return {"log_likelihood": float(exact.log_likelihood.mean()), "largest_error": float(exact.error.max())}
    found = estimate(model, x, ImportanceSettings.model_validate(job.importance), job.seed, *labels)
    size = float(found.effective_sample_size.median())
    return {"log_likelihood": float(found.log_likelihood.mean()), "effective_sample_size": size}
