"""Table 1: every method on every data set, by test log-likelihood and smooth k-NN statistic, beside the paper's."""

from __future__ import annotations

import math

import pandas as pd

from libi import __version__
from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.models.metric import HIGHER, LOWER
from libi.paper.vocabulary import ERROR, EXACT, TRUTH, UNRELIABLE
from libi.rendering.latex import MISSING, mean_and_sd, number
from libi.rendering.latex import text as latex

ARROWS: dict[str | None, str] = {HIGHER: r"$\uparrow$", LOWER: r"$\downarrow$"}
# Of a cell: the share of test points that rest on few draws, and of those whose "exact" value is an estimate.
DOUBTFUL, ESTIMATED = "share_below_100", "share_estimated"
STAR, STARRED = r"\rlap{$^*$}", "estimated, by importance sampling at the modes of the posteriors"
END = r"\end{tabular}"
OF_THE_PAPER = ("test_ll", EXACT, ERROR, "s_knn")


def summarise(metrics: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over replicates of every metric, beside the paper's.

    Args:
        metrics: one row a (dataset, method, replicate), with configuration, test_ll, test_ll_exact, s_knn,
            share_below_100 and share_estimated; other columns are ignored. Where no model could be chosen, the values
            and the configuration are empty.
        published: the paper's table, paper/published_table1.csv: dataset, method, metric, mean, sd.

    Returns:
        one row a (dataset, method, metric), in the order of their rooms, truth first. Metrics are test_ll (Eq. 48),
        test_ll_exact, test_ll_error (the first less the second), s_knn, and others that say which way is better.
        Columns: dataset, method, metric, mean, sd (divisor replicates − 1; missing for a single one), replicates (those
        with a finite value), configuration, paper_mean, paper_sd (missing for truth), share_below_100 (for test_ll and
        its error: the share of test points whose estimate rests on fewer than 100 effective draws, of the replicate
        with most of them; such an estimate may be off by any amount), share_estimated (for test_ll_exact and its
        error: the share of test points whose exact value cannot be had, so that a better estimate stands for it). A
        method without a finite value on each of the data set's replicates has neither mean nor sd, since a mean over
        the others would flatter it.

    Raises:
        ValueError: if a data set or method is unknown, a (dataset, method, replicate) is there twice, a method
            has more than one configuration on a data set, or the paper more than one number for a cell.
    """
    _check(metrics)
    cell = ["dataset", "method", "metric"]
    measured = metrics.assign(**{ERROR: metrics["test_ll"] - metrics[EXACT]})
    further = [name for name in METRICS if name in metrics and name not in OF_THE_PAPER and _sense(name)]
    names = [*OF_THE_PAPER, *further]
    values = measured.melt(["dataset", "method", "replicate"], names, "metric", "value")
    values["value"] = values["value"].astype(float).where(lambda value: value.abs() < math.inf)
    table = values.groupby(cell)["value"].agg(mean="mean", sd="std", replicates="count")  # std: divisor n − 1

    expected = metrics.groupby("dataset")["replicate"].nunique()
    complete = table["replicates"] == table.index.get_level_values("dataset").map(expected)
    table[["mean", "sd"]] = table[["mean", "sd"]].where(complete)

    table = table.join(_configurations(metrics).groupby(level=["dataset", "method"]).first())
    paper = published.set_index(cell)[["mean", "sd"]].add_prefix("paper_")
    table = table.join(paper, validate="one_to_one")
    for share, about in ((DOUBTFUL, ("test_ll", ERROR)), (ESTIMATED, (EXACT, ERROR))):
        table = table.join(metrics.groupby(["dataset", "method"])[share].max())
        table[share] = table[share].where(table.index.get_level_values("metric").isin(about))
    order = pd.MultiIndex.from_product([DATASETS, METHODS, names], names=cell)
    return table.reindex(order[order.isin(table.index)]).reset_index()


def to_latex(table: pd.DataFrame, *, study: str) -> str:
    r"""Write Table 1 in LaTeX: a tabular without float or caption, to \input where booktabs is loaded.

    Each column but CubicJTEx's Test-LL has the best of the methods in bold. The paper has one bold cell a column;
    here all methods whose mean prints the same as the best one's are bold, since a reader could not see why only one of
    them is. The ground truth stands last, below a rule of its own, and is never bold.

    With four data sets the tabular is wider than most pages. This shrinks it where it must (graphicx), and leaves it
    at about 8pt in a document of 10pt on 6.5in:
    \setlength{\tabcolsep}{3pt}\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{\input{table1}}

    Args:
        table: result of `summarise`. A method without a mean, or not run on one of the data sets, has a dash there; a
            single replicate has no sd.
        study: name of the study, for the comment in the first line.
    """
    shown = [name for name in METRICS if name != EXACT and name in set(table["metric"])]
    heads = {name: f"{latex(METRICS.title(name))} {ARROWS.get(_sense(name), '')}" for name in shown}
    tabular = _tabular(table, heads)
    origin = f"% Table 1 of the study {study}, made by libi {__version__}."
    return f"{origin} Do not edit it: every run of the study writes it.\n{tabular}"


def exact_to_latex(table: pd.DataFrame, *, study: str) -> str:
    r"""Write the exact Test-LL in LaTeX, and by how much Eq. 48 misses it: a tabular like that of `to_latex`.

    Values that are estimates have a star, and then a line below the table says what it means.

    Args:
        table: result of `summarise`.
        study: name of the study, for the comment in the first line.
    """
    tabular = _tabular(table, {EXACT: f"exact {ARROWS[HIGHER]}", ERROR: "Eq.~48 errs by"})
    return f"% Exact log-likelihoods of the study {study}, made by libi {__version__}.\n{tabular}"


def _tabular(table: pd.DataFrame, metrics: dict[str, str]) -> str:
    cells = table.set_index(["method", "dataset", "metric"])
    methods, datasets = METHODS.titles(table["method"]), DATASETS.titles(table["dataset"])
    compared = [*(method for method in methods if method != TRUTH), *(method for method in methods if method == TRUTH)]

    def wide(values: pd.Series) -> pd.DataFrame:
        columns = pd.MultiIndex.from_product([datasets, metrics])
        return values.unstack(["dataset", "metric"]).reindex(index=compared, columns=columns)

    text = wide(cells.apply(_text, axis=1)).fillna(MISSING)
    bold = wide(cells["mean"]).apply(best)

    # Styler draws rules around header and body only. A rule opens a row, so the row's name can bring it along.
    names = {name: latex(title) for name, title in methods.items()} | {TRUTH: "\\midrule\n\\emph{Ground truth}"}
    width = len(metrics)
    rules = [rf"\cmidrule(lr){{{2 + width * group}-{1 + width * (group + 1)}}}" for group in range(len(datasets))]
    text = text.rename(index=names, columns={name: latex(title) for name, title in datasets.items()} | metrics)
    text = text.rename_axis(index=None, columns=["", "\n".join([*rules, "Method"])])
    commands = bold.set_axis(text.index).set_axis(text.columns, axis=1).map({True: "boldmath:--wrap", False: ""}.get)
    style = text.style.apply(lambda _: commands, axis=None)
    tabular: str = style.to_latex(column_format="l" + "r" * text.shape[1], hrules=True, multicol_align="c")
    if STAR not in tabular:
        return tabular
    return tabular.replace(END, rf"\multicolumn{{{1 + text.shape[1]}}}{{l}}{{{STAR} {STARRED}}} \\" + f"\n{END}")


def _text(cell: pd.Series) -> str:
    """Mean and standard deviation, with a star if the exact value of a point is an estimate."""
    words = mean_and_sd(cell["mean"], cell["sd"])
    return f"{words}{STAR}" if cell.name[-1] == EXACT and cell[ESTIMATED] > 0 else words


def _check(metrics: pd.DataFrame) -> None:
    """Refuse metrics that do not say one thing of each method, naming the first problem."""
    for column, known in ("dataset", DATASETS), ("method", METHODS):
        for name in metrics.loc[~metrics[column].isin(known), column]:
            raise ValueError(f"metrics: unknown {column} {name!r}; allowed: {', '.join(known)}")
    rows = metrics.groupby(["dataset", "method", "replicate"]).size()
    for (dataset, method, replicate), count in rows[rows > 1].items():
        raise ValueError(f"metrics of {method} on {dataset}: {count} rows for replicate {replicate}; expected one")
    for (dataset, method), names in _configurations(metrics).groupby(level=["dataset", "method"]).unique().items():
        if len(names) > 1:
            listed = " and ".join(map(repr, names))
            raise ValueError(f"metrics of {method} on {dataset}: configurations {listed}; expected the same throughout")


def _configurations(metrics: pd.DataFrame) -> pd.Series:
    """The configuration of each row that has one, by dataset and method."""
    configuration = metrics.set_index(["dataset", "method"])["configuration"]
    return configuration[configuration.notna() & (configuration != "")]


def _sense(metric: str) -> str | None:
    """Whether more of a metric is better; None if it is not compared."""
    return METRICS.literal(metric, "BETTER", None)


def best(means: pd.Series) -> pd.Series:
    """Which methods share the best mean, as printed, in a column named (dataset, metric)."""
    competitors = means.drop(TRUTH, errors="ignore").dropna()
    if means.name == UNRELIABLE or means.name[1] == ERROR or competitors.empty:
        return pd.Series(False, means.index)
    best = competitors.min() if _sense(means.name[1]) == LOWER else competitors.max()
    return (competitors.map(number) == number(best)).reindex(means.index, fill_value=False)
