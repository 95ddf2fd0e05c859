"""What each kind of job depends on beside its files. A job knows its own method and data set, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from libi.base.method import GROUPS, Phases, Plan
from libi.base.values import Cap, Count, Repeats, Section, Seed, Share, Switch, as_tuple, format_number, nearest
from libi.methods import METHODS
from libi.runtime.rooms import RoomError
from libi.study.settings import (
    Activation,
    AnnealingForm,
    ArchitectureSettings,
    Device,
    Fit,
    LibiEpochs,
    Likelihood,
    PosteriorSettings,
    TrainingSettings,
)


@dataclass(frozen=True)
class Configuration:
    """One point of a method's grid."""

    method: str
    values: tuple[tuple[str, float | int], ...]

    @property
    def name(self) -> str:
        """Its name in tables, e.g. "beta=0.5"; "default" where there is nothing to choose."""
        return ",".join(f"{key}={format_number(value)}" for key, value in self.values) or "default"

    def as_dict(self) -> dict[str, float | int]:
        """The hyper-parameters by name."""
        return dict(self.values)


class JobTrainingSettings(TrainingSettings):
    """The training settings that one method reads; None where only another method reads them."""

    batch_size: Count | None = None  # type: ignore[assignment]
    elbo_draws: Repeats | None = None  # type: ignore[assignment]
    annealing_share: Share | None = None  # type: ignore[assignment]
    annealing_form: AnnealingForm | None = None  # type: ignore[assignment]
    constrained_batch_size: Count | None = None  # type: ignore[assignment]
    libi_epochs: LibiEpochs | None = None  # type: ignore[assignment]
    whitened_start: Switch | None = None  # type: ignore[assignment]
    exponential_cap: Cap | None = None  # type: ignore[assignment]


class JobArchitecture(ArchitectureSettings):
    """The architecture of one data set; None for what only another data set reads."""

    decoder_units: Count | None = None  # type: ignore[assignment]
    decoder_activation: Activation | None = None  # type: ignore[assignment]


class TrainingJob(Section):
    """All that a training job depends on beside its data: `TrainingJob.model_validate(study.training_job(...))`."""

    dataset: str
    method: str
    seed: Seed
    device: Device
    compile: Switch
    restarts: Count
    configurations: Annotated[tuple[dict[str, int | float], ...], BeforeValidator(as_tuple)]
    training: JobTrainingSettings
    architecture: JobArchitecture

    def configuration_objects(self) -> tuple[Configuration, ...]:
        """The job's configurations, in the order of the grid."""
        return tuple(Configuration(self.method, tuple(values.items())) for values in self.configurations)

    def phases(self, configuration: Configuration) -> Phases:
        """What models of a configuration go through.

        Raises:
            RoomError: if a phase is under an objective that the method does not have, or moves what there is not.
        """
        plan, method = Plan(**self.training.model_dump(include=set(Plan._fields))), METHODS[self.method]
        phases = method.phases(configuration.as_dict(), plan)
        for phase in phases:
            _check("is under the objective", phase.objective, (*method.objectives, *method.own), self.method)
            for group in phase.moves:
                _check("moves", group, GROUPS, self.method)
        return phases


def _check(verb: str, name: str, allowed: tuple[str, ...], method: str) -> None:
    if name not in allowed:
        words = f"a phase {verb} {name!r}{nearest(name, allowed)} (allowed: {', '.join(allowed)})"
        raise RoomError(f"{METHODS.path(method)}: {words}")


class EvaluationJob(Section):
    """All that the evaluation depends on: `EvaluationJob.model_validate(study.evaluation_job())`."""

    seed: Seed
    metrics: dict[str, dict[str, Any]]
    """By name, the settings of each metric."""


class ScoringJob(Section):
    """All that the scores of configurations depend on: `ScoringJob.model_validate(study.scoring_job())`."""

    seed: Seed
    likelihood: Likelihood
    restart_split: Fit
    importance: dict[str, Any] | None = None
    """How the log-likelihood is estimated, if it is not the exact one: settings of the metric test_ll."""


class PosteriorJob(PosteriorSettings):
    """All that the posteriors depend on: `PosteriorJob.model_validate(study.posterior_job())`."""

    seed: Seed
