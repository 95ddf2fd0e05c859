"""Joint MAP without constraints: what a short training does to the codes, and what its files hold."""

import numpy as np
import pytest
import torch

import libi
from libi.models.trained import metadata_of
from libi.posterior.closed_form import divergence, loading_of, marginal_covariance, posterior
from libi.runtime.storage import load_tensors, save_table, save_tensors
from libi.study.jobs import TrainingJob
from libi.training.job import train_job
from libi.training.records import describe

from .conftest import problem_of, stack_of

JOB = TrainingJob.model_validate(
    {
        "dataset": "gaussian",
        "method": "joint_map",
        "seed": 0,
        "device": "cpu",
        "compile": False,
        "restarts": 2,
        "configurations": [{}],
        "training": {
            "epochs": 30,
            "learning_rate": 0.01,
            "learning_rate_end": 1.0,
            "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
            "validate_every": 10,
            "validation_draws": 4,
            "snapshot": "best",
            "initial_scale": 1.0,
        },
        "architecture": {"encoder_bias": True},
    }
)


def test_training_leaves_the_truth_for_smaller_codes_and_other_data():
    """From θ_GT and its posterior means the codes shrink (Eq. 36), and p_θ(x) is no longer p(x) (Eq. 41)."""
    problem = problem_of("linear_jtex", points=200)
    noise = torch.full((2,), 0.004, dtype=torch.float64)
    truth = loading_of(problem.dataset, problem.truth)
    stack = stack_of(problem, "joint_map", [(0, {})], 400, validate_every=100)
    named = {"mean.weight": posterior(truth, noise).gain.float()[None], "mean.bias": torch.zeros(1, 2)}
    stack.state.parameters["generative"] = problem.truth.clone()
    stack.state.parameters["encoder"] = problem.dataset.encoder.layout.pack(named)
    at_the_truth = stack.assess("joint_map")
    stack.run()
    records = describe(problem.dataset, problem.train, stack.state, stack.training_objective(), encodes=True)
    assert (records[["codes_covariance_11", "codes_covariance_22"]] < 0.6).all(axis=None)
    theta = loading_of(problem.dataset, stack.state.kept.parameters["generative"])
    assert divergence(marginal_covariance(truth, noise), marginal_covariance(theta, noise)) > 0.2
    assert stack.state.kept.score < at_the_truth - 0.4  # and Eq. 31 prefers that


@pytest.fixture(scope="module", params=[False, True], ids=["pytorch", "kernels"])
def file(tmp_path_factory, request):
    """A training file of joint MAP, as the rule `train` writes it."""
    path = tmp_path_factory.mktemp("joint_map") / "training" / "gaussian" / "joint_map" / "0.safetensors"
    problem, job = problem_of("gaussian"), JOB.model_copy(update={"compile": request.param})
    trained = train_job(job, [0], problem.truth, problem.train, problem.validation)
    names = (trained.records[column].tolist() for column in ("replicate", "configuration", "restart"))
    save_tensors(path, trained.tensors, metadata_of("gaussian", "joint_map", *names, objectives=trained.objectives))
    save_table(path.with_suffix(".csv"), trained.records)
    return path


def test_a_network_that_was_not_trained_is_not_kept(file):
    tensors, _ = load_tensors(file)
    assert set(tensors) == {"generative", "encoder", "curve"}


def test_a_loaded_model_decodes_and_says_that_it_cannot_encode(file):
    model = libi.load(file)
    codes = np.random.default_rng(0).normal(size=(2, 5))
    loading = model.generative.numpy().astype(float).reshape(2, 4).T
    assert model.decode(codes) == pytest.approx(loading @ codes)
    with pytest.raises(ValueError, match="has no q.z.x.: its method trains an encoder"):
        model.encode(np.zeros((4, 5)))
