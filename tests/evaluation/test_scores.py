"""Scores of configurations: by the exact log-likelihood scipy's normal density, by Eq. 48 an estimate of the same."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import multivariate_normal

from libi.datasets import DATASETS
from libi.evaluation.scores import score_configurations
from libi.models.trained import TrainedModels, metadata_of
from libi.runtime.storage import save_tensors
from libi.study.jobs import ScoringJob

GAUSSIAN = DATASETS["gaussian"]
SETTINGS = {
    "seed": 0,
    "restart_split": "validation",
    "importance": {"importance_samples": 2000, "variance_inflation": 2.0},
}
RECORDS = pd.DataFrame(
    {
        "dataset": "gaussian",
        "method": "vae",
        "replicate": 0,
        "configuration": ["a", "a", "b", "b"],
        "restart": [0, 1, 0, 1],
        "validation_objective": [2.0, 1.0, np.nan, np.nan],
        "diverged": [False, False, True, True],
    }
)


@pytest.fixture
def models(tmp_path):
    """Two restarts of two configurations whose q is the exact posterior's mean with a standard deviation of 0.001."""
    stream = torch.Generator().manual_seed(0)
    theta = GAUSSIAN.generative.draw(stream).expand(4, -1) * torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    phi = []
    for row in theta:
        loading = GAUSSIAN.generative.unpack(row[None])["A"][0].T  # W = Aᵀ
        named = {
            "mean.weight": torch.linalg.pinv(loading)[None],
            "mean.bias": torch.zeros(1, 2),
            "log_variance.weight": torch.zeros(1, 2, 4),
            "log_variance.bias": torch.full((1, 2), 2 * np.log(1e-3)),
        }
        phi.append(GAUSSIAN.inference.layout.pack(named)[0])
    names = ["a", "a", "b", "b"]
    path = tmp_path / "0.safetensors"
    tensors = {"generative": theta.contiguous(), "inference": torch.stack(phi).float()}
    save_tensors(path, tensors, metadata_of("gaussian", "vae", [0] * 4, names, [0, 1, 0, 1]))
    return TrainedModels(path)


def expected(models, x):
    loading = models.model("a", 1).means(torch.eye(2, dtype=torch.float64)).numpy()
    noise = np.diag(GAUSSIAN.noise_variance)
    return multivariate_normal(cov=loading @ loading.T + noise).logpdf(x.T.numpy()).mean()


@pytest.mark.parametrize(("likelihood", "allowed"), [("exact", 1e-6), ("importance", 0.1)])
def test_the_better_restart_scores_a_configuration(models, likelihood, allowed):
    codes = torch.randn(2, 100, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    noise = torch.randn(4, 100, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x = models.model("a", 1).means(codes) + 1e-3 * noise
    job = ScoringJob.model_validate(SETTINGS | {"likelihood": likelihood})
    table = score_configurations(models, RECORDS, x, "validation", job).set_index("configuration")
    assert table.loc["a", "restart"] == 1
    assert table.loc["a", "log_likelihood"] == pytest.approx(expected(models, x), abs=allowed)
    assert np.isnan(table.loc["a", "effective_sample_size"]) == (likelihood == "exact")
    assert np.isnan(table.loc["a", "largest_error"]) == (likelihood != "exact")
    assert np.isnan(table.loc["b", "log_likelihood"])  # all its restarts diverged
    assert set(table["likelihood"]) == {likelihood}
