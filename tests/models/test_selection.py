"""Which restart and which configuration stand for a method, on tables made by hand."""

import pandas as pd
import pytest

from libi.models.selection import choose_configurations, choose_restarts, chosen_configurations

NAN = float("nan")


def test_the_restart_that_its_own_objective_prefers_is_chosen_and_a_diverged_one_never():
    records = pd.DataFrame(
        [("a", 0, 3.0, False), ("a", 1, 1.0, True), ("a", 2, 2.0, False), ("b", 0, NAN, False), ("b", 1, 5.0, True)],
        columns=["configuration", "restart", "validation_objective", "diverged"],
    )
    chosen = choose_restarts(records).set_index("configuration")
    assert chosen.loc["a"].tolist() == [2, 2.0]
    assert chosen.loc["b"].isna().all()


def test_the_objective_that_decides_may_be_that_of_the_training_points():
    """What is told of the restart is its validation objective all the same."""
    records = pd.DataFrame(
        [("a", 0, 1.0, 9.0, False), ("a", 1, 3.0, 2.0, False), ("a", 2, 2.0, 1.0, True)],
        columns=["configuration", "restart", "validation_objective", "training_objective", "diverged"],
    )
    assert choose_restarts(records).loc[0].tolist() == ["a", 0, 1.0]
    assert choose_restarts(records, "training_objective").loc[0].tolist() == ["a", 1, 3.0]


def scores(rows):
    table = pd.DataFrame(rows, columns=["method", "replicate", "configuration", "log_likelihood"])
    return table.assign(dataset="gaussian", split="validation")


def test_the_configuration_with_the_highest_mean_is_chosen_for_each_method():
    table = choose_configurations(
        scores(
            [
                *(("beta_vae", 0, "beta=1", 1.0), ("beta_vae", 0, "beta=2", 3.0), ("vae", 0, "default", -9.0)),
                *(("beta_vae", 1, "beta=1", 4.0), ("beta_vae", 1, "beta=2", 1.0), ("vae", 1, "default", -7.0)),
            ]
        )
    )
    assert chosen_configurations(table) == {"beta_vae": "beta=1", "vae": "default"}
    row = table.set_index("configuration").loc["beta=1"]
    assert (row["log_likelihood_mean"], row["replicates"]) == (2.5, 2)
    assert row["log_likelihood_sd"] == pytest.approx(4.5**0.5)  # ((1 - 2.5)² + (4 - 2.5)²) / 1


def test_a_configuration_without_a_restart_on_some_replicate_cannot_be_chosen():
    table = choose_configurations(
        scores(
            [
                *(("libi", 0, "good", 1.0), ("libi", 0, "gap", 9.0), ("lagging", 0, "none", NAN)),
                *(("libi", 1, "good", 1.0), ("libi", 1, "gap", NAN), ("lagging", 1, "none", 2.0)),
            ]
        )
    )
    assert chosen_configurations(table) == {"libi": "good"}
