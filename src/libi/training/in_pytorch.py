"""Training in PyTorch, on any device: the reference for the kernels."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.objective import RAMPED, Objective
from libi.datasets import DATASETS
from libi.runtime.device import bytes_of_a_call, models_in_a_call
from libi.runtime.imports import import_closure
from libi.runtime.provenance import fingerprint
from libi.runtime.seeding import seed_of
from libi.training.backends import Stretch, moving
from libi.training.compilation import Program
from libi.training.noise import (
    CHUNK,
    batches_of,
    chunk_counters,
    chunk_keys,
    chunk_orders,
    normal_draws,
    with_draws,
)
from libi.training.problem import Inputs
from libi.training.state import State
from libi.training.step import Groups, Moving, join_models, make_assessment, make_step, take_models


@functools.cache
def source_of(*files: str) -> str:
    """A hash of the source files that a step depends on: these, this one, and all that they import."""
    closures = (path for file in (__file__, *files) for path in (Path(file), *import_closure(file)))
    return fingerprint(sorted(set(closures)), [])[:8]


class Programs:
    """The functions that a stack runs, each built once, when first asked for."""

    def __init__(self, inputs: Inputs, way: type[Program]) -> None:
        self._inputs, self._dataset = inputs, inputs.problem.dataset
        self._wrap = way
        self._built: dict[str, Program] = {}

    def _constants(self, objective: str) -> dict[str, float]:
        """What the objective takes of the settings, by its own keywords."""
        known = self._inputs.objectives[objective]
        return self._inputs.constants(known) | ({"draws": self._inputs.draws_of(known)} if known.together else {})

    def _loss(self, objective: str) -> Callable[..., Tensor]:
        return partial(self._inputs.objectives[objective].loss, self._dataset, **self._constants(objective))

    def step(self, objective: str, moves: tuple[str, ...]) -> Program:
        """The update of the groups in `moves` under an objective; iterate it from (moving, fixed) over data."""
        name = self._name("step", objective, moves, *self._inputs.adam[1:])  # its learning rate is an argument
        if name not in self._built:
            step = make_step(self._loss(objective), self._dataset.layouts, self._inputs.adam)
            self._built[name] = self._wrap(step, name)
        return self._built[name]

    def assessment(self, objective: str) -> Program:
        """The evaluation of an objective: `assess(groups, *data)`."""
        name = self._name("assess", objective)
        if name not in self._built:
            self._built[name] = self._wrap(make_assessment(self._loss(objective), self._dataset.layouts), name)
        return self._built[name]

    def ways(self) -> set[str]:
        """How they have run."""
        return {program.way for program in self._built.values()}

    def noise(self) -> Program:
        """The draws of a chunk: `draw(counters, keys)`. The same for every data set."""
        name = f"normal-draws-{source_of()}"
        if name not in self._built:
            self._built[name] = self._wrap(normal_draws, name)
        return self._built[name]

    def _name(self, kind: str, objective: str, moves: tuple[str, ...] = (), *numbers: float) -> str:
        """A name for a function, which changes with its source and with every number that is built into it."""
        files = [inspect.getfile(self._inputs.objectives[objective].loss)]
        if self._dataset.name in DATASETS:
            files.append(str(DATASETS.path(self._dataset.name)))
        dataset = self._dataset
        networks = map(spelled, (dataset.decoder, dataset.inference, dataset.encoder))
        constants = self._constants(objective).values()
        built_in = seed_of(source_of(*files), *numbers, *constants, *networks, *dataset.noise_variance)
        return "-".join([self._dataset.label, kind, objective, *moves, f"{built_in:016x}"])


def spelled(network: object) -> str:
    """All that a network is, in text that is the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(network))


class InPyTorch:
    """The steps of one stack, its models a part at a time (`Backend`)."""

    def __init__(self, inputs: Inputs, way: type[Program]) -> None:
        """Set the steps up.

        Args:
            inputs: what the models see.
            way: how functions run: as they are, compiled for a CPU, or recorded on a GPU.
        """
        self._inputs, self._programs = inputs, Programs(inputs, way)
        self._problem = inputs.problem

    def _numbers(self, objective: Objective, points: int) -> int:
        """How many numbers a step on so many points holds of one model."""
        return (objective.numbers_per_point + self._problem.dataset.features) * points

    def _parts(self, objective: Objective, points: int) -> Iterator[slice]:
        """The stack's models, as many at a time as suits the device for a call on so many points."""
        size = models_in_a_call(self._problem.device, self._numbers(objective, points))
        for first in range(0, len(self._inputs.members), size):
            yield slice(first, first + size)

    def ways(self) -> set[str]:
        """How the steps have run."""
        return self._programs.ways()

    def memory(self, objective: str) -> int:
        """Bytes that the widest call of a step takes on its device, about."""
        points = max(self._problem.train.shape[2], self._problem.validation.shape[2])
        known = self._inputs.objectives[objective]
        numbers = self._numbers(known, points * max(1, self._inputs.draws_of(known)))
        return bytes_of_a_call(numbers, min(len(self._inputs.members), models_in_a_call(self._problem.device, numbers)))

    def advance(self, stretch: Stretch, state: State) -> Moving:
        """Train for a stretch of epochs."""
        phase = stretch.phase
        objective = self._inputs.objectives[phase.objective]
        start = moving(state, phase.moves, stretch.rate * self._inputs.adam.learning_rate)
        step = self._programs.step(phase.objective, phase.moves)
        fixed = {group: state.parameters[group] for group in objective.groups if group not in phase.moves}
        points, parts = self._inputs.batch_of(objective) * max(1, self._inputs.draws_of(objective)), []
        for models in self._parts(objective, points):
            data = self._data(stretch, objective, models)
            parts.append(step.iterate(take_models(start, models), take_models(fixed, models), data))
        return join_models(parts)

    def _data(self, stretch: Stretch, objective: Objective, models: slice) -> Iterator[tuple[Tensor, ...]]:
        """The data of some models' steps; noise is drawn epoch by epoch."""
        scalars, train = take_models(self._inputs.scalars(objective.scalars), models), self._problem.train
        points, size = train.shape[2], self._inputs.batch_of(objective)
        epochs = [epoch % CHUNK for epoch in range(stretch.first, stretch.last)]
        if not objective.stochastic and size == points:
            yield from itertools.repeat((self._inputs.of_models(train, models), *scalars), len(epochs))
            return
        orders = chunk_orders(points, self._problem.labels, stretch.number, stretch.chunk)
        if not objective.stochastic:
            batches = batches_of(train, orders, size)
            for batch in itertools.chain.from_iterable(batches[epoch] for epoch in epochs):
                yield self._inputs.of_models(batch, models), *scalars
            return
        draws = self._inputs.draws_of(objective)
        x, size = batches_of(train, with_draws(orders, size, draws), size * draws), size * draws
        names = [member.name for member in self._inputs.members[models]]
        keys = chunk_keys(names, stretch.number, stretch.chunk).to(train.device)
        counters = chunk_counters(points * draws // size, size).to(train.device)
        draw = self._programs.noise()
        for epoch in epochs:
            grown = scalars
            if stretch.weights is not None:
                named, weight = zip(objective.scalars, scalars, strict=True), float(stretch.weights[epoch])
                grown = [value * weight if name == RAMPED else value for name, value in named]
            noise = draw(counters[epoch], keys).unbind(1)
            for batch, drawn in zip(x[epoch], noise, strict=True):
                yield self._inputs.of_models(batch, models), drawn, *grown

    @torch.no_grad()
    def assess(self, objective: str, parameters: Groups, split: str = "validation") -> Float[Tensor, " models"]:
        """Objective of every model on a split [models]."""
        known, scores = self._inputs.objectives[objective], []
        scalars, draws = self._inputs.scalars(known.scalars), self._inputs.draws_of(known) if known.together else 1
        x, noise = self._inputs.assessed(split, draws)
        for models in self._parts(known, x.shape[2]):
            groups = {group: parameters[group][models] for group in known.groups}
            data = self._inputs.of_models(x, models), *take_models(scalars, models)
            scores.append(self._assess(objective, groups, models, noise, *data))
        return torch.cat(scores)

    def _assess(
        self, objective: str, groups: Groups, models: slice, fixed: Tensor, x: Tensor, *scalars: Tensor
    ) -> Tensor:
        if self._inputs.objectives[objective].stochastic:
            program, shared = self._programs.assessment(objective), len(x) == 1
            size = len(next(iter(groups.values())))
            noise = (each.expand(size, -1, -1) if shared else self._inputs.of_models(each, models) for each in fixed)
            return torch.stack([program(groups, x, each, *scalars) for each in noise]).mean(0)
        # A step tells the loss too, so no other function needs to be compiled.
        zeros = {group: torch.zeros_like(flat) for group, flat in groups.items()}
        some = next(iter(groups.values()))
        counts = {group: some.new_zeros(()) for group in groups}
        alive = torch.ones(len(some), dtype=torch.bool, device=some.device)
        second = {group: zero.clone() for group, zero in zeros.items()}
        start = Moving(groups, zeros, second, counts, alive, some.new_zeros(len(some)), some.new_tensor(0.0))
        step = self._programs.step(objective, tuple(groups))
        return step.iterate(start, {}, [(x, *scalars)]).loss
