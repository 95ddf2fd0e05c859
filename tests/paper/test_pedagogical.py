"""The examples in which every θ explains the data, against the paper and direct numerical integration."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import trapezoid
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

from libi.paper.examples.pedagogical import (
    collapse_table,
    consequences,
    edge_table,
    information_table,
    mutual_information,
)

SIGMA2 = 0.01  # σ_ε² of Eq. 3
A = np.array([[0.75, 0.25], [1.5, -1.0]])
MARGINAL = np.array([[0.635, 0.875], [0.875, 3.26]])  # AAᵀ + 0.01·I by hand
UNIT = np.linspace(-9, 9, 241)  # on which the trapezoid rule integrates a standard Gaussian to rounding


def double(values):
    return torch.tensor(values, dtype=torch.float64)


# ---------------------------------------------------------------------------- Case 1, θ = B: Figure 1A and 1B


@pytest.fixture(scope="module")
def information():
    return information_table()


def posterior_of(b):
    """p_B(z|x=0) as the conditional of the joint Gaussian (Eq. 20)."""
    loading = np.linalg.cholesky(A @ A.T + np.diag(b))
    return multivariate_normal(np.zeros(2), np.eye(2) - loading.T @ np.linalg.solve(MARGINAL, loading))


def integrated_divergence(log_variances, exact):
    """KL[N(0, diag(v)) ‖ p] by the trapezoid rule over z."""
    deviations = np.exp(0.5 * log_variances)
    z = np.stack(np.meshgrid(*(UNIT * d for d in deviations), indexing="ij"), -1)
    log_q = norm.logpdf(z, scale=deviations).sum(-1)
    integrand = np.exp(log_q) * (log_q - exact.logpdf(z))
    return trapezoid(trapezoid(integrand, UNIT * deviations[1]), UNIT * deviations[0])


@pytest.mark.parametrize("b", [(0.006, 0.006), (0.0099, 0.0), (0.002, 0.0099)])
def test_the_best_mean_field_posterior_is_found_by_integration_and_search(b):
    matching = consequences(double(b))["posterior_matching"]
    start = np.log(np.diag(posterior_of(b).cov))
    least = minimize(integrated_divergence, start, (posterior_of(b),), method="BFGS", options={"gtol": 1e-4})
    assert matching.item() == pytest.approx(least.fun, rel=1e-5)


@pytest.mark.parametrize("b", [(0.006, 0.006), (0.0099, 0.0), (0.002, 0.0099)])
def test_information_is_the_entropy_of_x_less_that_of_the_noise(b):
    ours = consequences(double(b))["mutual_information"]
    density = multivariate_normal(np.zeros(2), MARGINAL)
    axes = [UNIT * math.sqrt(variance) for variance in np.diag(MARGINAL)]
    p = density.pdf(np.stack(np.meshgrid(*axes, indexing="ij"), -1))
    entropy = trapezoid(trapezoid(-p * np.log(np.maximum(p, 1e-300)), axes[1]), axes[0])
    for variance in (SIGMA2 - b[0], SIGMA2 - b[1]):
        p = norm.pdf(UNIT * math.sqrt(variance), scale=math.sqrt(variance))
        entropy -= trapezoid(-p * np.log(p), UNIT * math.sqrt(variance))
    assert ours.item() == pytest.approx(entropy, rel=1e-6)


def test_figure_1a_prefers_high_b11_and_low_b22(information):
    best = information.loc[information["posterior_matching"].idxmin()]
    assert (best["b_11"], best["b_22"]) == (information["b_11"].max(), 0) == (pytest.approx(0.0099), 0)
    assert best["posterior_matching"] == pytest.approx(0.009, abs=5e-4)
    at_the_truth = information[np.isclose(information["b_11"], 0.006) & np.isclose(information["b_22"], 0.006)]
    assert at_the_truth["posterior_matching"].item() == pytest.approx(0.532, abs=5e-4)


def test_figure_1bs_information_at_that_corner_is_neither_highest_nor_lowest(information):
    chosen = information.loc[information["posterior_matching"].idxmin(), "mutual_information"]
    below, above = (
        (information["mutual_information"] < chosen).mean(),
        (information["mutual_information"] > chosen).mean(),
    )
    assert below > 0.02 and above > 0.02


def test_figure_1s_grid(information):
    assert information["b_11"].nunique() == information["b_22"].nunique() == 100
    assert len(information) == 100 * 100 and not information.duplicated(["b_11", "b_22"]).any()
    assert np.isfinite(information).all(axis=None)


@pytest.mark.parametrize("b_22", [0.0, 0.005, 0.009])
def test_at_b11_of_the_noise_matching_is_perfect_and_information_infinite(b_22):
    gaps = [1e-3, 1e-6, 1e-9]
    values = [consequences(double([SIGMA2 * (1 - gap), b_22])) for gap in gaps]
    names = "posterior_matching", "mutual_information"
    matching, information = (np.array([float(value[name]) for value in values]) for name in names)
    assert (matching[1:] < 1.1e-3 * matching[:-1]).all()  # KL falls with the gap itself
    np.testing.assert_allclose(
        np.diff(information), 0.5 * math.log(1e3), rtol=1e-6
    )  # and I grows by half its logarithm


def test_every_b_fits_and_the_kl_is_that_of_the_correlation(information):
    """Eq. 17-19: one marginal. ρ of the conditional by scipy; in two dimensions min KL = −½ log(1 − ρ²)."""
    assert information["mle_objective"].abs().max() < 1e-9
    rows = information.iloc[[0, 55, 5050, 9900]]
    for row in rows.itertuples():
        covariance = posterior_of((row.b_11, row.b_22)).cov
        correlation = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
        assert row.correlation == pytest.approx(correlation, rel=1e-6)
        assert row.posterior_matching == pytest.approx(-0.5 * math.log(1 - correlation**2), rel=1e-6)


def test_the_edge_starts_at_the_papers_b():
    edge = edge_table()
    assert edge.loc[0, ["b_11", "b_22"]].tolist() == [0.006, 0.006]
    assert edge.loc[0, "mutual_information"] == pytest.approx(0.5 * math.log(np.linalg.det(MARGINAL) / 0.004**2))
    assert edge["b_11"].iloc[1:].is_monotonic_increasing and (edge["b_22"].iloc[1:] == 0).all()
    assert edge["b_11"].max() < SIGMA2


# ---------------------------------------------------------------------------- Case 2: θ in [0, σ_ε]


@pytest.mark.parametrize("row", [0, 30, 70, 95])
def test_case_2_by_integration_over_x_and_z(row):
    table = collapse_table()
    theta = table["theta"][row]
    x, z = 0.1 * UNIT, UNIT
    noise = norm(scale=math.sqrt(SIGMA2 - theta**2))
    joint = noise.pdf(x[:, None] - theta * z) * norm.pdf(z)
    marginal = trapezoid(joint, z)
    np.testing.assert_allclose(marginal, norm.pdf(x, scale=0.1), atol=1e-12)  # the same for every θ
    ratio = np.log(np.maximum(joint, 1e-300)) - np.log(marginal[:, None] * norm.pdf(z))
    assert table["mutual_information"][row] == pytest.approx(trapezoid(trapezoid(joint * ratio, z), x), abs=1e-6)

    exact = joint[80] / marginal[80]  # p_θ(z|x) at one x, and the Gaussian of its moments
    mean = trapezoid(exact * z, z)
    q = norm(mean, math.sqrt(trapezoid(exact * (z - mean) ** 2, z))).pdf(z)
    np.testing.assert_allclose(exact, q, atol=1e-6)  # so that the least KL is 0
    assert table["mle_objective"][row] == pytest.approx(0, abs=1e-12)
    assert table["posterior_matching"][row] == pytest.approx(0, abs=1e-12)


def test_case_2_runs_from_no_information_to_all():
    table = collapse_table()
    assert table["theta"].iloc[[0, -1]].tolist() == pytest.approx([0, 0.1])  # σ_ε, not σ_ε²
    assert (table["mutual_information"].iloc[0], table["mutual_information"].iloc[-1]) == (0, math.inf)
    assert table["mutual_information"].is_monotonic_increasing
    half = 0.5 * np.log(SIGMA2 / (SIGMA2 - table["theta"][:-1] ** 2))  # Eq. 15 without its "−4"
    np.testing.assert_allclose(table["mutual_information"][:-1], half, atol=1e-12)


def test_information_is_infinite_without_noise():
    assert mutual_information(double([[0.1]]), double([0.0])) == math.inf
