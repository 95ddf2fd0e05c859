"""The exact mean log-likelihood of the test points, which Eq. 48 estimates; a better estimate if it cannot be had."""

from __future__ import annotations

from libi.models.metric import Measured, Metric, NoSettings, Subject

TITLE = "exact"
MEANING = "Mean log-likelihood of the test points in nats, exact. The paper does not print it"
PLACE = 2
REQUIRED = True  # Table 1 and the claims rest on it
BETTER = "higher"


def measure(subject: Subject, settings: NoSettings) -> Measured:
    """The exact Test-LL in nats, the largest error of a point in it, and the share of points that are estimates.

    The share is 1 for a decoder whose integral over the codes cannot be computed, and 0 for all others.
    """
    import pandas as pd

    from libi.posterior.marginal import marginal_log_likelihood

    exact = marginal_log_likelihood(subject.model.dataset, subject.model.generative, subject.test)
    summary = {
        "test_ll_exact": pd.Series(exact.log_likelihood.numpy()).mean(),
        "test_ll_largest_error": float(exact.error.max()),
        "share_estimated": float(not exact.exact),
    }
    return Measured(summary, {"log_likelihood_exact": exact.log_likelihood, "error_of_exact": exact.error})


METRIC = Metric(measure, columns=("test_ll_exact", "test_ll_largest_error", "share_estimated"))
