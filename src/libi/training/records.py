"""One row a model: what a reader asks of a training run without opening a tensor."""

from __future__ import annotations

import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from libi.base.dataset import Dataset
from libi.base.layers import MatrixMap, Network, Parameters
from libi.statistics.gaussianity import henze_zirkler
from libi.training.state import State


def dead_units(
    network: Network | MatrixMap, parameters: Parameters, inputs: Float[Tensor, "#models features points"]
) -> Int[Tensor, " models"] | int:
    """Number of ReLU units that are 0 at every point, for each model [models]; 0 without hidden layers."""
    if not isinstance(network, Network) or not network.hidden:
        return 0
    outputs = network.activations(parameters, inputs.unbind(1))
    pairs = zip(outputs, network.hidden, strict=True)
    rectified = [out for out, layer in pairs if layer.activation is torch.relu and isinstance(out, Tensor)]
    return torch.stack([(out.amax(2) <= 0).sum(1) for out in rectified]).sum(0) if rectified else 0


def describe(
    dataset: Dataset,
    x: Float[Tensor, "#models observed points"],
    state: State,
    training_objective: Float[Tensor, " models"],
    *,
    encodes: bool,
) -> pd.DataFrame:
    """Records of a trained stack, in the order of its models.

    Args:
        dataset: the generative process.
        x: the points it was trained on [models or 1, observed, points].
        state: its state at the end.
        training_objective: of the kept models on the training points [models].
        encodes: whether the models have an encoder φ, whose outputs are then their codes; else these are the means
            of q_ϕ(z|x).

    Returns:
        columns validation_objective (of the snapshot that is kept; empty if there is none), training_objective (the
        same on the training points), best_epoch, round,
        diverged, dead units, and mean, covariance (divisor N) and exact Henze–Zirkler statistic of the codes of the
        training points.
    """
    kept = state.kept.parameters
    generative = dataset.generative.unpack(kept["generative"])
    inference = dataset.inference.layout.unpack(kept["inference"])
    if encodes:
        (codes,) = dataset.encoder(dataset.encoder.layout.unpack(kept["encoder"]), x)
    else:
        codes, _ = dataset.inference(inference, x)
    score = state.kept.score.double()
    mean = codes.double().mean(2)
    centred = codes.double() - mean[:, :, None]
    covariance = centred @ centred.transpose(1, 2) / codes.shape[2]
    columns = {
        "validation_objective": torch.where(torch.isfinite(score), score, torch.nan),
        "training_objective": torch.where(torch.isfinite(score), training_objective.double(), torch.nan),
        "best_epoch": state.kept.epoch,
        "best_round": state.round,
        "diverged": ~state.alive,
        "dead_units_generative": dead_units(dataset.decoder, generative, codes),
        "dead_units_inference": dead_units(dataset.inference, inference, x),
        "codes_mean_1": mean[:, 0],
        "codes_mean_2": mean[:, 1],
        "codes_covariance_11": covariance[:, 0, 0],
        "codes_covariance_12": covariance[:, 0, 1],
        "codes_covariance_22": covariance[:, 1, 1],
        "codes_henze_zirkler": henze_zirkler(codes.cpu()),
    }
    return pd.DataFrame({k: v.cpu().numpy() if isinstance(v, Tensor) else v for k, v in columns.items()})
