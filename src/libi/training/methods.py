"""The methods of the paper, each a list of phases. A further method is one more function that returns phases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from libi.study.models import Configuration, TrainingJob

Number = float | int


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
        objective: "elbo", "constrained_likelihood" or "joint_map".
        moves: the parameters that move: "generative" (θ), "inference" (ϕ), "encoder" (φ).
        epochs: its length.
        ramp: whether β grows from 0 to its value during the phase. Such a phase takes no snapshots.
        fresh: whether the optimiser and the best snapshot start anew here. What came before ends at its best snapshot.
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


def split_evenly(epochs: int, parts: int) -> list[int]:
    """Lengths of phases of which the j-th of n ends at epoch round(j·E/n)."""
    ends = [round(part * epochs / parts) for part in range(parts + 1)]
    return [after - before for before, after in zip(ends, ends[1:], strict=False)]


JOINT = ("generative", "inference")


def joint(values: Mapping[str, Number], plan: Plan) -> tuple[Phase, ...]:
    """VAE (β = 1) and β-VAE: θ and ϕ together, from start to end."""
    return (Phase("elbo", JOINT, plan.epochs, fresh=True, opens_round=True),)


def annealed(values: Mapping[str, Number], plan: Plan) -> tuple[Phase, ...]:
    """β-VAE with annealing: β grows from 0 for a share of the epochs, then stays."""
    ramp = round(plan.annealing_share * plan.epochs)
    return (
        Phase("elbo", JOINT, ramp, ramp=True, fresh=True, opens_round=True),
        Phase("elbo", JOINT, plan.epochs - ramp),
    )


def lagging(values: Mapping[str, Number], plan: Plan) -> tuple[Phase, ...]:
    """Lagging inference networks: R segments, in each the inference network alone, then both (Appendix E)."""
    lengths = split_evenly(plan.epochs, 2 * int(values["segments"]))
    return tuple(
        Phase("elbo", JOINT if j % 2 else ("inference",), length, fresh=j == 0, opens_round=j == 0)
        for j, length in enumerate(lengths)
    )


def libi(values: Mapping[str, Number], plan: Plan) -> tuple[Phase, ...]:
    """Likelihood before inference: R rounds of Eq. 44 over θ and φ, then Eq. 46 over ϕ (Appendix D)."""
    phases: list[Phase] = []
    steps = 2 * int(values["rounds"])
    lengths = [plan.epochs] * steps if plan.libi_epochs == "each" else split_evenly(plan.epochs, steps)
    first_start = "whiten" if plan.whitened_start else "keep"
    for first, second in zip(lengths[::2], lengths[1::2], strict=True):
        start = "copy" if phases else first_start
        moves = ("generative", "encoder")
        phases.append(Phase("constrained_likelihood", moves, first, fresh=True, opens_round=True, encoder_start=start))
        phases.append(Phase("elbo", ("inference",), second, fresh=True))
    return tuple(phases)


def truth(values: Mapping[str, Number], plan: Plan) -> tuple[Phase, ...]:
    """Posterior matching with θ fixed at the ground truth: ϕ_GT of Section 1."""
    return (Phase("elbo", ("inference",), plan.epochs, fresh=True, opens_round=True),)


def joint_map(values: Mapping[str, Number], plan: Plan) -> tuple[Phase, ...]:
    """Joint MAP without constraints: θ and codes by Eq. 31, from codes that LiBI starts from (Appendix D)."""
    moves = ("generative", "encoder")
    return (Phase("joint_map", moves, plan.epochs, fresh=True, opens_round=True, encoder_start="whiten"),)


METHODS: dict[str, Callable[[Mapping[str, Number], Plan], tuple[Phase, ...]]] = {
    "truth": truth,
    "vae": joint,
    "beta_vae": joint,
    "beta_vae_anneal": annealed,
    "lagging": lagging,
    "libi": libi,
    "joint_map": joint_map,
}


def phases_of(job: TrainingJob, configuration: Configuration) -> tuple[Phase, ...]:
    """The phases of a configuration in a training job."""
    plan = Plan(**job.training.model_dump(include=set(Plan._fields)))
    return METHODS[job.method](configuration.as_dict(), plan)
