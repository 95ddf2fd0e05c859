"""What joint MAP without constraints does to codes and likelihood of linear models (Appendix D, Eq. 31–41)."""

from __future__ import annotations

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from libi.datasets import gaussian, linear_jtex
from libi.models.trained import TrainedModels
from libi.posterior.closed_form import divergence, loading_of, marginal_covariance

COLUMNS = {
    "dataset": "dataset",
    "restart": "restart",
    "codes_covariance_11": "code_variance_1",
    "codes_covariance_22": "code_variance_2",
    "mle_objective": "mle_objective",
    "validation_objective": "objective",
    "diverged": "diverged",
}


LINEAR = (linear_jtex.DATASET, gaussian.DATASET)
SCALES = (1.0, 0.9, 0.5, 0.2, 0.1)


def scaling_table() -> pd.DataFrame:
    """What scaling the true codes by c, and W by 1/c, does to Eq. 31 on the data sets with a linear f_θ (Eq. 34–41).

    Returns:
        one row a data set and c: dataset, scale, reconstruction_change (of E[−log p_θ(x|z)]), objective_change (of
        E[−log p_θ(x|z) − log N(z|0, I)]), both less their values at c = 1, and mle_objective
        (KL[p(x) ‖ p_θ(x)]), in nats.
    """
    rows = []
    for dataset in LINEAR:
        noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
        loading = loading_of(dataset, dataset.true_parameters())
        data_covariance = marginal_covariance(loading, noise)
        for scale in SCALES:
            scaled = loading / scale
            misfit = loading - scaled * scale  # of x − ε, by the scaled codes
            reconstruction = 0.5 * float((misfit.square() / noise[:, None]).sum())
            prior = 0.5 * loading.shape[1] * (scale**2 - 1)
            rows.append(
                {
                    "dataset": dataset.name,
                    "scale": scale,
                    "reconstruction_change": reconstruction,
                    "objective_change": reconstruction + prior,
                    "mle_objective": float(divergence(data_covariance, marginal_covariance(scaled, noise))),
                }
            )
    return pd.DataFrame(rows)


def measure_shrinkage(
    models: TrainedModels, records: pd.DataFrame, truth: Float[Tensor, "1 parameters"]
) -> pd.DataFrame:
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
