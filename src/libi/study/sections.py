"""The sections of a study's file, and what each value may be."""

import difflib
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError, core_schema

FOLDERS_OF_THE_PAPER = (
    *("data", "training", "scores", "selection", "metrics", "posterior", "closed_form"),
    *("reference", "logs", "benchmarks"),
)


@dataclass(frozen=True)
class Allowed:
    """What a value may be, in words: part of its type, and the message if it is something else."""

    text: str
    choices: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source, handler):
        return core_schema.no_info_wrap_validator_function(self._check, handler(source))

    def _check(self, value, handler):
        try:
            return handler(value)
        except ValidationError as error:
            if any(problem["loc"] for problem in error.errors()):
                raise  # an item of a list speaks for itself
            raise PydanticCustomError("not_allowed", "{text}", {"text": self.text, "choices": self.choices}) from None


def as_tuple(value):
    return tuple(value) if isinstance(value, list) else value


def format_number(value) -> str:
    return f"{value:g}"


def _one_or_more_and_different(values):
    if not 1 <= len(values) == len(set(map(format_number, values))):
        raise ValueError("no values, or two of the same name")
    return values


def _free_folder(name):
    if name.lower() in FOLDERS_OF_THE_PAPER:
        raise ValueError("a folder of the paper's study")
    return name


def _grid_of(item, plural):
    """The type of a grid's axis: a list of different items (different in their names, i.e. in six digits)."""
    words = Allowed(f"a list of one or more {plural}, each once")
    # Not Field(min_length=1): pydantic counts only the items without errors, and would blame the list for theirs.
    schema = Field(json_schema_extra={"minItems": 1, "uniqueItems": True})
    checks = BeforeValidator(as_tuple), AfterValidator(_one_or_more_and_different)
    return Annotated[(tuple[item, ...], schema, *checks, words)]


def one_of(*names):
    return Annotated[Literal[names], Allowed(f"{', '.join(names[:-1])} or {names[-1]}", names)]


Count = Annotated[int, Field(ge=1, le=10**9), Allowed("a whole number from 1 to 10^9")]
Seed = Annotated[int, Field(ge=0, le=10**9), Allowed("a whole number from 0 to 10^9")]
Points = Annotated[int, Field(ge=10, le=10**9), Allowed("a whole number from 10 to 10^9")]
Switch = Annotated[bool, Allowed("true or false")]
Positive = Annotated[float, Field(gt=0), Allowed("a finite number above 0")]
Share = Annotated[float, Field(gt=0, lt=1), Allowed("a number above 0 and below 1")]
Decay = Annotated[float, Field(ge=0, lt=1), Allowed("a number of at least 0 and below 1")]
Remainder = Annotated[float, Field(gt=0, le=1), Allowed("a number above 0 and at most 1")]
Factor = Annotated[float, Field(ge=1), Allowed("a finite number of at least 1")]
Cap = Annotated[float, Field(gt=0, le=80), Allowed("a number above 0 and at most 80 (float32 overflows at e^88)")]
Folder = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$"),
    AfterValidator(_free_folder),
    Allowed(
        "a plain folder name of at most 64 letters, digits, - and _, not beginning with -, and none of "
        + ", ".join(FOLDERS_OF_THE_PAPER)
    ),
]
VariantName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"),
    Allowed("a folder name of at most 64 letters, digits, dots, - and _, beginning with a letter or digit"),
]
Device = one_of("auto", "cpu", "cuda")
Split = one_of("validation", "test")
Fit = one_of("validation", "train")
Snapshot = one_of("best", "last")
AnnealingForm = one_of("linear", "cosine")
LibiEpochs = one_of("shared", "each")
Activation = one_of("relu", "tanh")
Sample = one_of("fresh", "test")
Likelihood = one_of("exact", "importance")
Positives = _grid_of(Positive, "finite numbers above 0")
Counts = _grid_of(Count, "whole numbers from 1 to 10^9")


class Section(BaseModel):
    """Part of a study: unknown keys are refused, numbers are numbers, nothing changes afterwards."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class PointsSettings(Section):
    """How many points each generated data set has."""

    train: Points
    """Points to train on."""
    validation: Points
    """Points that choose snapshots, restarts and (usually) configurations."""
    test: Points
    """Points that the metrics are computed on."""


class AdamSettings(Section):
    """The optimiser's constants beside its learning rate."""

    beta1: Decay
    """Decay of the mean of the gradient."""
    beta2: Decay
    """Decay of the mean of the squared gradient."""
    epsilon: Positive
    """Added to the root of the mean squared gradient."""


class TrainingSettings(Section):
    """How every model is trained."""

    epochs: Count
    """Epochs of a model in all, divided among the phases of its method."""
    learning_rate: Positive
    """Adam's step size at the start of an optimisation."""
    learning_rate_end: Remainder
    """What is left of it at the end, as a share; it falls by the same factor every 25 epochs. 1 is a constant rate."""
    adam: AdamSettings
    batch_size: Count
    """Points of a gradient step in phases that maximise the ELBO."""
    elbo_draws: Count
    """Draws of the noise for each point of such a step."""
    validate_every: Count
    """Epochs between two snapshots; there is always one at the end of a phase."""
    validation_draws: Count
    """Fixed draws of the noise that the validation ELBO of a snapshot is averaged over."""
    snapshot: Snapshot
    """The snapshot that an optimisation ends at: the best by its own validation objective, or the last."""
    initial_scale: Positive
    """Factor on PyTorch's random start of all parameters, U(±1/√fan_in)."""
    annealing_share: Share
    """Share of the epochs over which β of the annealed method grows from 0."""
    annealing_form: AnnealingForm
    """How it grows: linear, or half a cosine."""
    constrained_batch_size: Count
    """Points of a gradient step on the constrained likelihood, whose constraints are statistics of these points."""
    libi_epochs: LibiEpochs
    """Whether LiBI's rounds and steps share the epochs, or each step of each round has as many."""
    whitened_start: Switch
    """Whether LiBI's encoder starts from whitened codes."""
    exponential_cap: Cap
    """The exponentials of Eq. 44 go on linearly above this argument."""


class ArchitectureSettings(Section):
    """Choices about networks that the paper does not print."""

    mobius_units: Count
    """Hidden units of Mobius's f_θ."""
    mobius_activation: Activation
    """Their activation."""
    encoder_bias: Switch
    """Whether inference networks and encoders have biases."""


class SelectionSettings(Section):
    """How a method's restart and configuration are chosen."""

    restart_split: Fit
    """The split on which a restart's own objective chooses it."""
    configuration_split: Split
    """The split whose log-likelihood chooses a method's configuration."""
    likelihood: Likelihood
    """The log-likelihood that chooses it: exact, or the importance-sampled one of Eq. 48."""


class TwoSampleSettings(Section):
    """The smooth k-NN two-sample statistic (Djolonga & Krause 2017)."""

    draws: Count
    """Statistics averaged, each of other points."""
    points: Count
    """Points drawn from p(x), and as many from the model, for one statistic."""
    neighbours: Count
    """k, the number of neighbours."""
    smoothness: Positives
    """α, the inverse temperature of the neighbours' weights; of several values the weights are averaged."""
    sample: Sample
    """Where the points of p(x) come from: fresh ones each time, or random ones of the test points."""


class ImportanceSettings(Section):
    """The estimate of the log-likelihood by Eq. 48."""

    importance_samples: Count
    """S of Eq. 48, draws a point."""
    variance_inflation: Factor
    """Factor on the variance of the proposal of Eq. 48."""


class MetricsSettings(ImportanceSettings):
    """The metrics of Table 1."""

    two_sample: TwoSampleSettings


class PosteriorSettings(Section):
    """The Monte-Carlo estimate of p_θ(z|x) for the training points, and the aggregated posteriors."""

    samples: Count
    """Codes proposed a point."""
    prior_share: Share
    """Share of them that is proposed from the prior; the others come from the posterior's modes."""
    draws: Count
    """Draws of one code a point that the Henze–Zirkler statistic of an aggregated posterior is averaged over."""
    gap_points: Points
    """Fresh points that the two gaps of Eq. 2 are averaged over where f_θ is not linear."""


class EvaluationSettings(MetricsSettings):
    """How the chosen models are looked at: the metrics of Table 1, and the posteriors."""

    posterior: PosteriorSettings


class Grid(Section):
    """A method's hyper-parameters, each with the values to try; a configuration is one value of each."""


class VaeGrid(Grid):
    """The VAE has nothing to choose."""


class BetaVaeGrid(Grid):
    """The β-VAE's grid, with annealing or without."""

    beta: Positives
    """β, the weight of the KL divergence."""


class LaggingGrid(Grid):
    """The grid of lagging inference networks."""

    segments: Counts
    """R, the segments that the epochs are divided into; each trains ϕ alone, then θ and ϕ jointly."""


class LibiGrid(Grid):
    """LiBI's grid (Eq. 44)."""

    epsilon_hz: Positives
    """ε_HZ, the weight of the Henze–Zirkler penalty."""
    epsilon_covariance: Positives
    """ε_Σ, the scale of the penalty on the covariance of the codes."""
    epsilon_mean: Positives
    """ε_μ, the scale of the penalty on the mean of the codes."""
    rounds: Counts
    """R, how often the three steps are repeated within the same epochs."""


def _may_be_left_out():
    # The default is never validated, so a key can be absent but not null: `vae:` with nothing behind it
    # would otherwise drop the method in silence.
    return Field(default=None, json_schema_extra=lambda schema: schema.pop("default"))


class Choice(Section):
    """A section whose keys may be left out, but not all of them."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _is_not_empty(self):
        if not self.model_fields_set:
            text = f"a mapping with one or more of the keys {', '.join(type(self).model_fields)}"
            raise PydanticCustomError("not_allowed", "{text}", {"text": text, "choices": ()})
        return self


class MethodGrids(Choice):
    """The methods of a data set, each with its grid."""

    vae: VaeGrid = _may_be_left_out()
    beta_vae: BetaVaeGrid = _may_be_left_out()
    beta_vae_anneal: BetaVaeGrid = _may_be_left_out()
    lagging: LaggingGrid = _may_be_left_out()
    libi: LibiGrid = _may_be_left_out()


class DatasetGrids(Choice):
    """The data sets of a study, each with its methods."""

    linear_jtex: MethodGrids = _may_be_left_out()
    cubic_jtex: MethodGrids = _may_be_left_out()
    gaussian: MethodGrids = _may_be_left_out()
    mobius: MethodGrids = _may_be_left_out()


DATASETS = tuple(DatasetGrids.model_fields)
METHODS = ("truth", *MethodGrids.model_fields)
# Methods that show something and are not compared, and the data sets they train on: those whose f_θ is linear.
DEMONSTRATIONS = {"joint_map": ("linear_jtex", "gaussian")}


def nearest(name, names) -> str:
    """Words that suggest the name nearest to a wrong one; nothing if none is near."""
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.4) if isinstance(name, str) else ()
    return f"; did you mean {close[0]!r}?" if close else ""
