"""CubicJTEx: LinearJTEx with its means cubed element by element (Appendix E)."""

from __future__ import annotations

import torch

from libi.datasets import linear_jtex
from libi.datasets.base import Dataset
from libi.layers import Hidden, Parameters, Rows, sigmoid_and_cube_root


def decode_rows(parameters: Parameters, codes: Rows) -> Rows:
    """f_θ(z) = (Cholesky(AAᵀ + B) z)³: two rows of codes to two rows of means, each [models, points]."""
    return tuple(mean * mean * mean for mean in linear_jtex.decode_rows(parameters, codes))


DATASET = Dataset(
    name="cubic_jtex",
    noise_variance=linear_jtex.DATASET.noise_variance,
    generative=linear_jtex.GENERATIVE,
    decode_rows=decode_rows,
    hidden=(Hidden(4, sigmoid_and_cube_root), Hidden(20, torch.relu)),
    ground_truth=linear_jtex.ground_truth,
)
