"""Training a stack of models through the phases of a method.

The engine knows phases, objectives and models. It has never heard of a method's name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from libi.datasets import LATENT, Dataset
from libi.device import bytes_of_a_call, models_in_a_call
from libi.imports import import_closure
from libi.provenance import fingerprint
from libi.seeding import seed_of, stream
from libi.training.compilation import Compiled, Plain
from libi.training.encoder_start import ENCODER_STARTS
from libi.training.methods import Phase
from libi.training.noise import CHUNK, Labels, chunk_batches, chunk_counters, chunk_keys, normal_draws
from libi.training.objectives import OBJECTIVES, Objective
from libi.training.state import State
from libi.training.step import Adam, Groups, Moving, join_models, make_assessment, make_step, take_models

COPIES_OF_STATE = 5  # parameters, Adam's two moments, the best snapshot and the best round


@dataclass(frozen=True)
class Member:
    """One model of a stack.

    Attributes:
        labels: what names its random streams: seed, data set, replicate, method, configuration, restart.
        values: its hyper-parameters by name; one that an objective takes and it lacks is 1.
        replicate: which of the problem's replicates it is trained on, from 0.
    """

    labels: Labels
    values: dict[str, float]
    replicate: int = 0


@dataclass(frozen=True)
class Problem:
    """What a stack is trained on: one replicate of a data set, or several.

    Attributes:
        dataset: the generative process.
        truth: θ_GT packed [1, parameters]; where θ starts, and stays, if no phase moves it.
        train: training points [replicates, observed, points], float32.
        validation: validation points, likewise.
        labels: for each replicate, what names the streams that all its models share (batches, validation draws).
    """

    dataset: Dataset
    truth: Tensor
    train: Tensor
    validation: Tensor
    labels: Sequence[Labels]


@dataclass(frozen=True)
class Settings:
    """How to train; names and meanings are those of the study's configuration."""

    batch_size: int
    validate_every: int
    validation_draws: int
    exponential_cap: float
    adam: Adam
    compiled: bool


class Programs:
    """The functions that stacks of one problem run, each built and compiled once, when first asked for."""

    def __init__(self, dataset: Dataset, settings: Settings) -> None:
        self._dataset = dataset
        self._settings = settings
        self._wrap = Compiled if settings.compiled else Plain
        self._source = fingerprint([__file__, *import_closure(__file__)], [])[:8]
        self._built: dict[str, Plain] = {}
        self.layouts = {
            "generative": dataset.generative,
            "inference": dataset.inference.layout,
            "encoder": dataset.encoder.layout,
        }

    def _constants(self, objective: str) -> dict[str, float]:
        """What the objective takes of the settings, by its own keywords."""
        taken = OBJECTIVES[objective].settings
        return {keyword: getattr(self._settings, name) for keyword, name in taken.items()}

    def _loss(self, objective: str) -> Callable[..., Tensor]:
        return partial(OBJECTIVES[objective].loss, self._dataset, **self._constants(objective))

    def step(self, objective: str, moves: tuple[str, ...]) -> Plain:
        """The update of the groups in `moves` under an objective; iterate it from (moving, fixed) over data."""
        name = self._name("step", objective, moves, *self._settings.adam)
        if name not in self._built:
            self._built[name] = self._wrap(make_step(self._loss(objective), self.layouts, self._settings.adam), name)
        return self._built[name]

    def assessment(self, objective: str) -> Plain:
        """The evaluation of an objective: `assess(groups, *data)`."""
        name = self._name("assess", objective)
        if name not in self._built:
            self._built[name] = self._wrap(make_assessment(self._loss(objective), self.layouts), name)
        return self._built[name]

    def noise(self) -> Plain:
        """The draws of a chunk: `draw(counters, keys)`. The same for every data set."""
        name = f"normal-draws-{self._source}"
        if name not in self._built:
            self._built[name] = self._wrap(normal_draws, name)
        return self._built[name]

    def _name(self, kind: str, objective: str, moves: tuple[str, ...] = (), *numbers: float) -> str:
        """A name for a function, which changes with its source and with every number that is built into it."""
        built_in = seed_of(self._source, *numbers, *self._constants(objective).values())
        return "-".join([self._dataset.name, kind, objective, *moves, f"{built_in:016x}"])


class Stack:
    """Models that train together through the same phases.

    Attributes:
        state: all that training changes.
        phase: number of the phase that is under way.
        epoch: epochs of that phase that are done.
        trained: epochs done in all.
    """

    def __init__(
        self,
        problem: Problem,
        members: Sequence[Member],
        phases: Sequence[Phase],
        settings: Settings,
        programs: Programs,
    ) -> None:
        self._problem, self._members, self._phases = problem, members, phases
        self._settings, self._programs = settings, programs
        self._device = problem.train.device
        self._replicates = torch.tensor([member.replicate for member in members], device=self._device)
        self._validation_noise = self._draw_validation_noise()
        self.state = State.start(self._initial_parameters())
        self.phase = self.epoch = self.trained = 0

    def _initial_parameters(self) -> Groups:
        parameters = {}
        for group, layout in self._programs.layouts.items():
            if group == "generative" and not any(group in phase.moves for phase in self._phases):
                parameters[group] = self._problem.truth.expand(len(self._members), -1).clone()
                continue
            rows = [layout.draw(stream(*member.labels, "initialisation", group)) for member in self._members]
            parameters[group] = torch.stack(rows).to(self._device)
        return parameters

    def _scalars(self, objective: Objective) -> list[Tensor]:
        return [
            torch.tensor([float(member.values.get(name, 1)) for member in self._members], device=self._device)
            for name in objective.scalars
        ]

    def _draw_validation_noise(self) -> list[Tensor]:
        """Fixed draws, common to a replicate's models and to all snapshots: each [replicates, 2, points]."""
        shape = self._settings.validation_draws, LATENT, self._problem.validation.shape[2]
        generators = [stream(*labels, "validation draws") for labels in self._problem.labels]
        return list(torch.stack([torch.randn(shape, generator=each) for each in generators], 1).to(self._device))

    def _validation_draws(self, models: slice) -> Iterator[Tensor]:
        """The same for some models: each [models, 2, points]."""
        for noise in self._validation_noise:
            shared = len(noise) == 1
            yield noise.expand(len(self._members), -1, -1)[models] if shared else self._of_models(noise, models)

    def _of_models(self, replicates: Tensor, models: slice) -> Tensor:
        """What some models see of [replicates, ...]: [models, ...], or [1, ...] if there is but one replicate."""
        return replicates if len(replicates) == 1 else replicates[self._replicates[models]]

    def _parts(self, objective: Objective, points: int) -> Iterator[slice]:
        """The stack's models, as many at a time as suits the device for a call on so many points."""
        size = models_in_a_call(self._device, self._held(objective, points))
        for first in range(0, len(self._members), size):
            yield slice(first, first + size)

    def _held(self, objective: Objective, points: int) -> int:
        """How many numbers a step on so many points holds of one model."""
        return (objective.held + self._problem.dataset.features) * points

    @property
    def memory(self) -> int:
        """Bytes that the stack takes on its device, about: the state of its models, and what its widest call holds."""
        state = COPIES_OF_STATE * sum(parameters.nbytes for parameters in self.state.parameters.values())
        points = max(self._problem.train.shape[2], self._problem.validation.shape[2])
        held = max(self._held(OBJECTIVES[phase.objective], points) for phase in self._phases)
        return state + bytes_of_a_call(held, min(len(self._members), models_in_a_call(self._device, held)))

    @property
    def train(self) -> Tensor:
        """The training points of every model [models, observed, points]; [1, ...] if all have the same."""
        return self._of_models(self._problem.train, slice(None))

    @property
    def finished(self) -> bool:
        """Whether all phases are done."""
        return self.phase == len(self._phases)

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.epochs for phase in self._phases)

    def run(self, after_chunk: Callable[[Stack], None] = lambda stack: None) -> None:
        """Train to the end, from wherever the stack is; `after_chunk` is called whenever a chunk of epochs is done."""
        while not self.finished:
            phase = self._phases[self.phase]
            if self.epoch == 0:
                self._enter(phase)
            self._run_chunk(phase)
            if self.epoch == phase.epochs:
                self._leave()
                self.phase, self.epoch = self.phase + 1, 0
            after_chunk(self)

    def _enter(self, phase: Phase) -> None:
        """Do what comes before a phase's first epoch."""
        if phase.encoder_start in ENCODER_STARTS:
            start = ENCODER_STARTS[phase.encoder_start]
            parameters = self.state.parameters
            parameters["encoder"] = start(self._problem.dataset, parameters, self.train)
        if phase.fresh:
            self.state.begin_afresh()

    def _leave(self) -> None:
        """Do what comes after a phase's last epoch: end at the best snapshot, judge the round, keep the best round."""
        following = self._phases[self.phase + 1 : self.phase + 2]
        if following and not following[0].fresh:
            return
        self.state.rewind()
        opening = max(j for j in range(self.phase + 1) if self._phases[j].opens_round)
        if not any(phase.fresh for phase in self._phases[opening + 1 : self.phase + 1]):
            self.state.pass_verdict()
        if not following or following[0].opens_round:
            self.state.keep_round(sum(phase.opens_round for phase in self._phases[: self.phase + 1]))

    def _run_chunk(self, phase: Phase) -> None:
        """Train to the end of a chunk of epochs, or of the phase."""
        every, end_of_chunk = self._settings.validate_every, min((self.epoch // CHUNK + 1) * CHUNK, phase.epochs)
        while self.epoch < end_of_chunk:
            snapshot = min((self.epoch // every + 1) * every, phase.epochs)
            ends = min(snapshot, end_of_chunk)
            self._advance(phase, ends)
            self.trained += ends - self.epoch
            self.epoch = ends
            if ends == snapshot and not phase.ramp:
                self._take_snapshot(phase.objective)

    def _advance(self, phase: Phase, ends: int) -> None:
        """Train to epoch `ends` of the same chunk."""
        objective, state = OBJECTIVES[phase.objective], self.state
        step = self._programs.step(phase.objective, phase.moves)
        moving = self._moving(phase.moves)
        fixed = {group: state.parameters[group] for group in objective.groups if group not in phase.moves}
        points = self._settings.batch_size if objective.stochastic else self._problem.train.shape[2]
        parts = []
        for models in self._parts(objective, points):
            data = self._data(phase, objective, ends, models)
            parts.append(step.iterate(take_models(moving, models), take_models(fixed, models), data))
        moving = join_models(parts)
        state.parameters |= moving.parameters
        state.first |= moving.first
        state.second |= moving.second
        state.count |= moving.count
        state.alive = moving.alive

    def _moving(self, groups: Sequence[str]) -> Moving:
        """What a step changes, as the stack has it now."""
        state = self.state
        parts = (state.parameters, state.first, state.second, state.count)
        taken = ({group: part[group] for group in groups} for part in parts)
        return Moving(*taken, state.alive, torch.zeros_like(state.best.score))

    def _data(self, phase: Phase, objective: Objective, ends: int, models: slice) -> Iterator[tuple[Tensor, ...]]:
        """The data of some models' steps from where the stack is to epoch `ends`; noise is drawn epoch by epoch."""
        scalars = [values[models] for values in self._scalars(objective)]
        if not objective.stochastic:
            x = self._of_models(self._problem.train, models)
            yield from itertools.repeat((x, *scalars), ends - self.epoch)
            return
        (beta,) = scalars
        chunk, size = self.epoch // CHUNK, self._settings.batch_size
        x = chunk_batches(self._problem.train, size, self._problem.labels, self.phase, chunk)
        keys = chunk_keys([member.labels for member in self._members[models]], self.phase, chunk).to(self._device)
        counters = chunk_counters(self._problem.train.shape[2] // size, size).to(self._device)
        draw = self._programs.noise()
        for epoch in range(self.epoch, ends):
            weight = beta * (epoch / phase.epochs) if phase.ramp else beta
            noise = draw(counters[epoch % CHUNK], keys).unbind(1)
            for batch, draws in zip(x[epoch % CHUNK], noise, strict=True):
                yield self._of_models(batch, models), draws, weight

    def _take_snapshot(self, objective: str) -> None:
        score = self.assess(objective)
        better = self.state.alive & (score < self.state.best.score)
        epoch = torch.full_like(self.state.best.epoch, self.trained)
        self.state.best.replace(better, score, epoch, self.state.parameters)

    @torch.no_grad()
    def assess(self, objective: str) -> Tensor:
        """Validation objective of every model as it is now [models]: the final β, the same draws every time."""
        known, scalars, scores = OBJECTIVES[objective], self._scalars(OBJECTIVES[objective]), []
        for models in self._parts(known, self._problem.validation.shape[2]):
            x, values = self._of_models(self._problem.validation, models), take_models(scalars, models)
            if known.stochastic:
                groups = {group: self.state.parameters[group][models] for group in known.groups}
                program = self._programs.assessment(objective)
                draws = [program(groups, x, noise, *values) for noise in self._validation_draws(models)]
                scores.append(torch.stack(draws).mean(0))
            else:  # a step tells the loss too; no other function needs to be compiled
                step = self._programs.step(objective, known.groups)
                scores.append(step.iterate(take_models(self._moving(known.groups), models), {}, [(x, *values)]).loss)
        return torch.cat(scores)
