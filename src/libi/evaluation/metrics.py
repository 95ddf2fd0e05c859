"""The metrics of Table 1, and how far each can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pandas as pd
import torch
from torch import Tensor

from libi.datasets import Dataset, simulate
from libi.evaluation.choices import KEYS, Choice, join
from libi.evaluation.closed_form import (
    LinearInference,
    expected_posterior_divergence,
    loading_of,
    marginal_covariance,
    mean_field,
    posterior,
)
from libi.evaluation.marginal import marginal_log_likelihood
from libi.seeding import stream
from libi.statistics.likelihood import (
    TRUSTED,
    LikelihoodEstimate,
    importance_sampled_log_likelihood,
)
from libi.statistics.two_sample import AveragedStatistic, averaged_smooth_knn
from libi.study.models import EvaluationJob, LikelihoodJob
from libi.trained import TrainedModel

SUMMARY = (
    *KEYS,
    *("configuration", "restart"),
    *("test_ll", "test_ll_exact", "test_ll_largest_error", "effective_sample_size_median", "share_below_100"),
    *("s_knn", "s_knn_sd_over_draws", "excess_divergence"),
)


def log_likelihood(model: TrainedModel, x: Tensor, job: LikelihoodJob, *labels: object) -> LikelihoodEstimate:
    """Eq. 48 for every point.

    Args:
        model: a trained model.
        x: data [observed, points].
        job: the settings.
        labels: what names the random stream.
    """
    return importance_sampled_log_likelihood(
        model.means,
        model.posterior(x),
        x,
        torch.tensor(model.dataset.noise_variance, dtype=torch.float64),
        samples=job.importance_samples,
        inflation=job.variance_inflation,
        stream=stream(job.seed, "importance samples", *labels),
    )


def fresh_points(dataset: Dataset, theta: Tensor, source: torch.Generator) -> Callable[[int, int], Tensor]:
    """What draws [batch, observed, points] of a model's own points, new ones each time."""

    def draw(batch: int, points: int) -> Tensor:
        _, x = simulate(dataset, theta, batch * points, source)
        return x.reshape(-1, batch, points).transpose(0, 1)

    return draw


def points_among(x: Tensor, source: torch.Generator) -> Callable[[int, int], Tensor]:
    """What draws [batch, observed, points] of given points [observed, all points], without replacement."""

    def draw(batch: int, points: int) -> Tensor:
        places = torch.rand(batch, x.shape[1], generator=source).argsort(1)[:, :points]
        return x.double()[:, places].transpose(0, 1)

    return draw


def two_sample(
    model: TrainedModel, truth: Tensor, test: Tensor, job: EvaluationJob, *labels: object
) -> AveragedStatistic:
    """The smooth k-NN statistic between points of p(x) and fresh ones of p_θ(x), averaged over draws.

    Args:
        model: gives θ.
        truth: θ_GT packed [1, parameters].
        test: test points [observed, points], which stand for p(x) where the job says so.
        job: the evaluation's settings.
        labels: what names the random streams.
    """
    given = job.two_sample
    sources = [stream(job.seed, "two-sample", name, *labels) for name in ("truth", "model")]
    fresh = given.sample == "fresh"
    return averaged_smooth_knn(
        fresh_points(model.dataset, truth, sources[0]) if fresh else points_among(test, sources[0]),
        fresh_points(model.dataset, model.generative, sources[1]),
        draws=given.draws,
        points=given.points,
        neighbours=given.neighbours,
        smoothness=given.smoothness,
    )


def excess_divergence(model: TrainedModel, truth: Tensor) -> float:
    """How far ϕ is from the best mean-field posterior of its θ (Appendix C.3), in nats; NaN where f_θ is not linear.

    E_p(x) KL[q_ϕ(z|x) ‖ p_θ(z|x)] over the whole of p(x), less its least value.
    """
    if not model.dataset.linear:
        return float("nan")
    noise = torch.tensor(model.dataset.noise_variance, dtype=torch.float64)
    loading, true_loading = (loading_of(model.dataset, theta) for theta in (model.generative, truth))
    data_covariance = marginal_covariance(true_loading, noise)
    learned = LinearInference.of(model.dataset.inference.layout.unpack(model.inference))
    exact = posterior(loading, noise)
    best = expected_posterior_divergence(mean_field(exact), exact, data_covariance)
    return float(expected_posterior_divergence(learned, exact, data_covariance) - best)


def evaluate(
    model: TrainedModel, truth: Tensor, test: Tensor, job: EvaluationJob, *labels: object
) -> tuple[dict[str, float], pd.DataFrame]:
    """All metrics of one model.

    Args:
        model: the model that stands for its method on a replicate.
        truth: θ_GT packed [1, parameters].
        test: test points [observed, points].
        job: the evaluation's settings.
        labels: what names the random streams: data set, replicate, method.

    Returns:
        a summary, and one row a test point: log_likelihood (Eq. 48), effective_sample_size, log_likelihood_exact and
        the error of that. The summary has test_ll (mean over points, nats), test_ll_exact, the largest error of a
        point in it, the median effective sample size, the share of points where that is below 100, s_knn with its
        standard deviation over draws, and excess_divergence.
    """
    estimate = log_likelihood(model, test, job, *labels)
    exact = marginal_log_likelihood(model.dataset, model.generative, test)
    points = pd.DataFrame(
        {
            "point": range(test.shape[1]),
            "log_likelihood": estimate.log_likelihood.numpy(),
            "effective_sample_size": estimate.effective_sample_size.numpy(),
            "log_likelihood_exact": exact.log_likelihood.numpy(),
            "error_of_exact": exact.error.numpy(),
        }
    )
    statistic = two_sample(model, truth, test, job, *labels)
    summary = {
        "test_ll": points["log_likelihood"].mean(),
        "test_ll_exact": points["log_likelihood_exact"].mean(),
        "test_ll_largest_error": points["error_of_exact"].max(),
        "effective_sample_size_median": points["effective_sample_size"].median(),
        "share_below_100": (points["effective_sample_size"] < TRUSTED).mean(),
        "s_knn": statistic.mean,
        "s_knn_sd_over_draws": statistic.standard_deviation,
        "excess_divergence": excess_divergence(model, truth),
    }
    return summary, points


def evaluate_choices(
    choices: Iterable[Choice], truth: Tensor, tests: Mapping[int, Tensor], job: EvaluationJob
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics of the models that stand for a method on each replicate.

    Args:
        choices: the models.
        truth: θ_GT packed [1, parameters].
        tests: by replicate, test points [observed, points].
        job: the evaluation's settings.

    Returns:
        one row a replicate: dataset, method, replicate, configuration, restart, and the summary of `evaluate` (missing
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
    table = pd.DataFrame(summaries).reindex(columns=SUMMARY)
    return table.astype({"restart": "Int64"}), join(points)
