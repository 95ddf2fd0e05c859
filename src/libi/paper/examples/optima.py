"""Global optima of the β-VAE's objective on LinearJTEx, over all of p(x) (Case 1 of Section 1: Eq. 3, Figure 1C–F)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Float64
from scipy.optimize import minimize
from torch import Tensor

from libi.datasets.linear_jtex import DATASET
from libi.posterior.closed_form import (
    LinearInference,
    loading_of,
    marginal_covariance,
    mean_field,
    objective,
    posterior,
)
from libi.runtime.seeding import stream

BETAS = (0.5, 1, 2, 5)  # of Appendix E
STARTS = 8
GRADIENT = 1e-6  # greatest entry of the gradient at an optimum
AGREEMENT = 1e-9  # nats, between starts that have found the same optimum


def beta_vae_inference(
    loading: Float[Tensor, "observed latent"], noise_variance: Float[Tensor, " observed"], beta: float
) -> LinearInference:
    """The mean-field q(z|x) that is best for the β-VAE's objective at a fixed θ; for β = 1 that of Eq. 27.

    With M = Wᵀ N⁻¹ W, what the objective at x has of q's means m and variances v is
    ½ (x − W m)ᵀ N⁻¹ (x − W m) + ½ Σ v_i M_ii + ½ β Σ (m_i² + v_i − log v_i). It is least at
    m = (β I + M)⁻¹ Wᵀ N⁻¹ x and v_i = β / (β + M_ii).

    Args:
        loading: W [observed, latent].
        noise_variance: diagonal of N [observed].
        beta: weight of KL[q(z|x) ‖ p(z)].
    """
    weighted = loading.T / noise_variance
    precision = beta * torch.eye(loading.shape[1], dtype=loading.dtype) + weighted @ loading
    zero = torch.zeros_like(weighted)
    log_variance = -(precision.diagonal() / beta).log()
    return LinearInference(torch.linalg.solve(precision, weighted), zero[:, 0], zero, log_variance)


def beta_vae_objective(
    loading: Float[Tensor, "observed latent"],
    noise_variance: Float[Tensor, " observed"],
    q: LinearInference,
    data_covariance: Float[Tensor, "observed observed"],
    beta: float,
) -> Float[Tensor, ""]:
    """E_p(x) [E_q[−log p_θ(x|z)] + β KL[q(z|x) ‖ p(z)]] in nats, [], over all of p(x) = N(0, data covariance).

    Args:
        loading: W [observed, latent].
        noise_variance: diagonal of N [observed].
        q: an inference network whose means have no offset and whose variances are the same at every x.
        data_covariance: [observed, observed].
        beta: weight of the KL term; 1 gives −ELBO, which is L of Eq. 2 plus the entropy of p(x).
    """
    variances = q.log_variance_offset.exp()
    residual = torch.eye(len(noise_variance), dtype=loading.dtype) - loading @ q.gain
    misfit = (residual @ data_covariance @ residual.T).diagonal() + loading**2 @ variances
    reconstruction = 0.5 * (misfit / noise_variance + (2 * math.pi * noise_variance).log()).sum()
    squares = (q.gain @ data_covariance @ q.gain.T).diagonal() + variances
    return reconstruction + beta * 0.5 * (squares - 1 - q.log_variance_offset).sum()


def optimum(
    beta: float, noise_variance: Float[Tensor, " 2"], data_covariance: Float[Tensor, "2 2"]
) -> Float64[Tensor, "1 4"]:
    """θ* of LinearJTEx, packed [1, 4], float64: where the β-VAE's objective is least, with the best ϕ for every θ.

    A itself is not unique, AAᵀ is: the objective depends on nothing else.

    Args:
        beta: weight of the KL term.
        noise_variance: of the observation noise [2].
        data_covariance: of p(x) [2, 2].

    Raises:
        RuntimeError: if the best of several random starts has not converged, or no other start has found it.
    """

    def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        theta = torch.from_numpy(flat.copy())[None].requires_grad_()
        loading = loading_of(DATASET, theta)
        q = beta_vae_inference(loading, noise_variance, beta)
        value = beta_vae_objective(loading, noise_variance, q, data_covariance, beta)
        (gradient,) = torch.autograd.grad(value, theta)
        return value.item(), gradient[0].numpy()

    starts = torch.randn(STARTS, 4, generator=stream("optima", beta), dtype=torch.float64).numpy()
    runs = [minimize(value_and_gradient, start, jac=True, options={"gtol": GRADIENT}) for start in starts]
    best = min(runs, key=lambda run: run.fun)
    found = sum(run.success and run.fun < best.fun + AGREEMENT for run in runs)
    if not best.success or found < 2:
        raise RuntimeError(f"beta={beta}: {found} of {STARTS} starts found the least objective ({best.message})")
    return torch.from_numpy(best.x)[None]


def describe(
    loading: Float[Tensor, "2 2"], noise_variance: Float[Tensor, " 2"], data_covariance: Float[Tensor, "2 2"]
) -> dict[str, float]:
    """L of Eq. 2 at a θ and the ϕ that matches its posteriors best (Appendix C.3), and what follows from the two.

    Args:
        loading: W [2, 2].
        noise_variance: of the observation noise [2].
        data_covariance: of p(x) [2, 2].

    Returns:
        in nats: objective, its parts mle_objective and posterior_matching, and log_likelihood, E_p(x)[log p_θ(x)];
        and the entries of three covariances: covariance_* of p_θ(x), p_covariance_* of the aggregated posterior
        E_p(x)[p_θ(z|x)], q_covariance_* of E_p(x)[q_ϕ(z|x)] (Eq. 4).
    """
    exact = posterior(loading, noise_variance)
    q = mean_field(exact)
    likelihood, matching = objective(loading, noise_variance, q, data_covariance)
    entropy = 0.5 * torch.logdet(2 * math.pi * math.e * data_covariance)
    values = {
        "objective": likelihood + matching,
        "mle_objective": likelihood,
        "posterior_matching": matching,
        "log_likelihood": -entropy - likelihood,
    }
    spread = exact.gain @ data_covariance @ exact.gain.T  # of the posterior means, which q shares
    covariances = {
        "covariance": marginal_covariance(loading, noise_variance),
        "p_covariance": exact.covariance + spread,
        "q_covariance": q.log_variance_offset.exp().diag() + spread,
    }
    for name, matrix in covariances.items():
        values |= {f"{name}_11": matrix[0, 0], f"{name}_12": matrix[0, 1], f"{name}_22": matrix[1, 1]}
    return {name: float(value) for name, value in values.items()}


def optima_table() -> pd.DataFrame:
    """The truth of LinearJTEx beside the β-VAE's optima, by one measure.

    The β of a row decides its θ alone. Objective and covariances are those of `describe` for every row: Eq. 2, where
    β is 1, at the ϕ that matches the posteriors of that θ best.

    Returns:
        one row a name (truth, beta=0.5, beta=1, beta=2, beta=5), and the columns of `describe`.
    """
    noise = torch.tensor(DATASET.noise_variance, dtype=torch.float64)
    truth = DATASET.true_parameters()
    data_covariance = marginal_covariance(loading_of(DATASET, truth), noise)
    thetas = {"truth": truth} | {f"beta={beta:g}": optimum(beta, noise, data_covariance) for beta in BETAS}
    rows = (
        {"name": name, **describe(loading_of(DATASET, theta), noise, data_covariance)} for name, theta in thetas.items()
    )
    return pd.DataFrame(rows)
