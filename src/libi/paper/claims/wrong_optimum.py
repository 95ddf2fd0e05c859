"""The global optimum of the VAE objective as a wrong model, and the trade that training makes (Section 1)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.closed_forms import CLOSED_FORM, EDGE, FITTING, MISFIT, NUMERICAL_ERROR, known
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.intervals import above, below, exact, within
from libi.judging.replicates import by_replicate, less
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import NEGLIGIBLE, PAPERS_DATASETS

PLACE = 1
READS = ("optima", "gaps")
SAYS = {
    "objective_at_truth": {
        "title": "L at the ground truth",
        "family": "Case 1",
        "where": "Section 1, Case 1; Figure 1C",
        "statement": '"L(θ_GT, ϕ_GT) = 0.532"',
        "published": 0.532,
        "precision": 0.001,
    },
    "objective_at_optimum": {
        "title": "L at its global optimum",
        "family": "Case 1",
        "where": "Section 1, Case 1; Figure 1D",
        "statement": '"L(θ*, ϕ*) = 0.196"',
        "published": 0.196,
        "precision": 0.001,
    },
    "optimum_misfits": {
        "title": "the global optimum misfits the data",
        "family": "Case 1",
        "where": "Section 1, Case 1; Figure 1D",
        "statement": '"the learned model fails to capture the data distribution"',
    },
    "optimum_is_diagonal": {
        "title": "the global optimum has diagonal posteriors",
        "family": "Case 1",
        "where": "Section 1, Case 1",
        "statement": 'the VAE objective will prefer a model that "has a diagonal Gaussian posterior"',
    },
    "wrong_model_preferred": {
        "title": "L prefers a model that misfits",
        "family": "Case 1",
        "where": "Section 1, Case 1",
        "statement": (
            '"the VAE objective will prefer a model that fails to capture the data distribution but has a diagonal '
            'Gaussian posterior over the ground-truth model"'
        ),
    },
    "trade_off": {
        "title": "likelihood traded for easy posteriors",
        "family": "Trade-off",
        "where": "Introduction; Section 1, Discussion",
        "statement": (
            '"the VAE objective may prefer generative models that explain the data poorly but have posteriors that '
            'are easy to approximate": on {dataset}'
        ),
    },
}
NO_TRADE = (
    "on Gaussian f_θ is linear and the noise is the same in all features, so the axes of the codes can be turned until "
    "the posteriors are diagonal; then the truth itself is the global optimum, and there is nothing to trade"
)


def judge_objectives(said: Mapping[str, PublishedClaim], optima: pd.DataFrame) -> list[Claim]:
    """L(θ_GT, ϕ_GT) and L(θ*, ϕ*) as printed, and what the second is made of, on LinearJTEx over all of p(x)."""
    rows = optima.set_index("name")
    claims = []
    for claim, name in (("objective_at_truth", "truth"), ("objective_at_optimum", "beta=1")):
        stated, value = said[claim], rows.loc[name, "objective"]
        difference = value - stated.published
        claims.append(
            stated.judged(
                within(exact(difference), stated.precision / 2),
                exact(difference, NUMERICAL_ERROR),
                measure=f"L (Eq. 2) in nats over all of p(x), with the best mean-field ϕ; {CLOSED_FORM}",
                value=value,
                uncertainty=NUMERICAL_ERROR,
                margin=stated.precision / 2,
                test="reproduced if it differs from the printed value by no more than half a unit of its last digit",
            )
        )
    misfit, truth = rows.loc["beta=1", "mle_objective"], rows.loc["truth", "posterior_matching"]
    matching = rows.loc["beta=1", "posterior_matching"]
    return [
        *claims,
        known(
            said["optimum_misfits"],
            above(exact(misfit), MISFIT),
            misfit,
            NUMERICAL_ERROR,
            MISFIT,
            measure=f"KL[p(x) ‖ p_θ*(x)] at the VAE's optimum, nats; {CLOSED_FORM}",
            test=f"reproduced if it is above the margin. Margin: {FITTING}",
        ),
        known(
            said["optimum_is_diagonal"],
            below(exact(matching), EDGE * truth),
            matching,
            NUMERICAL_ERROR,
            EDGE * truth,
            measure=f"posterior matching at the VAE's optimum, 0 for a diagonal posterior, nats; {CLOSED_FORM}",
            test="reproduced if it is below the margin. Margin: ours, a tenth of the truth's",
            note=f"the truth's is {truth:.3f}: the posterior is almost diagonal, but not exactly",
        ),
    ]


def judge_preference(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """The trained VAE reaches a smaller L over all of p(x) than the truth with the ϕ trained for it (LinearJTEx)."""
    measure = "L(θ_GT, ϕ_GT) minus L(θ, ϕ) of the trained VAE (Eq. 2, over all of p(x)), nats"
    gain = less(gaps, "linear_jtex", "truth", "vae", "objective")
    return judge_family([Comparison(stated, measure, {"truth and VAE on LinearJTEx": gain})])


def judge_trade_off(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """The thesis: the VAE explains the data worse than the truth does, and its posteriors are easier to approximate."""
    comparisons = [
        Comparison(
            stated.about(dataset, dataset=title),
            f"KL[p(x) ‖ p_θ(x)] of the trained VAE minus {NEGLIGIBLE} nats (ours), and the truth's "
            "E KL[q_ϕGT(z|x) ‖ p_θGT(z|x)] minus the VAE's, nats",
            {
                f"KL[p ‖ p_θ] on {title}": by_replicate(gaps, dataset, "vae", "mle_objective") - NEGLIGIBLE,
                f"posterior matching on {title}": less(gaps, dataset, "truth", "vae", "posterior_matching"),
            },
            untestable=NO_TRADE if dataset == "gaussian" else "",
        )
        for dataset, title in PAPERS_DATASETS.items()
    ]
    return judge_family(comparisons)


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """In closed form on LinearJTEx, and of trained models."""
    return [
        *judge_objectives(said, evidence.optima),
        *judge_preference(said["wrong_model_preferred"], evidence.gaps),
        *judge_trade_off(said["trade_off"], evidence.gaps),
    ]


CLAIMS = judge
