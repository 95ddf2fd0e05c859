"""What changes while a stack trains, and what a checkpoint therefore holds."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

from libi.training.step import Groups

INFINITY = float("inf")


@dataclass
class Snapshot:
    """The best that each model has been.

    Attributes:
        score: validation objective [models], float32; infinite before the first snapshot.
        epoch: epochs trained when it was taken, int64 [models].
        parameters: group to [models, parameters].
    """

    score: Float[Tensor, " models"]
    epoch: Int64[Tensor, " models"]
    parameters: Groups

    @classmethod
    def none(cls, parameters: Groups) -> Snapshot:
        """No snapshot yet: the parameters as they are, with an infinite score."""
        some = next(iter(parameters.values()))
        score = torch.full(some.shape[:1], INFINITY, device=some.device)
        return cls(score, torch.zeros_like(score, dtype=torch.int64), dict(parameters))

    def replace(
        self,
        where: Bool[Tensor, " models"],
        score: Float[Tensor, " models"],
        epoch: Int64[Tensor, " models"],
        parameters: Groups,
    ) -> None:
        """Overwrite the models for which `where` [models] holds."""
        self.score = torch.where(where, score, self.score)
        self.epoch = torch.where(where, epoch, self.epoch)
        self.parameters = {
            group: torch.where(where[:, None], parameters[group], old) for group, old in self.parameters.items()
        }


@dataclass
class State:
    """All that changes while a stack trains.

    Attributes:
        parameters: all three groups: group to [models, parameters].
        first: Adam's first moments, likewise.
        second: Adam's second moments, likewise.
        count: steps since each group's optimiser began: group to float32 [].
        alive: whether each model's loss has stayed finite, bool [models].
        best: the best snapshot since the last fresh phase.
        verdict: the round's score [models]: its best snapshot under the objective of its first phase.
        verdict_epoch: epochs trained at that snapshot [models].
        kept: the best round so far, with that score and epoch, and the parameters that the round ended with.
        round: the number of that round, from 1 [models].
        curve: validation objective at every snapshot of the training [models, snapshots], float32; infinite before it.
    """

    parameters: Groups
    first: Groups
    second: Groups
    count: Groups
    alive: Bool[Tensor, " models"]
    best: Snapshot
    verdict: Float[Tensor, " models"]
    verdict_epoch: Int64[Tensor, " models"]
    kept: Snapshot
    round: Int64[Tensor, " models"]
    curve: Float32[Tensor, "models snapshots"]

    @classmethod
    def start(cls, parameters: Groups, snapshots: int) -> State:
        """The state before the first phase.

        Args:
            parameters: all three groups: group to [models, parameters].
            snapshots: how many the phases take.
        """
        zeros = {group: torch.zeros_like(flat) for group, flat in parameters.items()}
        some = parameters["generative"]
        none = Snapshot.none(parameters)
        return cls(
            parameters=parameters,
            first=zeros,
            second={group: zero.clone() for group, zero in zeros.items()},
            count={group: torch.zeros((), device=some.device) for group in parameters},
            alive=torch.ones(some.shape[0], dtype=torch.bool, device=some.device),
            best=none,
            verdict=none.score.clone(),
            verdict_epoch=none.epoch.clone(),
            kept=Snapshot.none(parameters),
            round=torch.zeros_like(none.epoch),
            curve=torch.full((some.shape[0], snapshots), INFINITY, device=some.device),
        )

    def begin_afresh(self) -> None:
        """Start a new optimiser and a new best snapshot."""
        self.first = {group: torch.zeros_like(moment) for group, moment in self.first.items()}
        self.second = {group: torch.zeros_like(moment) for group, moment in self.second.items()}
        self.count = {group: torch.zeros_like(count) for group, count in self.count.items()}
        self.best = Snapshot.none(self.parameters)

    def rewind(self) -> None:
        """Go back to each model's best snapshot."""
        self.parameters = dict(self.best.parameters)

    def pass_verdict(self) -> None:
        """Remember the best snapshot's score as the round's."""
        self.verdict, self.verdict_epoch = self.best.score, self.best.epoch

    def keep_round(self, number: int) -> None:
        """Keep the models whose round, now ended, is their best so far."""
        better = self.verdict < self.kept.score
        self.kept.replace(better, self.verdict, self.verdict_epoch, self.parameters)
        self.round = torch.where(better, number, self.round)
