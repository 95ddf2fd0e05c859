"""The exact mean log-likelihood of the test points: what Eq. 48 estimates."""

from __future__ import annotations

from libi.models.metric import Measured, Metric, NoSettings, Subject

TITLE = "exact"
PLACE = 2
REQUIRED = True  # Table 1 and the claims rest on it
BETTER = "higher"


def measure(subject: Subject, settings: NoSettings) -> Measured:
    """The exact Test-LL, and the largest numerical error of a point in it; nats."""
    import pandas as pd

    from libi.posterior.marginal import marginal_log_likelihood

    exact = marginal_log_likelihood(subject.model.dataset, subject.model.generative, subject.test)
    summary = {
        "test_ll_exact": pd.Series(exact.log_likelihood.numpy()).mean(),
        "test_ll_largest_error": float(exact.error.max()),
    }
    return Measured(summary, {"log_likelihood_exact": exact.log_likelihood, "error_of_exact": exact.error})


METRIC = Metric(measure, columns=("test_ll_exact", "test_ll_largest_error"))
