"""Two tables: the two gaps of Eq. 2 of each method, and how often LiBI's restarts fail."""

from __future__ import annotations

import pandas as pd

from libi import __version__
from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.paper.vocabulary import TRUTH
from libi.rendering.latex import MISSING, mean_and_sd, text

SHOWN = {
    "mle_objective": r"$\KL{p}{p_\theta}$",
    "posterior_matching": r"$\E\,\KL{q_\phi}{p_\theta}$",
    "objective": "$L$",
    "information": "$I(X;Z)$",
    "q_distance": r"$q_\phi$ from prior",
    "p_distance": r"$p_\theta$ from prior",
}


def summarise(gaps: pd.DataFrame) -> pd.DataFrame:
    """Means and standard deviations over replicates.

    Args:
        gaps: results/gaps.csv.

    Returns:
        one row a data set, method and measure: dataset, method, measure (of `SHOWN`; the distances are ‖μ‖² + ‖Σ − I‖²
        of the aggregated posteriors), mean, sd (divisor replicates − 1), error (the root mean square of the standard
        errors of single replicates, 0 for closed forms).
    """
    both = {whose: gaps[f"{whose}_mean_distance"] + gaps[f"{whose}_covariance_distance"] for whose in "qp"}
    table = gaps.assign(**{f"{whose}_distance": distance for whose, distance in both.items()})
    table = table.rename(columns={f"{whose}_moments_error": f"{whose}_distance_error" for whose in "qp"})
    rows = []
    for (dataset, method), group in table.groupby(["dataset", "method"], sort=False):
        for measure in SHOWN:
            error = float((group[f"{measure}_error"] ** 2).mean() ** 0.5)
            values = {"mean": group[measure].mean(), "sd": group[measure].std(ddof=1), "error": error}
            rows.append({"dataset": dataset, "method": method, "measure": measure, **values})
    return pd.DataFrame(rows, columns=["dataset", "method", "measure", "mean", "sd", "error"])


def to_latex(summary: pd.DataFrame, *, study: str) -> str:
    r"""Write the table in LaTeX: a tabular without float or caption, for booktabs, with \KL and \E defined.

    Args:
        summary: result of `summarise`.
        study: name of the study, for the comment in the first line.
    """
    cells = summary.set_index(["dataset", "method", "measure"])
    lines = [
        f"% The two gaps of the study {study}, made by libi {__version__}.",
        rf"\begin{{tabular}}{{l{'r' * len(SHOWN)}}}",
        r"\toprule",
        " & ".join(["Method", *SHOWN.values()]) + r" \\",
    ]
    methods = {name: text(title) for name, title in METHODS.titles(summary["method"]).items()}
    for dataset, title in DATASETS.titles(summary["dataset"]).items():
        lines += [r"\midrule", rf"\multicolumn{{{1 + len(SHOWN)}}}{{l}}{{\emph{{{text(title)}}}}} \\"]
        for method, name in methods.items():
            name = rf"\emph{{{name}}}" if method == TRUTH else name
            if (dataset, method) in cells.index.droplevel("measure"):
                row = [_cell(cells, (dataset, method, measure)) for measure in SHOWN]
                lines.append(" & ".join([name, *row]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _cell(cells: pd.DataFrame, key: tuple[str, str, str]) -> str:
    return mean_and_sd(cells.loc[key, "mean"], cells.loc[key, "sd"]) if key in cells.index else MISSING


SYMBOLS = {
    "epsilon_hz": r"$\epsilon_{\mathrm{HZ}}$",
    "epsilon_covariance": r"$\epsilon_\Sigma$",
    "epsilon_mean": r"$\epsilon_\mu$",
    "beta": r"$\beta$",
    "rounds": "$R$",
}


def by_configuration(restarts: pd.DataFrame) -> pd.DataFrame:
    """The share of restarts that fail, a row a configuration without its rounds, a column a data set and R."""
    if restarts.empty:
        return pd.DataFrame()
    own = restarts.assign(configuration=restarts["configuration"].str.replace(r",?rounds=\d+", "", regex=True))
    sums = own.groupby(["configuration", "dataset", "rounds"], sort=False)[["failed", "restarts"]].sum()
    return (sums["failed"] / sums["restarts"]).unstack(["dataset", "rounds"])


def configurations_to_latex(restarts: pd.DataFrame, *, study: str) -> str:
    r"""Write in LaTeX how often the restarts of each of LiBI's configurations fail: a tabular for booktabs.

    Args:
        restarts: results/restarts.csv; empty if the study has not LiBI.
        study: name of the study, for the comment in the first line.
    """
    shares = by_configuration(restarts)
    sizes = shares.columns.get_level_values(0).value_counts(sort=False) if len(shares) else {}
    names = [pair.split("=")[0] for pair in shares.index[0].split(",")] if len(shares) else []
    lines = [
        f"% Restarts of LiBI's configurations in the study {study}, made by libi {__version__}.",
        rf"\begin{{tabular}}{{l{'r' * shares.shape[1]}}}",
        r"\toprule",
        " & ".join(["", *(rf"\multicolumn{{{n}}}{{c}}{{{text(DATASETS.title(name))}}}" for name, n in sizes.items())])
        + r" \\",
        " & ".join(
            [", ".join(SYMBOLS.get(name, text(name)) for name in names), *(rf"$R={r}$" for _, r in shares.columns)]
        )
        + r" \\",
        r"\midrule",
    ]
    for configuration, row in shares.iterrows():
        values = ", ".join(pair.split("=")[1] for pair in str(configuration).split(","))
        cells = [MISSING if pd.isna(share) else rf"{100 * share:.0f}\%" for share in row]
        lines.append(" & ".join([values, *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def restarts_to_latex(restarts: pd.DataFrame, *, study: str) -> str:
    """Write in LaTeX how often LiBI's restarts fail, by data set and R: a tabular for booktabs.

    Args:
        restarts: results/restarts.csv; empty if the study has not LiBI.
        study: name of the study, for the comment in the first line.
    """
    lines = [
        f"% Restarts of LiBI in the study {study}, made by libi {__version__}.",
        r"\begin{tabular}{lrrrr}",
        r"\toprule",
        r"Data set & $R$ & restarts & failed & chosen ones that failed \\",
        r"\midrule",
    ]
    groups = restarts.groupby(["dataset", "rounds"], sort=False) if len(restarts) else ()
    for (dataset, rounds), rows in groups:
        total, failed = rows["restarts"].sum(), rows["failed"].sum()
        chosen = (rows["failed"] == rows["restarts"]).mean()
        shares = rf"{100 * failed / total:.0f}\% & {100 * chosen:.0f}\%"
        lines.append(rf"{text(DATASETS.title(dataset))} & {rounds} & {total} & {shares} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])
