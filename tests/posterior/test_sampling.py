"""Monte-Carlo posteriors against closed forms, numerical integration over all codes, and a symmetry."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.posterior.modes import Joint, find_modes
from libi.posterior.proposal import Proposal, laplace_proposal
from libi.posterior.sampling import WeightedCodes, sample_posterior
from libi.runtime.seeding import stream

SAMPLES, PRIOR_SHARE = 4000, 0.1


def theta_of(dataset, start):
    """θ packed [1, parameters]: the paper's truth, or a random start."""
    if start == "truth":
        return dataset.generative.pack(dataset.ground_truth()[0]).double()
    return dataset.generative.draw(stream("tests", dataset.name, start))[None].double()


def decoder(dataset, theta):
    named = dataset.generative.unpack(theta)
    return lambda codes: dataset.decode(named, codes[None])[0]


def sampled(decode, x, noise_variance, samples=SAMPLES, seed=0):
    return sample_posterior(
        decode, x, noise_variance, samples=samples, prior_share=PRIOR_SHARE, stream=stream("tests", seed)
    )


def errors(codes, mean, covariance):
    """Errors of the means [latent, points] in units of the standard error that the effective sample size promises."""
    spread = torch.diagonal(covariance, dim1=0, dim2=1).T / codes.effective_sample_size
    return (codes.mean - mean) / spread.sqrt()


# ---------------------------------------------------------------------------- linear models


@pytest.mark.parametrize("start", ["truth", 1, 2])
@pytest.mark.parametrize("name", ["linear_jtex", "gaussian"])
def test_linear_models_have_their_exact_posterior(name, start):
    """The conditional of the joint Gaussian of (z, x), also for data that the model does not fit."""
    dataset = DATASETS[name]
    _, x = simulate(dataset, theta_of(dataset, "truth"), 200, stream("tests", "data", name))
    decode = decoder(dataset, theta_of(dataset, start))
    loading, noise = decode(torch.eye(2).double()), torch.tensor(dataset.noise_variance).double()
    gain = torch.linalg.solve(loading @ loading.T + noise.diag(), loading).T
    covariance = (torch.eye(2) - gain @ loading)[:, :, None].expand(2, 2, 200)
    codes = sampled(decode, x, dataset.noise_variance)
    standardised = errors(codes, gain @ x, covariance)
    assert standardised.abs().max() < 5
    assert 0.7 < standardised.square().mean().sqrt() < 1.1
    torch.testing.assert_close(codes.covariance.mean(2), covariance.mean(2), rtol=0.02, atol=0.02 * covariance.max())
    # A third of the Laplace draws come from the exact posterior, so no weight exceeds its inverse share.
    assert codes.effective_sample_size.min() > (1 - PRIOR_SHARE) / 3 * SAMPLES
    assert codes.effective_sample_size.max() < SAMPLES


# ---------------------------------------------------------------------------- numerical integration


def integrated(decode, x, noise_variance):
    """Mean [2] and covariance [2, 2] of the posterior of one point [observed, 1] by the trapezoid rule.

    A coarse grid over all codes that the prior allows finds where the mass is; a fine one over that rectangle gives
    the moments.
    """

    def log_joint(first, second):
        codes = torch.stack(torch.meshgrid(first, second, indexing="ij")).flatten(1)
        parts = [
            -0.5 * part.square().sum(0) - 0.5 * ((x - decode(part)).square() / noise_variance[:, None]).sum(0)
            for part in codes.split(50_000, dim=1)
        ]
        return codes, torch.cat(parts)

    axis = torch.linspace(-6, 6, 401).double()
    codes, value = log_joint(axis, axis)
    likely = codes[:, value > value.max() - 60]
    axes = [torch.linspace(row.min() - 0.05, row.max() + 0.05, 601).double() for row in likely]
    codes, value = log_joint(*axes)
    weights = value.softmax(0)
    assert weights.max() < 0.05  # the grid resolves the posterior
    mean = (weights * codes).sum(1)
    centred = codes - mean[:, None]
    return mean, (weights * centred) @ centred.T


@pytest.mark.parametrize("start", ["truth", 1])
def test_cubic_posteriors_are_those_of_numerical_integration(start):
    """Codes near 0 too, where the likelihood is flat and the posterior as broad as the prior, or has two modes."""
    dataset = DATASETS["cubic_jtex"]
    decode, noise = decoder(dataset, theta_of(dataset, start)), torch.tensor(dataset.noise_variance).double()
    z = torch.tensor([[0.0, 0.3, -0.5, 0.9, -1.2, 0.6], [0.0, -0.2, 0.6, 0.1, 0.4, -1.0]]).double()
    x = decode(z) + noise.sqrt()[:, None] * torch.randn(2, 6, generator=stream("tests", "cubic")).double()
    check_against_integration(decode, x, noise)


@pytest.mark.parametrize("start", [1, 2])
def test_mobius_posteriors_are_those_of_numerical_integration(start):
    """A network with kinks and almost no noise."""
    dataset = DATASETS["mobius"]
    decode, noise = decoder(dataset, theta_of(dataset, start)), torch.tensor(dataset.noise_variance).double()
    _, x = simulate(dataset, theta_of(dataset, start), 4, stream("tests", "mobius"))
    check_against_integration(decode, x, noise)


def check_against_integration(decode, x, noise):
    codes = sampled(decode, x, noise)
    moments = [integrated(decode, point[:, None], noise) for point in x.T]
    mean, covariance = (torch.stack(parts, -1) for parts in zip(*moments, strict=True))
    assert errors(codes, mean, covariance).abs().max() < 5
    scale = torch.diagonal(covariance, dim1=0, dim2=1).T.amax(0)
    assert ((codes.covariance - covariance).abs() / scale).max() < 0.25
    assert codes.effective_sample_size.min() > 100


# ---------------------------------------------------------------------------- two modes

NOISE, SIGNAL = (0.01, 0.01), 0.5


def folded(codes):
    """f(z) = (z₁², z₂): a point says nothing of the sign of z₁."""
    return torch.stack([codes[0].square(), codes[1]])


def test_both_modes_are_found():
    """The gradient of log p(x, z) in z₁ is 0 where z₁² = x₁ − σ²/2, in z₂ where z₂ = x₂ / (1 + σ²)."""
    x = torch.tensor([[0.5, 1.0, 2.0], [SIGNAL, -1.0, 0.0]]).double()
    codes = find_modes(Joint(folded, x, torch.tensor(NOISE).double()), 2).codes
    assert codes[0].abs().numpy() == pytest.approx(torch.sqrt(x[0] - 0.005).expand(2, 3).numpy(), abs=1e-3)
    assert (codes[0].prod(0) < 0).all()
    assert codes[1].numpy() == pytest.approx((x[1] / 1.01).expand(2, 3).numpy(), abs=1e-3)


def test_the_mode_of_most_mass_comes_first():
    """f(z) = ((z₁ − 0.3)², z₂) has modes near −0.4 and 1, equally wide; the prior prefers the nearer one."""
    x, moved = torch.tensor([[0.5], [SIGNAL]]).double(), torch.tensor([[0.3], [0.0]])
    joint = Joint(lambda codes: folded(codes - moved), x, torch.tensor(NOISE).double())
    assert find_modes(joint, 1).codes[0].item() == pytest.approx(0.3 - math.sqrt(0.5), abs=0.02)
    assert find_modes(joint, 2).codes[0, 1].item() == pytest.approx(0.3 + math.sqrt(0.5), abs=0.02)


def test_a_posterior_with_two_modes():
    """The mean is 0 by symmetry, where there is no mass; one mode alone would say ±0.7."""
    x = torch.tensor([[0.5], [SIGNAL]]).double()
    codes = sampled(folded, x, NOISE)

    def density(z):
        return math.exp(-0.5 * z**2 - 0.5 * (0.5 - z**2) ** 2 / NOISE[0])

    second_moment = quad(lambda z: z**2 * density(z), -3, 3)[0] / quad(density, -3, 3)[0]
    size = codes.effective_sample_size.item()
    assert size > 500
    assert abs(codes.mean[0].item()) < 4 * math.sqrt(second_moment / size)
    assert codes.mean[1].item() == pytest.approx(SIGNAL / 1.01, abs=4 * math.sqrt(NOISE[1] / size))
    assert codes.covariance[0, 0].item() == pytest.approx(second_moment, rel=0.03)
    assert codes.covariance[1, 1].item() == pytest.approx(1 / 101, rel=0.2)
    drawn = codes.draw(4000, stream("tests", "draws"))[:, 0, 0]
    assert (drawn > 0).double().mean().item() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(size) + 4 * 0.5 / 63)
    assert drawn.abs().min() > 0.3


def test_a_decoder_that_ignores_its_code_leaves_the_prior():
    codes = sampled(lambda z: 0 * z, torch.randn(2, 50, generator=stream("tests")).double(), (0.1, 0.1))
    assert codes.effective_sample_size.min().item() == pytest.approx(SAMPLES)
    assert codes.mean.abs().max() < 5 / math.sqrt(SAMPLES)
    assert codes.covariance.mean(2).numpy() == pytest.approx(np.eye(2), abs=0.02)


# ---------------------------------------------------------------------------- the parts


def test_the_proposal_is_the_mixture_that_it_samples():
    """Against scipy, and: densities that are the proposal's own have weights with mean 1."""
    dataset = DATASETS["cubic_jtex"]
    theta = theta_of(dataset, "truth")
    _, x = simulate(dataset, theta, 4, stream("tests", "data"))
    joint = Joint(decoder(dataset, theta), x, torch.tensor(dataset.noise_variance).double())
    proposal = laplace_proposal(joint, 1000, PRIOR_SHARE)
    assert sum(proposal.draws) == 1000
    assert proposal.draws[-1] == pytest.approx(100, abs=len(proposal.draws))
    codes = proposal.sample(stream("tests"))
    assert codes.shape == (2, 1000, 4)
    for point in range(4):
        density = 0
        for component, draws in enumerate(proposal.draws):
            factor = proposal.factor[:, :, component, point].numpy()
            covariance = np.linalg.inv(factor @ factor.T)
            normal = multivariate_normal(proposal.mean[:, component, point].numpy(), covariance)
            density = density + draws / 1000 * normal.pdf(codes[:, :, point].T.numpy())
        assert proposal.log_density(codes)[:, point].numpy() == pytest.approx(np.log(density), abs=1e-6)
        assert covariance == pytest.approx(np.eye(2))  # the last component is the prior


def test_components_are_sampled_with_their_mean_and_covariance():
    factor = torch.tensor([[2.0, 0.0], [-1.5, 0.5]]).double()
    proposal = Proposal(torch.tensor([3.0, -1.0]).double()[:, None, None], factor[:, :, None, None], (200_000,))
    codes = proposal.sample(stream("tests"))[:, :, 0]
    assert codes.mean(1).numpy() == pytest.approx([3, -1], abs=0.05)
    assert codes.cov().numpy() == pytest.approx(np.linalg.inv(factor @ factor.T), rel=0.02)


def test_codes_are_drawn_by_their_weights():
    codes = torch.arange(8).double().view(2, 4, 1)
    weights = torch.tensor([[0.1], [0.0], [0.6], [0.3]]).double()
    drawn = WeightedCodes(codes, weights).draw(100_000, stream("tests"))
    assert drawn.shape == (100_000, 2, 1)
    assert (drawn[:, 1] - drawn[:, 0] == 4).all()  # both features of one code
    shares = torch.bincount(drawn[:, 0, 0].long(), minlength=4) / 100_000
    assert shares.numpy() == pytest.approx(weights[:, 0].numpy(), abs=4 * 0.5 / math.sqrt(100_000))
    assert shares[1] == 0


def test_the_effective_sample_size_counts_equal_weights():
    codes = torch.zeros(2, 5, 3).double()
    weights = torch.tensor([[0.2] * 5, [1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0]]).double().T
    assert WeightedCodes(codes, weights).effective_sample_size.numpy() == pytest.approx([5, 1, 2])


@pytest.mark.parametrize("samples", [1, 5, 37])
def test_any_number_of_samples_is_spent(samples):
    codes = sampled(folded, torch.ones(2, 3), NOISE, samples)
    assert codes.codes.shape == (2, samples, 3)
    assert codes.weights.sum(0).numpy() == pytest.approx(1)
    assert codes.mean.isfinite().all()


def test_a_stream_gives_the_same_codes_again():
    first, again, other = (sampled(folded, torch.ones(2, 3), NOISE, 100, seed) for seed in (0, 0, 1))
    assert torch.equal(first.codes, again.codes) and torch.equal(first.weights, again.weights)
    assert not torch.equal(first.codes, other.codes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": torch.zeros(3, 8)}, r"\[3, 8\] and \[2\]"),
        ({"noise_variance": (1.0, 0.0)}, r"noise_variance=\[1.0, 0.0\]"),
        ({"samples": 0}, "samples=0"),
        ({"prior_share": 1.0}, "prior_share=1.0"),
        ({"decode": lambda z: z[:1]}, r"\[2, 256\], got \[1, 256\]"),
    ],
)
def test_errors_name_what_was_given(changes, message):
    arguments = {"decode": folded, "x": torch.zeros(2, 8), "noise_variance": NOISE, "samples": 5, "prior_share": 0.1}
    with pytest.raises(ValueError, match=message):
        sample_posterior(**(arguments | changes), stream=stream("tests"))
