"""What the models of Table 1 say of their training points: q_ϕ(z|x) beside p_θ(z|x), point by point and aggregated."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.simulation import simulate
from libi.evaluation.choices import Choice, join
from libi.models.trained import TrainedModel
from libi.posterior.aggregated import DistanceToPrior, distance_to_prior
from libi.posterior.closed_form import loading_of, posterior
from libi.posterior.sampling import WeightedCodes, sample_posterior
from libi.runtime.seeding import stream
from libi.statistics import TRUSTED
from libi.study.jobs import PosteriorJob

log = logging.getLogger(__name__)


class Inferred(NamedTuple):
    """The tables of a method.

    Attributes:
        points: one row a replicate and training point.
        samples: one row a replicate, kind and draw, for pictures.
        summary: one row a replicate.
    """

    points: pd.DataFrame
    samples: pd.DataFrame
    summary: pd.DataFrame


# What the tables have after their keys if there is no model: what is read of all models together.
_DISTANCES = [f"{whose}_{name}" for whose in "qp" for name in DistanceToPrior._fields]
_ERRORS = ["mean_error", "own_mean_error", "effective_sample_size_median", "points_below_100"]
_COLUMNS = (["point"], ["kind", "draw", "value_1", "value_2"], [*_DISTANCES, *_ERRORS])


@dataclass(frozen=True)
class Replicate:
    """The training points of one replicate, and what their own process says of them.

    Attributes:
        dataset: the generative process.
        codes: the codes that generated the points [2, points]; None if they are not known.
        x: the points [observed, points].
        true_means: means of the true posterior p_θGT(z|x) [2, points].
        trusted: for which points they can be trusted [points].
        job: the settings.
        labels: what names the random streams: data set and replicate.
    """

    dataset: Dataset
    codes: Float[Tensor, "2 points"] | None
    x: Float[Tensor, "observed points"]
    true_means: Float[Tensor, "2 points"]
    trusted: Bool[Tensor, " points"]
    job: PosteriorJob
    labels: tuple[object, ...]

    def stream(self, purpose: str, method: str) -> torch.Generator:
        """The random stream of a method for a purpose."""
        return stream(self.job.seed, "posterior", purpose, *self.labels, method)

    def posterior_of(self, model: TrainedModel, method: str) -> WeightedCodes:
        """Codes of p_θ(z|x) under a model's own θ."""
        return _sampled(self.dataset, model.generative, self.x, self.job, self.stream("codes", method))


def _sampled(dataset: Dataset, theta: Tensor, x: Tensor, job: PosteriorJob, source: torch.Generator) -> WeightedCodes:
    named = dataset.generative.unpack(theta.double())
    return sample_posterior(
        lambda codes: dataset.decode(named, codes[None])[0],
        x,
        dataset.noise_variance,
        samples=job.samples,
        prior_share=job.prior_share,
        stream=source,
    )


def _exact_means(dataset: Dataset, theta: Tensor, x: Tensor) -> Tensor:
    noise_variance = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    return posterior(loading_of(dataset, theta), noise_variance).gain @ x


def true_means(
    dataset: Dataset,
    truth: Float[Tensor, "1 parameters"] | None,
    x: Float[Tensor, "observed points"],
    job: PosteriorJob,
    replicate: int,
) -> tuple[Float[Tensor, "2 points"], Bool[Tensor, " points"]]:
    """Means of the true posterior p_θGT(z|x): in closed form where f_θ is linear, else by weighted codes.

    Args:
        dataset: the generative process.
        truth: θ_GT packed [1, parameters]; None if it is not known.
        x: training points [observed, points].
        job: the settings.
        replicate: its number.

    Returns:
        means [2, points], and for which of them they can be trusted [points]; NaN and none without a truth.
    """
    if truth is None:
        return torch.full((LATENT, x.shape[1]), torch.nan), torch.zeros(x.shape[1], dtype=torch.bool)
    if dataset.linear:
        return _exact_means(dataset, truth, x.double()), torch.ones(x.shape[1], dtype=torch.bool)
    source = stream(job.seed, "posterior", "codes", dataset.name, replicate, "truth")
    codes = _sampled(dataset, truth, x.double(), job, source)
    return codes.mean, codes.effective_sample_size >= TRUSTED


def infer_choices(choices: Iterable[Choice], train: Mapping[int, Mapping[str, Tensor]], job: PosteriorJob) -> Inferred:
    """Infer the codes of the training points by the models that stand for a method on each replicate.

    Args:
        choices: the models.
        train: by replicate, training points x [observed, points], the codes z [2, points] that generated them if these
            are known, and what `true_means` says of them: true_means and trusted.
        job: the settings.

    Returns:
        tables without a row of replicates that have no choice. Their columns are those of `points_table`,
        `samples_table` and `summarise`, after data set, method, replicate and (but for the samples) configuration and
        restart. Without any choice, they have the keys and those columns that are read of all models together.
    """
    tables = [
        _infer(choice, choice.model, train[choice.replicate], job) for choice in choices if choice.model is not None
    ]
    return Inferred(*(join([table[part] for table in tables], names) for part, names in enumerate(_COLUMNS)))


def _infer(choice: Choice, model: TrainedModel, train: Mapping[str, Tensor], job: PosteriorJob) -> Inferred:
    """The tables of one model."""
    dataset, x = model.dataset, train["x"].double()
    known = train["true_means"], train["trusted"]
    labels = choice.dataset, choice.replicate
    replicate = Replicate(dataset, train.get("z"), x, *known, job, labels)
    own = replicate.posterior_of(model, choice.method)
    drawn = _draws(replicate, model, choice.method, own)
    log.info("replicate %d: median effective sample size %.0f", choice.replicate, own.effective_sample_size.median())
    return Inferred(
        _led_by(choice.names, points_table(replicate, model, own)),
        _led_by(choice.keys, samples_table(drawn)),
        _led_by(choice.names, pd.DataFrame([summarise(replicate, model, own, drawn)])),
    )


def _led_by(keys: dict[str, object], table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**keys)[[*keys, *table.columns]]


def _features(name: str, values: Tensor | None, features: int, points: int) -> dict[str, object]:
    """Columns name_1, name_2, ... of an array [features, points]; empty without one."""
    rows = torch.full((features, points), torch.nan) if values is None else values
    return {f"{name}_{number}": row.numpy() for number, row in enumerate(rows, start=1)}


def points_table(replicate: Replicate, model: TrainedModel, own: WeightedCodes) -> pd.DataFrame:
    """Everything that is said of each training point.

    Returns:
        point; x_1, ... and the codes z_1, z_2 that generated it (missing if they are not known); mean and standard
        deviation of q_ϕ(z|x): q_mean_1, q_mean_2, q_sd_1, q_sd_2; LiBI's code h(x; φ): code_1, code_2 (else missing);
        the Monte-Carlo mean of p_θ(z|x): posterior_mean_1, posterior_mean_2, with its effective_sample_size; and
        exact_mean_1, exact_mean_2 (missing where f_θ is not linear).
    """
    dataset, x = replicate.dataset, replicate.x
    mean, log_variance = model.posterior(x)
    encoder = dataset.encoder
    codes = None if model.encoder is None else encoder(encoder.layout.unpack(model.encoder.double()), x[None])[0][0]
    exact = _exact_means(dataset, model.generative, x) if dataset.linear else None

    def columns(name: str, values: Tensor | None) -> dict[str, object]:
        return _features(name, values, LATENT, x.shape[1])

    return pd.DataFrame(
        {
            "point": range(x.shape[1]),
            **_features("x", x, *x.shape),
            **columns("z", replicate.codes),
            **columns("q_mean", mean),
            **columns("q_sd", (0.5 * log_variance).exp()),
            **columns("code", codes),
            **columns("posterior_mean", own.mean),
            "effective_sample_size": own.effective_sample_size.numpy(),
            **columns("exact_mean", exact),
        }
    )


def _draws(replicate: Replicate, model: TrainedModel, method: str, own: WeightedCodes) -> dict[str, Tensor]:
    """Draws by kind: fresh points of the model [1, observed, points]; codes of the points [draws, 2, points]."""
    points, draws = replicate.x.shape[1], replicate.job.draws
    _, fresh = simulate(replicate.dataset, model.generative, points, replicate.stream("model", method))
    mean, log_variance = model.posterior(replicate.x)
    source = replicate.stream("q", method)
    noise = torch.randn(draws, LATENT, points, generator=source, dtype=torch.float64)
    return {
        "model": fresh[None],
        "q_aggregated": mean + (0.5 * log_variance).exp() * noise,
        "p_aggregated": own.draw(draws, replicate.stream("p", method)),
    }


def samples_table(drawn: dict[str, Tensor]) -> pd.DataFrame:
    """The first draws of each kind: kind, draw, value_1, ..., as many as data have features; missing for codes.

    Kinds: model (fresh points of p_θ(x)), q_aggregated and p_aggregated (for each training point one code).
    """
    tables = [
        pd.DataFrame({"kind": kind, "draw": range(values.shape[2]), **_features("value", values[0], *values.shape[1:])})
        for kind, values in drawn.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _share_unmatched(means: Tensor, own: WeightedCodes) -> float:
    """Mean squared distance of q_ϕ's means from those of p_θ(z|x), as a share of the variance of the latter."""
    trusted = own.effective_sample_size >= TRUSTED
    means, own_means = means[:, trusted], own.mean[:, trusted]
    spread = (own_means - own_means.mean(1, keepdim=True)).square().sum(0).mean()
    return float((means - own_means).square().sum(0).mean() / spread)


def summarise(
    replicate: Replicate, model: TrainedModel, own: WeightedCodes, drawn: dict[str, Tensor]
) -> dict[str, float]:
    """What the points say together.

    Returns:
        `DistanceToPrior` of the aggregated q_ϕ(z|x) and p_θ(z|x), names led by q_ and p_;
        mean_error, the mean of ‖q's mean − true posterior mean‖² over points whose true mean is known or can be
        trusted; own_mean_error, that from the means of the model's own p_θ(z|x), as a share of their variance; median
        of the effective sample sizes of p_θ(z|x), and at how many points it is below 100.
    """
    mean, log_variance = model.posterior(replicate.x)
    variances = torch.diag_embed(log_variance.exp().T).movedim(0, -1)
    distances = {
        "q": distance_to_prior(mean, variances, drawn["q_aggregated"]),
        "p": distance_to_prior(own.mean, own.covariance, drawn["p_aggregated"]),
    }
    true, trusted = replicate.true_means, replicate.trusted
    sizes = own.effective_sample_size
    return {
        **{f"{s}_{name}": value for s, distance in distances.items() for name, value in distance._asdict().items()},
        "mean_error": float((mean - true).square().sum(0)[trusted].mean()),
        "own_mean_error": _share_unmatched(mean, own),
        "effective_sample_size_median": float(sizes.median()),
        "points_below_100": int((sizes < TRUSTED).sum()),
    }
