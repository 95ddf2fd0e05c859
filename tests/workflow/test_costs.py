"""What jobs are expected to take, by what the bench has measured."""

import costs
import pytest
import yaml

from libi.study.reading import load_study

from .conftest import REPOSITORY

TOLERANCES = {"epsilon_covariance": [1], "epsilon_mean": [1]}


def test_the_bench_has_a_cost_for_every_data_set_and_objective_of_the_methods():
    found = costs.epoch_costs()
    studied = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())["datasets"]
    assert set(found) == {(dataset, objective) for dataset in studied for objective in costs.UNITS}
    assert all(0 < cost < 1 for sizes in found.values() for cost in sizes.values())


@pytest.mark.parametrize(
    ("method", "grid", "work"),
    [
        # 30 restarts of two configurations, half of the epochs under each objective.
        ("libi", {"epsilon_hz": [1], **TOLERANCES, "rounds": [1, 6]}, 60 * (50 * 3 + 50 * 5)),
        ("lagging", {"segments": [5]}, 30 * 100 * 5),
        ("vae", {}, 30 * 100 * 5),
    ],
)
def test_training_takes_epochs_times_their_cost(method, grid, work):
    study = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    study |= {"restarts": 30, "datasets": {"gaussian": {method: grid}}}
    study["training"] |= {"epochs": 100, "validate_every": 10}
    job = load_study(study, "a study").training_job("gaussian", method)
    of_epochs = {("gaussian", "constrained_likelihood"): {30: 3.0, 200: 7.0}, ("gaussian", "elbo"): {2: 7.0, 30: 5.0}}
    assert costs.training_seconds(job, of_epochs) == pytest.approx(work + costs.OTHERS)
    uncompiled = costs.training_seconds(job | {"compile": False}, of_epochs)
    assert uncompiled == pytest.approx(costs.UNCOMPILED * work + costs.OTHERS)


def test_a_job_of_several_replicates_starts_once():
    """And so it costs less than as many jobs of one."""
    study = load_study(yaml.safe_load((REPOSITORY / "config/config.yaml").read_text()), "a study")
    one, five = (costs.job_seconds("train", study, "gaussian", "vae", replicates) for replicates in (1, 5))
    of_epochs = {("gaussian", "elbo"): {1: 1e-6}}
    job = study.training_job("gaussian", "vae")
    plain = [costs.training_seconds(job, of_epochs, replicates) - costs.OTHERS for replicates in (1, 5)]
    assert plain[1] == pytest.approx(5 * plain[0]) and 0 < one < five < 5 * one


def test_an_objective_without_a_kernel_is_compiled_the_first_time(tmp_path, monkeypatch):
    """As `config/extended.yaml` has one. What it took is found in the cache, under the name that jobs give it."""
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path))
    study = load_study(yaml.safe_load((REPOSITORY / "config/extended.yaml").read_text()), "a study")
    job = study.training_job("gaussian", "iwae")
    first = costs.training_seconds(job, costs.epoch_costs())
    for name in ("banana-step-iwae-generative-inference-0a.pt2", "gaussian-assess-iwae-0a.pt2"):
        (tmp_path / name).touch()
    assert costs.training_seconds(job, costs.epoch_costs()) == first
    (tmp_path / "gaussian-step-iwae-generative-inference-0a.pt2").touch()
    assert first - costs.training_seconds(job, costs.epoch_costs()) == pytest.approx(costs.COMPILING)
    kernels = study.training_job("gaussian", "libi")
    with_cache = costs.training_seconds(kernels, costs.epoch_costs())
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path / "empty"))
    assert costs.training_seconds(kernels, costs.epoch_costs()) == with_cache
