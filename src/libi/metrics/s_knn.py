"""S-kNN: the smooth k-nearest-neighbour two-sample statistic between p(x) and p_θ(x) (Djolonga & Krause 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from libi.base.values import Compared, Count, Positives, Section, Several, one_of
from libi.models.metric import Measured, Metric, Subject

TITLE = "S-kNN"
MEANING = "S-kNN, the smooth k-nearest-neighbour statistic between data and samples of the model"
PLACE = 3
REQUIRED = True  # Table 1 and the claims rest on it
BETTER = "lower"
Sample = Annotated[Literal["fresh", "test"], one_of("fresh", "test")]


class TwoSampleSettings(Section):
    """The smooth k-NN two-sample statistic."""

    draws: Several
    """Number of statistics that are averaged, each of newly drawn points."""
    points: Compared
    """Points drawn from p(x), and as many from the model, for one statistic."""
    neighbours: Count
    """k, the number of neighbours."""
    smoothness: Positives
    """α, the inverse temperature of the neighbours' weights. With several values, their weights are averaged."""
    sample: Sample
    """Where points of p(x) come from: fresh ones each time, or random test points (always, if p(x) is unknown)."""


def disagreements(given: Mapping[str, Any], points: Mapping[str, Any]) -> list[tuple[str, str]]:
    """There must be more points than neighbours, and no more of them than test points if these are compared."""
    found, drawn, test = [], given.get("points"), points.get("test")
    if given.get("sample") == "test" and test is not None and drawn is not None and drawn > test:
        found.append(("points", f"at most points.test, which is {test}, since sample is test"))
    neighbours = given.get("neighbours")
    if drawn is not None and neighbours is not None and drawn <= neighbours:
        found.append(("points", f"at least {neighbours + 1}, one more than neighbours"))
    return found


def measure(subject: Subject, settings: TwoSampleSettings) -> Measured:
    """The statistic averaged over draws, and its standard deviation over them."""
    from libi.base.simulation import fresh_points, points_among
    from libi.runtime.seeding import stream
    from libi.statistics.two_sample import averaged_smooth_knn

    model, truth = subject.model, subject.truth if settings.sample == "fresh" else None
    sources = [stream(subject.seed, "two-sample", name, *subject.labels) for name in ("truth", "model")]
    statistic = averaged_smooth_knn(
        points_among(subject.test, sources[0]) if truth is None else fresh_points(model.dataset, truth, sources[0]),
        fresh_points(model.dataset, model.generative, sources[1]),
        draws=settings.draws,
        points=settings.points,
        neighbours=settings.neighbours,
        smoothness=settings.smoothness,
    )
    return Measured({"s_knn": statistic.mean, "s_knn_sd_over_draws": statistic.standard_deviation})


METRIC = Metric(measure, TwoSampleSettings, ("s_knn", "s_knn_sd_over_draws"), disagreements)
