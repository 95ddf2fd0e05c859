"""What the four generative processes have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from libi.layers import Hidden, Layout, Network, Parameters, Rows

LATENT = 2  # every data set of the paper has two latent dimensions


@dataclass(frozen=True)
class Dataset:
    """A generative process x|z = f_θ(z) + ε, z ~ N(0, I), with all that a model of it needs (Appendix E).

    Attributes:
        name: as in the configuration.
        observed: number of observed features.
        noise_variance: diagonal of the covariance of ε, one value a feature; fixed to the truth, never learned.
        generative: layout of θ.
        decode_rows: f_θ: named parameters and codes, one row a latent dimension, to means, one row a feature; each
            row is [models, points].
        hidden: hidden layers of the inference network and of the encoder.
        ground_truth: makes θ_GT, named arrays [1, ...], and a record of how well it was fitted.
        linear: whether f_θ is linear in z, so that there are closed forms.
        decoder: f_θ where it is a network; else None.
    """

    name: str
    noise_variance: tuple[float, ...]
    generative: Layout
    decode_rows: Callable[[Parameters, Rows], Rows]
    hidden: tuple[Hidden, ...]
    ground_truth: Callable[[], tuple[Parameters, dict[str, float]]]
    linear: bool = False
    decoder: Network | None = None

    @property
    def observed(self) -> int:
        """Number of observed features."""
        return len(self.noise_variance)

    @property
    def features(self) -> int:
        """Numbers that a model's networks hold of each point: its code, hidden units and observed features."""
        networks = [self.inference, *([self.decoder] if self.decoder else [])]
        return LATENT + self.observed + sum(layer.units for network in networks for layer in network.hidden)

    def decode(self, parameters: Parameters, codes: Tensor) -> Tensor:
        """f_θ(z): codes [models, 2, points] to means [models, observed, points]."""
        return torch.stack(self.decode_rows(parameters, codes.unbind(1)), 1)

    @property
    def inference(self) -> Network:
        """The inference network g_ϕ: x to mean and log-variance of q_ϕ(z|x)."""
        return Network(self.observed, self.hidden, {"mean": LATENT, "log_variance": LATENT})

    @property
    def encoder(self) -> Network:
        """The encoder h(·; φ): x to its code. The mean network of the inference network."""
        return replace(self.inference, heads={"mean": LATENT})
