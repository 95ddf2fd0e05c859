"""CubicJTEx: LinearJTEx with its means cubed element by element (Appendix E): f_θ(z) = (Cholesky(AAᵀ + B) z)³."""

from __future__ import annotations

from dataclasses import replace

import torch

from libi.base.layers import Hidden, cube, sigmoid_and_cube_root
from libi.datasets import linear_jtex

TITLE = "CubicJTEx"
PLACE = 2

DATASET = replace(
    linear_jtex.DATASET,
    name="cubic_jtex",
    decoder=replace(linear_jtex.DECODER, activation=cube),
    hidden=(Hidden(4, sigmoid_and_cube_root), Hidden(20, torch.relu)),
)
