"""The tests behind rankings, against the textbook, statsmodels, SciPy and examples worked by hand."""

from math import nan, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

from libi.judging.claims import PublishedClaim
from libi.judging.comparisons import Comparison, above, holm, judge_family, pairs_in

# Mean 0 and standard deviation 1.
SPREAD = np.array([-2, -1, 0, 1, 2]) / sqrt(2.5)
CLEAR, NOISE = SPREAD + 5, SPREAD + 0.1


def comparison(name, *gains, **given):
    pairs = {f"pair {number}": np.asarray(gain, dtype=float) for number, gain in enumerate(gains)}
    return Comparison(PublishedClaim(name, "family", "Table 1", "one is better"), "gain", pairs, **given)


def judge(*comparisons):
    return {claim.claim: claim for claim in judge_family(comparisons)}


def test_the_t_test_is_the_table_of_the_textbooks():
    """Student's t with 4 degrees of freedom is above 2.1318 in 5% of cases, and above 3.7469 in 1%."""
    for critical, level in ((2.1318, 0.05), (3.7469, 0.01)):
        gain = SPREAD + critical / sqrt(5)
        assert above(gain, 0.0) == pytest.approx(level, rel=1e-3)
        assert above(-gain, 0.0) == pytest.approx(1 - level, rel=1e-3)


value = st.integers(-1000, 1000)


@given(st.lists(st.tuples(value, value), min_size=2, max_size=7))
def test_the_t_test_is_scipys_paired_test_and_the_textbooks_formula(pairs):
    first, second = np.array(pairs, dtype=float).T
    gain = first - second
    assume(np.ptp(gain) > 0)  # see below
    statistic = gain.mean() / (gain.std(ddof=1) / sqrt(len(gain)))
    assert above(gain, 0.0) == pytest.approx(student(len(gain) - 1).sf(statistic), rel=1e-6, abs=1e-12)
    greater, less = (ttest_rel(first, second, alternative=way).pvalue for way in ("greater", "less"))
    assert above(gain, 0.0) == pytest.approx(greater, rel=1e-6, abs=1e-12)
    assert above(-gain, 0.0) == pytest.approx(less, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("gain", "p_value"), [(2.0, 0), (-2.0, 1), (0.0, 1)])
def test_gains_without_spread_are_the_limit_of_the_test(gain, p_value):
    assert above(np.full(3, gain), 0.0) == p_value


def test_a_lead_is_contradicted_by_less_than_its_margin():
    """0.1 ± 0.04 is neither surely above 0 nor below 0.15, but below 0.3; a tenth of the spread makes it a lead."""
    gain = 0.1 + 0.09 * SPREAD
    margins = {"small": 0.15, "large": 0.3}
    claims = judge(*(comparison(name, gain, margins={"pair 0": margin}) for name, margin in margins.items()))
    assert {name: claim.verdict for name, claim in claims.items()} == {
        "small": "not decidable",
        "large": "not reproduced",
    }
    assert claims["large"].margin == 0.3 and "smaller than 0.3" in claims["large"].note
    assert judge(comparison("sure", 0.1 + 0.009 * SPREAD, margins={"pair 0": 0.3}))["sure"].verdict == "reproduced"


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [(0.0, "reproduced"), (0.7, "not decidable"), (5.0, "not reproduced"), (-5.0, "not reproduced")],
)
def test_alike_is_within_a_margin_by_two_one_sided_tests(gain, verdict):
    """With an sd of 0.5 and five replicates the interval reaches 0.62 to either side."""
    claims = judge(comparison("alike", gain + 0.5 * SPREAD, margins={"pair 0": 1.0}, alike=True))
    assert claims["alike"].verdict == verdict
    half = student(4).ppf(0.975) * 0.5 / sqrt(5)
    assert (claims["alike"].low, claims["alike"].high) == pytest.approx((gain - half, gain + half))


def test_what_no_result_could_decide_is_not_testable():
    claim = judge(comparison("blind", CLEAR, untestable="the statistic is blind"))["blind"]
    assert claim.verdict == "not testable" and claim.note == "the statistic is blind"
    assert np.isnan(claim.p_value)


def test_holm_by_hand():
    """.005 × 4, .01 × 3, .03 × 2, then .04 × 1, which may not be below the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == pytest.approx([1, 1])
    assert holm([]).size == 0


@pytest.mark.parametrize("size", [1, 2, 4, 12])
def test_holm_is_that_of_statsmodels(size):
    p_values = np.random.default_rng(size).uniform(size=size) ** 3
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_a_clear_gain_a_clear_loss_and_noise():
    claims = judge(comparison("clear", CLEAR), comparison("loss", -CLEAR), comparison("noise", NOISE))
    assert {name: claim.verdict for name, claim in claims.items()} == {
        "clear": "reproduced",
        "loss": "not reproduced",
        "noise": "not decidable",
    }
    clear = claims["clear"]
    assert (clear.value, clear.uncertainty) == pytest.approx((5, 1 / sqrt(5)))
    half = student(4).ppf(0.975) / sqrt(5)
    assert (clear.low, clear.difference, clear.high) == pytest.approx((5 - half, 5, 5 + half))
    assert clear.p_value == pytest.approx(3 * student(4).sf(5 * sqrt(5)))
    assert "within the noise of 5 replicates" in claims["noise"].note
    assert "opposite" in claims["loss"].note


def test_a_claim_about_several_pairs_is_as_good_as_its_worst():
    claims = judge(comparison("all", CLEAR, NOISE, CLEAR + 1))
    assert claims["all"].verdict == "not decidable"
    assert claims["all"].p_value == pytest.approx(student(4).sf(0.1 * sqrt(5)))
    assert claims["all"].value == pytest.approx(0.1)
    assert "pair 1" in claims["all"].note
    assert judge(comparison("all", CLEAR, -CLEAR))["all"].verdict == "not reproduced"


def test_a_loss_among_many_pairs_must_be_clear_enough_for_their_number():
    """A loss with p = 0.02 contradicts a claim about itself alone, and not one about it and a pair that gains."""
    loss = SPREAD + student(4).ppf(0.02) / sqrt(5)
    assert judge(comparison("one", loss))["one"].verdict == "not reproduced"
    assert judge(comparison("two", loss, CLEAR))["two"].verdict == "not decidable"


@pytest.mark.parametrize("shift", [CLEAR, NOISE, -CLEAR], ids=["for", "open", "against"])
@pytest.mark.parametrize("number", [1, 2, 12])
def test_a_note_tells_how_many_pairs_are_compared(shift, number):
    claims = judge(comparison("all", *[shift] * number, note="of 7: a note of its own"))
    assert pairs_in(claims["all"].note) == number


@pytest.mark.parametrize("gain", [[], [3.0], [3.0, nan, 3.1]])
def test_what_cannot_be_tested_is_not_decidable_and_does_not_weigh_on_the_others(gain):
    claims = judge(comparison("good", CLEAR), comparison("lacking", gain, CLEAR, note="and this"))
    assert claims["good"].p_value == pytest.approx(student(4).sf(5 * sqrt(5)))
    assert claims["lacking"].verdict == "not decidable"
    assert np.isnan([claims["lacking"].value, claims["lacking"].p_value]).all()
    assert "lacking: two replicates or more" in claims["lacking"].note
    assert "pair 0" in claims["lacking"].note and "pair 1" not in claims["lacking"].note
    assert claims["lacking"].note.endswith("and this")


def test_the_papers_own_gain_stands_beside_ours():
    claims = judge(comparison("two", CLEAR, NOISE, published={"pair 0": 1.5, "pair 1": 0.01}))
    assert claims["two"].published == 0.01
