"""Claims about trained models' posteriors."""

import numpy as np
import pytest

from libi.judging import posteriors

from .papers_study import SAID, posterior, verdicts


def judge(table):
    return {
        claim.claim: claim
        for claim in [
            *posteriors.judge_preference(SAID["wrong_model_preferred"], table),
            *posteriors.judge_mismatch(SAID, table),
            *posteriors.judge_recovery(SAID["prior_recovered"], table, 500),
            *posteriors.judge_aggregated(SAID, table),
            *posteriors.judge_means(SAID["means_nearer"], table),
        ]
    }


def test_what_the_paper_says_is_reproduced():
    claims = judge(posterior())
    assert len(claims) == 1 + 2 + 4 + 2 * 4 * 3 + 2
    assert set(verdicts(claims.values()).values()) == {"reproduced"}
    assert claims["wrong_model_preferred"].value == pytest.approx(0.53 - 0.17 - 0.03)
    assert claims["aggregated_q_closer-mobius-covariance_distance"].value == pytest.approx(0.5 - 0.01)
    assert claims["means_nearer-cubic_jtex"].where == "Appendix B, Figures 4 and 5"


def test_the_vae_in_libis_place_denies_it():
    table = posterior()
    table["method"] = table["method"].replace({"vae": "libi", "libi": "vae"})
    claims = judge(table)
    assert {claims[name].verdict for name in claims if "closer" in name or "nearer" in name} == {"not reproduced"}


def test_a_vae_that_recovers_the_prior_denies_eq_4():
    table = posterior()
    vae = table["method"] == "vae"
    table.loc[vae, "p_covariance_distance"] /= 1000
    found = verdicts(judge(table).values())
    assert found["aggregated_differs-trained"] == "not reproduced"
    assert found["aggregated_alike-trained"] == "not reproduced"  # q's distance is still 0.5


def test_codes_drawn_from_the_prior_recover_it_in_99_of_100_cases():
    """The bound on the mean of ‖Σ − I‖² over five replicates of 500 codes, against codes that are drawn."""
    codes = np.random.default_rng(1).standard_normal((400, 5, 2, 500))
    covariance = np.einsum("rsin,rsjn->rsij", codes, codes) / 500
    means = ((covariance - np.eye(2)) ** 2).sum((2, 3)).mean(1)
    bound = judge(posterior())["prior_recovered-gaussian"].tolerance
    assert np.quantile(means, 0.97) < bound < 1.3 * np.quantile(means, 0.99)


def test_a_truth_that_does_not_give_back_the_prior_denies_eq_9():
    table = posterior()
    table.loc[table["method"] == "truth", "p_covariance_distance"] = 0.1
    assert verdicts(judge(table).values())["prior_recovered-gaussian"] == "not reproduced"


def test_henze_zirkler_says_little_of_linear_models():
    claims = judge(posterior())
    told = {name for name, claim in claims.items() if "affine invariant" in claim.note}
    assert told == {f"aggregated_{q}_closer-{name}-henze_zirkler" for q in "qp" for name in ("linear_jtex", "gaussian")}


def test_posteriors_of_few_draws_are_told():
    table = posterior()
    table.loc[(table["dataset"] == "mobius") & (table["method"] == "libi"), "points_below_100"] = [3, 0, 7, 0, 0]
    told = {name for name, claim in judge(table).items() if "up to 7 points" in claim.note}
    distances = ("mean_distance", "covariance_distance", "henze_zirkler")
    assert told == {f"aggregated_p_closer-mobius-{distance}" for distance in distances}


def test_one_replicate_decides_no_ranking_but_recovers_the_prior():
    found = verdicts(judge(posterior().query("replicate == 0")).values())
    assert {name for name, verdict in found.items() if verdict != "not decidable"} == {
        f"prior_recovered-{name}" for name in ("linear_jtex", "cubic_jtex", "gaussian", "mobius")
    }
