"""What a generative process is, and all that a model of it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.layers import Hidden, Layout, MatrixMap, Network, Parameters

LATENT = 2  # latent dimensions, as every data set of the paper has; docs/extend.md says what others would need


@dataclass(frozen=True)
class Dataset:
    """A generative process x|z = f_θ(z) + ε, z ~ N(0, I), with all that a model of it needs (Appendix E).

    Attributes:
        name: as in the configuration.
        noise_variance: diagonal of the covariance of ε, one value a feature; fixed to the truth, never learned.
        decoder: f_θ, which knows the layout of θ.
        hidden: hidden layers of the inference network and of the encoder.
        ground_truth: makes θ_GT, named arrays [1, ...], and a record of how well it was fitted. None for points of
            one's own, whose file the data set's own file names (POINTS).
        with_architecture: makes the process with the networks of a study's architecture; None if its own are all there
            are.
        encoder_bias: whether the inference network and the encoder have biases.
        variant: what tells its networks from the paper's; empty for these.

    Raises:
        ValueError: if its decoder does not take two codes, or does not give a row for each value of the noise, or a
            variance of the noise is not above 0.
    """

    name: str
    noise_variance: tuple[float, ...]
    decoder: Network | MatrixMap
    hidden: tuple[Hidden, ...]
    ground_truth: Callable[[], tuple[Parameters, dict[str, float]]] | None = None
    with_architecture: Callable[[Mapping[str, Any]], Dataset] | None = None
    encoder_bias: bool = True
    variant: str = ""

    def __post_init__(self) -> None:
        """Refuse what nothing here could train or evaluate."""
        if self.decoder.inputs != LATENT:
            raise ValueError(
                f"{self.name}: its decoder takes {self.decoder.inputs} codes; it must take {LATENT}, for reasons that "
                "docs/extend.md lists"
            )
        outputs = self.decoder.outputs if isinstance(self.decoder, MatrixMap) else sum(self.decoder.heads.values())
        if outputs != self.observed:
            words = f"its decoder has {outputs} outputs, and noise_variance {self.observed} values"
            raise ValueError(f"{self.name}: {words}; there must be one for each output")
        if not all(0 < variance < math.inf for variance in self.noise_variance):
            raise ValueError(f"{self.name}: noise_variance {self.noise_variance} must have finite numbers above 0")

    @property
    def label(self) -> str:
        """A name for its networks."""
        return f"{self.name}{self.variant}{'' if self.encoder_bias else '-plain'}"

    @property
    def observed(self) -> int:
        """Number of observed features."""
        return len(self.noise_variance)

    @property
    def linear(self) -> bool:
        """Whether f_θ is linear in z, so that p_θ(z|x) and p_θ(x) have closed forms."""
        return isinstance(self.decoder, MatrixMap) and self.decoder.activation is None

    @property
    def linear_both_ways(self) -> bool:
        """Whether the heads of the inference network are linear in x too, so that the gaps have closed forms."""
        return self.linear and not self.hidden

    @property
    def generative(self) -> Layout:
        """The layout of θ."""
        return self.decoder.layout

    @property
    def features(self) -> int:
        """Numbers that a model's networks hold of each point: its code, hidden units and observed features."""
        hidden = (*self.inference.hidden, *self.decoder.hidden)
        return LATENT + self.observed + sum(layer.units for layer in hidden)

    def true_parameters(self) -> Float[Tensor, "1 parameters"]:
        """θ_GT packed [1, parameters].

        Raises:
            ValueError: if it is not known.
        """
        if self.ground_truth is None:
            raise ValueError(f"{self.name}: no ground truth is known of it")
        return self.pack_truth(self.ground_truth()[0])

    def pack_truth(self, parameters: Parameters) -> Float[Tensor, "1 parameters"]:
        """Pack what `ground_truth` gives.

        Raises:
            ValueError: if names or shapes are not those of the decoder's parameters.
        """
        given = {name: tuple(array.shape[1:]) for name, array in parameters.items()}
        wanted = self.generative.shapes
        if given != wanted:
            raise ValueError(
                f"{self.name}: ground_truth gives arrays of the shapes {given}; the decoder takes {wanted}"
            )
        return self.generative.pack(parameters)

    def decode(
        self, parameters: Parameters, codes: Float[Tensor, "models 2 points"]
    ) -> Float[Tensor, "models observed points"]:
        """f_θ(z): codes [models, 2, points] to means [models, observed, points]."""
        return torch.stack(self.decoder.rows(parameters, codes.unbind(1)), 1)

    @property
    def inference(self) -> Network:
        """The inference network g_ϕ: x to mean and log-variance of q_ϕ(z|x)."""
        heads = {"mean": LATENT, "log_variance": LATENT}
        return Network(self.observed, self.hidden, heads, self.encoder_bias)

    @property
    def encoder(self) -> Network:
        """The encoder h(·; φ): x to its code. The mean network of the inference network."""
        return replace(self.inference, heads={"mean": LATENT})

    @property
    def layouts(self) -> dict[str, Layout]:
        """Parameters of the three groups that train: "generative" (θ), "inference" (ϕ), "encoder" (φ)."""
        return {"generative": self.generative, "inference": self.inference.layout, "encoder": self.encoder.layout}
