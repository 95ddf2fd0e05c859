"""Training by the C++ kernels (`libi.native`), on a CPU: a chunk of steps of all models in one call."""

from __future__ import annotations

import functools
from ctypes import byref, c_float

import torch
from torch import Tensor

from libi.datasets import Dataset
from libi.device import on_host
from libi.native import structures
from libi.native.library import load
from libi.native.structures import describe, describe_loading, pointer_to
from libi.statistics.gaussianity import hermite_functions
from libi.training.backends import Stretch, moving
from libi.training.noise import CHUNK, chunk_keys, chunk_orders
from libi.training.objectives import OBJECTIVES
from libi.training.problem import Inputs, Problem
from libi.training.state import State
from libi.training.step import Groups, Moving

NETWORKS = {"elbo": "inference", "constrained_likelihood": "encoder", "joint_map": "encoder"}


@functools.cache
def statistic_of(points: int) -> structures.Statistic:
    """The Henze–Zirkler statistic of samples of so many points."""
    decay, start, *tables = hermite_functions(points)
    recurrence, weights, targets = (table.float().contiguous() for table in tables)
    return structures.Statistic(len(recurrence), decay, start, recurrence, weights, targets)


def describe_model(dataset: Dataset, objective: str) -> structures.Model | None:
    """The networks that train under an objective, as the kernels know them; None if there is no kernel for one."""
    if objective not in NETWORKS:
        return None
    decoder, network = describe(dataset.decoder), describe(getattr(dataset, NETWORKS[objective]))
    if decoder is None or network is None:
        return None
    variance = torch.tensor(dataset.noise_variance)
    return structures.Model(dataset.observed, variance, decoder, network, describe_loading(dataset.decoder))


def has_kernels(problem: Problem, objective: str) -> bool:
    """Whether a problem can be trained under an objective by the kernels here."""
    return on_host(problem.train) and describe_model(problem.dataset, objective) is not None and load() is not None


class ByKernels:
    """The steps of one stack under one objective (`Backend`)."""

    def __init__(self, inputs: Inputs, objective: str) -> None:
        self._inputs, self._problem, self._settings = inputs, inputs.problem, inputs.settings
        self._objective, self._network = objective, NETWORKS[objective]
        self._model = describe_model(self._problem.dataset, objective)
        self._adam = structures.Adam(*self._settings.adam)
        self._replicate = inputs.replicates.to(torch.int32)
        self._scalars = inputs.scalars(OBJECTIVES[objective].scalars)
        # [replicates, draws, 2, points]
        self._validation_noise = inputs.validation_noise.transpose(0, 1).contiguous()

    def memory(self, objective: str) -> int:
        """Bytes that a step takes beside the state, about: what is held of one model, and a chunk's points."""
        dataset, (replicates, _, points) = self._problem.dataset, self._problem.train.shape
        return 4 * points * (dataset.features + CHUNK * dataset.observed) + 8 * CHUNK * replicates * points

    def advance(self, stretch: Stretch, state: State) -> Moving:
        """Train for a stretch of epochs."""
        start = moving(state, stretch.phase.moves)
        copied = {
            part: {group: flat.clone() for group, flat in getattr(start, part).items()} for part in start._fields[:3]
        }
        after = Moving(**copied, count=start.count, alive=start.alive.clone(), loss=start.loss)
        stack = self._stack(self._problem.train, state.parameters, after)
        if self._objective == "elbo":
            steps = self._train_elbo(stretch, stack)
        else:
            steps = stretch.last - stretch.first
            self._train_of_codes(stack, steps)
        return after._replace(count={group: count + steps for group, count in after.count.items()})

    def _train_elbo(self, stretch: Stretch, stack: structures.Stack) -> int:
        labels, phase, points = self._problem.labels, stretch.phase, self._problem.train.shape[2]
        members = [member.labels for member in self._inputs.members]
        epochs = structures.Epochs(
            stretch.first % CHUNK,
            stretch.first % CHUNK + stretch.last - stretch.first,
            self._settings.batch_size,
            CHUNK,
            phase.epochs if phase.ramp else 0,
            stretch.chunk * CHUNK,
            chunk_orders(points, labels, stretch.number, stretch.chunk),
            chunk_keys(members, stretch.number, stretch.chunk),
            *self._scalars,
        )
        load().libi_train_elbo(byref(self._model), byref(stack), byref(epochs), byref(self._adam))
        return (stretch.last - stretch.first) * (points // self._settings.batch_size)

    def _train_of_codes(self, stack: structures.Stack, steps: int) -> None:
        """Steps on all points; of a stack in which nothing moves, the value alone."""
        constrained = self._objective == "constrained_likelihood"
        epsilons = torch.stack(self._scalars, 1).contiguous() if self._scalars else None
        load().libi_train_of_codes(
            byref(self._model),
            byref(stack),
            byref(statistic_of(stack.points)) if constrained else None,
            None if epsilons is None else pointer_to(epsilons),
            c_float(self._settings.exponential_cap if constrained else 0.0),
            steps,
            byref(self._adam),
        )

    def _stack(self, x: Tensor, parameters: Groups, after: Moving) -> structures.Stack:
        def group(name: str) -> structures.Group:
            if name not in after.parameters:
                fixed = parameters[name].contiguous()
                return structures.Group(fixed.shape[1], 0, 0.0, fixed, None, None)
            flat = after.parameters[name]
            return structures.Group(
                flat.shape[1], 1, float(after.count[name]), flat, after.first[name], after.second[name]
            )

        groups = group("generative"), group(self._network)
        models = len(after.alive)
        return structures.Stack(
            models, x.shape[2], x.shape[0], self._replicate, x.contiguous(), *groups, after.alive, after.loss
        )

    def assess(self, objective: str, parameters: Groups) -> Tensor:
        """Validation objective of every model [models]."""
        some, x = parameters["generative"], self._problem.validation
        nothing = Moving({}, {}, {}, {}, torch.ones(len(some), dtype=torch.bool), some.new_zeros(len(some)))
        stack = self._stack(x, parameters, nothing)
        if objective != "elbo":
            self._train_of_codes(stack, 1)
            return nothing.loss
        noise, (beta,) = self._validation_noise, self._scalars
        load().libi_assess_elbo(byref(self._model), byref(stack), pointer_to(noise), noise.shape[1], pointer_to(beta))
        return nothing.loss
