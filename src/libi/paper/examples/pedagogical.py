"""The pedagogical examples of Section 1 and Appendix C where every θ explains the data equally well.

The second half of Case 1 (Eq. 17–24, whose appendix is headed "C.2. Case 2") fixes A of Eq. 3 and moves B; Case 2
(Eq. 5 and 10–16, headed "C.1. Case 1") moves the slope of a line.
"""

from __future__ import annotations

import math

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from libi.datasets.linear_jtex import NOISE_VARIANCE, A, B
from libi.posterior.closed_form import mean_field, mutual_information, objective, posterior

GRID = 100  # values of each B_ii in Figure 1, and steps of θ in Case 2
LARGEST = 0.99  # of B_ii, in units of σ_ε²: at σ_ε² itself information is infinite


def loading_of_case_1(b: Float[Tensor, " 2"]) -> Float[Tensor, "2 2"]:
    """Cholesky(AAᵀ + B) [2, 2] for the paper's A and the diagonal b of B [2] (Eq. 19)."""
    a = torch.tensor(A, dtype=torch.float64)
    return torch.linalg.cholesky(a @ a.T + torch.diag(b))


def consequences(b: Float[Tensor, " 2"]) -> dict[str, Tensor]:
    """What θ = B decides in Case 1, and that it leaves the marginal N(0, AAᵀ + I·σ_ε²) alone.

    Args:
        b: diagonal of B [2], each in [0, σ_ε²).

    Returns:
        in nats, each []: mle_objective, KL[p(x) ‖ p_B(x)]; posterior_matching, min_ϕ KL[q_ϕ(z|x) ‖ p_B(z|x)] (Eq. 27;
        the same at every x); mutual_information, I_B(X;Z) (Eq. 22); and correlation, that of p_B(z|x).
    """
    loading, noise = loading_of_case_1(b), NOISE_VARIANCE - b
    exact, a = posterior(loading, noise), torch.tensor(A, dtype=torch.float64)
    data_covariance = a @ a.T + NOISE_VARIANCE * torch.eye(2, dtype=torch.float64)
    likelihood, matching = objective(loading, noise, mean_field(exact), data_covariance)
    covariance = exact.covariance
    correlation = covariance[0, 1] / (covariance[0, 0] * covariance[1, 1]).sqrt()
    return {
        "mle_objective": likelihood,
        "posterior_matching": matching,
        "mutual_information": mutual_information(loading, noise),
        "correlation": correlation,
    }


def information_table() -> pd.DataFrame:
    """What Figure 1A and 1B show.

    Returns:
        one row a B, b_22 running fastest, both from 0 to 0.99 σ_ε²: b_11, b_22, and what `consequences` gives.
    """
    axis = torch.linspace(0, LARGEST * NOISE_VARIANCE, GRID, dtype=torch.float64)
    return _of_all(torch.cartesian_prod(axis, axis))


def edge_table() -> pd.DataFrame:
    """The paper's own B, and the way along the upper edge of Figure 1A to the end of the paper's domain, σ_ε².

    Returns:
        the columns of `information_table`, for B = diag(0.006, 0.006) and for B = diag((1 − 10⁻ᵏ) σ_ε², 0), k from 2
        to 8.
    """
    edge = [((1 - 10.0**-k) * NOISE_VARIANCE, 0.0) for k in range(2, 9)]
    return _of_all(torch.tensor([B, *edge], dtype=torch.float64))


def _of_all(b: Tensor) -> pd.DataFrame:
    columns = {"b_11": b[:, 0], "b_22": b[:, 1], **torch.vmap(consequences)(b)}
    return pd.DataFrame({name: column.numpy() for name, column in columns.items()})


def collapse_table() -> pd.DataFrame:
    """Case 2: x|z = θ z + ε, ε ~ N(0, σ_ε² − θ²), whose marginal is N(0, σ_ε²) for every θ in [0, σ_ε].

    The paper gives σ_ε² no value here; it is Eq. 3's. At θ = σ_ε the posterior is a point: that row is the limit.

    Returns:
        one row a θ, from 0 to σ_ε: theta, mle_objective and posterior_matching (the two parts of Eq. 2 at the best ϕ),
        mutual_information, in nats.
    """
    deviation = math.sqrt(NOISE_VARIANCE)
    rows = []
    for theta in torch.linspace(0, deviation, GRID + 1, dtype=torch.float64)[:-1]:
        loading, noise = theta.reshape(1, 1), (NOISE_VARIANCE - theta**2).reshape(1)
        data_covariance = torch.full((1, 1), NOISE_VARIANCE, dtype=torch.float64)
        parts = objective(loading, noise, mean_field(posterior(loading, noise)), data_covariance)
        rows.append([float(value) for value in (theta, *parts, mutual_information(loading, noise))])
    rows.append([deviation, 0.0, 0.0, math.inf])
    return pd.DataFrame(rows, columns=["theta", "mle_objective", "posterior_matching", "mutual_information"])
