"""Claims of closed forms, with the numbers known beforehand, and with numbers that deny them."""

import numpy as np
import pytest

from libi.judging import theory

from .papers_study import SAID, collapse, information, joint_map, metrics, optima, verdicts


def judged(claims):
    return {claim.claim: claim for claim in claims}


def test_the_known_objectives_are_the_printed_ones():
    claims = judged(theory.judge_objectives(SAID, optima()))
    assert verdicts(claims.values()) == {"objective_at_truth": "reproduced", "objective_at_optimum": "reproduced"}
    assert [claim.published for claim in claims.values()] == [0.532, 0.196]
    assert [claim.tolerance for claim in claims.values()] == [0.0005, 0.0005]


@pytest.mark.parametrize(("value", "verdict"), [(0.5324, "reproduced"), (0.5326, "not reproduced")])
def test_an_objective_must_round_to_the_printed_one(value, verdict):
    table = optima()
    table.loc[table["name"] == "truth", "objective"] = value
    assert verdicts(theory.judge_objectives(SAID, table))["objective_at_truth"] == verdict


def test_figure_1_prefers_its_top_left_corner_where_information_is_not_extreme():
    claims = judged(theory.judge_figure_1(SAID, information()))
    assert set(verdicts(claims.values()).values()) == {"reproduced"}
    assert claims["matching_prefers_corner"].value == 0
    # By Eq. 22 either B_ii adds ½ log 100 nats on its way from 0 to 0.99 σ².
    assert claims["information_not_extreme"].value == pytest.approx(0.5)


def test_another_corner_denies_figure_1():
    turned = information().rename(columns={"b_11": "b_22", "b_22": "b_11"})
    assert verdicts(theory.judge_figure_1(SAID, turned))["matching_prefers_corner"] == "not reproduced"
    table = information()
    table["mutual_information"] = -table["posterior_matching"]
    assert verdicts(theory.judge_figure_1(SAID, table))["information_not_extreme"] == "not reproduced"


def test_case_2_runs_from_no_information_to_infinity():
    assert verdicts(theory.judge_collapse(SAID, collapse())) == {
        "all_equally_good": "reproduced",
        "no_information": "reproduced",
        "unbounded_information": "reproduced",
    }


def test_eq_15_as_printed_denies_case_2():
    """With its "−4", information would be negative at θ = 0; without the logarithm it would be bounded."""
    printed = collapse()
    printed["mutual_information"] -= 2
    assert verdicts(theory.judge_collapse(SAID, printed))["no_information"] == "not reproduced"
    bounded = collapse()
    bounded["mutual_information"] = bounded["theta"] ** 2
    assert verdicts(theory.judge_collapse(SAID, bounded))["unbounded_information"] == "not reproduced"
    worse = collapse()
    worse.loc[50, "mle_objective"] = 0.01
    assert verdicts(theory.judge_collapse(SAID, worse))["all_equally_good"] == "not reproduced"


def test_eq_4_at_the_optimum_and_eq_9_at_the_truth():
    claims = judged(theory.judge_population_posteriors(SAID, optima()))
    assert verdicts(claims.values()) == {
        "aggregated_differs-population": "reproduced",
        "aggregated_alike-population": "reproduced",
        "prior_recovered-population": "reproduced",
    }
    # Both codes have variance 1 and correlation 0.524, as worked out elsewhere: ‖Σ − I‖² is twice its square.
    assert claims["aggregated_differs-population"].value == pytest.approx(2 * 0.524**2, rel=2e-3)


def test_eq_4_and_eq_9_the_other_way_round():
    """At the truth nothing differs from the prior; at the optimum the prior is not recovered."""
    turned = optima().assign(name=["beta=1", "truth"])
    assert verdicts(theory.judge_population_posteriors(SAID, turned)) == {
        "aggregated_differs-population": "not reproduced",
        "aggregated_alike-population": "not reproduced",
        "prior_recovered-population": "not reproduced",
    }


def test_shrunk_codes_are_those_of_the_restarts_that_did_not_diverge():
    claims = judged(theory.judge_shrinkage(SAID, joint_map(), 500))
    assert set(verdicts(claims.values()).values()) == {"reproduced"}
    assert len(claims) == 4
    shrunk = claims["codes_shrink-gaussian"]
    assert (shrunk.value, shrunk.uncertainty) == pytest.approx((0.02, 0.01 / np.sqrt(2)))
    assert claims["shrinking_misfits-gaussian"].value == pytest.approx(4.5)


def test_codes_from_the_prior_have_not_shrunk():
    """Whatever the draw: three standard errors below 1 are a matter of one in 700."""
    codes = np.random.default_rng(0).standard_normal((200, 2, 500))
    variances = codes.var(axis=2)
    verdict = []
    for first, second in variances:
        table = joint_map().assign(code_variance_1=first, code_variance_2=second, mle_objective=0.004)
        verdict += verdicts(theory.judge_shrinkage(SAID, table, 500)).values()
    assert verdict.count("reproduced") <= 2 * 2


def test_training_that_stopped_far_from_the_optimum_does_not_tell_where_it_is():
    """Codes from the prior cost E ½‖z‖² = 1 nat more than codes at 0: restarts must agree to a tenth of that."""
    for apart, decided in ((0.09, True), (0.11, False)):
        objective = joint_map()["restart"].map({0: -3.0, 1: -3.0 + 2 * apart, 2: 99.0})  # the median is halfway
        claims = theory.judge_shrinkage(SAID, joint_map().assign(objective=objective), 500)
        assert set(verdicts(claims).values()) == {"reproduced" if decided else "not decidable"}
        assert all(("not converged" in claim.note) is not decided for claim in claims)


def test_without_restarts_nothing_is_known_of_joint_map():
    one = joint_map().assign(diverged=joint_map()["restart"] > 0)
    for table in (one, joint_map().assign(diverged=True), joint_map().iloc[:0], joint_map().iloc[:0, :0]):
        claims = theory.judge_shrinkage(SAID, table, 500)
        assert set(verdicts(claims).values()) == {"not decidable"}
        assert all(claim.note.startswith("lacking") for claim in claims)


def test_few_effective_draws_make_a_log_likelihood_unreliable():
    claims = theory.judge_likelihood(SAID["likelihood_unreliable"], metrics())
    assert set(verdicts(claims).values()) == {"reproduced"} and len(claims) == 5
    enough = metrics().assign(share_below_100=0.05)
    claims = theory.judge_likelihood(SAID["likelihood_unreliable"], enough)
    assert set(verdicts(claims).values()) == {"not reproduced"}
    elsewhere = metrics().query("dataset != 'cubic_jtex'")
    claims = theory.judge_likelihood(SAID["likelihood_unreliable"], elsewhere)
    assert set(verdicts(claims).values()) == {"not decidable"}
