"""A small training problem, shared by the tests of the engine."""

from dataclasses import replace

import pytest
import torch

from libi.base.method import Plan
from libi.base.simulation import simulate
from libi.datasets import DATASETS, own_points
from libi.methods import METHODS
from libi.objectives import objectives_of
from libi.runtime.seeding import stream
from libi.training.engine import Stack
from libi.training.problem import Member, Problem, Settings
from libi.training.step import Adam

SETTINGS = Settings(
    batch_size=20,
    validate_every=10,
    validation_draws=8,
    exponential_cap=8.0,
    adam=Adam(0.01, 0.9, 0.999, 1e-8),
    compiled=False,
)


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


def stack_of(problem, method, members, epochs, settings=SETTINGS, replicates=None, **changes):
    """A stack ready to run; members are (restart, hyper-parameters), all of replicate 0 unless said otherwise."""
    settings = replace(settings, **changes)
    made = [
        Member((0, method, restart, str(values)), values, replicate)
        for (restart, values), replicate in zip(members, replicates or [0] * len(members), strict=True)
    ]
    phases = METHODS[method].phases(members[0][1], Plan(epochs, 0.5))
    return Stack(problem, made, phases, settings, objectives_of(METHODS[method]))


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
