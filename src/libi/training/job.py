"""A training job: every configuration and restart of one method on one replicate of a data set."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from libi.datasets import DATASETS
from libi.device import choose_device
from libi.study.models import Configuration, TrainingJob
from libi.training.checkpoint import Checkpoints
from libi.training.compilation import has_compiler
from libi.training.engine import Member, Problem, Programs, Settings, Stack
from libi.training.methods import METHODS, Phase
from libi.training.records import describe
from libi.training.step import Adam

log = logging.getLogger(__name__)


class Trained(NamedTuple):
    """What a job leaves.

    Attributes:
        tensors: group to the kept parameters [models, parameters], float32; models in the order of the records.
        records: one row a model, see `libi.training.records`.
    """

    tensors: dict[str, Tensor]
    records: pd.DataFrame


def train_job(
    job: TrainingJob,
    replicate: int,
    truth: Tensor,
    train: Tensor,
    validation: Tensor,
    checkpoints: Checkpoints | None = None,
) -> Trained:
    """Train all models of a job.

    Args:
        job: the part of the study that the job depends on.
        replicate: number of the replicate, which names random streams.
        truth: θ_GT packed [1, parameters].
        train: training points [observed, points].
        validation: validation points [observed, points].
        checkpoints: where to leave and look for checkpoints, if anywhere.
    """
    dataset, device = DATASETS[job.dataset], choose_device(job.device)
    problem = Problem(
        dataset=dataset,
        truth=truth.float().to(device),
        train=train.float().to(device)[None],
        validation=validation.float().to(device)[None],
        labels=(job.seed, job.dataset, replicate),
    )
    settings = settings_of(job, device)
    programs = Programs(dataset, settings)
    plans = list(plan_stacks(job, replicate))
    log.info("%d models in %d stacks on %s", sum(len(plan.members) for plan in plans), len(plans), device.type)
    parts = []
    for number, plan in enumerate(plans):
        stack = Stack(problem, plan.members, plan.phases, settings, programs)
        title = f"stack {number + 1} of {len(plans)}"
        report = Report(title, stack)
        if checkpoints:
            checkpoints.resume(number, stack)
        stack.run(lambda stack, n=number, r=report: (r(stack), checkpoints and checkpoints.save(n, stack)))
        parts.append(collect(job, replicate, problem, plan, stack, device))
    tensors = {group: torch.cat([part.tensors[group] for part in parts]) for group in parts[0].tensors}
    return Trained(tensors, pd.concat([part.records for part in parts], ignore_index=True))


def settings_of(job: TrainingJob, device: torch.device) -> Settings:
    """The engine's settings, from the study's."""
    given = job.training
    adam = Adam(given.learning_rate, given.adam.beta1, given.adam.beta2, given.adam.epsilon)
    return Settings(
        batch_size=given.batch_size,
        validate_every=given.validate_every,
        validation_draws=given.validation_draws,
        exponential_cap=given.exponential_cap,
        adam=adam,
        compiled=job.compile and has_compiler(device),
    )


class StackPlan(NamedTuple):
    """Models that can train together, because their phases are the same."""

    phases: tuple[Phase, ...]
    configurations: list[Configuration]
    restarts: list[int]
    members: list[Member]


def plan_stacks(job: TrainingJob, replicate: int) -> Iterator[StackPlan]:
    """Divide a job's models among stacks, one a schedule."""
    method, epochs = METHODS[job.method], job.training.epochs
    schedules: dict[tuple[Phase, ...], list[Configuration]] = {}
    for configuration in job.configuration_objects():
        phases = method(configuration.as_dict(), epochs, job.training.annealing_share)
        schedules.setdefault(phases, []).append(configuration)
    for phases, group in schedules.items():
        models = [(configuration, restart) for configuration in group for restart in range(job.restarts)]
        yield StackPlan(
            phases,
            [configuration for configuration, _ in models],
            [restart for _, restart in models],
            [member(job, replicate, configuration, restart) for configuration, restart in models],
        )


def member(job: TrainingJob, replicate: int, configuration: Configuration, restart: int) -> Member:
    """A model as the engine sees it."""
    labels = (job.seed, job.dataset, replicate, job.method, configuration.name, restart)
    return Member(labels, dict(configuration.as_dict()))


def collect(
    job: TrainingJob, replicate: int, problem: Problem, plan: StackPlan, stack: Stack, device: torch.device
) -> Trained:
    """What a finished stack leaves."""
    moved = {group for phase in plan.phases for group in phase.moves}
    encodes = "encoder" in moved
    records = describe(problem, stack.state, encodes=encodes)
    names: dict[str, Sequence[object]] = {
        "dataset": [job.dataset] * len(records),
        "method": [job.method] * len(records),
        "replicate": [replicate] * len(records),
        "configuration": [configuration.name for configuration in plan.configurations],
        "restart": plan.restarts,
        "epochs": [stack.trained] * len(records),
        "device": [device.type] * len(records),
    }
    kept = stack.state.kept.parameters
    tensors = {group: kept[group].cpu() for group in kept if group == "generative" or group in moved}
    return Trained(tensors, pd.concat([pd.DataFrame(names), records], axis=1))


class Report:
    """Tells the log now and then how far a stack has come."""

    def __init__(self, title: str, stack: Stack, seconds: float = 15.0) -> None:
        self._title, self._seconds = title, seconds
        self._before, self._epochs = time.monotonic(), stack.trained

    def __call__(self, stack: Stack) -> None:
        """Write a line if the last is old enough or the stack has finished."""
        now = time.monotonic()
        if not stack.finished and now - self._before < self._seconds:
            return
        speed = (stack.trained - self._epochs) / max(now - self._before, 1e-9)
        best = (stack.state.kept if stack.finished else stack.state.best).score
        finite = best[torch.isfinite(best)]
        shown = f"{finite.min():.4f}" if len(finite) else "none yet"
        log.info(
            "%s: epoch %d of %d, %.0f epochs/s, best validation objective %s, %d diverged",
            *(self._title, stack.trained, stack.epochs, speed, shown, int((~stack.state.alive).sum())),
        )
        self._before, self._epochs = now, stack.trained
