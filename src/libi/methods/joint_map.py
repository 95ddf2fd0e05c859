"""Joint MAP without constraints: θ and codes by Eq. 31, from codes that LiBI starts from (Appendix D).

It shows what LiBI's constraints are for, and is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import Method, MethodSettings, Number, Phase, Phases

TITLE = "Joint MAP"


def phases(values: Mapping[str, Number], epochs: int, settings: MethodSettings) -> Phases:
    """One phase: θ and φ together."""
    moves = ("generative", "encoder")
    return (Phase("joint_map", moves, epochs, fresh=True, opens_round=True, encoder_start="whiten"),)


METHOD = Method(
    phases, grid=None, objectives=("joint_map",), settings=MethodSettings, shown_on=("linear_jtex", "gaussian")
)
