"""What each kind of job depends on beside its files. A job knows its own method and data set, and no others."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, SerializeAsAny, ValidationInfo, create_model, field_validator

from libi.base.method import ENCODER_STARTS, GROUPS, GROWTH, MethodSettings, Phases
from libi.base.objective import Objective
from libi.base.values import Count, Section, Seed, Switch, as_tuple, format_number, nearest
from libi.methods import METHODS
from libi.runtime.rooms import RoomError
from libi.study.settings import (
    Activation,
    ArchitectureSettings,
    Device,
    Fit,
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


@functools.cache
def training_settings_of(method: str) -> type[TrainingSettings]:
    """The type of the training settings that a method reads: those of all methods, and its own."""
    bases: Any = METHODS[method].settings, TrainingSettings  # the fields of the last come first
    return cast(
        type[TrainingSettings],
        create_model("TrainingSettings", __base__=bases, __doc__=TrainingSettings.__doc__),
    )


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
    training: SerializeAsAny[TrainingSettings]  # with those of its method
    architecture: JobArchitecture

    @field_validator("training", mode="before")
    @classmethod
    def _of_its_method(cls, given: Any, others: ValidationInfo) -> Any:
        return training_settings_of(others.data["method"]).model_validate(given)

    def configuration_objects(self) -> tuple[Configuration, ...]:
        """The job's configurations, in the order of the grid."""
        return tuple(Configuration(self.method, tuple(values.items())) for values in self.configurations)

    def phases(self, configuration: Configuration) -> Phases:
        """What models of a configuration go through.

        Raises:
            RoomError: if the method cannot tell, or a phase is under an objective that it does not have, or moves what
                there is not, or the first one does not begin a round afresh.
        """
        method = METHODS[self.method]
        try:
            phases = tuple(method.phases(configuration.as_dict(), self.training.epochs, self.training))
        except Exception as error:  # whatever a file of somebody's own does
            problem = f"its phases for {configuration.name} cannot be listed: {type(error).__name__}: {error}"
            raise RoomError(f"{METHODS.path(self.method)}: {problem}") from None
        for phase in phases:
            _check("is under the objective", phase.objective, (*method.objectives, *method.own), self.method)
            _check("starts the encoder by", phase.encoder_start, ENCODER_STARTS, self.method)
            _check("lets β grow as", phase.ramp or GROWTH[0], GROWTH, self.method)
            for group in phase.moves:
                _check("moves", group, GROUPS, self.method)
        self._check_lengths(configuration, phases)
        if not phases or not (phases[0].fresh and phases[0].opens_round):
            words = "it needs at least one phase, and the first must have fresh=True and opens_round=True"
            raise RoomError(f"{METHODS.path(self.method)}: {words}")
        check_objectives(self.method, method.own, phases)
        return phases

    def _check_lengths(self, configuration: Configuration, phases: Phases) -> None:
        """Refuse phases of an odd length, and more or fewer epochs than the study gives to every method."""
        lengths, path = [phase.epochs for phase in phases], METHODS.path(self.method)
        for length in lengths:
            if type(length) is not int or length < 0:
                raise RoomError(
                    f"{path}: a phase of {configuration.name} has {length!r} epochs; it must be a whole number"
                )
        if cast(MethodSettings, self.training).shares_epochs and sum(lengths) != self.training.epochs:
            words = f"the phases of {configuration.name} have {sum(lengths)} epochs together"
            raise RoomError(f"{path}: {words}; they must share the study's {self.training.epochs}")


def check_objectives(name: str, objectives: Mapping[str, Objective], phases: Phases) -> None:
    """Make sure that a method reads the settings of its objectives, and that its phases move what these depend on.

    Args:
        name: of the method.
        objectives: those to look at, by name.
        phases: of the method; those under other objectives are passed over.

    Raises:
        RoomError: naming the method's file.
    """
    path, settings = METHODS.path(name), METHODS[name].settings
    for phase in phases:
        objective = objectives.get(phase.objective)
        if objective and (lacking := [key for key in objective.reads if key not in settings.model_fields]):
            words = f"its objective {phase.objective!r} takes the training settings {', '.join(lacking)}"
            raise RoomError(f"{path}: {words}, which its {settings.__name__} lacks")
        if objective and (idle := [group for group in phase.moves if group not in objective.groups]):
            words = f"a phase moves {', '.join(idle)}, on which its objective {phase.objective!r} does not depend"
            raise RoomError(f"{path}: {words} (it depends on: {', '.join(objective.groups)})")


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
