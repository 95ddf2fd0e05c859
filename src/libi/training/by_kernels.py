"""Training by the C++ kernels (`libi.native`), on a CPU: a chunk of steps of all models in one call."""

from __future__ import annotations

import functools
import math
from ctypes import byref, c_float

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import Dataset
from libi.native import structures
from libi.native.library import load, loaded
from libi.native.structures import describe, describe_loading, pointer_to
from libi.runtime.device import on_host
from libi.statistics.gaussianity import hermite_functions
from libi.training.backends import Stretch, moving
from libi.training.noise import CHUNK, batches_of, chunk_keys, chunk_orders, with_draws
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
        self._inputs, self._problem = inputs, inputs.problem
        self._objective, self._network = objective, NETWORKS[objective]
        model = describe_model(self._problem.dataset, objective)
        if model is None:
            raise ValueError(f"there are no kernels for {objective} on {self._problem.dataset.name}")
        self._model = model
        self._replicate = inputs.replicates.to(torch.int32)
        self._known = inputs.objectives[objective]
        self._scalars = inputs.scalars(self._known.scalars)
        self._fixed_draws: dict[str, Tensor] = {}  # by split: [replicates, draws, 2, points]

    def ways(self) -> set[str]:
        """How the steps have run."""
        return {"C++ kernels"}

    def memory(self, objective: str) -> int:
        """Bytes that a step takes beside the state, about: what is held of one model, and a chunk's points."""
        dataset, (replicates, _, points) = self._problem.dataset, self._problem.train.shape
        return 4 * points * (dataset.features + CHUNK * dataset.observed) + 8 * CHUNK * replicates * points

    def advance(self, stretch: Stretch, state: State) -> Moving:
        """Train for a stretch of epochs."""
        rate = stretch.rate * self._inputs.adam.learning_rate
        start = moving(state, stretch.phase.moves, rate)
        parameters, first, second = (
            {group: flat.clone() for group, flat in part.items()}
            for part in (start.parameters, start.first, start.second)
        )
        after = start._replace(parameters=parameters, first=first, second=second, alive=start.alive.clone())
        adam = structures.Adam(*self._inputs.adam._replace(learning_rate=rate))
        train = self._problem.train
        size = self._inputs.batch_of(self._known)
        if self._objective == "elbo":
            return after.after(self._train_elbo(stretch, self._stack(train, state.parameters, after), size, adam))
        if size == train.shape[2]:
            steps = stretch.last - stretch.first
            self._train_of_codes(self._stack(train, state.parameters, after), steps, adam)
            return after.after(steps)
        orders = chunk_orders(train.shape[2], self._problem.labels, stretch.number, stretch.chunk)
        batches = batches_of(train, orders, size)
        for epoch in range(stretch.first, stretch.last):
            for x in batches[epoch % CHUNK]:
                self._train_of_codes(self._stack(x, state.parameters, after), 1, adam)
                after = after.after(1)
        return after

    def _train_elbo(self, stretch: Stretch, stack: structures.StackArrays, size: int, adam: structures.Adam) -> int:
        """Train on batches of so many points; tells how many steps were made."""
        points, draws = stack.points, self._inputs.draws_of(self._known)
        orders = chunk_orders(points, self._problem.labels, stretch.number, stretch.chunk)
        orders = with_draws(orders, size, draws)
        members = [member.name for member in self._inputs.members]
        epochs = structures.Epochs(
            stretch.first % CHUNK,
            stretch.first % CHUNK + stretch.last - stretch.first,
            size * draws,
            CHUNK,
            points * draws,
            torch.ones(CHUNK) if stretch.weights is None else stretch.weights,
            orders,
            chunk_keys(members, stretch.number, stretch.chunk),
            *self._scalars,
        )
        loaded().libi_train_elbo(byref(self._model), byref(stack), byref(epochs), byref(adam))
        return (stretch.last - stretch.first) * (points // size)

    def _train_of_codes(self, stack: structures.StackArrays, steps: int, adam: structures.Adam) -> None:
        """Steps on all points of a stack; of a stack in which nothing moves, the value alone."""
        constrained = self._objective == "constrained_likelihood"
        epsilons = torch.stack(self._scalars, 1).contiguous() if self._scalars else None
        loaded().libi_train_of_codes(
            byref(self._model),
            byref(stack),
            byref(statistic_of(stack.points)) if constrained else None,
            None if epsilons is None else pointer_to(epsilons),
            c_float(self._inputs.constants(self._known).get("cap", math.nan)),
            steps,
            byref(adam),
        )

    def _stack(self, x: Tensor, parameters: Groups, after: Moving) -> structures.StackArrays:
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
        return structures.StackArrays(
            models, x.shape[2], x.shape[0], self._replicate, x.contiguous(), *groups, after.alive, after.loss
        )

    def assess(self, objective: str, parameters: Groups, split: str = "validation") -> Float[Tensor, " models"]:
        """Objective of every model on a split [models]."""
        some, (x, draws) = parameters["generative"], self._inputs.assessed(split)
        alive = torch.ones(len(some), dtype=torch.bool)
        nothing = Moving({}, {}, {}, {}, alive, some.new_zeros(len(some)), some.new_tensor(0.0))
        stack = self._stack(x, parameters, nothing)
        if objective != "elbo":
            self._train_of_codes(stack, 1, structures.Adam(*self._inputs.adam))
            return nothing.loss
        if split not in self._fixed_draws:
            self._fixed_draws[split] = draws.transpose(0, 1).contiguous()
        noise, (beta,) = self._fixed_draws[split], self._scalars
        loaded().libi_assess_elbo(byref(self._model), byref(stack), pointer_to(noise), noise.shape[1], pointer_to(beta))
        return nothing.loss
