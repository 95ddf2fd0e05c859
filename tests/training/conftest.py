"""A small training problem, shared by the tests of the engine."""

import pytest
import torch

from libi.base.simulation import simulate
from libi.datasets import DATASETS, own_points
from libi.methods import METHODS
from libi.objectives import objectives_of
from libi.runtime.seeding import stream
from libi.study.jobs import training_settings_of
from libi.study.settings import AdamSettings
from libi.training.engine import Stack
from libi.training.problem import Member, Problem

SETTINGS = {
    "epochs": 100,
    "learning_rate": 0.01,
    "learning_rate_end": 1.0,
    "adam": AdamSettings(beta1=0.9, beta2=0.999, epsilon=1e-8),
    "validate_every": 10,
    "validation_draws": 8,
    "snapshot": "best",
    "initial_scale": 1.0,
    "batch_size": 20,
    "elbo_draws": 1,
    "annealing_share": 0.5,
    "annealing_form": "linear",
    "constrained_batch_size": 60,
    "libi_epochs": "shared",
    "whitened_start": True,
    "exponential_cap": 8.0,
}
# A rate of 0, which no study may have: the first moment after a step is the gradient.
GRADIENT = {
    "learning_rate": 0.0,
    "adam": AdamSettings.model_construct(beta1=0.0, beta2=0.0, epsilon=1.0),
}


KNOWN = [name for name in DATASETS if not own_points(name)]  # data sets with a ground truth
FITTED = ("mobius", "banana")  # fitting their ground truth takes seconds


def problem_of(name, points=60, seed=0):
    """A data set's points, drawn from its ground truth (from a random network where that would have to be fitted)."""
    dataset = DATASETS[name]
    if name in FITTED:
        truth = dataset.generative.draw(stream("test", "truth"))[None]
    else:
        truth = dataset.generative.pack(dataset.ground_truth()[0])
    train, validation = (
        simulate(dataset, truth, points, stream("test", name, seed, split))[1].float()[None]
        for split in ("train", "validation")
    )
    return Problem(dataset, truth, train, validation, [(0, name, seed)])


def settings_of(method="libi", **changes):
    """The training settings that a method reads."""
    kind = training_settings_of(method)
    given = SETTINGS | changes
    return kind.model_construct(**{key: given[key] for key in kind.model_fields})


def stack_of(problem, method, members, epochs, replicates=None, compiled=False, **changes):
    """A stack ready to run; members are (restart, hyper-parameters), all of replicate 0 unless said otherwise."""
    settings = settings_of(method, **{"constrained_batch_size": problem.train.shape[2]} | changes)
    made = [
        Member((0, method, restart, str(values)), values, replicate)
        for (restart, values), replicate in zip(members, replicates or [0] * len(members), strict=True)
    ]
    phases = METHODS[method].phases(members[0][1], epochs, settings)
    return Stack(problem, made, phases, settings, compiled, objectives_of(METHODS[method]))


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
