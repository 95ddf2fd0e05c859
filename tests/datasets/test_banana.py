"""The banana: its truth is the parabola, and its posteriors are not mean-field."""

import torch

from libi.datasets.banana import DATASET, NOISE_VARIANCE, bend
from libi.runtime.seeding import stream


def test_the_network_is_the_parabola_to_a_fifth_of_the_noise():
    parameters, record = DATASET.ground_truth()
    codes = torch.randn(1, 2, 50_000, generator=stream("test", "banana"))
    error = (DATASET.decode(parameters, codes) - bend(codes)).square().mean(2).sqrt()
    assert (error < 0.2 * NOISE_VARIANCE**0.5).all()
    assert record["rms_error_1"] < 0.2 * NOISE_VARIANCE**0.5


def test_the_parabola():
    torch.testing.assert_close(bend(torch.tensor([[0.0, 2.0], [1.0, -1.0]])), torch.tensor([[0.0, 1.0], [0.5, 1.5]]))


def test_codes_of_a_point_are_correlated_where_the_parabola_is_steep():
    """On a grid of codes, with p(z|x) as it is: the correlation at a point with z₁ = 1.5."""
    axis = torch.linspace(-5, 5, 801, dtype=torch.float64)
    codes = torch.stack(torch.meshgrid(axis, axis, indexing="ij")).flatten(1)
    x = bend(torch.tensor([[1.5], [0.0]], dtype=torch.float64))
    log_joint = -0.5 * (codes.square().sum(0) + (bend(codes) - x).square().sum(0) / NOISE_VARIANCE)
    weight = log_joint.softmax(0)
    mean = (weight * codes).sum(1, keepdim=True)
    covariance = (weight * (codes - mean)) @ (codes - mean).T
    correlation = covariance[0, 1] / (covariance[0, 0] * covariance[1, 1]).sqrt()
    assert correlation < -0.8
