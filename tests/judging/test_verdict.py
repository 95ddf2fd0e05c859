"""All claims together, of the paper's own study and of studies that lack something."""

import re

import pandas as pd
import pytest

from libi.judging.claims import VERDICTS, assemble
from libi.paper.claims import figure_1
from libi.paper.verdict import judge
from libi.runtime.rooms import RoomError
from libi.runtime.storage import load_table, save_table

from .papers_study import SAID, evidence, gaps, joint_map, metrics, posterior, scores

COLUMNS = [
    *("claim", "title", "verdict", "value", "uncertainty", "published", "difference", "low", "high", "margin"),
    *("p_value", "family", "where", "statement", "test", "measure", "note", "files"),
]


@pytest.fixture(scope="module")
def claims():
    return judge(evidence())


def least_study():
    """One data set, one replicate, the VAE and LiBI with R = 1, and no joint MAP."""

    def least(table):
        return table[(table["dataset"] == "mobius") & (table["replicate"] == 0)]

    methods = ["truth", "vae", "libi"]
    of_metrics, of_scores = least(metrics()), least(scores())
    return evidence(
        metrics=of_metrics[of_metrics["method"].isin(methods)],
        scores=of_scores[of_scores["configuration"].str.endswith("rounds=1")],
        posterior=least(posterior())[least(posterior())["method"].isin(methods)],
        gaps=least(gaps())[least(gaps())["method"].isin(methods)],
        restarts=pd.DataFrame(),
        joint_map=pd.DataFrame(),
    )


def test_every_row_is_whole(claims):
    assert list(claims.columns) == COLUMNS
    assert set(claims["verdict"]) <= set(VERDICTS)
    text = claims[["family", "where", "statement", "measure", "test"]]
    assert text.map(lambda words: bool(words) and not re.search("[{}]", words)).all(axis=None)
    assert not text.isna().any(axis=None)
    assert claims["title"].is_unique and not claims["title"].str.contains("_|{").any()
    assert (claims["note"] != "").where(claims["verdict"] != "reproduced", True).all()
    assert claims["files"].str.endswith(".csv").all()
    tested = claims[claims["verdict"] != "not testable"]
    assert tested[["value", "difference", "low", "high"]].notna().all(axis=None)
    assert (tested["low"] <= tested["difference"]).all() and (tested["difference"] <= tested["high"]).all()


def test_every_claim_of_the_paper_is_judged(claims):
    assert {name.split("-")[0] for name in claims["claim"]} == set(SAID)
    assert claims["claim"].is_unique
    assert claims["claim"].str.startswith("cell-").sum() == 40


def test_the_least_study_is_judged_and_little_is_decidable(claims):
    least = judge(least_study())
    assert least["claim"].tolist() == claims["claim"].tolist()
    papers = least[least["where"] != "ours"]
    undecided = papers[papers["verdict"] == "not decidable"]
    decided = set(papers.loc[~papers["verdict"].isin(["not decidable", "not testable"]), "claim"].str.split("-").str[0])
    closed_forms = {"objective_at_truth", "objective_at_optimum", "optimum_misfits", "optimum_is_diagonal"}
    closed_forms |= {"every_b_fits", "matching_prefers_corner", "least_correlation", "information_not_extreme"}
    closed_forms |= {"uninformative_preferred", "all_equally_good", "no_information", "unbounded_information"}
    closed_forms |= {"codes_shrink", "shrinking_misfits", "posterior_is_correlated", "optimum_q_is_not_prior"}
    assert decided == closed_forms | {"aggregated_differs", "aggregated_alike", "prior_recovered"}
    assert undecided["note"].str.contains("lacking").all()


def test_methods_without_a_finite_model_are_no_error():
    broken = metrics()
    broken.loc[broken["method"] == "libi", ["test_ll", "test_ll_exact", "s_knn", "share_below_100"]] = float("nan")
    broken["configuration"] = broken["configuration"].where(broken["method"] != "libi", "")
    found = judge(
        evidence(
            metrics=broken,
            scores=scores().assign(log_likelihood=float("nan")),
            posterior=posterior().query("method != 'libi'"),
            gaps=gaps().query("method != 'libi'"),
            restarts=pd.DataFrame(),
            joint_map=joint_map().assign(diverged=True),
        ),
    )
    libi = found[found["claim"].str.contains("libi|lowest|highest|across|closer|nearer|rounds|captures")]
    libi = libi[libi["verdict"] != "not testable"]
    assert set(libi["verdict"]) == {"not decidable"} and libi["note"].str.contains("lacking").all()


def test_the_table_survives_its_file(claims, tmp_path):
    save_table(tmp_path / "claims.csv", claims)
    pd.testing.assert_frame_equal(load_table(tmp_path / "claims.csv").fillna({"note": ""}), claims)


def test_a_claim_judged_twice_is_refused():
    claim = SAID["no_information"].judged("reproduced", measure="I", value=0.0, test="none")
    with pytest.raises(ValueError, match="'no_information' is judged 2 times"):
        assemble([claim, claim])


def test_a_claim_that_a_file_does_not_say_is_named_with_it(monkeypatch):
    """Where the name is put together, so that reading the file cannot show it."""
    monkeypatch.setattr(figure_1, "CLAIMS", lambda said, evidence: [said["every" + "_c_fits"]])
    with pytest.raises(RoomError, match=r"figure_1\.py: it judges the claim .every_c_fits., which its SAYS lacks"):
        judge(evidence())
