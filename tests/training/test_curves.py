"""What is recorded of a training: the validation objective at every snapshot, under the objective of its phase."""

import math

import pytest
import torch

from libi.base.method import Phase
from libi.models.trained import TrainedModels, metadata_of
from libi.runtime.storage import save_tensors
from libi.study.jobs import TrainingJob
from libi.training.engine import snapshots
from libi.training.job import train_job

from .conftest import problem_of, stack_of
from .test_joint_map import JOB

ALL = ("generative", "inference")
LIBI = {"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2}


def test_snapshots_are_due_every_so_often_and_at_each_phases_end_but_not_while_beta_grows():
    phases = [Phase("elbo", ALL, 25), Phase("elbo", ALL, 30, ramp="linear"), Phase("other", ALL, 20)]
    assert snapshots(phases, 10) == [(10, "elbo"), (20, "elbo"), (25, "elbo"), (65, "other"), (75, "other")]


@pytest.mark.parametrize("compiled", [False, True], ids=["pytorch", "kernels"])
def test_a_curve_is_the_validation_objective_as_the_training_went(compiled):
    stack = stack_of(problem_of("gaussian"), "vae", [(0, {}), (1, {})], 100, validate_every=25, compiled=compiled)
    seen = {}

    def look(running):
        if not running.finished:
            seen[running.trained] = running.assess("elbo")

    stack.run(look)
    assert [epoch for epoch, _ in stack.snapshots] == [25, 50, 75, 100] and list(seen) == [25, 50, 75]
    for column, epoch in enumerate(seen):
        assert torch.equal(stack.state.curve[:, column], seen[epoch])
    assert torch.equal(stack.state.kept.score, stack.state.curve.amin(1))
    assert torch.equal(stack.state.kept.epoch, 25 * (1 + stack.state.curve.argmin(1)))


def test_a_file_has_the_curves_of_models_whose_trainings_are_divided_differently(tmp_path):
    """R = 1 and 2 have other phases: 60 epochs are 30 + 30, or four times 15. A snapshot every 10 and at each end."""
    settings = JOB.model_dump() | {"method": "libi", "configurations": [LIBI | {"rounds": rounds} for rounds in (1, 2)]}
    settings["training"] |= {"epochs": 60, "batch_size": 20, "constrained_batch_size": 60, "elbo_draws": 1}
    settings["training"] |= {"libi_epochs": "shared", "whitened_start": True, "exponential_cap": 8.0}
    job, problem = TrainingJob.model_validate(settings), problem_of("gaussian")
    trained = train_job(job, [0], problem.truth, problem.train, problem.validation)
    names = [trained.records[column].tolist() for column in ("replicate", "configuration", "restart")]
    path = tmp_path / "0.safetensors"
    save_tensors(path, trained.tensors, metadata_of("gaussian", "libi", *names, objectives=trained.objectives))
    models = TrainedModels(path)
    curves = {(name, restart): models.model(name, restart).curve for name, restart in models.rows}
    first, second = "constrained_likelihood", "elbo"
    for (name, _), curve in curves.items():
        when = [(epoch, objective) for epoch, objective, _ in curve]
        if "rounds=1" in name:
            assert when == [*((epoch, first) for epoch in (10, 20, 30)), *((epoch, second) for epoch in (40, 50, 60))]
        else:
            assert when == [
                (10, first),
                (15, first),
                (25, second),
                (30, second),
                (40, first),
                (45, first),
                (55, second),
                (60, second),
            ]
        assert all(math.isfinite(value) for *_, value in curve)
    assert len(curves) == 4
