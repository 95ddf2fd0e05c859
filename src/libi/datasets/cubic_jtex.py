"""CubicJTEx: LinearJTEx with its means cubed element by element (Appendix E)."""

from __future__ import annotations

import torch
from torch import Tensor

from libi.datasets import linear_jtex
from libi.datasets.base import Dataset
from libi.layers import Hidden, Parameters, sigmoid_and_cube_root


def decode(parameters: Parameters, codes: Tensor) -> Tensor:
    """f_θ(z) = (Cholesky(AAᵀ + B) z)³: codes [models, 2, points] to means [models, 2, points]."""
    means = linear_jtex.decode(parameters, codes)
    return means * means * means


DATASET = Dataset(
    name="cubic_jtex",
    noise_variance=linear_jtex.DATASET.noise_variance,
    generative=linear_jtex.GENERATIVE,
    decode=decode,
    hidden=(Hidden(4, sigmoid_and_cube_root), Hidden(20, torch.relu)),
    ground_truth=linear_jtex.ground_truth,
)
