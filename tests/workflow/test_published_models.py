"""The published files hold the models of Table 1 and nothing else."""

import numpy as np
import pandas as pd
import pytest
from published_models import publish_models
from scipy.stats import multivariate_normal

import libi
from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.runtime.seeding import stream
from libi.study.study import Study

from .conftest import REPOSITORY, TINY

REFERENCE = REPOSITORY / "paper/reference"


@pytest.mark.parametrize("method", ["vae", "libi", "truth"])
def test_a_published_model_is_the_one_that_table_1_shows(tiny_run, tmp_path, method):
    written = publish_models(tiny_run.root, "/tiny", Study.model_validate(TINY), tmp_path)
    assert len(written) == 3 and sum(path.stat().st_size for path in written) < 30_000
    model = libi.load(tmp_path / f"linear_jtex/{method}.safetensors")
    (row,) = pd.read_csv(tiny_run.root / f"results/tiny/metrics/linear_jtex/{method}.csv").itertuples()
    assert (model.configuration, model.restart) == (row.configuration, row.restart)
    trained = libi.load(
        tiny_run.root / f"results/tiny/training/linear_jtex/{method}/0.safetensors", row.configuration, row.restart
    )
    x = np.random.default_rng(0).normal(size=(2, 5))
    assert np.array_equal(model.encode(x), trained.encode(x)) and np.array_equal(model.decode(x), trained.decode(x))


@pytest.mark.parametrize("method", ["truth", "vae", "beta_vae", "beta_vae_anneal", "lagging", "libi"])
@pytest.mark.parametrize("name", ["linear_jtex", "gaussian"])
def test_the_published_models_have_the_published_likelihoods(name, method):
    """By SciPy's normal density, on the test points of the study, drawn again."""
    dataset, values = DATASETS[name], []
    truth = libi.load(REFERENCE / f"models/{name}/truth.safetensors", replicate=0).generative
    for replicate in range(5):
        model = libi.load(REFERENCE / f"models/{name}/{method}.safetensors", replicate=replicate)
        _, x = simulate(dataset, truth, 500, stream(0, "data", name, replicate, "test"))
        loading = model.decode(np.eye(2))  # f_θ is linear, without a constant
        covariance = loading @ loading.T + np.diag(dataset.noise_variance)
        values.append(multivariate_normal(cov=covariance).logpdf(x.numpy().T).mean())
    table = pd.read_csv(REFERENCE / "table1.csv").set_index(["dataset", "method", "metric"])
    assert np.mean(values) == pytest.approx(table.loc[(name, method, "test_ll_exact"), "mean"], abs=1e-5)
    assert np.std(values, ddof=1) == pytest.approx(table.loc[(name, method, "test_ll_exact"), "sd"], abs=1e-5)


@pytest.mark.parametrize(
    "path", sorted((REFERENCE / "models").rglob("*.safetensors")), ids=lambda p: f"{p.parent.name}-{p.stem}"
)
def test_every_published_model_opens(path):
    dataset = DATASETS[path.parent.name]
    for replicate in range(5):
        model = libi.load(path, replicate=replicate)
        assert model.decode(np.zeros((2, 3))).shape == (dataset.observed, 3)
        assert np.isfinite(model.encode(np.zeros((dataset.observed, 3)))[1]).all()
