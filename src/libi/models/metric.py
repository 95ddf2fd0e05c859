"""What a metric is: a number that says how good a model is, or how far another number of it can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from libi.base.values import Section

if TYPE_CHECKING:  # a study is read without PyTorch
    from torch import Tensor

    from libi.models.trained import TrainedModel

HIGHER, LOWER = "higher", "lower"  # what BETTER may be


class Subject(NamedTuple):
    """What a metric is computed of.

    Attributes:
        model: the model that stands for its method on a replicate.
        truth: θ_GT packed [1, parameters]; None if it is not known.
        test: test points [observed, points].
        seed: of the study.
        labels: what names the random streams: data set, method, replicate.
    """

    model: TrainedModel
    truth: Tensor | None
    test: Tensor
    seed: int
    labels: tuple[object, ...]


class Measured(NamedTuple):
    """What a metric says of a model.

    Attributes:
        summary: its numbers by name: columns of results/metrics/. The metric itself has the name of its file.
        points: what it says of every test point, by name: each [points].
    """

    summary: dict[str, float]
    points: Mapping[str, Tensor] = {}


class NoSettings(Section):
    """A metric with nothing to set."""


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        measure: computes it of a model, given its settings in a study.
        settings: what a study must say of it.
        columns: names of the numbers that it gives, its own first.
        disagreements: what of its settings does not go together, as (key, what is allowed) pairs; it is given these
            settings and the study's numbers of points (train, validation, test). Settings that are wrong alone are
            None.
    """

    measure: Callable[[Subject, Any], Measured]
    settings: type[Section] = NoSettings
    columns: tuple[str, ...] = ()
    disagreements: Callable[[Mapping[str, Any], Mapping[str, Any]], list[tuple[str, str]]] = field(
        default=lambda given, points: []
    )
