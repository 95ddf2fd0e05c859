"""Posterior matching with θ fixed at the ground truth: ϕ_GT of Section 1. A yardstick, part of every study."""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import Method, Number, Phase, Phases, Plan

TITLE = "Ground truth"
PLACE = 0


def phases(values: Mapping[str, Number], plan: Plan) -> Phases:
    """One phase: ϕ alone under the ELBO."""
    return (Phase("elbo", ("inference",), plan.epochs, fresh=True, opens_round=True),)


METHOD = Method(phases, grid=None)
