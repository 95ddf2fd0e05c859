"""Failed restarts, counted by hand."""

import pandas as pd
import pytest

from libi.paper.restarts import summarise_restarts

NAME = "epsilon_hz=1,rounds=6"


def records(*rows):
    columns = ["replicate", "restart", "validation_objective", "best_round", "diverged"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(dataset="mobius", configuration=NAME)


def test_a_restart_is_compared_with_the_best_of_all_replicates():
    """The best of all ends at 10: 29 is within 20 nats of it, 31 is not, and a diverged one never is."""
    table = summarise_restarts(
        records(
            (0, 0, 10.0, 2, False), (0, 1, 31.0, 5, False), (0, 2, 9.0, 1, True),
            (1, 0, 29.0, 3, False), (1, 1, 400.0, 1, False), (1, 2, float("nan"), 1, True),
        )
    ).set_index("replicate")  # fmt: skip
    assert table["restarts"].tolist() == [3, 3]
    assert table["failed"].tolist() == [2, 2]
    assert table["best_objective"].tolist() == [10.0, 29.0]
    assert table["excess"].tolist() == [0.0, 19.0]
    assert table["best_round"].tolist() == [2, 3]
    assert set(table["rounds"]) == {6}


def test_a_configuration_whose_restarts_all_diverged_has_no_best():
    rows = records((0, 0, 10.0, 2, False), (1, 0, 5.0, 1, True))
    table = summarise_restarts(rows).set_index("replicate")
    assert table.loc[1, "failed"] == 1
    assert pd.isna(table.loc[1, "best_objective"]) and pd.isna(table.loc[1, "best_round"])
    assert table.loc[0, "excess"] == pytest.approx(0)
