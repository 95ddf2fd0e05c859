"""Claims that closed forms decide (Section 1, Appendices C and D), and what importance sampling is worth."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
import pandas as pd

from libi.judging.claims import DATASETS, METHODS, NOT_DECIDABLE, Claim, Saying
from libi.judging.evidence import by_replicate, mean_and_sd

NUMERICAL_ERROR = 1e-9  # of closed forms in float64, and of the least value that an optimisation finds
OPTIMUM_ERROR = 1e-6  # of where that is, which is less sure
CLOSED_FORM = "closed form; ± numerical error"
EXACT = "numerical error: it is zero if the claim is true"
EDGE = 0.1  # of an axis, a range or a distance: what still counts as its end, or as none
SAMPLED = 6 / 500  # mean of ‖Σ − I‖² of 500 codes of dimension 2 drawn from the prior
UNRELIABLE = 0.05  # of the points: these decide their mean, since what is missed is only bounded by the noise
MISFIT = 0.1  # nats
SHRINKAGE = ("dataset", "code_variance_1", "code_variance_2", "mle_objective", "objective", "diverged")
GAIN_OF_SHRINKING = 1.0  # nats: −log N(z|0, I) of two-dimensional codes from the prior, less that of codes at 0


def judge_objectives(said: Mapping[str, Saying], optima: pd.DataFrame) -> list[Claim]:
    """L(θ_GT, ϕ_GT) and L(θ*, ϕ*) as printed, of LinearJTEx over all of p(x)."""
    objective = optima.set_index("name")["objective"]
    return [
        said[claim].judged(
            abs(objective[name] - said[claim].published) <= said[claim].precision / 2,
            measure=f"L (Eq. 2) in nats over all of p(x), with the best mean-field ϕ; {CLOSED_FORM}",
            value=objective[name],
            uncertainty=NUMERICAL_ERROR,
            tolerance=said[claim].precision / 2,
            tolerance_source="half a unit of the last digit printed",
        )
        for claim, name in (("objective_at_truth", "truth"), ("objective_at_optimum", "beta=1"))
    ]


def judge_figure_1(said: Mapping[str, Saying], information: pd.DataFrame) -> list[Claim]:
    """Where KL[q ‖ p] is least over B, and that the information there is neither the least nor the greatest."""
    width, values = information[["b_11", "b_22"]].max(), information["mutual_information"]
    least = information.loc[information["posterior_matching"].idxmin()]
    away = max(1 - least["b_11"] / width["b_11"], least["b_22"] / width["b_22"])
    rank = (least["mutual_information"] - values.min()) / (values.max() - values.min())
    steps = information[["b_11", "b_22"]].nunique().min() - 1
    return [
        said["matching_prefers_corner"].judged(
            away <= EDGE,
            measure="distance of the least KL from the corner of high B_11 and low B_22, in widths of the axis; closed "
            "form on a grid; ± one step of it",
            value=away,
            uncertainty=1 / steps,
            tolerance=EDGE,
            tolerance_source="ours: a tenth of the axis",
            note=f"the axes end at {width['b_11']:g}, short of σ_ε² = 0.01: at B_11 = σ_ε² the KL is 0 for every B_22",
        ),
        said["information_not_extreme"].judged(
            EDGE <= rank <= 1 - EDGE,
            measure=f"I(X;Z) at the least KL, from 0 (least on the grid) to 1 (greatest); {CLOSED_FORM}",
            value=rank,
            uncertainty=NUMERICAL_ERROR,
            tolerance=EDGE,
            tolerance_source="ours: a tenth of the range away from either end",
            note=f"{least['mutual_information']:.2f} nats, in a range from {values.min():.2f} to {values.max():.2f}",
        ),
    ]


def judge_collapse(said: Mapping[str, Saying], collapse: pd.DataFrame) -> list[Claim]:
    """Case 2: every θ in [0, σ_ε] is a global optimum, while the information goes from 0 to infinity."""
    end = collapse["theta"].max()
    inner = collapse[collapse["theta"] < end]
    constant = inner["mutual_information"] + 0.5 * np.log(end**2 - inner["theta"] ** 2)
    parts = collapse["mle_objective"].abs() + collapse["posterior_matching"].abs()
    at_zero = collapse.loc[collapse["theta"].idxmin(), "mutual_information"]
    slip = "needs 0 ≤ θ ≤ σ_ε, where the paper prints σ_ε²"

    def zero(claim: str, value: float, measure: str, note: str) -> Claim:
        return said[claim].judged(
            abs(value) <= NUMERICAL_ERROR,
            measure=f"{measure}, nats; {CLOSED_FORM}",
            value=value,
            uncertainty=NUMERICAL_ERROR,
            tolerance=NUMERICAL_ERROR,
            tolerance_source=EXACT,
            note=note,
        )

    return [
        zero("all_equally_good", parts.max(), "largest L(θ, ϕ) of all θ, with the best ϕ", slip),
        zero("no_information", at_zero, "I(X;Z) at θ = 0", ""),
        zero(
            "unbounded_information",
            constant.max() - constant.min(),
            "by how much I(X;Z) + ½ log(σ_ε² − θ²) varies over θ < σ_ε: if not at all, I grows without bound",
            f"{inner['mutual_information'].max():.2f} nats at the last θ before σ_ε; Eq. 15's −4 is spurious; {slip}",
        ),
    ]


def judge_population_posteriors(said: Mapping[str, Saying], optima: pd.DataFrame) -> list[Claim]:
    """Eq. 4 at the VAE's optimum and Eq. 9 at the truth, of LinearJTEx over all of p(x)."""
    rows = optima.set_index("name")
    p, q = (_covariance(rows.loc["beta=1"], whose) for whose in ("p", "q"))
    mismatch = _squared_distance(p, np.eye(2))
    recovered = _squared_distance(_covariance(rows.loc["truth"], "p"), np.eye(2))

    def judged(
        claim: str, supported: bool, what: str, value: float, tolerance: float, source: str, error: float
    ) -> Claim:
        saying, measure = said[claim].about("population"), f"{what}; {CLOSED_FORM}"
        given = {"measure": measure, "value": value, "uncertainty": error}
        return saying.judged(supported, tolerance=tolerance, tolerance_source=source, **given)

    apart, tenth = _squared_distance(q, p), EDGE * mismatch
    p_far, between = "‖Σ − I‖² of E_p(x)[p_θ*(z|x)]", "‖Σ_q − Σ_p‖² of E_p(x)[q_ϕ*(z|x)] and E_p(x)[p_θ*(z|x)]"
    truth_far = "‖Σ − I‖² of E_p(x)[p_θGT(z|x)] on LinearJTEx"
    more = "ours: more than 500 codes drawn from the prior show on average, (d² + d)/500 for d = 2"
    part = "ours: a tenth of the distance of p's from the prior"
    null = NUMERICAL_ERROR
    return [
        judged("aggregated_differs", mismatch > SAMPLED, p_far, mismatch, SAMPLED, more, OPTIMUM_ERROR),
        judged("aggregated_alike", apart <= tenth, between, apart, tenth, part, OPTIMUM_ERROR),
        judged("prior_recovered", recovered <= null, truth_far, recovered, null, EXACT, null),
    ]


def judge_shrinkage(said: Mapping[str, Saying], joint_map: pd.DataFrame, points: int) -> list[Claim]:
    """Joint MAP without constraints: codes of a variance below the prior's, and a p_θ(x) that is not p(x).

    Both are claims about where Eq. 31 is least, so they are not decidable where training has not come near that.
    """
    claims, table = [], joint_map.reindex(columns=SHRINKAGE)  # without columns if there is no such data set
    below = 3 / sqrt(points)
    for dataset, title in (("linear_jtex", "LinearJTEx"), ("gaussian", "Gaussian")):
        rows = table[(table["dataset"] == dataset) & ~table["diverged"].astype(bool)]
        shared = _undecided(rows, title)
        variance, variance_sd = _over_restarts(rows[["code_variance_1", "code_variance_2"]].mean(axis=1))
        misfit, misfit_sd = _over_restarts(rows["mle_objective"])
        shrink, misfits = (said[name].about(dataset) for name in ("codes_shrink", "shrinking_misfits"))
        claims += [
            shrink.judged(
                variance < 1 - below,
                measure="variance of the training points' codes, mean of the two; mean ± sd over restarts",
                value=variance,
                uncertainty=variance_sd,
                tolerance=below,
                tolerance_source=f"below 1 by three standard errors, 1/√{points} each, of codes from the prior",
                **shared,
            ),
            misfits.judged(
                misfit > MISFIT,
                measure="KL[p(x) ‖ p_θ(x)] over all of p(x), nats; mean ± sd over restarts",
                value=misfit,
                uncertainty=misfit_sd,
                tolerance=MISFIT,
                tolerance_source="ours: ten times the cost of fitting the 10 entries of a covariance to 500 points",
                **shared,
            ),
        ]
    return claims


def _undecided(rows: pd.DataFrame, title: str) -> dict[str, str]:
    """The verdict and note of a data set whose restarts of joint MAP decide nothing; empty if they do."""
    if len(rows) < 2:
        note = f"lacking: two restarts of joint MAP on {title} that have not diverged"
        return {"verdict": NOT_DECIDABLE, "note": note}
    behind = rows["objective"].median() - rows["objective"].min()
    if behind > EDGE * GAIN_OF_SHRINKING:
        note = f"training has not converged: half of the restarts end {behind:.2g} nats or more above the best one"
        return {"verdict": NOT_DECIDABLE, "note": f"{note}, where shrinking all codes to 0 gains no more than 1"}
    return {}


def judge_likelihood(saying: Saying, metrics: pd.DataFrame) -> list[Claim]:
    """CubicJTEx's importance-sampled log-likelihood rests on few draws, whatever the method.

    The mean over test points is as good as the worst of them: a point whose posterior is missed counts with minus
    thousands of nats.
    """
    claims, column = [], "share_below_100"
    for method, name in METHODS.items():
        value, sd = mean_and_sd(by_replicate(metrics, "cubic_jtex", method, column))
        elsewhere = {
            title: mean_and_sd(by_replicate(metrics, key, method, column))[0] for key, title in DATASETS.items()
        }
        listed = ", ".join(f"{title} {share:.3f}" for title, share in elsewhere.items() if not np.isnan(share))
        claims.append(
            saying.about(method).judged(
                value > UNRELIABLE,
                measure=f"share of {name}'s test points with fewer than 100 effective draws; mean ± sd over replicates",
                value=value,
                uncertainty=sd,
                tolerance=UNRELIABLE,
                tolerance_source="ours: one point in twenty; with 100 effective draws a point errs by a tenth of a nat",
                note=f"lacking: finite values of {name} on CubicJTEx"
                if np.isnan(value)
                else f"on all data sets: {listed}",
            )
        )
    return claims


def _covariance(row: pd.Series, whose: str) -> np.ndarray:
    entries = (row[f"{whose}_covariance_{entry}"] for entry in ("11", "12", "12", "22"))
    return np.array(list(entries), dtype=float).reshape(2, 2)


def _squared_distance(matrix: np.ndarray, other: np.ndarray) -> float:
    return float(((matrix - other) ** 2).sum())


def _over_restarts(values: pd.Series) -> tuple[float, float]:
    return mean_and_sd(values.to_numpy(dtype=float))
