"""What LiBI does to its encoder φ before a round of Eq. 44."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import Dataset
from libi.training.step import Groups


def whiten(
    dataset: Dataset, parameters: Groups, x: Float[Tensor, "#models observed points"]
) -> Float[Tensor, "models parameters"]:
    """Fold a whitening of the codes into the encoder's last layer.

    An untrained encoder's codes are far from Gaussian, and the exponentials of Eq. 44 would drown everything else.

    Args:
        dataset: gives the encoder.
        parameters: of all groups, [models, parameters] each.
        x: training points [models or 1, observed, points].

    Returns:
        φ [models, parameters], whose codes of x have covariance I, and mean 0 if the encoder has biases.
    """
    layout = dataset.encoder.layout
    named = layout.unpack(parameters["encoder"].double())  # so that what is rounded does not depend on the stack
    (codes,) = dataset.encoder(named, x.double())
    mean = codes.mean(2)
    centred = codes - mean[:, :, None]
    covariance = centred @ centred.transpose(1, 2) / codes.shape[2]
    jitter = 1e-6 * torch.eye(codes.shape[1]).to(codes) * covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    factor, _ = torch.linalg.cholesky_ex(covariance + jitter)
    named["mean.weight"] = torch.linalg.solve_triangular(factor, named["mean.weight"], upper=False)
    if dataset.encoder.bias:
        shifted = (named["mean.bias"] - mean)[:, :, None]
        named["mean.bias"] = torch.linalg.solve_triangular(factor, shifted, upper=False)[:, :, 0]
    return layout.pack(named).to(parameters["encoder"].dtype)


def copy_inference(
    dataset: Dataset, parameters: Groups, x: Float[Tensor, "#models observed points"]
) -> Float[Tensor, "models parameters"]:
    """Step 3 of LiBI: the encoder becomes the mean network of the inference network, h(x; φ) = μ(x; ϕ)."""
    return dataset.encoder.layout.pack(dataset.inference.layout.unpack(parameters["inference"]))


ENCODER_STARTS: dict[str, Callable[[Dataset, Groups, Tensor], Tensor]] = {
    "whiten": whiten,
    "copy": copy_inference,
}
