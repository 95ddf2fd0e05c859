"""How far ϕ is from the best mean-field posterior of its θ, in nats, where both networks are linear (Appendix C.3)."""

from __future__ import annotations

from libi.models.metric import Measured, Metric, NoSettings, Subject

TITLE = "Excess divergence"
PLACE = 4


def measure(subject: Subject, settings: NoSettings) -> Measured:
    """E_p(x) KL[q_ϕ(z|x) ‖ p_θ(z|x)] over p(x), minus the smallest possible value.

    NaN unless both networks are linear and the truth is known.
    """
    import torch

    from libi.posterior.closed_form import (
        LinearInference,
        expected_posterior_divergence,
        loading_of,
        marginal_covariance,
        mean_field,
        posterior,
    )

    model, dataset = subject.model, subject.model.dataset
    if not dataset.linear_both_ways or subject.truth is None:
        return Measured({"excess_divergence": float("nan")})
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    loading, true_loading = (loading_of(dataset, theta) for theta in (model.generative, subject.truth))
    data_covariance = marginal_covariance(true_loading, noise)
    learned = LinearInference.of(dataset.inference.layout.unpack(model.trained_inference()))
    exact = posterior(loading, noise)
    best = expected_posterior_divergence(mean_field(exact), exact, data_covariance)
    excess = expected_posterior_divergence(learned, exact, data_covariance) - best
    return Measured({"excess_divergence": float(excess)})


METRIC = Metric(measure, columns=("excess_divergence",))
