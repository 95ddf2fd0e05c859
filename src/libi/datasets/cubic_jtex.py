"""CubicJTEx: LinearJTEx with its means cubed element by element (Appendix E): f_θ(z) = (Cholesky(AAᵀ + B) z)³."""

from __future__ import annotations

from dataclasses import replace

import torch

from libi.datasets import linear_jtex
from libi.layers import Hidden, cube, sigmoid_and_cube_root

DATASET = replace(
    linear_jtex.DATASET,
    name="cubic_jtex",
    decoder=replace(linear_jtex.DATASET.decoder, activation=cube),
    hidden=(Hidden(4, sigmoid_and_cube_root), Hidden(20, torch.relu)),
)
