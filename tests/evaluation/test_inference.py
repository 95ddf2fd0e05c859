"""The tables of rule infer, for models of which everything is known in closed form."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chi2

from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.evaluation.choices import chosen_models
from libi.evaluation.inference import infer_choices, true_means
from libi.models.trained import metadata_of
from libi.posterior.closed_form import loading_of, mean_field, posterior
from libi.runtime.seeding import stream
from libi.runtime.storage import load_table, save_table, save_tensors
from libi.study.jobs import PosteriorJob

POINTS = 300
JOB = PosteriorJob(seed=0, samples=1000, prior_share=0.1, draws=10, gap_points=10)
A = np.array([[0.75, 0.25], [1.5, -1.0]])  # LinearJTEx's (Appendix E)
TRUTH = A @ A.T + 0.01 * np.eye(2)  # covariance of its data
LOADING = np.linalg.cholesky(A @ A.T + 0.006 * np.eye(2))
KEYS = ["dataset", "method", "replicate", "configuration", "restart"]


def inference_network(dataset, linear):
    """ϕ packed [1, parameters] of a linear inference network."""
    named = {
        "mean.weight": linear.gain,
        "mean.bias": linear.offset,
        "log_variance.weight": linear.log_variance_gain,
        "log_variance.bias": linear.log_variance_offset,
    }
    return dataset.inference.layout.pack({name: value[None] for name, value in named.items()})


def known(dataset, truth, codes, x):
    """The training points of a replicate, as the rule passes them on."""
    means, trusted = true_means(dataset, truth, x, JOB, 0)
    return {"z": codes, "x": x, "true_means": means, "trusted": trusted}


def save_model(folder, dataset, method, tensors):
    """A training file of two restarts, of which the second is the model."""
    both = {name: torch.cat([torch.zeros_like(tensor), tensor]) for name, tensor in tensors.items()}
    path = folder / f"{method}.safetensors"
    save_tensors(path, both, metadata_of(dataset.name, method, [0, 0], ["default"] * 2, [0, 1]))
    return path


@pytest.fixture(scope="module")
def inferred(tmp_path_factory):
    """LinearJTEx: the truth with its best mean-field posterior; LiBI with half of its A and the same ϕ; no VAE."""
    folder, dataset = tmp_path_factory.mktemp("models"), DATASETS["linear_jtex"]
    truth = dataset.generative.pack(dataset.ground_truth()[0]).double()
    noise = torch.tensor(dataset.noise_variance).double()
    phi = inference_network(dataset, mean_field(posterior(loading_of(dataset, truth), noise)))
    encoder = torch.tensor([[2.0, 0.0, 1.0, -1.0, 0.5, 0.0]]).double()  # h(x) = (2 x₁ + ½, x₁ − x₂)
    files = [
        save_model(folder, dataset, "truth", {"generative": truth, "inference": phi}),
        save_model(folder, dataset, "vae", {"generative": truth, "inference": phi}),
        save_model(folder, dataset, "libi", {"generative": truth / 2, "inference": phi, "encoder": encoder}),
    ]
    methods = ["truth", "vae", "libi"]
    of_all = {"dataset": "linear_jtex", "method": methods, "configuration": "default"}
    selection = pd.DataFrame(of_all | {"chosen": [True, False, True]})
    scores = pd.DataFrame(of_all | {"replicate": 0, "restart": pd.array([1, None, 1], dtype="Int64")})
    codes, x = simulate(dataset, truth, POINTS, stream("tests", "training"))
    tables = infer_choices(chosen_models(files, selection, scores), {0: known(dataset, truth, codes, x)}, JOB)
    for name, table in tables._asdict().items():  # as the rule passes them on
        save_table(folder / f"{name}.csv", table)
    return {name: load_table(folder / f"{name}.csv") for name in tables._fields}, codes.numpy(), x.numpy()


def of_method(table, method):
    return table[table["method"] == method].reset_index(drop=True)


def values(table, name, features=2):
    return table[[f"{name}_{feature}" for feature in range(1, features + 1)]].to_numpy().T


def test_columns(inferred):
    """The schema that figures and claims read."""
    tables, _, _ = inferred
    pairs = [f"{name}_{i}" for name in ("x", "z", "q_mean", "q_sd", "code", "posterior_mean") for i in (1, 2)]
    exact = ["effective_sample_size", "exact_mean_1", "exact_mean_2"]
    assert list(tables["points"].columns) == [*KEYS, "point", *pairs, *exact]
    assert list(tables["samples"].columns) == [*KEYS[:3], "kind", "draw", "value_1", "value_2"]
    measures = ("mean_distance", "covariance_distance", "moments_error", "henze_zirkler")
    assert list(tables["summary"].columns) == [
        *KEYS,
        *(f"{s}_{measure}" for s in "qp" for measure in measures),
        *("mean_error", "own_mean_error", "effective_sample_size_median", "points_below_100"),
    ]


def test_a_method_without_a_choice_is_named(tmp_path, caplog):
    table = pd.DataFrame({"dataset": ["mobius"], "method": ["vae"], "configuration": ["default"]})
    path = save_model(tmp_path, DATASETS["mobius"], "vae", {"generative": torch.zeros(1, 1)})
    given = table.assign(chosen=False), table.assign(replicate=0, restart=pd.array([None], dtype="Int64"))
    (choice,) = chosen_models([path], *given)
    assert (choice.keys, choice.model) == ({"dataset": "mobius", "method": "vae", "replicate": 0}, None)
    assert "vae: no configuration has a finite restart on every replicate" in caplog.text


def test_a_method_without_a_choice_has_no_rows(inferred):
    tables, _, _ = inferred
    assert list(tables["summary"]["method"]) == ["truth", "libi"]
    assert list(tables["points"]["method"]) == ["truth"] * POINTS + ["libi"] * POINTS
    assert set(tables["summary"]["restart"]) == {1} and set(tables["summary"]["configuration"]) == {"default"}


def test_points(inferred):
    tables, codes, x = inferred
    truth, libi = of_method(tables["points"], "truth"), of_method(tables["points"], "libi")
    for table in (truth, libi):
        assert list(table["point"]) == list(range(POINTS))
        assert (values(table, "x") == x).all() and (values(table, "z") == codes).all()
        scale = np.sqrt(table["effective_sample_size"].to_numpy())
        error = (values(table, "posterior_mean") - values(table, "exact_mean")) * scale
        assert np.abs(error).max() < 5 * 0.15  # no posterior is wider than the noise 0.063 over the least slope 0.42
    # Best mean-field means are the exact ones; variances are the inverses of the precision's diagonal (Eq. 27).
    assert values(truth, "q_mean") == pytest.approx(values(truth, "exact_mean"))
    precision = np.eye(2) + LOADING.T @ LOADING / 0.004
    assert values(truth, "q_sd").T == pytest.approx(np.tile(np.diag(precision) ** -0.5, (POINTS, 1)), rel=1e-5)
    assert np.abs(values(libi, "exact_mean") - values(truth, "exact_mean")).max() > 1  # under its own θ
    assert truth[["code_1", "code_2"]].isna().all(axis=None)
    assert values(libi, "code") == pytest.approx(np.stack([2 * x[0] + 0.5, x[0] - x[1]]))


def test_summary(inferred):
    tables, _, x = inferred
    truth, libi = (of_method(tables["summary"], method).iloc[0] for method in ("truth", "libi"))
    assert truth["mean_error"] == pytest.approx(0, abs=1e-9)
    assert libi["mean_error"] == pytest.approx(0, abs=1e-9)  # its ϕ is the truth's: its own θ does not matter
    assert truth["own_mean_error"] < 0.01  # of Monte Carlo alone
    assert libi["own_mean_error"] == pytest.approx(0.25, rel=0.1)  # half of A makes its posterior means twice as large
    # Eq. 9 at the truth, within its sampling error.
    assert POINTS * truth["p_mean_distance"] < chi2.ppf(0.999, 2)
    assert POINTS * truth["p_covariance_distance"] < 2 * chi2.ppf(0.999, 3)
    # With half of A the codes of the same data are about twice as large, their covariance about 4 I.
    assert libi["p_covariance_distance"] == pytest.approx(2 * 3**2, rel=0.5)
    for summary in (truth, libi):
        points = of_method(tables["points"], summary["method"])
        mean = values(points, "q_mean")
        covariance = np.cov(mean, ddof=0) + np.diag(np.mean(values(points, "q_sd") ** 2, axis=1))
        assert summary["q_mean_distance"] == pytest.approx(np.sum(mean.mean(axis=1) ** 2))
        assert summary["q_covariance_distance"] == pytest.approx(np.sum((covariance - np.eye(2)) ** 2))
        assert summary["points_below_100"] == 0
        assert 300 < summary["effective_sample_size_median"] < 1000


def test_samples(inferred):
    """Fresh points have the model's covariance, codes the distribution of each point's posterior."""
    tables, _, _ = inferred
    samples = of_method(tables["samples"], "truth")
    assert dict(samples["kind"].value_counts()) == dict.fromkeys(("model", "q_aggregated", "p_aggregated"), POINTS)
    drawn = {kind: values(part, "value") for kind, part in samples.groupby("kind")}
    error = 5 / np.sqrt(POINTS)
    assert np.cov(drawn["model"]) == pytest.approx(TRUTH, rel=error * 1.5)
    # One code for each point, in their order, from q_ϕ(z|x) and from the exact posterior.
    points = of_method(tables["points"], "truth")
    roots = {
        "q_aggregated": np.diag(1 / values(points, "q_sd")[:, 0]),
        "p_aggregated": np.linalg.cholesky(np.eye(2) + LOADING.T @ LOADING / 0.004).T,
    }
    for kind, root in roots.items():
        standardised = root @ (drawn[kind] - values(points, "exact_mean"))
        assert np.cov(standardised) == pytest.approx(np.eye(2), abs=error * 1.5)


def test_more_features_than_codes(tmp_path):
    """Gaussian has four features: codes leave the last two values empty."""
    dataset = DATASETS["gaussian"]
    truth = dataset.generative.pack(dataset.ground_truth()[0]).double()
    noise = torch.tensor(dataset.noise_variance).double()
    phi = inference_network(dataset, mean_field(posterior(loading_of(dataset, truth), noise)))
    files = [save_model(tmp_path, dataset, "truth", {"generative": truth, "inference": phi})]
    row = {"dataset": ["gaussian"], "method": ["truth"], "configuration": ["default"]}
    codes, x = simulate(dataset, truth, 20, stream("tests", "training"))
    given = pd.DataFrame(row | {"chosen": [True]}), pd.DataFrame(row | {"replicate": [0], "restart": [1]})
    tables = infer_choices(chosen_models(files, *given), {0: known(dataset, truth, codes, x)}, JOB)
    assert {f"x_{feature}" for feature in (1, 2, 3, 4)} < set(tables.points.columns)
    kinds = tables.samples.set_index("kind")[["value_3", "value_4"]].notna().all(axis=1)
    assert kinds["model"].all() and not kinds.drop("model").any()
