"""What a method is: a list of phases, and what a study may choose of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from libi.base.objective import Objective
from libi.base.values import Count, Grid, Repeats, Section

TRUTH = "truth"  # the method that every study has as a yardstick
Number = float | int
GROUPS = ("generative", "inference", "encoder")  # of parameters: θ, ϕ, φ
JOINT = ("generative", "inference")
ENCODER_STARTS = ("keep", "whiten", "copy")
GROWTH = ("linear", "cosine")  # how β grows in a phase


class MethodSettings(Section):
    """The training settings that a method reads beside those of all methods: the fields of a class made from this one.

    They stand in the section `training` of a study. A study with the method needs those that have no default.
    """

    @property
    def shares_epochs(self) -> bool:
        """Whether all phases together have the study's epochs."""
        return True

    @classmethod
    def disagreements(cls, given: Mapping[str, Any], points: int | None) -> Iterator[tuple[str, str]]:
        """Which settings do not go with the others: each with what is allowed, in words.

        Args:
            given: all values of the section `training` by name; None for one that is wrong or missing.
            points: how many there are to train on; None likewise.
        """
        return iter(())


class BatchSettings(MethodSettings):
    """Those of phases that see a batch of points in a step."""

    batch_size: Count
    """Points of a gradient step in phases that maximise the ELBO; it must divide points.train."""

    @classmethod
    def disagreements(cls, given: Mapping[str, Any], points: int | None) -> Iterator[tuple[str, str]]:
        """A batch must divide the points."""
        yield from divisor("batch_size", given, points)


class ElboSettings(BatchSettings):
    """Those of phases under the ELBO."""

    elbo_draws: Repeats
    """Draws of the noise for each point of a step on the ELBO."""


def divisor(name: str, given: Mapping[str, Any], points: int | None) -> Iterator[tuple[str, str]]:
    """Complain of a batch size that does not divide the training points."""
    if given[name] is not None and points is not None and points % given[name]:
        yield name, f"a divisor of points.train, which is {points}"


@dataclass(frozen=True)
class Phase:
    """A stretch of training with one objective.

    Attributes:
        objective: its name, of those that the method trains under.
        moves: the parameters that move, of `GROUPS`.
        epochs: its length.
        ramp: how β grows from 0 to its value during the phase, of `GROWTH`; empty if it does not. A phase in which it
            grows takes no snapshots.
        fresh: whether the optimiser and the best snapshot are reset here. What came before ends at its best snapshot.
        opens_round: whether a round starts here. The objective of its first phase ranks rounds and restarts.
        encoder_start: what is done to the encoder first: "whiten" its codes, "copy" the inference network's means
            (step 3 of LiBI), or nothing ("keep").
    """

    objective: str
    moves: tuple[str, ...]
    epochs: int
    ramp: str = ""
    fresh: bool = False
    opens_round: bool = False
    encoder_start: str = "keep"


Phases = tuple[Phase, ...]


@dataclass(frozen=True)
class Method:
    """A way to train a model.

    Attributes:
        phases: what a model goes through, given its hyper-parameters by name, its epochs in all, and the settings.
        grid: its hyper-parameters; None if it is never listed in a study.
        objectives: names of the objectives that its phases are under, of the room `libi.objectives`.
        own: further objectives, which are its own, by name.
        settings: the training settings that it reads beside those that all methods read.
        halves: the hyper-parameter that counts parts of the training of two phases each; empty if there is none.
        shown_on: data sets on whose first replicate it is trained for what it shows alone: never scored or selected.
        first: whether its jobs start before those of other methods, so that no core waits for the last of them. For a
            method whose jobs are by far the longest.
    """

    phases: Callable[[Mapping[str, Number], int, Any], Phases]
    grid: type[Grid] | None = Grid
    objectives: tuple[str, ...] = ("elbo",)
    own: Mapping[str, Objective] = field(default_factory=dict)
    settings: type[MethodSettings] = ElboSettings
    halves: str = ""
    shown_on: tuple[str, ...] = ()
    first: bool = False


def split_evenly(epochs: int, parts: int) -> list[int]:
    """Lengths of phases of which the j-th of n ends at epoch round(j·E/n)."""
    ends = [round(part * epochs / parts) for part in range(parts + 1)]
    return [after - before for before, after in zip(ends, ends[1:], strict=False)]


def joint(values: Mapping[str, Number], epochs: int, settings: ElboSettings) -> Phases:
    """One phase: θ and ϕ together under the ELBO, from start to end."""
    return (Phase("elbo", JOINT, epochs, fresh=True, opens_round=True),)
