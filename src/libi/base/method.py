"""What a method is: a list of phases, and what a study may choose of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from libi.base.objective import Objective
from libi.base.values import Grid

TRUTH = "truth"  # the method that every study has as a yardstick
Number = float | int
GROUPS = ("generative", "inference", "encoder")  # of parameters: θ, ϕ, φ
JOINT = ("generative", "inference")
ENCODER_STARTS = ("keep", "whiten", "copy")
OF_THE_ELBO = ("batch_size", "elbo_draws")  # the settings that phases under the ELBO read


class Plan(NamedTuple):
    """What of a study's training settings decides phases; a setting that a method does not read may be None.

    Attributes:
        epochs: of a model in all.
        annealing_share: share of them over which β grows.
        libi_epochs: "shared" if LiBI's rounds and steps divide the epochs, "each" if every step has them all.
        whitened_start: whether LiBI's encoder starts from whitened codes.
    """

    epochs: int
    annealing_share: float | None = None
    libi_epochs: str | None = "shared"
    whitened_start: bool | None = True


@dataclass(frozen=True)
class Phase:
    """A stretch of training with one objective.

    Attributes:
        objective: its name, of those that the method trains under.
        moves: the parameters that move, of `GROUPS`.
        epochs: its length.
        ramp: whether β grows from 0 to its value during the phase. Such a phase takes no snapshots.
        fresh: whether the optimiser and the best snapshot are reset here. What came before ends at its best snapshot.
        opens_round: whether a round starts here. The objective of its first phase ranks rounds and restarts.
        encoder_start: what is done to the encoder first: "whiten" its codes, "copy" the inference network's means
            (step 3 of LiBI), or nothing ("keep").
    """

    objective: str
    moves: tuple[str, ...]
    epochs: int
    ramp: bool = False
    fresh: bool = False
    opens_round: bool = False
    encoder_start: str = "keep"


Phases = tuple[Phase, ...]


@dataclass(frozen=True)
class Method:
    """A way to train a model.

    Attributes:
        phases: what a model goes through, given its hyper-parameters by name and the study's plan.
        grid: its hyper-parameters; None if it is never listed in a study.
        objectives: names of the objectives that its phases are under, of the room `libi.objectives`.
        own: further objectives, which are its own, by name.
        reads: the training settings that it reads beside those that all methods read.
        halves: the hyper-parameter that counts parts of the training of two phases each; empty if there is none.
        shown_on: data sets on whose first replicate it is trained for what it shows alone: never scored or selected.
        first: whether its jobs start before those of other methods, so that no core waits for the last of them. For a
            method whose jobs are by far the longest.
    """

    phases: Callable[[Mapping[str, Number], Plan], Phases]
    grid: type[Grid] | None = Grid
    objectives: tuple[str, ...] = ("elbo",)
    own: Mapping[str, Objective] = field(default_factory=dict)
    reads: tuple[str, ...] = OF_THE_ELBO
    halves: str = ""
    shown_on: tuple[str, ...] = ()
    first: bool = False


def split_evenly(epochs: int, parts: int) -> list[int]:
    """Lengths of phases of which the j-th of n ends at epoch round(j·E/n)."""
    ends = [round(part * epochs / parts) for part in range(parts + 1)]
    return [after - before for before, after in zip(ends, ends[1:], strict=False)]


def joint(values: Mapping[str, Number], plan: Plan) -> Phases:
    """One phase: θ and ϕ together under the ELBO, from start to end."""
    return (Phase("elbo", JOINT, plan.epochs, fresh=True, opens_round=True),)
