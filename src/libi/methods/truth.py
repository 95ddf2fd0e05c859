"""Posterior matching with θ fixed at the ground truth: ϕ_GT of Section 1. A yardstick, part of every study."""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import ElboSettings, Method, Number, Phase, Phases

TITLE = "Ground truth"
PLACE = 0


def phases(values: Mapping[str, Number], epochs: int, settings: ElboSettings) -> Phases:
    """One phase: ϕ alone under the ELBO."""
    return (Phase("elbo", ("inference",), epochs, fresh=True, opens_round=True),)


METHOD = Method(phases, grid=None)
