"""Joint MAP without LiBI's constraints shrinks the codes (Appendix D)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.closed_forms import CLOSED_FORM, EDGE, FITTING, MISFIT, NUMERICAL_ERROR, known
from libi.judging.intervals import above, below, exact
from libi.judging.replicates import mean_and_sd
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import LINEAR

PLACE = 11
READS = ("scaling", "joint_map")
SAYS = {
    "codes_shrink": {
        "title": "joint MAP shrinks its codes",
        "family": "Joint MAP",
        "where": "Appendix D, Eq. 31-40",
        "statement": 'joint MAP without the constraints "is biased towards learning z_n\'s close to 0"',
    },
    "shrinking_misfits": {
        "title": "joint MAP misfits the data",
        "family": "Joint MAP",
        "where": "Appendix D, Eq. 41",
        "statement": (
            'it prefers a model "which generates a different data distribution that the true data distribution"'
        ),
    },
}
SHRUNK = 0.1  # scale of the codes at which the closed form is quoted
SHRINKAGE = ("dataset", "code_variance_1", "code_variance_2", "mle_objective", "objective", "diverged")
GAIN_OF_SHRINKING = 1.0  # nats: −log N(z|0, I) of two-dimensional codes from the prior, less that of codes at 0


def judge_shrinkage(said: Mapping[str, PublishedClaim], scaling: pd.DataFrame, joint_map: pd.DataFrame) -> list[Claim]:
    """Joint MAP without constraints prefers small codes, and a p_θ(x) that is not p(x): in closed form, and trained."""
    claims, table = [], joint_map.reindex(columns=SHRINKAGE)  # without columns if there is no such data set
    for dataset, title in LINEAR.items():
        row = scaling[(scaling["dataset"] == dataset) & (scaling["scale"] == SHRUNK)].iloc[0]
        trained = table[(table["dataset"] == dataset) & ~table["diverged"].astype(bool)]
        note = _trained(trained, title)
        claims += [
            known(
                said["codes_shrink"].about(dataset),
                below(exact(row["objective_change"] + abs(row["reconstruction_change"])), 0),
                row["objective_change"],
                NUMERICAL_ERROR,
                0,
                measure=f"change of Eq. 31 at the truth when all codes are multiplied by {SHRUNK:g} and W is divided "
                f"by it, so that the reconstruction stays the same, nats; {CLOSED_FORM}",
                test="reproduced if the objective falls",
                note=note,
            ),
            known(
                said["shrinking_misfits"].about(dataset),
                above(exact(row["mle_objective"]), MISFIT),
                row["mle_objective"],
                NUMERICAL_ERROR,
                MISFIT,
                measure=f"KL[p(x) ‖ p_θ(x)] after that, nats; {CLOSED_FORM}",
                test=f"reproduced if it is above the margin. Margin: {FITTING}",
                note=note,
            ),
        ]
    return claims


def _trained(rows: pd.DataFrame, title: str) -> str:
    """What trained joint MAP shows beside the closed form."""
    if len(rows) < 2:
        return f"no two restarts of joint MAP on {title} beside it"
    variance, variance_sd = _over_restarts(rows[["code_variance_1", "code_variance_2"]].mean(axis=1))
    misfit, misfit_sd = _over_restarts(rows["mle_objective"])
    found = (
        f"trained: code variance {variance:.3f} ± {variance_sd:.3f}, KL {misfit:.2f} ± {misfit_sd:.2f} over restarts"
    )
    behind = rows["objective"].median() - rows["objective"].min()
    if behind > EDGE * GAIN_OF_SHRINKING:
        return f"{found}; training has not converged, half of the restarts end {behind:.2g} nats or more above the best"
    return found


def _over_restarts(values: pd.Series) -> tuple[float, float]:
    return mean_and_sd(values.to_numpy(dtype=float))


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """In closed form, and trained."""
    return judge_shrinkage(said, evidence.scaling, evidence.joint_map)


CLAIMS = judge
