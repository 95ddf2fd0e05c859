"""A study, the models it means, and what each of its jobs depends on."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from libi.study.sections import (
    DATASETS,
    DEMONSTRATIONS,
    METHODS,
    Activation,
    AnnealingForm,
    ArchitectureSettings,
    Cap,
    Count,
    DatasetGrids,
    Device,
    EvaluationSettings,
    Fit,
    Folder,
    ImportanceSettings,
    LibiEpochs,
    Likelihood,
    MetricsSettings,
    PointsSettings,
    PosteriorSettings,
    Section,
    Seed,
    SelectionSettings,
    Share,
    Switch,
    TrainingSettings,
    as_tuple,
    format_number,
    nearest,
    one_of,
)

PAPER = "paper"
FAILED = 20.0  # nats of Eq. 44 above the best that was found for its configuration: a failed restart of LiBI
# Settings that one method alone reads: in the jobs of the others they would only cause reruns.
READ_BY_ONE_METHOD = {
    **dict.fromkeys(("annealing_share", "annealing_form"), "beta_vae_anneal"),
    **dict.fromkeys(("constrained_batch_size", "libi_epochs", "whitened_start", "exponential_cap"), "libi"),
}
READ_UNDER_THE_ELBO = {"batch_size", "elbo_draws"}  # so not by joint MAP
READ_BY_MOBIUS = {"mobius_units", "mobius_activation"}  # of the architecture


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


@dataclass(frozen=True)
class Model:
    """One model of a study: what is trained from one random initialisation."""

    dataset: str
    replicate: int
    method: str
    configuration: Configuration
    restart: int


class JobTrainingSettings(TrainingSettings):
    """The training settings that one method reads; None where only another method reads them."""

    batch_size: Count | None = None
    elbo_draws: Count | None = None
    annealing_share: Share | None = None
    annealing_form: AnnealingForm | None = None
    constrained_batch_size: Count | None = None
    libi_epochs: LibiEpochs | None = None
    whitened_start: Switch | None = None
    exponential_cap: Cap | None = None


class JobArchitecture(ArchitectureSettings):
    """The architecture of one data set; None for what only another data set reads."""

    mobius_units: Count | None = None
    mobius_activation: Activation | None = None


class TrainingJob(Section):
    """All that a training job depends on beside its data: `TrainingJob.model_validate(study.training_job(...))`."""

    dataset: one_of(*DATASETS)
    method: one_of(*METHODS, *DEMONSTRATIONS)
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


class LikelihoodJob(ImportanceSettings):
    """All that an estimate by Eq. 48 depends on."""

    seed: Seed


class EvaluationJob(MetricsSettings, LikelihoodJob):
    """All that the evaluation depends on: `EvaluationJob.model_validate(study.evaluation_job())`."""


class ScoringJob(LikelihoodJob):
    """All that the scores of configurations depend on: `ScoringJob.model_validate(study.scoring_job())`."""

    likelihood: Likelihood
    restart_split: Fit


class PosteriorJob(PosteriorSettings):
    """All that the posteriors depend on: `PosteriorJob.model_validate(study.posterior_job())`."""

    seed: Seed


class Study(Section):
    """A complete study. Build it by `load_study` or `read_study`, which also check that its values go together."""

    name: Folder
    """The paper's study writes to results/, figures/ and paper/; any other to a subfolder of its name in each."""
    seed: Seed
    """Root of all random streams."""
    device: Device
    """Where models are trained; auto takes a GPU if there is one."""
    compile: Switch
    """Whether training runs in compiled code: C++ kernels, or compiled PyTorch where there are none."""
    replicates: Count
    """Generated data sets of each kind."""
    first_replicate: Seed
    """Number of the first of them; a replicate's number names its random streams."""
    replicates_per_job: Count
    """Replicates that a method trains on in one job, as one stack."""
    restarts: Count
    """Random initialisations of each configuration."""
    points: PointsSettings
    training: TrainingSettings
    architecture: ArchitectureSettings
    selection: SelectionSettings
    evaluation: EvaluationSettings
    datasets: DatasetGrids

    def dataset_names(self) -> tuple[str, ...]:
        """The study's data sets, in the paper's order."""
        return tuple(name for name in DATASETS if getattr(self.datasets, name) is not None)

    def methods(self, dataset: str) -> tuple[str, ...]:
        """The methods run on a data set: truth, then the study's own in the paper's order.

        Raises:
            ValueError: if the study has no such data set.
        """
        _check_name("data set", dataset, self.dataset_names())
        grids = getattr(self.datasets, dataset)
        return tuple(name for name in METHODS if name == "truth" or getattr(grids, name) is not None)

    def demonstrations(self, dataset: str) -> tuple[str, ...]:
        """The methods trained on a data set's first replicate for what they show alone: never scored or selected.

        Raises:
            ValueError: if the study has no such data set.
        """
        _check_name("data set", dataset, self.dataset_names())
        return tuple(name for name, datasets in DEMONSTRATIONS.items() if dataset in datasets)

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
            for method in self.methods(dataset)[1:]:
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

        Snakemake trains again when it changes: hence no number of replicates, and no settings of other methods.

        Raises:
            ValueError: if the study has no such data set, or not that method on it.
        """
        configurations = [configuration.as_dict() for configuration in self.configurations(dataset, method)]
        foreign = {key for key, reader in READ_BY_ONE_METHOD.items() if reader != method}
        foreign |= READ_UNDER_THE_ELBO if method in DEMONSTRATIONS else set()
        return {
            "dataset": dataset,
            "method": method,
            **self.model_dump(include={"seed", "device", "compile", "restarts"}),
            "configurations": configurations,
            "training": self.training.model_dump(exclude=foreign),
            "architecture": self.architecture_of(dataset),
        }

    def architecture_of(self, dataset: str, stage: str = "training") -> dict[str, Any]:
        """What a data set's networks depend on, in plain types for Snakemake, without what only another one reads.

        Args:
            dataset: name of the data set.
            stage: training; or data, which the encoders have no part in.
        """
        foreign = set() if dataset == "mobius" else READ_BY_MOBIUS
        return self.architecture.model_dump(exclude=foreign | ({"encoder_bias"} if stage == "data" else set()))

    def evaluation_job(self) -> dict[str, Any]:
        """All that the evaluation of a model depends on beside model and data, in plain types for Snakemake."""
        return {"seed": self.seed, **self.evaluation.model_dump(exclude={"posterior"})}

    def scoring_job(self) -> dict[str, Any]:
        """All that the score of a configuration depends on beside model and data, in plain types for Snakemake."""
        estimate = self.evaluation.model_dump(include=set(ImportanceSettings.model_fields))
        return {"seed": self.seed, **estimate, **self.selection.model_dump(include={"likelihood", "restart_split"})}

    def posterior_job(self) -> dict[str, Any]:
        """All that posteriors and gaps of the chosen models depend on beside models and data, in plain types."""
        return {"seed": self.seed, **self.evaluation.posterior.model_dump()}


def _check_name(what, name, names):
    if name not in names:
        raise ValueError(f"unknown {what} {name!r}; allowed: {', '.join(names)}{nearest(name, names)}")
