"""The sections of a study's file that are the same whatever data sets and methods there are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from libi.base.values import (
    Allowed,
    Count,
    Decay,
    Draws,
    Epochs,
    Points,
    Positive,
    Remainder,
    Repeats,
    Section,
    Share,
    Switch,
    Units,
    one_of,
)
from libi.study.folders import FOLDERS_OF_THE_PAPER, TABLES_OF_THE_PAPER, is_paper_table


def _free_folder(name: str) -> str:
    low = name.lower()
    if low in FOLDERS_OF_THE_PAPER or is_paper_table(low) or (low == "paper" and name != "paper"):
        raise ValueError("a folder or a table of the paper's study, or its name in other letters")
    return name


Folder = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$"),
    AfterValidator(_free_folder),
    Allowed(
        "a folder name: 1 to 64 letters, digits, - or _, not beginning with -, and none of "
        + ", ".join((*FOLDERS_OF_THE_PAPER, *TABLES_OF_THE_PAPER))
        + "; paper only in lower case"
    ),
]


def _free_variant(name: str) -> str:
    if name.lower() in FOLDERS_OF_THE_PAPER:
        raise ValueError("a folder of a study")
    return name


VariantName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"),
    AfterValidator(_free_variant),
    Allowed(
        "a folder name of at most 64 letters, digits, dots, - and _, beginning with a letter or digit, and none of "
        + ", ".join(FOLDERS_OF_THE_PAPER)
    ),
]
Device = Annotated[Literal["auto", "cpu", "cuda"], one_of("auto", "cpu", "cuda")]
Split = Annotated[Literal["validation", "test"], one_of("validation", "test")]
Fit = Annotated[Literal["validation", "train"], one_of("validation", "train")]
Snapshot = Annotated[Literal["best", "last"], one_of("best", "last")]
Activation = Annotated[Literal["relu", "tanh"], one_of("relu", "tanh")]
Likelihood = Annotated[Literal["exact", "importance"], one_of("exact", "importance")]


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
    """How every model is trained. A study has here what its methods read besides: `libi.base.method.MethodSettings`."""

    epochs: Epochs
    """Epochs of a model in all, divided among the phases of its method: at least one a phase."""
    learning_rate: Positive
    """Adam's step size at the start of an optimisation."""
    learning_rate_end: Remainder
    """Share of the learning rate that is left at the end; it falls by the same factor every 25 epochs. 1: constant."""
    adam: AdamSettings
    validate_every: Count
    """Epochs between two snapshots; there is always one at the end of a phase, so it may be longer than a phase."""
    validation_draws: Repeats
    """Number of fixed draws of the noise in the validation ELBO of a snapshot."""
    snapshot: Snapshot
    """The snapshot that an optimisation ends at: the best by its own validation objective, or the last."""
    initial_scale: Positive
    """Factor on PyTorch's random start of all parameters, U(±1/√fan_in)."""


class ArchitectureSettings(Section):
    """Choices about networks that the paper does not print."""

    decoder_units: Units
    """Hidden units of the decoder, for data sets that let the study choose them (of the paper's, only Mobius)."""
    decoder_activation: Activation
    """Activation of these hidden units."""
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


class PosteriorSettings(Section):
    """The Monte-Carlo estimate of p_θ(z|x) for the training points, and the aggregated posteriors."""

    samples: Draws
    """Codes proposed for each point in the Monte-Carlo estimate of p_θ(z|x)."""
    prior_share: Share
    """Share of these codes that is proposed from the prior; the others come from the posterior's modes."""
    draws: Repeats
    """Samples of one code for each point; the Henze–Zirkler statistic of an aggregated posterior is their mean."""
    gap_points: Points
    """Fresh points that the two gaps of Eq. 2 are averaged over where f_θ is not linear."""
