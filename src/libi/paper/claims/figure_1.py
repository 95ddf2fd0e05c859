"""What the posterior-matching objective prefers among models of one marginal (Figure 1A and B)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from libi.judging.claims import NOT_REPRODUCED, REPRODUCED, Claim, PublishedClaim
from libi.judging.closed_forms import CLOSED_FORM, EDGE, NUMERICAL_ERROR, known, zero
from libi.judging.intervals import above, below, exact
from libi.paper.evidence import Evidence

PLACE = 2
READS = ("information", "edge")
SAYS = {
    "every_b_fits": {
        "title": "every B of Figure 1 fits the data",
        "family": "Case 1",
        "where": "Section 1, Case 1",
        "statement": '"for every θ, the MLE objective is 0" (θ = B)',
    },
    "matching_prefers_corner": {
        "title": "L is least in the top-left corner of Figure 1",
        "family": "Case 1",
        "where": "Section 1, Case 1; Figure 1A",
        "statement": (
            '"L(θ, ϕ) prefers high value in the upper diagonal of B and low value in the lower diagonal"; "the B in '
            'the top-left corner"'
        ),
    },
    "posterior_is_correlated": {
        "title": "the true posteriors are correlated",
        "family": "Case 1",
        "where": "Section 1, Case 1",
        "statement": '"the ground-truth posteriors are non-diagonal Gaussians"',
    },
    "least_correlation": {
        "title": "L is least where posteriors correlate least",
        "family": "Case 1",
        "where": "Section 1, Case 1",
        "statement": 'the objective "is minimized by θ\'s whose posteriors have the least amount of correlation"',
    },
    "information_not_extreme": {
        "title": "I(X; Z) of the preferred B is not extreme",
        "family": "Case 1",
        "where": "Section 1, Case 1; Figure 1B",
        "statement": '"the I(X; Z) corresponding to the preferred B is not highest or lowest"',
    },
    "uninformative_preferred": {
        "title": "L can prefer uninformative codes",
        "family": "Case 1",
        "where": "Section 1, Case 1",
        "statement": (
            '"even if the true data generating model produces highly informative latent codes, the VAE objective may '
            'select a model that produces uninformative latent codes"'
        ),
    },
}


def judge_figure_1(said: Mapping[str, PublishedClaim], information: pd.DataFrame, edge: pd.DataFrame) -> list[Claim]:
    """What the PM objective prefers among all B, which have one marginal, and what information it has there."""
    width = information[["b_11", "b_22"]].max()
    least = information.loc[information["posterior_matching"].idxmin()]
    away = max(1 - least["b_11"] / width["b_11"], least["b_22"] / width["b_22"])
    steps = information[["b_11", "b_22"]].nunique().min() - 1
    correlated = information["posterior_matching"] + 0.5 * np.log1p(-(information["correlation"] ** 2))
    own = edge.iloc[0]
    return [
        zero(
            said["every_b_fits"],
            information["mle_objective"].abs().max(),
            "largest KL[p(x) ‖ p_B(x)] of all B of Figure 1A, nats",
        ),
        known(
            said["matching_prefers_corner"],
            below(exact(away), EDGE),
            away,
            1 / steps,
            EDGE,
            measure="distance of the least KL from the corner of high B_11 and low B_22, in widths of the axis; closed "
            "form on a grid; ± one step of it",
            test="reproduced if it is below the margin. Margin: ours, a tenth of the axis",
            note=f"the axes end at {width['b_11']:g}, short of σ_ε² = 0.01: at B_11 = σ_ε² the KL is 0 for every B_22",
        ),
        known(
            said["posterior_is_correlated"],
            above(exact(abs(own["correlation"])), EDGE),
            abs(own["correlation"]),
            NUMERICAL_ERROR,
            EDGE,
            measure=f"|ρ|, the correlation of the two codes in the posterior under the paper's own B; {CLOSED_FORM}",
            test="reproduced if it is above the margin. Margin: ours, a tenth",
        ),
        zero(
            said["least_correlation"],
            correlated.abs().max(),
            "largest |KL + ½ log(1 − ρ²)| of all B, ρ the posterior's correlation: if 0, the least KL has the least "
            "|ρ|",
        ),
        _information_at_the_edge(said["information_not_extreme"], information, edge),
        known(
            said["uninformative_preferred"],
            below(exact(least["mutual_information"] - own["mutual_information"]), 0),
            least["mutual_information"] - own["mutual_information"],
            NUMERICAL_ERROR,
            0,
            measure="I(X;Z) of the B that is preferred in Figure 1 minus that of the paper's own B, nats; "
            f"{CLOSED_FORM}",
            test="reproduced if the preferred codes have less information than the generating ones",
            note=f"{least['mutual_information']:.2f} and {own['mutual_information']:.2f} nats: in this example the "
            "objective selects codes with more information. Case 2 shows that it may select codes without any",
        ),
    ]


def _information_at_the_edge(stated: PublishedClaim, information: pd.DataFrame, edge: pd.DataFrame) -> Claim:
    """On the paper's domain [0, σ_ε²]² the KL is least at B_11 = σ_ε², where it is 0 and the information infinite."""
    last, greatest = edge.iloc[-1], information["mutual_information"].max()
    excess = exact(last["mutual_information"] - greatest, NUMERICAL_ERROR)
    falls = edge["posterior_matching"].iloc[1:].is_monotonic_decreasing
    verdict = NOT_REPRODUCED if falls and excess.low > 0 else REPRODUCED
    return stated.judged(
        verdict,
        excess,
        measure="I(X;Z) at the last B of the way along the upper edge of Figure 1A towards the least KL, minus the "
        f"greatest of the figure, nats; {CLOSED_FORM}",
        uncertainty=NUMERICAL_ERROR,
        margin=0.0,
        test="not reproduced if the KL falls all along the edge, as far as the paper's domain [0, σ_ε²] goes, while "
        "I comes to exceed all of the figure; else reproduced",
        note=f"near the corner, the KL is {last['posterior_matching']:.1g} and I is {last['mutual_information']:.2f} "
        "nats; in the corner itself (B_11 = σ_ε²) the KL is 0 and I is infinite. So the preferred B has the most "
        "information. On a grid that ends below σ_ε², the corner has a medium I. "
        "This does not depend on the data: I is the sum of one function at B_11 and the same function at B_22, and in "
        "the corner B_11 is the largest and B_22 the smallest value",
    )


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """In closed form, on a grid of B."""
    return judge_figure_1(said, evidence.information, evidence.edge)


CLAIMS = judge
