"""What joint MAP without constraints does to codes and likelihood of linear models (Appendix D, Eq. 31–41)."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from libi.evaluation.closed_form import divergence, loading_of, marginal_covariance
from libi.trained import TrainedModels

COLUMNS = {
    "dataset": "dataset",
    "restart": "restart",
    "codes_covariance_11": "code_variance_1",
    "codes_covariance_22": "code_variance_2",
    "mle_objective": "mle_objective",
    "validation_objective": "objective",
    "diverged": "diverged",
}


def measure_shrinkage(models: TrainedModels, records: pd.DataFrame, truth: Tensor) -> pd.DataFrame:
    """How far every restart's codes are from the prior's variance, and its p_θ(x) from p(x).

    Args:
        models: trained by joint MAP on a data set whose f_θ is linear.
        records: their records, one row a model.
        truth: θ_GT packed [1, parameters].

    Returns:
        one row a restart: dataset, restart, code_variance_1 and code_variance_2 (of the training points' codes,
        divisor N; 1 under the prior), mle_objective (KL[p(x) ‖ p_θ(x)] over all of p(x), nats), objective (Eq. 31 on
        the validation points, at the snapshot that is kept; nats) and diverged.

    Raises:
        ValueError: if the data set's f_θ is not linear.
    """
    dataset = models.dataset
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    data_covariance = marginal_covariance(loading_of(dataset, truth), noise)

    def misfit(configuration: str, restart: int) -> float:
        theta = models.model(configuration, restart).generative
        return float(divergence(data_covariance, marginal_covariance(loading_of(dataset, theta), noise)))

    keys = zip(records["configuration"], records["restart"], strict=True)
    return records.assign(mle_objective=[misfit(*key) for key in keys]).rename(columns=COLUMNS)[[*COLUMNS.values()]]
