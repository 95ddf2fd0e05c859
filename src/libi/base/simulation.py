"""Drawing data from a generative process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.runtime.storage import load_tensors


def simulate(
    dataset: Dataset, theta: Float[Tensor, "1 parameters"], points: int, stream: torch.Generator
) -> tuple[Float64[Tensor, "2 points"], Float64[Tensor, "observed points"]]:
    """Draw z ~ N(0, I) and x|z = f_θ(z) + ε.

    Args:
        dataset: gives f_θ and the noise.
        theta: θ of one model, packed [1, parameters].
        points: number of points.
        stream: source of the draws.

    Returns:
        codes z [2, points] and data x [observed, points], float64.
    """
    codes = torch.randn(LATENT, points, generator=stream, dtype=torch.float64)
    noise = torch.randn(dataset.observed, points, generator=stream, dtype=torch.float64)
    spread = torch.tensor(dataset.noise_variance, dtype=torch.float64).sqrt()[:, None]
    means = dataset.decode(dataset.generative.unpack(theta.double()), codes[None])[0]
    return codes, means + spread * noise


def load_truth(path: str | os.PathLike[str] | Sequence[str]) -> Float[Tensor, "1 parameters"] | None:
    """Read θ_GT packed [1, parameters] from a file; None without a file ([]), as for points of one's own."""
    return load_tensors(path)[0]["generative"] if isinstance(path, str | os.PathLike) else None


def split_points(
    x: Float[Tensor, "observed points"], sizes: Mapping[str, int], stream: torch.Generator
) -> dict[str, Float[Tensor, "observed _"]]:
    """Divide points at random into disjoint splits.

    Args:
        x: the points [observed, points].
        sizes: number of points of each split; together at most as many as there are.
        stream: source of the order.

    Returns:
        the splits by name, each [observed, its points].
    """
    order = torch.randperm(x.shape[1], generator=stream)[: sum(sizes.values())]
    return dict(zip(sizes, x[:, order].split(list(sizes.values()), dim=1), strict=True))


def fresh_points(
    dataset: Dataset, theta: Float[Tensor, "1 parameters"], source: torch.Generator
) -> Callable[[int, int], Tensor]:
    """What draws [batch, observed, points] of a model's own points, new ones each time."""

    def draw(batch: int, points: int) -> Tensor:
        _, x = simulate(dataset, theta, batch * points, source)
        return x.reshape(-1, batch, points).transpose(0, 1)

    return draw


def points_among(x: Float[Tensor, "observed points"], source: torch.Generator) -> Callable[[int, int], Tensor]:
    """What draws [batch, observed, points] of given points [observed, all points], without replacement."""

    def draw(batch: int, points: int) -> Tensor:
        places = torch.rand(batch, x.shape[1], generator=source).argsort(1)[:, :points]
        return x.double()[:, places].transpose(0, 1)

    return draw
