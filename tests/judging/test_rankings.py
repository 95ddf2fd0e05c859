"""Rankings that the paper's own table supports, and those that it does not."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from libi.paper.claims import alike, ranking, rounds

from .papers_study import LIBI, PUBLISHED, SAID, evidence, metrics, scores, verdicts
from .papers_study import restarts as papers_restarts


def judged(claims):
    return {claim.claim: claim for claim in claims}


@pytest.fixture(scope="module")
def papers():
    return evidence()


def test_the_papers_own_rankings(papers):
    """On CubicJTEx (1.75 ± 2.75 against 2.86 ± 1.01) and Mobius (0.17 ± 0.06 against 0.27 ± 0.14), five data sets are
    too few to tell, by an unpaired test of the printed means and sds as well."""
    assert verdicts(ranking.judge_metrics(SAID, papers)) == {
        "s_knn_lowest-linear_jtex": "reproduced",
        "s_knn_lowest-cubic_jtex": "not decidable",
        "s_knn_lowest-gaussian": "reproduced",
        "s_knn_lowest-mobius": "not decidable",
        "log_likelihood_highest-linear_jtex": "reproduced",
        "log_likelihood_highest-gaussian": "reproduced",
        "beta_vae_best": "not decidable",
    }


def test_the_least_clear_difference_is_shown(papers):
    claims = judged(ranking.judge_metrics(SAID, papers))
    highest = claims["log_likelihood_highest-gaussian"]
    # 0.91 is more than β-VAE's 0.20, but so is its standard error: t is 3.8, where β-VAE's is 4.3.
    assert "Lagging on Gaussian" in highest.note
    assert highest.value == pytest.approx(7.85 - 6.94) == pytest.approx(highest.published)
    assert highest.margin == pytest.approx((7.85 - 7.65) / 2)  # half the lead over β-VAE, the second best
    assert highest.uncertainty == pytest.approx(np.sqrt((0.05**2 + 0.53**2) / 5))
    lowest = claims["s_knn_lowest-cubic_jtex"]
    assert "β-VAE+Anneal on CubicJTEx" in lowest.note and "within the noise" in lowest.note
    assert lowest.value == pytest.approx(2.86 - 1.75)


def test_likelihoods_are_ranked_by_the_exact_ones():
    found = metrics()
    spoiled = found.assign(test_ll=-1e5 * (found["method"] == "libi"))
    ranked = verdicts(ranking.judge_metrics(SAID, evidence(metrics=spoiled)))
    assert ranked == verdicts(ranking.judge_metrics(SAID, evidence(metrics=found)))


def test_a_lead_of_less_than_half_the_published_is_not_the_published_lead():
    """LiBI's lead on Mobius is 0.10 in the paper. Here it is 0.01 ± 0.002 less than nothing for one method."""
    found = metrics()
    mobius = found["dataset"] == "mobius"
    noise = found["replicate"].map(dict(enumerate(0.002 * LIBI)))
    for method, value in {"libi": 0.26, "beta_vae": 0.25, "vae": 0.5, "beta_vae_anneal": 0.5, "lagging": 0.5}.items():
        rows = mobius & (found["method"] == method)
        found.loc[rows, "s_knn"] = value + (noise[rows] if method == "libi" else 0)
    claim = judged(ranking.judge_metrics(SAID, evidence(metrics=found)))["s_knn_lowest-mobius"]
    assert claim.verdict == "not reproduced" and claim.margin == pytest.approx(0.05)


def test_methods_alike_on_mobius_by_equivalence():
    found = metrics()
    mobius = found["dataset"] == "mobius"
    found.loc[mobius, "test_ll_exact"] = 1.9 + 0.001 * found.loc[mobius, "replicate"]
    (claim,) = alike.judge_alike_on_mobius(SAID["alike_on_mobius"], evidence(metrics=found))
    assert claim.verdict == "reproduced" and claim.margin == 0.05
    (claim,) = alike.judge_alike_on_mobius(SAID["alike_on_mobius"], evidence())
    assert claim.verdict == "not decidable"  # sds of 0.05 to 0.08, five replicates


def test_another_method_that_is_clearly_better_denies_the_claim():
    better = metrics({("gaussian", "lagging", "test_ll"): 12.0})
    claims = ranking.judge_metrics(SAID, evidence(metrics=better))
    assert verdicts(claims)["log_likelihood_highest-gaussian"] == "not reproduced"
    assert "Lagging" in judged(claims)["log_likelihood_highest-gaussian"].note


def test_table_1_itself_denies_across_all_data_sets(papers):
    claims = judged(ranking.judge_across_datasets(SAID, papers))
    likelihood = claims["across_log_likelihood"]
    assert likelihood.verdict == "not decidable"
    assert likelihood.note.endswith(
        "the paper's own Table 1 denies it on CubicJTEx (β-VAE -5.47, LiBI -8.90) and Mobius (β-VAE 1.92, LiBI 1.91)"
    )
    assert likelihood.value < 0 and likelihood.p_value > 0.5
    assert "denies" not in claims["across_s_knn"].note and claims["across_s_knn"].verdict == "not decidable"
    assert claims["across_aggregated-q"].verdict == claims["across_aggregated-p"].verdict == "reproduced"


def test_across_all_data_sets_is_reproduced_only_if_no_method_on_any_is_close():
    better = {(dataset, "libi", "s_knn"): -30.0 for dataset in ("linear_jtex", "cubic_jtex", "gaussian", "mobius")}
    claims = ranking.judge_across_datasets(SAID, evidence(metrics=metrics(better)))
    assert verdicts(claims)["across_s_knn"] == "reproduced"
    spoiled = better | {("mobius", "lagging", "s_knn"): -60.0}
    claims = ranking.judge_across_datasets(SAID, evidence(metrics=metrics(spoiled)))
    assert verdicts(claims)["across_s_knn"] == "not reproduced"
    assert "Lagging on Mobius" in judged(claims)["across_s_knn"].note


def test_the_papers_other_methods_are_alike(papers):
    claims = judged(alike.judge_others(SAID["others_alike"], papers))
    assert verdicts(claims.values()) == {"others_alike-test_ll": "reproduced", "others_alike-s_knn": "reproduced"}
    assert claims["others_alike-test_ll"].margin == 0.04
    assert claims["others_alike-s_knn"].margin == 0.12
    assert claims["others_alike-s_knn"].statement.endswith("1.62 to 1.63; alike, as we read it")


def test_a_method_that_differs_by_more_than_the_papers_sd_is_not_alike():
    found = evidence(metrics=metrics({("linear_jtex", "lagging", "s_knn"): 1.62 + 0.3}))
    assert verdicts(alike.judge_others(SAID["others_alike"], found)) == {
        "others_alike-test_ll": "reproduced",
        "others_alike-s_knn": "not reproduced",
    }


def test_a_study_without_a_method_cannot_rank_it():
    found = evidence(metrics=metrics().query("method != 'lagging'"))
    claims = [*ranking.judge_metrics(SAID, found), *alike.judge_others(SAID["others_alike"], found)]
    assert set(verdicts(claims).values()) == {"not decidable"}
    assert all("Lagging" in claim.note for claim in claims)


# ---------------------------------------------------------------------------- rounds


def with_rounds(one, six):
    """Scores of Gaussian, two configurations with one round and one with six."""
    rows = {"epsilon_hz=1,rounds=1": one, "epsilon_hz=10,rounds=1": np.array(one) - 1, "epsilon_hz=1,rounds=6": six}
    table = [("gaussian", "libi", i, name, value) for name, values in rows.items() for i, value in enumerate(values)]
    return pd.DataFrame(table, columns=["dataset", "method", "replicate", "configuration", "log_likelihood"])


def judge_rounds(table):
    return judged(rounds.judge_rounds(SAID, evidence(scores=table)))["rounds_improve-gaussian"]


def test_six_rounds_improve_if_they_are_better_not_if_they_are_no_worse():
    base = 7.8 + 0.5 * LIBI
    noise = 0.01 * np.array([1, -1, 0, -1, 1])
    assert judge_rounds(with_rounds(base, base + 0.05 + noise)).verdict == "reproduced"
    worse = judge_rounds(with_rounds(base, base - 0.10 + noise))
    assert worse.verdict == "not reproduced" and worse.value == pytest.approx(-0.10)
    assert judge_rounds(with_rounds(base, base + noise)).verdict == "not decidable"


def test_few_rounds_cannot_be_tested(papers):
    """It is measured, 2.2 in the fixture, but nothing decides whether that is "very small"."""
    claims = judged(rounds.judge_rounds(SAID, papers))
    claim = claims["few_rounds-mobius"]
    assert claim.verdict == "not testable" and claim.value == pytest.approx(2.2)
    claims = judged(rounds.judge_rounds(SAID, evidence(restarts=pd.DataFrame())))
    assert claims["few_rounds-mobius"].verdict == "not testable" and "lacking" in claims["few_rounds-mobius"].note


def test_restarts_that_fail_and_rounds_that_are_kept_are_counted_by_replicate(papers):
    """In the fixture 3, 4, 3, 3 and 3 of 10 restarts fail, and no chosen one keeps its last round."""
    claims = judged(rounds.judge_rounds(SAID, papers))
    hard, early = claims["step_one_is_hard-mobius"], claims["best_round_helps-mobius"]
    assert hard.verdict == early.verdict == "reproduced"
    assert hard.value == pytest.approx(0.32) and early.value == 1.0
    never = papers_restarts().assign(failed=0, best_round=6)
    claims = judged(rounds.judge_rounds(SAID, evidence(restarts=never)))
    assert claims["step_one_is_hard-mobius"].verdict == claims["best_round_helps-mobius"].verdict == "not reproduced"
    claims = judged(rounds.judge_rounds(SAID, evidence(restarts=never.query("replicate == 0"))))
    assert claims["step_one_is_hard-mobius"].verdict == "not decidable"


def test_a_gain_that_is_there_but_small_is_noted():
    base, noise = 7.8 + 0.5 * LIBI, 0.001 * np.array([1, -1, 0, -1, 1])
    small = judge_rounds(with_rounds(base, base + 0.01 + noise))
    assert small.verdict == "reproduced" and "surely smaller than 0.05" in small.note
    assert judge_rounds(with_rounds(base, base + 0.1 + noise)).note == ""


def test_rounds_are_compared_by_the_best_configuration_of_each():
    assert rounds.best_of_rounds(with_rounds([1.0, 2.0], [3.0, 4.0]), "gaussian", 1).tolist() == [1.0, 2.0]
    gap = rounds.best_of_rounds(with_rounds([1.0, np.nan], [3.0, 4.0]), "gaussian", 1)
    assert np.isnan(gap).all()  # the other one has the same gap


def test_without_six_rounds_there_is_nothing_to_compare():
    table = scores()
    claim = judge_rounds(table[~table["configuration"].str.contains("rounds=6")])
    assert claim.verdict == "not decidable" and "R = 6" in claim.note


def test_the_fixture_is_an_unpaired_test():
    """The made-up replicates give the standard error that the printed sds alone give."""
    table = metrics().query("dataset == 'gaussian'").pivot(index="replicate", columns="method", values="s_knn")
    assert table.agg(["mean", "std"]).T.loc["libi"].tolist() == pytest.approx([0.10, 0.08])
    difference = table["lagging"] - table["libi"]
    welch = ttest_ind(table["lagging"], table["libi"], equal_var=False).statistic
    assert difference.mean() / (difference.std() / np.sqrt(5)) == pytest.approx(welch)
    assert len(PUBLISHED) == 40
