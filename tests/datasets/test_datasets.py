"""The four generative processes against Appendix E."""

import numpy as np
import pytest
import torch

from libi.base.dataset import Dataset
from libi.base.layers import MatrixMap, Network, cube_root
from libi.base.simulation import simulate
from libi.datasets import DATASETS, mobius
from libi.runtime.seeding import seed_of, stream

A_LINEAR = np.array([[0.75, 0.25], [1.5, -1.0]])
A_GAUSSIAN = np.array([[-0.7074, 0.0995, 0.0286, 0.1240], [0.7074, 0.9948, -0.9995, 0.9920]])


def means(name, codes):
    """f_θ at the ground truth, [observed, points]."""
    dataset = DATASETS[name]
    theta = {key: value.double() for key, value in dataset.ground_truth()[0].items()}
    return dataset.decode(theta, torch.as_tensor(codes)[None])[0].numpy()


def test_decoders_are_those_of_appendix_e():
    codes = np.random.default_rng(0).standard_normal((2, 50))
    factor = np.linalg.cholesky(A_LINEAR @ A_LINEAR.T + 0.006 * np.eye(2))
    np.testing.assert_allclose(means("linear_jtex", codes), factor @ codes, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(means("cubic_jtex", codes), (factor @ codes) ** 3, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(means("gaussian", codes), (codes.T @ A_GAUSSIAN).T, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "variances"), [("linear_jtex", 0.004), ("cubic_jtex", 0.004), ("gaussian", 1e-6)])
def test_noise_is_that_of_appendix_e(name, variances):
    dataset = DATASETS[name]
    theta = dataset.generative.pack(dataset.ground_truth()[0])
    codes, x = simulate(dataset, theta, 20_000, stream("test", name))
    residual = x.numpy() - means(name, codes.numpy())
    np.testing.assert_allclose(residual.var(1) / variances, 1, atol=4 * np.sqrt(2 / 20_000))
    np.testing.assert_allclose(np.cov(codes.numpy()), np.eye(2), atol=0.04)


def test_mobius_transform_is_that_of_complex_numbers():
    codes = np.random.default_rng(0).standard_normal((2, 50))
    z = codes[0] + 1j * codes[1]
    m = (z + (1 + 4j)) / (z + (7 + 4j))
    np.testing.assert_allclose(mobius.mobius_transform(torch.tensor(codes)).numpy(), [m.real, m.imag])


@pytest.mark.parametrize(
    ("name", "inference", "generative"),
    [  # counted by hand from Appendix E's architectures
        ("linear_jtex", 2 * (2 * 2 + 2), 4),
        ("cubic_jtex", (2 * 4 + 4) + (4 * 20 + 20) + 2 * (20 * 2 + 2), 4),
        ("gaussian", 2 * (4 * 2 + 2), 8),
        ("mobius", (2 * 50 + 50) + 2 * (50 * 2 + 2), (2 * 50 + 50) + (50 * 2 + 2)),
    ],
)
def test_networks_have_the_parameters_of_appendix_e(name, inference, generative):
    dataset = DATASETS[name]
    assert sum(dataset.inference.layout.sizes) == inference
    assert sum(dataset.generative.sizes) == generative


def test_a_network_is_that_of_torch_nn():
    network = DATASETS["mobius"].inference
    layout = network.layout
    flat = layout.draw(stream("test", "network"))[None]
    named = layout.unpack(flat)
    x = torch.randn(2, 30, generator=stream("test", "x"))
    hidden = torch.nn.functional.linear(x.T, named["hidden_1.weight"][0], named["hidden_1.bias"][0]).relu()
    for head, output in zip(("mean", "log_variance"), network(named, x[None]), strict=True):
        expected = torch.nn.functional.linear(hidden, named[f"{head}.weight"][0], named[f"{head}.bias"][0])
        torch.testing.assert_close(output[0].T, expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(layout.pack(named), flat)


def test_the_start_is_uniform_within_one_over_the_root_of_the_inputs():
    layout = DATASETS["mobius"].inference.layout
    draws = torch.stack([layout.draw(stream("test", number)) for number in range(200)])
    named = layout.unpack(draws)
    for name, inputs in (("hidden_1.weight", 2), ("mean.weight", 50), ("mean.bias", 50)):
        bound, values = inputs**-0.5, named[name].flatten()
        assert values.abs().max() <= bound
        assert values.var().item() == pytest.approx(bound**2 / 3, rel=0.15)


def test_cube_root_is_the_cube_root_away_from_zero_and_has_a_finite_slope_there():
    away = torch.tensor([-27.0, -1.0, 0.5, 8.0], dtype=torch.float64)
    torch.testing.assert_close(cube_root(away), torch.tensor([-3, -1, 0.5 ** (1 / 3), 2]).double(), atol=0.011, rtol=0)
    near = torch.tensor([-1e-9, 1e-9], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(cube_root(near).sum(), near)
    assert torch.isfinite(slope).all()


def test_a_seed_depends_on_what_it_is_for_and_on_nothing_else():
    assert seed_of("a", 1) == seed_of("a", 1) != seed_of("a", 2)
    assert seed_of("a", "b") != seed_of("ab") and seed_of("a", "b") != seed_of("b", "a")
    torch.testing.assert_close(torch.rand(3, generator=stream("x")), torch.rand(3, generator=stream("x")))


@pytest.mark.parametrize(
    ("decoder", "noise", "said"),
    [
        (MatrixMap(3, 4), (0.1,) * 4, "mine: its decoder takes 3 codes; it must take 2"),
        (Network(1, (), {"mean": 4}), (0.1,) * 4, "mine: its decoder takes 1 codes; it must take 2"),
        (MatrixMap(2, 4), (0.1,) * 3, "mine: its decoder has 4 outputs, and noise_variance 3 values"),
        (Network(2, (), {"mean": 2}), (0.1,), "mine: its decoder has 2 outputs, and noise_variance 1 values"),
    ],
)
def test_a_data_set_that_nothing_could_train_is_refused(decoder, noise, said):
    with pytest.raises(ValueError, match=said):
        Dataset("mine", noise, decoder, (), lambda: ({}, {}))
