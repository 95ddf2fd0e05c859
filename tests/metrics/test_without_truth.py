"""Without a known p(x) the metrics compare a model with the test points."""

import pytest
import torch

from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.metrics import METRICS, mmd, s_knn
from libi.models.metric import NoSettings, Subject
from libi.models.trained import TrainedModel
from libi.runtime.seeding import stream

GAUSSIAN = DATASETS["gaussian"]
THETA = GAUSSIAN.true_parameters().double()
PHI = GAUSSIAN.inference.layout.draw(stream("phi"))[None].double()


def subject(test, truth=None):
    model = TrainedModel(GAUSSIAN, THETA, PHI, None, "default", 0)
    return Subject(model, truth, test, 0, ("gaussian", "vae", 0))


def points(number):
    return simulate(GAUSSIAN, THETA, number, stream("test", number))[1]


def two_sample(sample):
    return s_knn.TwoSampleSettings(draws=20, points=30, neighbours=1, smoothness=(1.0,), sample=sample)


def test_s_knn_is_that_against_the_test_points():
    """As if the study asked for them, whatever it asks for; and large where the test points are of another p(x)."""
    near, far = points(60), points(60) + 3
    known, unknown = (
        s_knn.measure(subject(near, truth), two_sample(sample)).summary["s_knn"]
        for truth, sample in ((THETA, "test"), (None, "fresh"))
    )
    assert known == unknown
    assert s_knn.measure(subject(far), two_sample("fresh")).summary["s_knn"] > unknown + 5


def test_mmd_is_that_against_all_test_points():
    near, far = (
        mmd.measure(subject(test), mmd.MmdSettings(points=10)).summary["mmd"] for test in (points(300), points(300) + 3)
    )
    assert abs(near) < 0.05 < 0.5 < far


def test_excess_divergence_is_missing():
    assert METRICS["excess_divergence"].measure(subject(points(10)), NoSettings()).summary == {
        "excess_divergence": pytest.approx(torch.nan, nan_ok=True)
    }
