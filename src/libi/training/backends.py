"""The two ways to train a stack: in PyTorch, which is the reference and runs everywhere, and by the C++ kernels."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float, Float32
from torch import Tensor

from libi.base.method import Phase
from libi.training.noise import CHUNK
from libi.training.state import State
from libi.training.step import Groups, Moving


class Stretch(NamedTuple):
    """Consecutive epochs of a phase, all in one chunk.

    Attributes:
        phase: the phase.
        number: of the phase in its method.
        first: epochs of the phase that are done.
        last: epochs that are done afterwards.
        rate: factor on Adam's learning rate.
        weights: factors on β, one for each epoch of the chunk, float32 [CHUNK]; None for 1.
    """

    phase: Phase
    number: int
    first: int
    last: int
    rate: float = 1.0
    weights: Float32[Tensor, " CHUNK"] | None = None

    @property
    def chunk(self) -> int:
        """Number of the chunk in the phase."""
        return self.first // CHUNK


@runtime_checkable
class Backend(Protocol):
    """What computes the steps of one stack."""

    def advance(self, stretch: Stretch, state: State) -> Moving:
        """Train for a stretch of epochs; the state stays as it is.

        Returns:
            what the phase moves, as it is afterwards.
        """

    def assess(self, objective: str, parameters: Groups, split: str = "validation") -> Float[Tensor, " models"]:
        """Objective of every model on a split [models]: the final β, the same draws every time."""

    def ways(self) -> set[str]:
        """How the steps so far have run."""

    def memory(self, objective: str) -> int:
        """Bytes that a step takes on its device beside the state of the models, about."""


def moving(state: State, groups: tuple[str, ...], rate: float) -> Moving:
    """What steps over some groups change, as a state has it; the learning rate is a float32 for all of them."""
    parts = (state.parameters, state.first, state.second, state.count)
    parameters, first, second, count = ({group: part[group] for group in groups} for part in parts)
    score = state.best.score
    loss, tensor_of_rate = score.new_zeros(len(state.alive)), score.new_tensor(rate)
    return Moving(parameters, first, second, count, state.alive, loss, tensor_of_rate)
