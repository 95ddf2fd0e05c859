"""What the estimate of Eq. 48 would choose: every configuration of a finished study scored both ways.

    python benchmarks/selection.py results

A configuration is chosen by its mean log-likelihood on the validation points. Of each method that has several, this
takes the exact one and the paper's estimate of it, and compares the choices by their exact log-likelihood on the test
points. Writes results/selection.csv, one row a data set, method and way to choose.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

import pandas as pd  # noqa: E402
import torch  # noqa: E402

from libi.evaluation.choices import chosen_models  # noqa: E402
from libi.evaluation.scores import score_replicates  # noqa: E402
from libi.models.selection import choose_configurations, chosen_configurations  # noqa: E402
from libi.paper.tables.gaps import SYMBOLS  # noqa: E402
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS  # noqa: E402
from libi.posterior.marginal import marginal_log_likelihood  # noqa: E402
from libi.rendering.latex import mean_and_sd, text  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.runtime.storage import READABLE, load_table, load_tables, load_tensors, save_table  # noqa: E402
from libi.study.jobs import ScoringJob  # noqa: E402
from libi.study.reading import read_study  # noqa: E402

RECORDED = ROOT / "benchmarks/results/selection.csv"
WAYS = ("exact", "importance")


def choices_of(results: Path, dataset: str, method: str) -> Iterator[dict[str, object]]:
    """The configuration that either way chooses, and what it is worth on the test points."""
    study = read_study(ROOT / "config/config.yaml")
    paths = sorted((results / "training" / dataset / method).glob("*.safetensors"))
    points = {
        split: [
            load_tensors(results / "data" / dataset / str(i) / f"{split}.safetensors") for i in range(study.replicates)
        ]
        for split in ("validation", "test")
    }
    for way in WAYS:
        scores = load_table(results / "scores" / dataset / f"{method}.csv")
        if way != "exact":
            estimate = {"likelihood": way, "importance": study.metric("test_ll").model_dump()}
            job = ScoringJob.model_validate(study.scoring_job() | estimate)
            records = load_tables([path.with_suffix(".csv") for path in paths])
            scores = score_replicates(paths, records, dict(enumerate(points["validation"])), job)
        selection = choose_configurations(scores)
        values = [
            marginal_log_likelihood(choice.model.dataset, choice.model.generative, points["test"][i][0]["x"])
            for i, choice in enumerate(chosen_models(paths, selection, scores))
            if choice.model is not None
        ]
        exact = pd.Series([float(value.log_likelihood.mean()) for value in values])
        yield {
            "dataset": dataset,
            "method": method,
            "by": way,
            "configurations": len(selection),
            "configuration": chosen_configurations(selection)[method],
            "test_ll_exact": exact.mean(),
            "sd": exact.std(),
        }


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a data set and method whose choices differ: both configurations, with their exact Test-LL."""
    keys = ["dataset", "method"]
    wide = rows.set_index([*keys, "by"])[["configuration", "test_ll_exact", "sd"]].unstack("by")
    wide = wide.loc[list(rows[keys].drop_duplicates().itertuples(index=False, name=None))]
    return wide[wide["configuration", "exact"] != wide["configuration", "importance"]]


def to_markdown(rows: pd.DataFrame) -> str:
    """Where the estimate chooses otherwise."""
    lines = [
        "| data set | method | chosen by exact | exact Test-LL | chosen by Eq. 48 | exact Test-LL |",
        "|---" * 6 + "|",
    ]
    for (dataset, method), row in compared(rows).iterrows():
        cells = [
            f"`{row['configuration', way]}` | {row['test_ll_exact', way]:.3f} ± {row['sd', way]:.3f}" for way in WAYS
        ]
        lines.append(f"| {PAPERS_DATASETS[dataset]} | {PAPERS_METHODS[method]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def to_words(rows: pd.DataFrame) -> str:
    """How often the choices differ."""
    differ, pairs = len(compared(rows)), rows.groupby(["dataset", "method"]).ngroups
    pairs_of = "combinations of a method and a data set with several configurations"
    return f"In {differ} of {pairs} {pairs_of}, the two choices differ."


def to_latex(rows: pd.DataFrame) -> str:
    r"""The same as `to_markdown`, as a tabular over the text's width for booktabs and array."""
    wide = r">{\raggedright\arraybackslash}p{0.22\linewidth}"
    lines = [
        "% Configurations chosen by the exact log-likelihood and by Eq. 48; benchmarks/selection.py measures them.",
        rf"\begin{{tabular}}{{ll{wide}l{wide}l}}",
        r"\toprule",
        r"Data set & Method & chosen by exact & exact Test-LL & chosen by Eq.~48 & exact Test-LL \\",
        r"\midrule",
    ]
    for (dataset, method), row in compared(rows).iterrows():
        cells = [
            f"{_in_symbols(row['configuration', way])} & {mean_and_sd(row['test_ll_exact', way], row['sd', way])}"
            for way in WAYS
        ]
        lines.append(rf"{text(PAPERS_DATASETS[dataset])} & {text(PAPERS_METHODS[method])} & {' & '.join(cells)} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _in_symbols(configuration: str) -> str:
    """A configuration with the paper's letters, which may be broken between them."""
    pairs = [pair.split("=") for pair in configuration.split(",")]
    return ", ".join(f"{SYMBOLS.get(key, text(key))} {value}" for key, value in pairs)


def main() -> None:
    """Score everything, write the rows, print where the choices differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="the results folder of the finished full study")
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    study = read_study(ROOT / "config/config.yaml")
    rows = [
        row
        for dataset in PAPERS_DATASETS
        for method in PAPERS_METHODS
        if len(study.configurations(dataset, method)) > 1
        for row in choices_of(given.results, dataset, method)
    ]
    save_table(RECORDED, pd.DataFrame(rows), READABLE)
    print(to_words(pd.DataFrame(rows)), to_markdown(pd.DataFrame(rows)), sep="\n\n")


if __name__ == "__main__":
    main()
