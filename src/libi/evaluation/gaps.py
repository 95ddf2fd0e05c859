"""The two gaps of Eq. 2: how far p_θ(x) is from p(x), and q_ϕ(z|x) from p_θ(z|x)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.base.dataset import Dataset
from libi.base.simulation import simulate
from libi.evaluation.choices import Choice, join
from libi.models.trained import TrainedModel
from libi.posterior.closed_form import LinearInference, loading_of, marginal_covariance, mutual_information, objective
from libi.posterior.marginal import marginal_log_likelihood
from libi.posterior.modes import Joint
from libi.runtime.seeding import stream
from libi.statistics.likelihood import gaussian_log_likelihood
from libi.study.jobs import PosteriorJob

DISTANCES = ("mean_distance", "covariance_distance", "moments_error")
# Of the Gauss–Hermite rule for each code: exact for polynomials of degree 47. On Mobius's models, whose means have
# kinks, the mean over 500 points errs by at most 2e-5 nats.
NODES = 24
_CODES_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Gaps:
    """The two parts of L(θ, ϕ) (Eq. 2) and the information of the codes, in nats.

    Each comes with the standard error of its mean over points; 0 for closed forms.

    Attributes:
        mle_objective: KL[p(x) ‖ p_θ(x)].
        posterior_matching: E_p(x) KL[q_ϕ(z|x) ‖ p_θ(z|x)].
        objective: L, their sum.
        information: I(X;Z) under θ.
    """

    mle_objective: float
    mle_objective_error: float
    posterior_matching: float
    posterior_matching_error: float
    objective: float
    objective_error: float
    information: float
    information_error: float


@dataclass(frozen=True)
class Reference:
    """Points of p(x) that no model was trained on, the same for all models that are compared.

    Attributes:
        truth: θ_GT packed [1, parameters]; None if it is not known.
        x: the points [observed, points], float64.
        log_p: log p(x) of each [points]; NaN if the truth is not known.
    """

    truth: Float[Tensor, "1 parameters"] | None
    x: Float64[Tensor, "observed points"]
    log_p: Float[Tensor, " points"]

    @classmethod
    def draw(
        cls, dataset: Dataset, truth: Float[Tensor, "1 parameters"], points: int, source: torch.Generator
    ) -> Reference:
        """Draw the points of a data set."""
        _, x = simulate(dataset, truth, points, source)
        return cls(truth, x, marginal_log_likelihood(dataset, truth, x).log_likelihood)

    @classmethod
    def without_truth(cls, x: Float[Tensor, "observed points"]) -> Reference:
        """Points [observed, points] of an unknown p(x): the gap of q_ϕ is that over these, the other one NaN."""
        return cls(None, x.double(), torch.full((x.shape[1],), torch.nan, dtype=torch.float64))


def measure_gaps(model: TrainedModel, reference: Reference, source: torch.Generator) -> Gaps:
    """Measure the gaps of a model over p(x): in closed form where p(x) is known and its networks are linear.

    Elsewhere they are measured over points.

    Args:
        model: gives θ and ϕ.
        reference: points of p(x).
        source: source of as many points of p_θ(x), for the information.
    """
    if model.dataset.linear_both_ways and reference.truth is not None:
        return _closed_form(model, reference.truth)
    return _over_points(model, reference, source)


def gaps_of_choices(choices: Iterable[Choice], references: Mapping[int, Reference], job: PosteriorJob) -> pd.DataFrame:
    """The gaps of the models that stand for a method on each replicate.

    Args:
        choices: the models.
        references: by replicate, points of p(x), the same for all methods.
        job: the settings.

    Returns:
        one row a replicate that has a choice: dataset, method, replicate, configuration, restart, and the fields of
        `Gaps`. Without any choice: no row, and no configuration and restart.
    """
    rows = []
    for choice in choices:
        if choice.model is not None:
            source = stream(job.seed, "gaps", "model", *choice.keys.values())
            gaps = measure_gaps(choice.model, references[choice.replicate], source)
            rows.append(pd.DataFrame([{**choice.names, **asdict(gaps)}]))
    return join(rows, [field.name for field in fields(Gaps)])


def gather_gaps(gaps: pd.DataFrame, posterior: pd.DataFrame) -> pd.DataFrame:
    """The gaps of all models, with how far their aggregated posteriors are from the prior.

    Args:
        gaps: the rows of `gaps_of_choices` of all data sets and replicates.
        posterior: the summaries of `libi.evaluation.inference.infer_choices` of the same models.

    Returns:
        the gaps; and for q_ϕ(z|x) and p_θ(z|x), names led by q_ and p_: mean_distance, covariance_distance and
        moments_error of `DistanceToPrior`, over the training points.
    """
    keys = ["dataset", "method", "replicate"]
    columns = [f"{whose}_{name}" for whose in "qp" for name in DISTANCES]
    return gaps.merge(posterior[[*keys, *columns]], how="left", on=keys, validate="one_to_one")


def expected_log_joint(model: TrainedModel, x: Float[Tensor, "observed points"]) -> Float64[Tensor, " points"]:
    """E_q(z|x) log p_θ(x, z) of each point, in nats [points], float64, by a Gauss–Hermite rule in each code.

    Args:
        model: gives θ and ϕ.
        x: data [observed, points].
    """
    where, weights = (torch.from_numpy(array) for array in np.polynomial.hermite_e.hermegauss(NODES))
    nodes, weights = torch.cartesian_prod(where, where).T, torch.outer(weights, weights).flatten() / (2 * math.pi)
    noise = torch.tensor(model.dataset.noise_variance, dtype=torch.float64)
    parts = []
    for part in x.double().split(_CODES_AT_ONCE // len(weights), dim=1):
        mean, log_variance = model.posterior(part)
        codes = mean[:, None] + (0.5 * log_variance).exp()[:, None] * nodes[:, :, None]
        parts.append(weights @ Joint(model.means, part, noise).log_density(codes))
    return torch.cat(parts)


def _closed_form(model: TrainedModel, truth: Tensor) -> Gaps:
    noise = torch.tensor(model.dataset.noise_variance, dtype=torch.float64)
    loading, true_loading = (loading_of(model.dataset, theta) for theta in (model.generative, truth))
    learned = LinearInference.of(model.dataset.inference.layout.unpack(model.trained_inference()))
    likelihood, matching = map(float, objective(loading, noise, learned, marginal_covariance(true_loading, noise)))
    information = float(mutual_information(loading, noise))
    return Gaps(likelihood, 0.0, matching, 0.0, likelihood + matching, 0.0, information, 0.0)


def _over_points(model: TrainedModel, reference: Reference, source: torch.Generator) -> Gaps:
    """Means over points; log p(x) and log p_θ(x) of the same points, so that their difference errs little."""
    dataset, x, log_p = model.dataset, reference.x, reference.log_p
    points = x.shape[1]
    codes, of_model = simulate(dataset, model.generative, points, source)
    truth = reference.truth
    same = truth is not None and torch.equal(model.generative.double(), truth.double())
    log_model = log_p if same else marginal_log_likelihood(dataset, model.generative, x).log_likelihood
    entropy = 0.5 * (1 + math.log(2 * math.pi) + model.posterior(x)[1]).sum(0)  # of q_ϕ(z|x)
    bound = entropy + expected_log_joint(model, x)
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    given_code = gaussian_log_likelihood(of_model.double(), model.means(codes), noise)
    values = (
        log_p - log_model,
        log_model - bound,
        log_p - bound,
        given_code - marginal_log_likelihood(dataset, model.generative, of_model).log_likelihood,
    )
    return Gaps(*(number for value in values for number in (float(value.mean()), float(value.std() / points**0.5))))
