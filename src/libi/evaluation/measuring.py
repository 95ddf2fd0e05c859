"""The metrics of the models that stand for their methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from libi.evaluation.choices import KEYS, Choice, join
from libi.metrics import METRICS
from libi.models.metric import Subject
from libi.models.trained import TrainedModel
from libi.runtime.rooms import RoomError
from libi.study.jobs import EvaluationJob


def evaluate(
    model: TrainedModel,
    truth: Float[Tensor, "1 parameters"] | None,
    test: Float[Tensor, "observed points"],
    job: EvaluationJob,
    *labels: object,
) -> tuple[dict[str, float], pd.DataFrame]:
    """All metrics of one model.

    Args:
        model: the model that stands for its method on a replicate.
        truth: θ_GT packed [1, parameters]; None if it is not known.
        test: test points [observed, points].
        job: names the metrics and has their settings.
        labels: what names the random streams: data set, method, replicate.

    Returns:
        the numbers that the metrics give, by name, and a table with a row for each test point: point, and what the
        metrics say of it.

    Raises:
        RoomError: if a metric gives other numbers than its file says, naming the file.
    """
    subject = Subject(model, truth, test, job.seed, labels)
    summary: dict[str, float] = {}
    points: dict[str, Any] = {}
    for name, settings in job.metrics.items():
        metric = METRICS[name]
        measured = metric.measure(subject, metric.settings.model_validate(settings))
        if measured.summary.keys() != set(metric.columns):
            gives = f"gives {', '.join(measured.summary)}, and its columns are {', '.join(metric.columns)}"
            raise RoomError(f"{METRICS.path(name)}: {gives}; they must be the same")
        summary |= measured.summary
        points |= {key: values.numpy() for key, values in measured.points.items()}
    return summary, pd.DataFrame({"point": range(test.shape[1]), **points})


def curves_of(choices: Iterable[Choice]) -> pd.DataFrame:
    """How the training of the models went that stand for a method.

    Args:
        choices: the models.

    Returns:
        one row a replicate and snapshot: dataset, method, replicate, epoch (trained so far), objective (its name) and
        value (on the validation points).
    """
    rows = [
        {**choice.keys, "epoch": epoch, "objective": name, "value": value}
        for choice in choices
        if choice.model is not None
        for epoch, name, value in choice.model.curve
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "epoch", "objective", "value"])


def evaluate_choices(
    choices: Iterable[Choice],
    truth: Float[Tensor, "1 parameters"] | None,
    tests: Mapping[int, Tensor],
    job: EvaluationJob,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics of the models that stand for a method on each replicate.

    Args:
        choices: the models.
        truth: θ_GT packed [1, parameters]; None if it is not known.
        tests: by replicate, test points [observed, points].
        job: see `evaluate`.

    Returns:
        one row a replicate: dataset, method, replicate, configuration, restart, and the numbers of `evaluate` (missing
        where no configuration could be chosen); and one row a replicate and test point.
    """
    summaries, points = [], []
    for choice in choices:
        if choice.model is None:
            summaries.append(choice.keys)
            continue
        summary, values = evaluate(choice.model, truth, tests[choice.replicate], job, *choice.keys.values())
        summaries.append({**choice.names, **summary})
        points.append(values.assign(**choice.keys)[[*choice.keys, *values.columns]])
    columns = [column for name in job.metrics for column in METRICS[name].columns]
    table = pd.DataFrame(summaries).reindex(columns=[*KEYS, "configuration", "restart", *columns])
    return table.astype({"restart": "Int64"}), join(points, ["point"])
