"""Gaussian: two latent dimensions mapped linearly into four, almost without noise (Appendix E)."""

from __future__ import annotations

import torch

from libi.datasets.base import Dataset
from libi.layers import Layout, Parameters, Rows, affine

A = ((-0.7074, 0.0995, 0.0286, 0.1240), (0.7074, 0.9948, -0.9995, 0.9920))
NOISE_VARIANCE = 1e-6


def decode_rows(parameters: Parameters, codes: Rows) -> Rows:
    """f_θ(z) = zᵀA: two rows of codes to four rows of means, each [models, points]."""
    return affine(parameters["A"].transpose(1, 2), None, codes)


def ground_truth() -> tuple[Parameters, dict[str, float]]:
    """θ_GT as printed in the paper."""
    return {"A": torch.tensor([A])}, {}


DATASET = Dataset(
    name="gaussian",
    noise_variance=(NOISE_VARIANCE,) * 4,
    generative=Layout({"A": (2, 4)}, {"A": 2}),
    decode_rows=decode_rows,
    hidden=(),
    ground_truth=ground_truth,
    linear=True,
)
