"""A training job: every configuration and restart of one method on one replicate of a data set, or on several."""

from __future__ import annotations

import functools
import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from jaxtyping import Float, Float32
from torch import Tensor
from torch.nn.functional import pad

from libi.base.dataset import Dataset
from libi.base.method import Phase
from libi.datasets import dataset_of
from libi.methods import METHODS
from libi.objectives import objectives_of
from libi.runtime.device import choose_device
from libi.study.jobs import Configuration, TrainingJob, check_objectives
from libi.training.checkpoint import Checkpoints
from libi.training.engine import Stack
from libi.training.problem import Member, Problem
from libi.training.records import describe

log = logging.getLogger(__name__)

CURVE = "curve"


class Trained(NamedTuple):
    """What a job leaves.

    Attributes:
        tensors: group to the kept parameters [models, parameters], float32; models in the order of the records. Among
            them, as "curve", what `curve_of` gives.
        records: one row a model, see `libi.training.records`.
        objectives: names of those that the method trains under.
    """

    tensors: dict[str, Tensor]
    records: pd.DataFrame
    objectives: tuple[str, ...]


def train_job(
    job: TrainingJob,
    replicates: Sequence[int],
    truth: Float[Tensor, "1 parameters"] | None,
    train: Iterable[Float[Tensor, "observed points"]],
    validation: Iterable[Float[Tensor, "observed validation_points"]],
    checkpoints: Checkpoints | None = None,
) -> Trained:
    """Train all models of a job.

    Args:
        job: the part of the study that the job depends on.
        replicates: numbers of the replicates, which name random streams.
        truth: θ_GT packed [1, parameters]; None if it is not known.
        train: each replicate's training points [observed, points].
        validation: each replicate's validation points [observed, points].
        checkpoints: where to leave and look for checkpoints, if anywhere.
    """
    dataset, device = dataset_of(job.dataset, job.architecture.model_dump()), choose_device(job.device)
    problem = Problem(
        dataset=dataset,
        truth=None if truth is None else truth.float().to(device),
        train=torch.stack(list(train)).float().to(device),
        validation=torch.stack(list(validation)).float().to(device),
        labels=[(job.seed, job.dataset, replicate) for replicate in replicates],
    )
    objectives = objectives_of(METHODS[job.method])
    plans = list(plan_stacks(job, replicates))
    for plan in plans:
        check_objectives(job.method, objectives, plan.phases)
    log.info("%d models in %d stacks on %s", sum(len(plan.members) for plan in plans), len(plans), device.type)
    parts = []
    for number, plan in enumerate(plans):
        stack = Stack(problem, plan.members, plan.phases, job.training, job.compile, objectives)
        title = f"stack {number + 1} of {len(plans)}"
        log.info("%s: %d models, about %.0f MiB on the device", title, len(plan.members), stack.memory / 2**20)
        report = Report(title, stack)
        if checkpoints:
            checkpoints.resume(number, stack)
            checkpoints.note((number + stack.trained / stack.epochs) / len(plans))
        stack.run(functools.partial(_after_chunk, number, len(plans), report, checkpoints))
        parts.append(collect(job, plan, stack, dataset, device))
    return join(parts)


def join(parts: Sequence[Trained]) -> Trained:
    """What several stacks of a job leave together."""
    widest = max(part.tensors[CURVE].shape[2] for part in parts)
    tensors = {
        group: torch.cat([part.tensors[group] for part in parts]) for group in parts[0].tensors if group != CURVE
    }
    curves = (part.tensors[CURVE] for part in parts)
    tensors[CURVE] = torch.cat([pad(curve, (0, widest - curve.shape[2]), value=torch.inf) for curve in curves])
    records = pd.concat([part.records for part in parts], ignore_index=True)
    return Trained(tensors, records, parts[0].objectives)


class StackPlan(NamedTuple):
    """Models that can train together, because their phases are the same."""

    phases: tuple[Phase, ...]
    replicates: list[int]
    configurations: list[Configuration]
    restarts: list[int]
    members: list[Member]


def plan_stacks(job: TrainingJob, replicates: Sequence[int]) -> Iterator[StackPlan]:
    """Divide a job's models among stacks, one a schedule; a stack holds replicate after replicate."""
    schedules: dict[tuple[Phase, ...], list[Configuration]] = {}
    for configuration in job.configuration_objects():
        schedules.setdefault(job.phases(configuration), []).append(configuration)
    for phases, group in schedules.items():
        models = list(itertools.product(replicates, group, range(job.restarts)))
        members = [
            Member(
                (job.seed, job.dataset, replicate, job.method, configuration.name, restart),
                configuration.as_dict(),
                replicates.index(replicate),
            )
            for replicate, configuration, restart in models
        ]
        of_replicates, configurations, restarts = map(list, zip(*models, strict=True))
        yield StackPlan(phases, of_replicates, configurations, restarts, members)


def collect(job: TrainingJob, plan: StackPlan, stack: Stack, dataset: Dataset, device: torch.device) -> Trained:
    """What a finished stack leaves."""
    moved = {group for phase in plan.phases for group in phase.moves}
    records = describe(dataset, stack.train, stack.state, stack.training_objective(), encodes="encoder" in moved)
    names: dict[str, Sequence[object]] = {
        "dataset": [job.dataset] * len(records),
        "method": [job.method] * len(records),
        "replicate": plan.replicates,
        "configuration": [configuration.name for configuration in plan.configurations],
        "restart": plan.restarts,
        "epochs": [stack.trained] * len(records),
        "device": [device.type] * len(records),
        "computed_by": [stack.computed_by] * len(records),
    }
    kept = stack.state.kept.parameters
    tensors = {group: kept[group].cpu() for group in kept if group == "generative" or group in moved}
    objectives = tuple(objectives_of(METHODS[job.method]))
    tensors[CURVE] = curve_of(stack, objectives)
    return Trained(tensors, pd.concat([pd.DataFrame(names), records], axis=1), objectives)


def curve_of(stack: Stack, objectives: Sequence[str]) -> Float32[Tensor, "models 3 snapshots"]:
    """How the training of a stack's models went: float32 [models, 3, snapshots].

    Args:
        stack: a finished one.
        objectives: names of those that its method trains under.

    Returns:
        for each snapshot the validation objective, the epochs trained, and the number of its objective among the names.
    """
    when = [[ends, objectives.index(name)] for ends, name in stack.snapshots]
    fixed = torch.tensor(when, dtype=torch.float32).T.expand(len(stack.state.curve), 2, -1)
    return torch.cat([stack.state.curve.cpu()[:, None], fixed], 1)


def _after_chunk(number: int, stacks: int, report: Report, checkpoints: Checkpoints | None, stack: Stack) -> None:
    if report(stack) and checkpoints:
        checkpoints.note((number + stack.trained / stack.epochs) / stacks)
    if checkpoints:
        checkpoints.save(number, stack)


class Report:
    """Tells the log now and then how far a stack has come."""

    def __init__(self, title: str, stack: Stack, seconds: float = 15.0) -> None:
        self._title, self._seconds = title, seconds
        self._before, self._epochs = time.monotonic(), stack.trained

    def __call__(self, stack: Stack) -> bool:
        """Write a line if the last is old enough or the stack has finished; tells whether it did."""
        now = time.monotonic()
        if not stack.finished and now - self._before < self._seconds:
            return False
        speed = (stack.trained - self._epochs) / max(now - self._before, 1e-9)
        best = (stack.state.kept if stack.finished else stack.state.best).score
        finite = best[torch.isfinite(best)]
        shown = f"{finite.min():.4f}" if len(finite) else "none yet"
        log.info(
            "%s: epoch %d of %d, %.0f epochs/s, best validation objective %s, %d diverged",
            *(self._title, stack.trained, stack.epochs, speed, shown, int((~stack.state.alive).sum())),
        )
        self._before, self._epochs = now, stack.trained
        return True
