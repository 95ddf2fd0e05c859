"""Test-LL: the mean log-likelihood of the test points as the paper estimates it, by importance sampling (Eq. 48)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from libi.base.values import Draws, Factor, Section
from libi.models.metric import Measured, Metric, Subject

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from libi.models.trained import TrainedModel
    from libi.statistics.likelihood import LikelihoodEstimate

TITLE = "Test-LL"
MEANING = "Mean log-likelihood of the test points in nats, as the paper estimates it (Eq. 48)"
PLACE = 1
REQUIRED = True  # Table 1 and the claims rest on it
BETTER = "higher"


class ImportanceSettings(Section):
    """The estimate of the log-likelihood by Eq. 48."""

    importance_samples: Draws
    """S of Eq. 48: draws for each point."""
    variance_inflation: Factor
    """Factor on the variance of the proposal of Eq. 48."""


def estimate(
    model: TrainedModel,
    x: Float[Tensor, "observed points"],
    settings: ImportanceSettings,
    seed: int,
    *labels: object,
) -> LikelihoodEstimate:
    """Eq. 48 for every point.

    Args:
        model: a trained model.
        x: data [observed, points].
        settings: of the estimate.
        seed: of the study.
        labels: what names the random stream.
    """
    import torch

    from libi.runtime.seeding import stream
    from libi.statistics.likelihood import importance_sampled_log_likelihood

    return importance_sampled_log_likelihood(
        model.means,
        model.posterior(x),
        x,
        torch.tensor(model.dataset.noise_variance, dtype=torch.float64),
        samples=settings.importance_samples,
        inflation=settings.variance_inflation,
        stream=stream(seed, "importance samples", *labels),
    )


def measure(subject: Subject, settings: ImportanceSettings) -> Measured:
    """Test-LL in nats, the median effective sample size, and the share of points where that is below 100."""
    import pandas as pd

    from libi.statistics import TRUSTED

    found = estimate(subject.model, subject.test, settings, subject.seed, *subject.labels)
    points = pd.DataFrame({name: values.numpy() for name, values in found._asdict().items()})
    summary = {
        "test_ll": points["log_likelihood"].mean(),
        "effective_sample_size_median": points["effective_sample_size"].median(),
        "share_below_100": (points["effective_sample_size"] < TRUSTED).mean(),
    }
    return Measured(summary, found._asdict())


METRIC = Metric(measure, ImportanceSettings, ("test_ll", "effective_sample_size_median", "share_below_100"))
