"""The 40 cells, judged with the paper's own Table 1 as ours and with cells moved by hand."""

import itertools
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from libi.paper.claims.cells import judge_cells
from libi.paper.tables.table1 import summarise
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS

from .papers_study import PUBLISHED, SAID, metrics, verdicts


def judge(change=None):
    return {claim.claim: claim for claim in judge_cells(SAID["cell"], summarise(metrics(change), PUBLISHED), PUBLISHED)}


def test_the_papers_own_table_is_reproduced_where_its_spread_allows_it():
    """Its means differ by 0 from themselves. Welch's interval of two sds s, n = 5, reaches t₈ s √(2/5) = 1.458 s."""
    found = verdicts(judge().values())
    assert list(found) == [
        "-".join(["cell", *cell]) for cell in PUBLISHED[["dataset", "method", "metric"]].itertuples(index=False)
    ]
    assert set(found) == {
        "-".join(["cell", *cell]) for cell in itertools.product(PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS)
    }
    spread = PUBLISHED.groupby(["dataset", "metric"])["mean"].agg(np.ptp)
    for row in PUBLISHED.itertuples():
        reach = t.ppf(0.975, 8) * sqrt(2 / 5) * row.sd
        narrow = reach <= spread[row.dataset, row.metric] / 2
        name = "-".join(["cell", row.dataset, row.method, row.metric])
        assert found[name] == ("reproduced" if narrow else "not decidable")
    assert found["cell-linear_jtex-libi-s_knn"] == "reproduced"
    assert found["cell-mobius-vae-test_ll"] == found["cell-cubic_jtex-lagging-test_ll"] == "not decidable"


@pytest.mark.parametrize(("sds", "verdict"), [(1.44, "reproduced"), (1.48, "not reproduced")])
def test_a_cell_may_be_as_far_off_as_welch_s_interval_reaches(sds, verdict):
    cell = ("gaussian", "beta_vae", "test_ll")
    for sign in (-1, 1):
        claim = judge({cell: 7.65 + sign * sds * 0.09})["cell-gaussian-beta_vae-test_ll"]
        assert claim.verdict == verdict
    assert (claim.published, claim.uncertainty) == pytest.approx((7.65, 0.09))
    assert (claim.difference, claim.margin) == pytest.approx((sds * 0.09, (7.85 - 6.73) / 2))
    assert claim.high - claim.difference == pytest.approx(1.458 * 0.09, rel=1e-3)
    assert claim.value == pytest.approx(7.65 + sds * 0.09)


def test_a_rule_that_can_fail():
    """The rule of 2 √(sd² + sd²) held the VAE's 7.00 beside 6.73 ± 0.23 to be the same. Welch's interval does not."""
    found = metrics()
    vae = (found["dataset"] == "gaussian") & (found["method"] == "vae")
    found.loc[vae, "test_ll"] = [7.0, 7.1, 7.0, 7.1, 7.0]
    claims = verdicts(judge_cells(SAID["cell"], summarise(found, PUBLISHED), PUBLISHED))
    assert claims["cell-gaussian-vae-test_ll"] == "not reproduced"


def test_the_exact_log_likelihood_stands_beside_the_estimate():
    """Made up to be 0.125 nats above Eq. 48."""
    claims = judge()
    assert "exact 6.85 ± 0.23" in claims["cell-gaussian-vae-test_ll"].note
    assert "exact" not in claims["cell-gaussian-vae-s_knn"].note


def test_cells_that_chose_a_setting_say_so():
    told = {name for name, claim in judge().items() if "not independent evidence" in claim.note}
    assert told == {f"cell-linear_jtex-{method}-s_knn" for method in PAPERS_METHODS}


def test_a_cell_says_what_the_paper_prints():
    claim = judge()["cell-gaussian-vae-s_knn"]
    assert claim.statement == "S-kNN of VAE on Gaussian: 15.28 ± 7.98"
    assert claim.where == "Table 1"


def test_a_large_sd_of_ours_makes_nothing_agree():
    wide = metrics()
    vae = (wide["dataset"] == "cubic_jtex") & (wide["method"] == "vae")
    wide.loc[vae, "test_ll"] = [-400, -300, 200, 100, -50]
    found = judge_cells(SAID["cell"], summarise(wide, PUBLISHED), PUBLISHED)
    (claim,) = [claim for claim in found if claim.claim == "cell-cubic_jtex-vae-test_ll"]
    assert claim.verdict == "not decidable" and "the margin is 12.5" in claim.note
    wide.loc[vae, "test_ll"] = [-400, -400, -401, -399, -400]
    assert verdicts(judge_cells(SAID["cell"], summarise(wide, PUBLISHED), PUBLISHED))[claim.claim] == "not reproduced"


def test_one_replicate_has_no_sd():
    one = metrics().query("replicate == 0")
    claims = judge_cells(SAID["cell"], summarise(one, PUBLISHED), PUBLISHED)
    assert set(verdicts(claims).values()) == {"not decidable"}
    assert all("second replicate" in claim.note for claim in claims)


def test_a_cell_that_the_study_has_not_is_not_decidable():
    some = metrics().query("dataset == 'gaussian' and method != 'lagging'")
    claims = judge_cells(SAID["cell"], summarise(some, PUBLISHED), PUBLISHED)
    assert len(claims) == 40
    assert {claim.claim for claim in claims if claim.verdict != "not decidable"} <= {
        f"cell-gaussian-{method}-{metric}" for method, metric in itertools.product(PAPERS_METHODS, PAPERS_METRICS)
    }
    (claim,) = [claim for claim in claims if claim.claim == "cell-gaussian-lagging-test_ll"]
    assert claim.note.startswith("lacking") and pd.isna(claim.value)
