"""Training a stack of models through the phases of a method.

The engine knows phases, objectives and models. It has never heard of a method's name, nor of what computes a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float, Float32
from torch import Tensor

from libi.base.method import Phase
from libi.base.objective import Objective
from libi.native.compilers import compiler_of_pytorch
from libi.objectives import OBJECTIVES
from libi.runtime.device import on_host
from libi.runtime.seeding import stream
from libi.study.settings import TrainingSettings
from libi.training.backends import Backend, Stretch
from libi.training.by_kernels import ByKernels, has_kernels
from libi.training.captured import Captured
from libi.training.compilation import Compiled, Program
from libi.training.encoder_start import ENCODER_STARTS
from libi.training.in_pytorch import InPyTorch
from libi.training.noise import CHUNK
from libi.training.problem import Inputs, Member, Problem
from libi.training.state import State
from libi.training.step import Groups

COPIES_OF_STATE = 5  # parameters, Adam's two moments, the best snapshot and the best round


class Stack:
    """Models that train together through the same phases.

    Attributes:
        state: all that training changes.
        phase: number of the phase that is under way.
        epoch: epochs of that phase that are done.
        trained: epochs done in all.
        snapshots: epochs done in all at each snapshot, and the objective that it is judged by.
    """

    def __init__(
        self,
        problem: Problem,
        members: Sequence[Member],
        phases: Sequence[Phase],
        settings: TrainingSettings,
        compiled: bool,
        objectives: Mapping[str, Objective] = OBJECTIVES,
    ) -> None:
        self._problem, self._members, self._phases, self._settings = problem, members, phases, settings
        self._inputs = Inputs(problem, members, settings, compiled, objectives)
        self._backends = choose_backends(self._inputs, {phase.objective for phase in phases})
        self.computed_before: set[str] = set()  # by a process that was stopped: see computed_by
        self.snapshots = snapshots(phases, settings.validate_every)
        self.state = State.start(self._initial_parameters(), len(self.snapshots))
        self.phase = self.epoch = self.trained = 0

    def _initial_parameters(self) -> Groups:
        parameters = {}
        for group, layout in self._problem.dataset.layouts.items():
            if group == "generative" and not any(group in phase.moves for phase in self._phases):
                if self._problem.truth is None:
                    raise ValueError(f"{self._problem.dataset.name}: no phase moves θ, and no ground truth is known")
                parameters[group] = self._problem.truth.expand(len(self._members), -1).clone()
                continue
            rows = [layout.draw(stream(*member.labels, "initialisation", group)) for member in self._members]
            parameters[group] = self._settings.initial_scale * torch.stack(rows).to(self._problem.device)
        return parameters

    @property
    def memory(self) -> int:
        """Bytes that the stack takes on its device, about: the state of its models, and what its widest call holds."""
        state = COPIES_OF_STATE * sum(parameters.nbytes for parameters in self.state.parameters.values())
        return state + max(backend.memory(objective) for objective, backend in self._backends.items())

    @property
    def computed_by(self) -> str:
        """What has computed the steps: C++ kernels, compiled PyTorch, recorded PyTorch (a GPU's), or PyTorch."""
        return ", ".join(sorted(self.computed_before.union(*(backend.ways() for backend in self._backends.values()))))

    @property
    def train(self) -> Float[Tensor, "#models observed points"]:
        """The training points of every model [models, observed, points]; [1, ...] if all have the same."""
        return self._inputs.of_models(self._problem.train)

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
        before = self.epoch // CHUNK * CHUNK
        weights = growth(before, phase.epochs, phase.ramp) if phase.ramp else None
        stretch = Stretch(phase, self.phase, self.epoch, ends, self._rate(before), weights)
        after, state = self._backends[phase.objective].advance(stretch, self.state), self.state
        state.parameters |= after.parameters
        state.first |= after.first
        state.second |= after.second
        state.count |= after.count
        state.alive = after.alive

    def _rate(self, before: int) -> float:
        """Factor on the learning rate after so many epochs of the phase: it falls from fresh phase to fresh phase."""
        fresh = [number for number, phase in enumerate(self._phases) if phase.fresh]
        start = max(number for number in fresh if number <= self.phase)
        end = min((number for number in fresh if number > self.phase), default=len(self._phases))
        lengths = [phase.epochs for phase in self._phases]
        return self._settings.learning_rate_end ** (
            (sum(lengths[start : self.phase]) + before) / sum(lengths[start:end])
        )

    def _take_snapshot(self, objective: str) -> None:
        score, last = self.assess(objective), self._settings.snapshot == "last"
        better = self.state.alive & (torch.isfinite(score) if last else score < self.state.best.score)
        epoch = torch.full_like(self.state.best.epoch, self.trained)
        self.state.best.replace(better, score, epoch, self.state.parameters)
        self.state.curve[:, [ends for ends, _ in self.snapshots].index(self.trained)] = score

    def assess(self, objective: str) -> Float[Tensor, " models"]:
        """Validation objective of every model as it is now [models]: the final β, the same draws every time."""
        return self._backends[objective].assess(objective, self.state.parameters)

    def training_objective(self) -> Float[Tensor, " models"]:
        """Objective of the kept models on the training points [models]: that of a round's first phase."""
        objective = next(phase.objective for phase in self._phases if phase.opens_round)
        return self._backends[objective].assess(objective, self.state.kept.parameters, "train")


def snapshots(phases: Sequence[Phase], every: int) -> list[tuple[int, str]]:
    """When snapshots are taken: epochs of all phases together, and the objective of the phase.

    Args:
        phases: of the training. One whose β grows takes none.
        every: epochs between two of them; each phase ends with one.
    """
    found, before = [], 0
    for phase in phases:
        ends = [] if phase.ramp else [*range(every, phase.epochs, every), phase.epochs]
        found += [(before + end, phase.objective) for end in ends]
        before += phase.epochs
    return found


def growth(before: int, epochs: int, form: str) -> Float32[Tensor, " CHUNK"]:
    """How far β has grown in the epochs of a chunk, as a share of its final value: float32 [CHUNK].

    Args:
        before: epochs of the phase before the chunk.
        epochs: of the phase.
        form: linear; or cosine, (1 − cos πt)/2.
    """
    share = torch.arange(before, before + CHUNK, dtype=torch.float64) / epochs
    return (share if form == "linear" else (1 - torch.cos(torch.pi * share)) / 2).float()


def choose_backends(inputs: Inputs, objectives: set[str]) -> dict[str, Backend]:
    """What computes the steps under each objective: the C++ kernels; where there are none, PyTorch."""
    problem, compiled = inputs.problem, inputs.compiled
    own = {name for name in objectives if inputs.objectives[name] is not OBJECTIVES.get(name)}
    kernels = {name for name in objectives - own if compiled and has_kernels(problem, name)}
    chosen: dict[str, Backend] = {name: ByKernels(inputs, name) for name in kernels}
    if kernels < objectives:
        chosen |= dict.fromkeys(objectives - kernels, InPyTorch(inputs, choose_way(inputs)))
    return chosen


def choose_way(inputs: Inputs) -> type[Program]:
    """How PyTorch's steps run: compiled on a CPU, if there is a compiler; recorded on a GPU; as they are elsewhere.

    What PyTorch 2.11 compiled for a GPU crashed or was wrong (docs/scale.md).
    """
    if not inputs.compiled:
        return Program
    if on_host(inputs.problem.train):
        return Compiled if compiler_of_pytorch() else Program
    return Captured
