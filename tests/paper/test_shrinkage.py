"""What joint MAP costs in likelihood, for models whose θ is known."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.models.trained import TrainedModels, metadata_of
from libi.paper.examples.shrinkage import LINEAR as shown
from libi.paper.examples.shrinkage import measure_shrinkage, scaling_table
from libi.paper.vocabulary import LINEAR, PAPERS_DATASETS
from libi.runtime.storage import save_tensors

SCALES = (1.0, 1.5, 10.0)


def trained(folder, name, generative):
    """A training file of joint MAP with given θ [models, parameters], and its records."""
    restarts = list(range(len(generative)))
    path = folder / "0.safetensors"
    about = metadata_of(name, "joint_map", [0] * len(restarts), ["default"] * len(restarts), restarts)
    save_tensors(path, {"generative": generative}, about)
    records = pd.DataFrame({"dataset": name, "configuration": "default", "restart": restarts, "diverged": False})
    for column in ("codes_covariance_11", "codes_covariance_22", "validation_objective"):
        records[column] = np.random.default_rng(len(column)).random(len(restarts))
    return TrainedModels(path), records.sample(frac=1, random_state=0)


def test_the_objective_of_a_scaled_truth_is_torchs_divergence(tmp_path):
    """θ scaled by c, as codes shrunk by c want it (Eq. 34–35), generates other data than p(x) (Eq. 41)."""
    dataset = DATASETS["gaussian"]
    truth = dataset.generative.pack(dataset.ground_truth()[0])
    models, records = trained(tmp_path, "gaussian", torch.cat([scale * truth for scale in SCALES]))
    table = measure_shrinkage(models, records, truth)

    def marginal(scale):
        a = scale * truth.reshape(2, 4).double()
        return MultivariateNormal(torch.zeros(4).double(), a.T @ a + 1e-6 * torch.eye(4).double())

    expected = [kl_divergence(marginal(1.0), marginal(SCALES[restart])).item() for restart in table["restart"]]
    assert table["mle_objective"].tolist() == pytest.approx(expected, abs=1e-6)
    assert max(expected) > 2 and min(expected) == pytest.approx(0, abs=1e-9)


def test_a_restarts_record_stays_with_it(tmp_path):
    dataset = DATASETS["linear_jtex"]
    truth = dataset.generative.pack(dataset.ground_truth()[0])
    models, records = trained(tmp_path, "linear_jtex", torch.cat([truth, 2 * truth]))
    table = measure_shrinkage(models, records, truth)
    columns = "dataset restart code_variance_1 code_variance_2 mle_objective objective diverged".split()
    assert list(table.columns) == columns
    known = records.set_index("restart").loc[table["restart"]]
    assert table["code_variance_1"].tolist() == known["codes_covariance_11"].tolist()
    assert table["code_variance_2"].tolist() == known["codes_covariance_22"].tolist()
    assert table["objective"].tolist() == known["validation_objective"].tolist()
    assert table.set_index("restart")["mle_objective"][0] == pytest.approx(0, abs=1e-9)


def test_a_data_set_without_closed_forms_is_refused(tmp_path):
    dataset = DATASETS["cubic_jtex"]
    truth = dataset.generative.pack(dataset.ground_truth()[0])
    with pytest.raises(ValueError, match="cubic_jtex: f_θ is not linear"):
        measure_shrinkage(*trained(tmp_path, "cubic_jtex", truth), truth)


def test_scaling_the_codes_by_hand():
    """Gaussian at c = ½: the prior saves ½ · 2 · (1 − ¼) nats, the reconstruction nothing, and W becomes 2 W."""
    table = scaling_table().set_index(["dataset", "scale"])
    row = table.loc["gaussian", 0.5]
    assert row["objective_change"] == pytest.approx(-0.75)
    assert row["reconstruction_change"] == 0
    a = np.array([[-0.7074, 0.0995, 0.0286, 0.1240], [0.7074, 0.9948, -0.9995, 0.9920]])
    covariances = [torch.tensor(factor * a.T @ a + 1e-6 * np.eye(4)) for factor in (1.0, 4.0)]
    first, second = (MultivariateNormal(torch.zeros(4).double(), covariance) for covariance in covariances)
    assert row["mle_objective"] == pytest.approx(kl_divergence(first, second).item(), rel=1e-3)
    assert (table.xs(1.0, level="scale").abs() < 1e-9).all(axis=None)
    assert set(table.index.get_level_values("dataset")) == {"linear_jtex", "gaussian"}


def test_the_data_sets_that_are_called_linear_are():
    """In the paper's words, and where joint MAP is shown."""
    linear = tuple(name for name in PAPERS_DATASETS if DATASETS[name].linear)
    assert tuple(LINEAR) == METHODS["joint_map"].shown_on == tuple(dataset.name for dataset in shown) == linear
