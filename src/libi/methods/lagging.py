"""Lagging inference networks (He et al. 2019): R segments, in each ϕ alone and then θ and ϕ jointly (Appendix E)."""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import JOINT, ElboSettings, Method, Number, Phase, Phases, split_evenly
from libi.base.values import Counts, Grid

TITLE = "Lagging"
PLACE = 4


class LaggingGrid(Grid):
    """The grid of lagging inference networks."""

    segments: Counts
    """R, the segments that the epochs are divided into; each trains ϕ alone, then θ and ϕ jointly."""


def phases(values: Mapping[str, Number], epochs: int, settings: ElboSettings) -> Phases:
    """For each segment two phases, of which only the first of all starts the optimiser."""
    lengths = split_evenly(epochs, 2 * int(values["segments"]))
    return tuple(
        Phase("elbo", JOINT if j % 2 else ("inference",), length, fresh=j == 0, opens_round=j == 0)
        for j, length in enumerate(lengths)
    )


METHOD = Method(phases, LaggingGrid, halves="segments")
