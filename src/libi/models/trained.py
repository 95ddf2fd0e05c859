"""A trained model: arrays in, arrays out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy.typing import ArrayLike
from torch import Tensor

from libi.base.dataset import Dataset
from libi.base.values import differences
from libi.datasets import dataset_of
from libi.runtime.seals import Damaged, statement_of
from libi.runtime.storage import load_tensors

Array = np.ndarray


@dataclass(frozen=True)
class TrainedModel:
    """One model of a study. Arrays are [features, points], points last; computation is in float64.

    Attributes:
        dataset: the generative process it is a model of.
        generative: θ packed [1, parameters].
        inference: ϕ packed [1, parameters]; None for methods that train none.
        encoder: φ packed [1, parameters]; None for methods without an encoder of its own.
        configuration: name of its hyper-parameters.
        restart: number of its random initialisation.
        curve: how its training went: epochs trained, the name of the objective, and its value on the validation points.
    """

    dataset: Dataset
    generative: Float[Tensor, "1 generative_parameters"]
    inference: Float[Tensor, "1 inference_parameters"] | None
    encoder: Float[Tensor, "1 encoder_parameters"] | None
    configuration: str
    restart: int
    curve: tuple[tuple[int, str, float], ...] = ()

    def trained_inference(self) -> Float[Tensor, "1 parameters"]:
        """ϕ packed [1, parameters].

        Raises:
            ValueError: if the model has no inference network.
        """
        if self.inference is None:
            raise ValueError(
                f"this model of {self.dataset.name} has no q(z|x): its method trains an encoder and no inference "
                "network; decode works"
            )
        return self.inference

    def posterior(
        self, x: Float[Tensor, "observed points"]
    ) -> tuple[Float64[Tensor, "2 points"], Float64[Tensor, "2 points"]]:
        """Mean and log-variance of q_ϕ(z|x), each [2, points], for x [observed, points].

        Raises:
            ValueError: if the model has no inference network.
        """
        network = self.dataset.inference
        mean, log_variance = network(network.layout.unpack(self.trained_inference().double()), x.double()[None])
        return mean[0], log_variance[0]

    def means(self, codes: Float[Tensor, "2 points"]) -> Float64[Tensor, "observed points"]:
        """f_θ(z) [observed, points] for codes [2, points]."""
        return self.dataset.decode(self.dataset.generative.unpack(self.generative.double()), codes.double()[None])[0]

    def encode(self, x: ArrayLike) -> tuple[Float64[Array, "2 points"], Float64[Array, "2 points"]]:
        """Mean and standard deviation of q_ϕ(z|x), each [2, points], for data [observed, points].

        Raises:
            ValueError: if x has another shape, or is not of finite real numbers, or the model has no inference network.
        """
        mean, log_variance = self.posterior(self._checked(x, self.dataset.observed, "x"))
        return mean.numpy(), torch.exp(0.5 * log_variance).numpy()

    def decode(self, codes: ArrayLike) -> Float64[Array, "observed points"]:
        """The means f_θ(z) [observed, points] for codes [2, points].

        Raises:
            ValueError: if the codes have another shape, or are not finite real numbers.
        """
        return self.means(self._checked(codes, 2, "codes")).numpy()

    def _checked(self, array: Any, features: int, name: str) -> Tensor:
        """Finite real numbers [features, points] as a tensor, or a ValueError that says what is wrong with them."""
        shape = f"{name} must be [{features}, points] for {self.dataset.name}, points last"
        if isinstance(array, Tensor):
            if array.requires_grad:
                raise ValueError(f"{name} is a tensor with gradients, which end here; give {name}.detach()")
            if array.layout is not torch.strided:
                raise ValueError(f"{name} is not a dense tensor; give {name}.to_dense()")
            array = _as_array(array, name)
        if np.ma.isMaskedArray(array) or (isinstance(array, list | tuple) and any(map(np.ma.isMaskedArray, array))):
            raise ValueError(f"{name} is a masked array; leave the masked points out, or fill them")
        try:
            numbers = np.asarray(array)
        except (TypeError, RuntimeError):  # of tensors in a list
            raise ValueError(f"{name} must be real numbers; give one tensor, or lists of numbers") from None
        except ValueError:
            raise ValueError(f"{shape}; its rows have different lengths") from None
        if numbers.dtype.kind not in "fiu":
            raise ValueError(f"{name} must be real numbers; got {numbers.dtype}")
        if numbers.ndim != 2 or numbers.shape[0] != features:
            raise ValueError(f"{shape}; got {list(numbers.shape)}")
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} must be finite; {int((~np.isfinite(numbers)).sum())} of its values are not")
        return torch.from_numpy(numbers)


def _as_array(tensor: Tensor, name: str) -> np.ndarray:
    """A dense tensor without gradients as an array."""
    try:
        tensor = tensor.resolve_conj().resolve_neg().cpu()
        return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()  # NumPy has no bfloat16
    except (TypeError, RuntimeError, NotImplementedError):
        raise ValueError(
            f"{name} must be a tensor of plain real numbers; got {tensor.dtype}, {tensor.device}"
        ) from None


def metadata_of(
    dataset: str,
    method: str,
    replicates: list[int],
    configurations: list[str],
    restarts: list[int],
    architecture: Mapping[str, Any] = MappingProxyType({}),
    job: Mapping[str, Any] = MappingProxyType({}),
    objectives: Sequence[str] = (),
) -> dict[str, str]:
    """What a file of trained models says of itself.

    Args:
        dataset: that the models are of.
        method: that trained them.
        replicates: of each row of the tensors, its replicate.
        configurations: likewise, the name of its configuration.
        restarts: likewise, the number of its restart.
        architecture: of the networks; what is left out is the paper's.
        job: `Study.training_job`, all settings that the models were trained with.
        objectives: names of those that the method trains under; a curve has their numbers.
    """
    models = json.dumps(list(zip(replicates, configurations, restarts, strict=True)))
    networks, settings = (json.dumps(dict(part), sort_keys=True) for part in (architecture, job))
    return {
        "dataset": dataset,
        "method": method,
        "architecture": networks,
        "models": models,
        "job": settings,
        "objectives": json.dumps(list(objectives)),
    }


def check_settings(paths: Iterable[str | Path], job: Mapping[str, Any]) -> None:
    """Make sure that models were trained with a study's settings, wherever their files come from.

    Args:
        paths: results of training jobs of a method on a data set: models or records.
        job: `Study.training_job` of the study.

    Raises:
        Damaged: if they were trained with others, naming a file, a setting and the remedy.
    """
    for path in paths:
        had = statement_of(path).origin.settings.get("job", {})
        for key, before, now in differences(had, json.loads(json.dumps(job))):
            raise Damaged(path, f"its models were trained with {key} {before}, and the study has {now}")


def replicates_in(path: str | Path) -> list[int]:
    """The replicates whose models a training file holds, in ascending order."""
    _, about = load_tensors(path)
    return sorted({number for number, *_ in json.loads(about["models"])})


class TrainedModels:
    """The models of one replicate in a training file.

    Attributes:
        replicate: number of the replicate.
        dataset: the generative process they are models of.
        method: how they were trained.
        rows: (configuration, restart) to row of the tensors.
    """

    def __init__(self, path: str | Path, replicate: int | None = None) -> None:
        """Read a training file.

        Args:
            path: the file.
            replicate: number of the replicate, if the file holds several; else its only one, or the first.

        Raises:
            ValueError: if it is not one, or does not hold the replicate.
        """
        self._path = path
        self._tensors, about = load_tensors(path)
        if "models" not in about:
            raise ValueError(f"{path}: not a file of trained models")
        self.dataset = dataset_of(about["dataset"], json.loads(about.get("architecture", "{}")))
        self.method = about["method"]
        self._objectives = json.loads(about.get("objectives", "[]"))
        models = json.loads(about["models"])
        held = sorted({number for number, *_ in models})
        self.replicate = held[0] if replicate is None else replicate
        if self.replicate not in held:
            raise ValueError(f"{path} does not hold replicate {replicate}; replicates: {', '.join(map(str, held))}")
        numbered = enumerate(models)
        self.rows = {(name, restart): row for row, (number, name, restart) in numbered if number == self.replicate}

    def model(self, configuration: str, restart: int) -> TrainedModel:
        """One model.

        Raises:
            KeyError: if the file does not hold it, naming what it holds.
        """
        if (configuration, restart) not in self.rows:
            names = ", ".join(sorted({name for name, _ in self.rows}))
            raise KeyError(f"{self._path} has no restart {restart} of {configuration!r}; configurations: {names}")
        row = slice(self.rows[configuration, restart], self.rows[configuration, restart] + 1)
        parts = {group: tensor[row] for group, tensor in self._tensors.items()}
        return TrainedModel(
            self.dataset,
            parts["generative"],
            parts.get("inference"),
            parts.get("encoder"),
            configuration,
            restart,
            self._curve(parts["curve"][0]) if "curve" in parts else (),
        )

    def _curve(self, curve: Tensor) -> tuple[tuple[int, str, float], ...]:
        """What a file says of a model's training [3, snapshots], but for what it lacks beside longer ones."""
        rows = (row for row in curve.T.tolist() if math.isfinite(row[1]))
        return tuple((int(epoch), self._objectives[int(number)], value) for value, epoch, number in rows)
