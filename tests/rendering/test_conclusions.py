"""Conclusions are what their claims come to, and show the numbers of these."""

import pandas as pd
import pytest

from libi.paper.claims import says
from libi.paper.tables.conclusions import (
    CONCLUSIONS,
    changed_later,
    conclude,
    in_sentences,
    to_latex,
    to_list,
    to_markdown,
)
from libi.paper.verdict import judge

from ..judging.papers_study import evidence


def claims(*verdicts):
    """Claims of one conclusion: trade_off on so many data sets."""
    names = ("linear_jtex", "cubic_jtex", "gaussian", "mobius")
    rows = [
        {"claim": f"trade_off-{name}", "verdict": verdict, "value": 0.5, "difference": 0.5, "low": 0.25, "high": 0.75}
        | {"measure": "KL, nats; mean over replicates"}
        for name, verdict in zip(names, verdicts, strict=False)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["reproduced", "reproduced"], "holds"),
        (["reproduced", "not decidable"], "is open"),
        (["reproduced", "not reproduced"], "holds in part"),
        (["not reproduced", "not decidable"], "does not hold"),
        (["not decidable"], "is open"),
        (["not testable"], "is open"),
    ],
)
def test_a_conclusion_is_what_its_claims_come_to(verdicts, expected):
    table = conclude(claims(*verdicts)).set_index("conclusion")
    row = table.loc["trade-off in trained VAEs"]
    assert row["verdict"] == expected
    assert row["claims"] == len(verdicts) - verdicts.count("not testable")
    assert row["evidence"].startswith(
        "the less certain effect (more misfit, easier posteriors), in nats: on LinearJTEx 0.5"
    )
    assert (table.drop(index=row.name)["verdict"] == "is open").all()


def test_what_leaves_a_conclusion_open_is_named():
    verdicts = ["reproduced", "reproduced", "not testable", "not decidable"]
    row = conclude(claims(*verdicts)).set_index("conclusion").loc["trade-off in trained VAEs"]
    assert row["verdict"] == "is open" and row["claims"] == 3
    assert row["evidence"].endswith("on Mobius (not decidable) 0.5 (0.25 to 0.75)")


def test_every_claim_of_a_conclusion_is_one_of_the_papers():
    known = set(says())
    judged = set(judge(evidence())["claim"])
    for conclusion in CONCLUSIONS:
        assert set(conclusion.claims) <= known
        assert set(conclusion.shown) <= judged


def test_the_papers_own_numbers_bear_out_its_first_conclusion():
    table = conclude(judge(evidence()))
    first = table.iloc[0]
    assert first["verdict"] == "holds"
    assert first["evidence"] == "L at the truth 0.532, at the optimum 0.196"
    assert table["algebra"].tolist() == [4, 3, 0, 0, 0, 0]  # the trained VAE's preference is the fifth of the first
    assert "(5 of 5 claims reproduced, 4 by algebra)" in to_list(table)
    sentence = in_sentences(table)
    assert sentence.startswith("Of the paper's 6 main conclusions ")
    assert "We find that the objective has bad global optima" in sentence
    assert all(conclusion.clause in sentence for conclusion in CONCLUSIONS)
    assert to_markdown(table).count("\n") == 1 + len(table)
    assert to_latex(table, study="test").isascii()


def test_fresh_replicates_are_told_of_where_they_change_a_verdict():
    five = conclude(claims("reproduced", "not decidable"))
    many = conclude(claims("reproduced", "not reproduced"))
    (trade,) = (line for line in to_list(five).split("\n") if "exchange" in line)
    assert trade.startswith("* **Open:** Trained VAEs") and trade.endswith(
        "(1 of 2 claims reproduced, 1 not decidable).*"
    )
    told = changed_later(five, many, 25)
    assert (
        told.startswith("With 25 fresh replicates, one of these conclusions changes. “Trained VAEs")
        and "exchange" in told
    )
    assert told.endswith("”: **holds in part** (1 of 2 claims reproduced, 1 not reproduced).")
    assert changed_later(five, five, 25) == "25 fresh replicates give all of them the same verdict."
