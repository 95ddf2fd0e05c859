"""Claims that closed forms decide (Section 1, Appendices C and D), and what importance sampling is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.evidence import by_replicate, mean_and_sd
from libi.judging.intervals import above, below, exact, of_mean, within
from libi.paper.vocabulary import LINEAR, METHODS, NOT_REPRODUCED, REPRODUCED

NUMERICAL_ERROR = 1e-9  # of closed forms in float64, and of the least value that an optimisation finds
OPTIMUM_ERROR = 1e-6  # of where that is, which is less sure
CLOSED_FORM = "closed form; ± numerical error"
ZERO = "a closed form; reproduced if it is 0 up to its numerical error"
EDGE = 0.1  # of an axis, a range or a distance: what still counts as its end, or as none
FEW_DRAWS = 0.05  # of the points: these decide their mean, since what is missed is only bounded by the noise
MISFIT = 0.1  # nats
FITTING = "ours; fitting a covariance to 500 points costs a tenth of it or less"
SHRUNK = 0.1  # scale of the codes at which the closed form is quoted
SHRINKAGE = ("dataset", "code_variance_1", "code_variance_2", "mle_objective", "objective", "diverged")
GAIN_OF_SHRINKING = 1.0  # nats: −log N(z|0, I) of two-dimensional codes from the prior, less that of codes at 0


def zero(stated: PublishedClaim, value: float, measure: str, note: str = "") -> Claim:
    """A claim that a closed form is 0."""
    interval = exact(value, NUMERICAL_ERROR)
    return stated.judged(
        within(exact(value), NUMERICAL_ERROR),
        interval,
        measure=f"{measure}; {CLOSED_FORM}",
        uncertainty=NUMERICAL_ERROR,
        margin=NUMERICAL_ERROR,
        test=ZERO,
        note=note,
    )


def known(stated: PublishedClaim, verdict: str, value: float, error: float, margin: float, **words: str) -> Claim:
    """A claim that a number known up to a numerical error is on one side of a margin."""
    return stated.judged(verdict, exact(value, error), uncertainty=error, margin=margin, **words)


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
            note=f"the truth's is {truth:.3f}: the posterior is all but diagonal, not quite",
        ),
    ]


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
            measure="I(X;Z) of the B that is preferred in Figure 1 less that of the paper's own B, nats; "
            f"{CLOSED_FORM}",
            test="reproduced if the preferred codes have less information than the generating ones",
            note=f"{least['mutual_information']:.2f} and {own['mutual_information']:.2f} nats: in this example the "
            "objective selects codes of more information. That it may select codes without any is shown by Case 2",
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
        measure="I(X;Z) at the last B of the way along the upper edge of Figure 1A towards the least KL, less the "
        f"greatest of the figure, nats; {CLOSED_FORM}",
        uncertainty=NUMERICAL_ERROR,
        margin=0.0,
        test="not reproduced if the KL falls all along the edge, as far as the paper's domain [0, σ_ε²] goes, while "
        "I comes to exceed all of the figure; else reproduced",
        note=f"KL {last['posterior_matching']:.1g} and I {last['mutual_information']:.2f} nats there; at B_11 = σ_ε² "
        "the KL is 0 and I infinite, which no B exceeds. On a grid that stops short of σ_ε² the corner has a "
        "middling I, but so it has whatever the data: I is a sum of two equal functions of B_11 and B_22, one at its "
        "end and one at its start",
    )


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


def judge_population_posteriors(said: Mapping[str, PublishedClaim], optima: pd.DataFrame, points: int) -> list[Claim]:
    """Eq. 4 at the VAE's optimum and Eq. 9 at the truth, of LinearJTEx over all of p(x)."""
    rows = optima.set_index("name")
    p, q = (_covariance(rows.loc["beta=1"], whose) for whose in ("p", "q"))
    mismatch, apart = _squared_distance(p, np.eye(2)), _squared_distance(q, p)
    recovered = _squared_distance(_covariance(rows.loc["truth"], "p"), np.eye(2))
    sampled = 6 / points  # mean of ‖Σ − I‖² of so many codes of dimension 2 drawn from the prior
    return [
        known(
            said["aggregated_differs"].about("population"),
            above(exact(mismatch), sampled),
            mismatch,
            OPTIMUM_ERROR,
            sampled,
            measure=f"‖Σ − I‖² of E_p(x)[p_θ*(z|x)]; {CLOSED_FORM}",
            test="reproduced if it is above the margin. Margin: ours, what as many codes as training points show on "
            "average when drawn from the prior",
        ),
        known(
            said["aggregated_alike"].about("population"),
            below(exact(apart), EDGE * mismatch),
            apart,
            OPTIMUM_ERROR,
            EDGE * mismatch,
            measure=f"‖Σ_q − Σ_p‖² of E_p(x)[q_ϕ*(z|x)] and E_p(x)[p_θ*(z|x)]; {CLOSED_FORM}",
            test="reproduced if it is below the margin. Margin: ours, a tenth of the distance of p's from the prior",
        ),
        zero(
            said["prior_recovered"].about("population"),
            recovered,
            "‖Σ − I‖² of E_p(x)[p_θGT(z|x)] on LinearJTEx",
        ),
    ]


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
                f"by it, which leaves the reconstruction as it is, nats; {CLOSED_FORM}",
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


def judge_likelihood(stated: PublishedClaim, metrics: pd.DataFrame) -> list[Claim]:
    """CubicJTEx's importance-sampled log-likelihood rests on few draws, whatever the method.

    The mean over test points is as good as the worst of them: a point whose posterior is missed counts with minus
    thousands of nats.
    """
    claims = []
    for method, name in METHODS.items():
        shares, errors = (
            by_replicate(table, "cubic_jtex", method, column)
            for table, column in (
                (metrics, "share_below_100"),
                (metrics.assign(error=metrics["test_ll"] - metrics["test_ll_exact"]), "error"),
            )
        )
        interval = of_mean(shares)
        error, spread = mean_and_sd(errors)
        lacking = (
            "" if not np.isnan(interval.low) else f"lacking: finite values of {name} on CubicJTEx, of two replicates"
        )
        claims.append(
            stated.about(method).judged(
                above(interval, FEW_DRAWS),
                interval,
                measure=f"share of {name}'s test points with fewer than 100 effective draws; mean ± sd over replicates",
                uncertainty=mean_and_sd(shares)[1],
                margin=FEW_DRAWS,
                test="95 % t-interval over replicates; reproduced if it is above the margin, not reproduced if below. "
                "Margin: ours, one point in twenty; with 100 effective draws a point errs by a tenth of a nat",
                note=lacking or f"Eq. 48 less the exact value: {error:.2f} ± {spread:.2f} nats",
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
