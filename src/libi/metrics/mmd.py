"""MMD²: the squared maximum mean discrepancy between p(x) and p_θ(x) under a Gaussian kernel (Gretton et al. 2012)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from libi.base.values import Points, Section
from libi.models.metric import Measured, Metric, Subject

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

TITLE = "MMD²"
MEANING = "MMD², the squared maximum mean discrepancy between data and samples of the model"
BETTER = "lower"


class MmdSettings(Section):
    """The maximum mean discrepancy."""

    points: Points
    """Fresh points drawn from p(x), or all test points where p(x) is not known; and as many from the model."""


def squared_discrepancy(x: Float[Tensor, "features points"], y: Float[Tensor, "features others"]) -> float:
    """The unbiased estimate of MMD² (Gretton et al. 2012, Eq. 3), which can be below 0.

    Args:
        x: a sample [features, points], whose median distance between two points is the kernel's width.
        y: another one, of as many features.
    """
    among_x, among_y, between = (
        (one[:, :, None] - other[:, None, :]).square().sum(0) for one, other in ((x, x), (y, y), (x, y))
    )
    width = among_x[_pairs(among_x)].median()

    def kernel(squares: Tensor) -> Tensor:
        return (-0.5 * squares / width).exp().mean()

    within = kernel(among_x[_pairs(among_x)]) + kernel(among_y[_pairs(among_y)])
    return float(within - 2 * kernel(between))


def _pairs(distances: Tensor) -> Tensor:
    """Which entries are of two different points."""
    return distances.new_ones(len(distances)).diag() == 0


def measure(subject: Subject, settings: MmdSettings) -> Measured:
    """MMD² between points of p(x), fresh ones if it is known, and fresh points of the model."""
    from libi.base.simulation import simulate
    from libi.runtime.seeding import stream

    def draw(name: str, theta: Tensor, points: int) -> Tensor:
        return simulate(subject.model.dataset, theta, points, stream(subject.seed, "MMD", name, *subject.labels))[1]

    truth = subject.truth
    x = subject.test.double() if truth is None else draw("truth", truth, settings.points)
    return Measured({"mmd": squared_discrepancy(x, draw("model", subject.model.generative, x.shape[1]))})


METRIC = Metric(measure, MmdSettings, ("mmd",))
