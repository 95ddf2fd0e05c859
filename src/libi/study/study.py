"""A study, the models it means, and what each of its jobs depends on."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from libi.base.method import TRUTH
from libi.base.values import Replicates, Restarts, Section, Seed, Switch, nearest
from libi.datasets import DATASETS, architecture_keys, own_points
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.study.grids import LISTED, DatasetGrids, EvaluationSettings, StudyTrainingSettings
from libi.study.jobs import Configuration, JobArchitecture, training_settings_of
from libi.study.settings import (
    ArchitectureSettings,
    Device,
    Folder,
    PointsSettings,
    SelectionSettings,
)

PAPER = "paper"


@dataclass(frozen=True)
class Model:
    """One model of a study: what is trained from one random initialisation."""

    dataset: str
    replicate: int
    method: str
    configuration: Configuration
    restart: int


class Study(Section):
    """A complete study. Build it by `load_study` or `read_study`, which also check that its values go together."""

    name: Folder
    """Where the study's files go: a subfolder of this name in results/, figures/ and paper/, unless it is paper."""
    seed: Seed
    """Root of all random streams."""
    device: Device
    """Where models are trained; auto takes a GPU if there is one."""
    compile: Switch
    """Whether training runs in compiled code: C++ kernels, or compiled PyTorch without them; CUDA graphs on a GPU."""
    replicates: Replicates
    """Generated data sets of each kind."""
    first_replicate: Seed
    """Number of the first replicate. Numbers name random streams: replicate 7 has the same points in every study."""
    replicates_per_job: Replicates
    """Replicates that a method trains on in one job, as one stack. If it changes, all of them are trained again."""
    restarts: Restarts
    """Random initialisations of each configuration."""
    points: PointsSettings
    training: StudyTrainingSettings
    architecture: ArchitectureSettings
    selection: SelectionSettings
    evaluation: EvaluationSettings
    datasets: DatasetGrids

    def dataset_names(self) -> tuple[str, ...]:
        """The study's data sets, in the order of their room."""
        return tuple(name for name in DATASETS if getattr(self.datasets, name) is not None)

    def methods(self, dataset: str) -> tuple[str, ...]:
        """The methods run on a data set: truth, if it is known, then the study's own in the order of their room.

        Raises:
            ValueError: if the study has no such data set.
        """
        _check_name("data set", dataset, self.dataset_names())
        grids = getattr(self.datasets, dataset)
        known = (TRUTH,) if own_points(dataset) is None else ()
        return (*known, *(name for name in LISTED if getattr(grids, name) is not None))

    def demonstrations(self, dataset: str) -> tuple[str, ...]:
        """The methods trained on a data set's first replicate for what they show alone: never scored or selected.

        Raises:
            ValueError: if the study has no such data set.
        """
        _check_name("data set", dataset, self.dataset_names())
        return tuple(name for name, method in METHODS.items() if dataset in method.shown_on)

    def configurations(self, dataset: str, method: str) -> tuple[Configuration, ...]:
        """The points of a method's grid; the last hyper-parameter runs fastest.

        Raises:
            ValueError: if the study has no such data set, or not that method on it.
        """
        _check_name("method", method, (*self.methods(dataset), *self.demonstrations(dataset)))
        axes = dict(getattr(getattr(self.datasets, dataset), method, ()))  # only the study's own methods have a grid
        points = itertools.product(*axes.values())
        return tuple(Configuration(method, tuple(zip(axes, point, strict=True))) for point in points)

    def models(self) -> Iterator[Model]:
        """Every model that Table 1 compares (so without truth), restarts running fastest."""
        for dataset, replicate in itertools.product(self.dataset_names(), self.replicate_names()):
            for method in (name for name in self.methods(dataset) if name != TRUTH):
                for configuration in self.configurations(dataset, method):
                    for restart in range(self.restarts):
                        yield Model(dataset, replicate, method, configuration, restart)

    def replicate_names(self) -> range:
        """The replicates' numbers."""
        return range(self.first_replicate, self.first_replicate + self.replicates)

    def replicates_of(self, pack: str) -> list[int]:
        """The replicates of a training job, by its name: [0] of "0", [2, 3] of "2-3"."""
        first, *last = map(int, pack.split("-"))
        return list(range(first, (last or [first])[0] + 1))

    def pack_of(self, replicate: int) -> str:
        """Name of the training job that a replicate belongs to: "2", or "2-3" if each has two of them."""
        first = replicate - (replicate - self.first_replicate) % self.replicates_per_job
        last = min(first + self.replicates_per_job, self.first_replicate + self.replicates) - 1
        return f"{first}-{last}" if last > first else str(first)

    def packs(self) -> list[str]:
        """Names of a method's training jobs on a data set, in the order of their replicates."""
        return list(dict.fromkeys(map(self.pack_of, self.replicate_names())))

    def training_job(self, dataset: str, method: str) -> dict[str, Any]:
        """All that training a method on one replicate depends on beside its data, in plain types for Snakemake.

        Snakemake trains again when it changes. So it has no number of replicates, and no settings of other methods.

        Raises:
            ValueError: if the study has no such data set, or not that method on it.
        """
        configurations = [configuration.as_dict() for configuration in self.configurations(dataset, method)]
        return {
            "dataset": dataset,
            "method": method,
            **self.model_dump(include={"seed", "device", "compile", "restarts"}),
            "configurations": configurations,
            "training": self._training_of(method),
            "architecture": self.architecture_of(dataset),
        }

    def _training_of(self, method: str) -> dict[str, Any]:
        """The training settings that a method reads, with its defaults for what the study does not say."""
        kind = training_settings_of(method)
        given = self.training.model_dump(include=set(kind.model_fields), exclude_none=True)
        return kind.model_validate(given).model_dump()

    def architecture_of(self, dataset: str, stage: str = "training") -> dict[str, Any]:
        """What a data set's networks depend on, in plain types for Snakemake, without what only another one reads.

        Args:
            dataset: name of the data set.
            stage: training; or data, which the encoders have no part in.
        """
        optional = {key for key, field in JobArchitecture.model_fields.items() if not field.is_required()}
        foreign = optional - set(architecture_keys(dataset))
        return self.architecture.model_dump(exclude=foreign | ({"encoder_bias"} if stage == "data" else set()))

    def metric_names(self) -> tuple[str, ...]:
        """The study's metrics, in the order of their room."""
        return tuple(name for name in METRICS if self.metric(name) is not None)

    def metric(self, name: str) -> Any:
        """The settings of a metric; None if the study does not have it."""
        return getattr(self.evaluation.metrics, name)

    def evaluation_job(self) -> dict[str, Any]:
        """All that the evaluation of a model depends on beside model and data, in plain types for Snakemake."""
        return {"seed": self.seed, "metrics": {name: self.metric(name).model_dump() for name in self.metric_names()}}

    def scoring_job(self) -> dict[str, Any]:
        """All that the score of a configuration depends on beside model and data, in plain types for Snakemake."""
        chosen = {"seed": self.seed, **self.selection.model_dump(include={"likelihood", "restart_split"})}
        if self.selection.likelihood == "importance":
            chosen["importance"] = self.metric("test_ll").model_dump()
        return chosen

    def posterior_job(self) -> dict[str, Any]:
        """All that posteriors and gaps of the chosen models depend on beside models and data, in plain types."""
        return {"seed": self.seed, **self.evaluation.posterior.model_dump()}


def _check_name(what: str, name: str, names: Iterable[str]) -> None:
    names = tuple(names)
    if name not in names:
        raise ValueError(f"unknown {what} {name!r}; allowed: {', '.join(names)}{nearest(name, names)}")
