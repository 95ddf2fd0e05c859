"""Models whose codes say nothing of the data among the global optima (Section 1, Case 2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.closed_forms import zero
from libi.paper.evidence import Evidence

PLACE = 3
READS = ("collapse",)
SAYS = {
    "all_equally_good": {
        "title": "every θ of Case 2 is a global optimum",
        "family": "Case 2",
        "where": "Section 1, Case 2; Appendix C.1, Eq. 10-16",
        "statement": (
            '"every θ [...] yields the same data marginal [...] and thus minimizes the MLE objective"; "the posterior'
            ' matching objective can be fully minimized"'
        ),
    },
    "no_information": {
        "title": "Case 2 has optima with uninformative codes",
        "family": "Case 2",
        "where": "Section 1, Case 2; Appendix C.1",
        "statement": (
            '"the set of global minima of L(θ, ϕ) contain many models that produce uninformative latent codes"; at θ '
            "= 0, I(X; Z) = 0"
        ),
    },
    "unbounded_information": {
        "title": "Case 2 has optima with unbounded information",
        "family": "Case 2",
        "where": "Section 1, Case 2; Appendix C.1",
        "statement": '"I_θ(X; Z) = Const − ½ log(σ_ε² − θ²)"; at the upper end of θ, "I(X; Z) = ∞"',
    },
}


def judge_collapse(said: Mapping[str, PublishedClaim], collapse: pd.DataFrame) -> list[Claim]:
    """Case 2: every θ in [0, σ_ε] is a global optimum, while the information goes from 0 to infinity."""
    end = collapse["theta"].max()
    inner = collapse[collapse["theta"] < end]
    constant = inner["mutual_information"] + 0.5 * np.log(end**2 - inner["theta"] ** 2)
    parts = collapse["mle_objective"].abs() + collapse["posterior_matching"].abs()
    at_zero = collapse.loc[collapse["theta"].idxmin(), "mutual_information"]
    slip = "needs 0 ≤ θ ≤ σ_ε, where the paper prints σ_ε²"
    last = inner["mutual_information"].max()
    return [
        zero(said["all_equally_good"], parts.max(), "largest L(θ, ϕ) of all θ, with the best ϕ, nats", slip),
        zero(said["no_information"], at_zero, "I(X;Z) at θ = 0, nats"),
        zero(
            said["unbounded_information"],
            constant.max() - constant.min(),
            "by how much I(X;Z) + ½ log(σ_ε² − θ²) varies over θ < σ_ε: if not at all, I grows without bound",
            f"{last:.2f} nats at the last θ before σ_ε; Eq. 15's −4 is spurious; {slip}",
        ),
    ]


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """In closed form."""
    return judge_collapse(said, evidence.collapse)


CLAIMS = judge
