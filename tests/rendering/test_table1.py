"""Table 1 against the paper's own print, the standard library, and LaTeX itself."""

import itertools
import os
import shutil
import statistics
import subprocess
from math import inf, nan, sqrt
from pathlib import Path

import pandas as pd
import pytest

from libi.paper import vocabulary
from libi.paper.tables.table1 import OF_THE_PAPER, STAR, exact_to_latex, summarise, to_latex
from libi.paper.vocabulary import ERROR, EXACT, PAPERS_DATASETS, PAPERS_METRICS, TRUTH
from libi.rendering import latex as in_latex

METHODS = {name: in_latex.text(title) for name, title in vocabulary.PAPERS_METHODS.items()}
REPOSITORY = Path(__file__).parents[2]
PUBLISHED = pd.read_csv(REPOSITORY / "paper" / "published_table1.csv")
COLUMNS = [(dataset, metric) for dataset in PAPERS_DATASETS for metric in PAPERS_METRICS]

# Transcribed from the paper by hand; its bold cells are (column, method), and CubicJTEx's Test-LL has none.
PRINTED = {
    ("linear_jtex", "libi", "test_ll"): "-2.99 ± 0.03",
    ("cubic_jtex", "lagging", "test_ll"): "-30.64 ± 39.17",
    ("cubic_jtex", "libi", "test_ll"): "-8.90 ± 3.98",
    ("gaussian", "vae", "s_knn"): "15.28 ± 7.98",
    ("gaussian", "beta_vae", "s_knn"): "4.10 ± 1.22",
    ("mobius", "beta_vae", "test_ll"): "1.92 ± 0.06",
    ("mobius", "vae", "s_knn"): "0.38 ± 0.20",
    ("mobius", "beta_vae_anneal", "s_knn"): "0.37 ± 0.19",
}
BOLD = {
    (("linear_jtex", "test_ll"), "libi"),
    (("linear_jtex", "s_knn"), "libi"),
    (("cubic_jtex", "s_knn"), "libi"),
    (("gaussian", "test_ll"), "libi"),
    (("gaussian", "s_knn"), "libi"),
    (("mobius", "test_ll"), "beta_vae"),
    (("mobius", "s_knn"), "libi"),
}


def row(dataset="gaussian", method="vae", replicate=0, configuration="default", test_ll=7.0, s_knn=1.0):
    exact = test_ll + 0.25 * (replicate + 1)  # Eq. 48 misses a quarter of a nat, and another one a replicate
    shares = {"share_below_100": 0.002 * replicate, "share_estimated": 0.0}
    return locals() | shares | {"restart": 3, "test_ll_exact": exact}


def metrics_with(mean_and_sd):
    """Metrics of two replicates whose mean and sd are exactly the given ones, and of the truth, which beats all."""
    rows = []
    for dataset, method in itertools.product(PAPERS_DATASETS, METHODS):
        for replicate, sign in enumerate((-1, 1)):
            values = {}
            for metric in PAPERS_METRICS:
                mean, sd = mean_and_sd[dataset, method, metric]
                values[metric] = mean + sign * sd / sqrt(2)
            rows.append(row(dataset, method, replicate, "beta=0.5", **values))
    rows += [
        row(dataset, TRUTH, replicate, test_ll=99, s_knn=-99) for dataset in PAPERS_DATASETS for replicate in (0, 1)
    ]
    return pd.DataFrame(rows)


def papers_metrics():
    numbers = PUBLISHED.set_index(["dataset", "method", "metric"])
    return metrics_with({key: tuple(numbers.loc[key, ["mean", "sd"]]) for key in numbers.index})


def summary(*rows):
    """The table of some rows, as (mean, sd, replicates) by (dataset, method, metric)."""
    table = summarise(pd.DataFrame(rows), PUBLISHED).set_index(["dataset", "method", "metric"])
    return table[["mean", "sd", "replicates"]]


def rendered(metrics):
    """The cells of the fragment by (column, method), read from its lines; methods in the order of the rows."""
    latex = to_latex(summarise(metrics, PUBLISHED), study="test")
    names = {name: method for method, name in METHODS.items()} | {r"\emph{Ground truth}": TRUTH}
    lines = [line.removesuffix(r" \\").split(" & ") for line in latex.splitlines()]
    columns = [(dataset, metric) for dataset, metric in COLUMNS if dataset in set(metrics["dataset"])]
    return {
        (column, names[line[0]]): cell
        for line in lines
        if line[0] in names
        for column, cell in zip(columns, line[1:], strict=True)
    }


def bold_cells(cells):
    return {key for key, cell in cells.items() if "boldmath" in cell}


# ---------------------------------------------------------------------------- the published numbers


def test_published_table_is_complete():
    assert len(PUBLISHED) == 40
    keys = set(PUBLISHED[["dataset", "method", "metric"]].itertuples(index=False, name=None))
    assert keys == set(itertools.product(PAPERS_DATASETS, METHODS, PAPERS_METRICS))
    assert list(PUBLISHED.columns) == ["dataset", "method", "metric", "mean", "sd"]


def test_published_table_has_cells_transcribed_by_hand():
    numbers = PUBLISHED.set_index(["dataset", "method", "metric"])
    assert {key: "{:.2f} ± {:.2f}".format(*numbers.loc[key, ["mean", "sd"]]) for key in PRINTED} == PRINTED


# ---------------------------------------------------------------------------- the fragment


def test_the_papers_numbers_render_as_the_papers_cells():
    cells = rendered(papers_metrics())
    assert len(cells) == 48
    for (dataset, method, metric), text in PRINTED.items():
        cell = cells[(dataset, metric), method].removeprefix(r"{\boldmath ").removesuffix("}")
        assert cell == "$" + text.replace("±", r"\pm") + "$"
    for dataset, method, metric, mean, sd in PUBLISHED.itertuples(index=False):
        assert rf"${mean:.2f} \pm {sd:.2f}$" in cells[(dataset, metric), method]


def test_the_papers_numbers_render_with_the_papers_bold_cells():
    cells = rendered(papers_metrics())
    assert bold_cells(cells) == BOLD
    assert cells[("mobius", "test_ll"), "beta_vae"] == r"{\boldmath $1.92 \pm 0.06$}"


def test_truth_stands_apart():
    latex = to_latex(summarise(papers_metrics(), PUBLISHED), study="test")
    methods, truth = latex.split(r"\end{tabular}")[0].split(r"\midrule")[1:]
    assert all(name in methods for name in METHODS.values())
    assert truth.startswith("\n\\emph{Ground truth} &") and "boldmath" not in truth and truth.count(r"\\") == 1


def test_first_line_says_what_made_it_and_the_rest_is_a_tabular():
    comment, latex = to_latex(summarise(papers_metrics(), PUBLISHED), study="quick").split("\n", 1)
    assert comment.startswith("% ") and "quick" in comment and "libi" in comment
    assert latex.startswith(r"\begin{tabular}{lrrrrrrrr}") and latex.endswith("\\end{tabular}\n")
    assert "caption" not in latex


def test_methods_that_print_the_same_are_all_best():
    rows = row(method="vae", test_ll=7.004), row(method="libi", test_ll=7.0), row(method="lagging", test_ll=6.99)
    bold = bold_cells(rendered(pd.DataFrame(rows)))
    assert {method for (_, metric), method in bold if metric == "test_ll"} == {"vae", "libi"}


def test_smaller_statistics_are_better_also_below_zero():
    cells = rendered(pd.DataFrame([row(method="vae", s_knn=-0.03), row(method="libi", s_knn=-0.001)]))
    assert cells[("gaussian", "s_knn"), "vae"] == r"{\boldmath $-0.03$}"
    assert cells[("gaussian", "s_knn"), "libi"] == "$0.00$"


@pytest.mark.parametrize(
    ("mean", "sd", "expected"),
    [
        (-999.99, 0.5, r"$-999.99 \pm 0.50$"),
        (-999.996, 12.0, r"$-1{,}000 \pm 12.00$"),
        (-30640.2, 39170.6, r"$-30{,}640 \pm 39{,}171$"),
        (-3.15, 123456.7, r"$-3.15 \pm 123{,}457$"),
        (-4.56e7, 1.2e10, r"$-4.6 \times 10^{7} \pm 1.2 \times 10^{10}$"),
    ],
)
def test_large_numbers_stay_short(mean, sd, expected):
    pair = [row(replicate=index, test_ll=mean + sign * sd / sqrt(2)) for index, sign in enumerate((-1, 1))]
    cell = rendered(pd.DataFrame(pair))[("gaussian", "test_ll"), "vae"]
    assert cell.removeprefix(r"{\boldmath ").removesuffix("}") == expected


def test_single_replicate_has_no_sd():
    assert summary(row())["sd"].isna().all()
    assert rendered(pd.DataFrame([row()]))[("gaussian", "test_ll"), "vae"] == r"{\boldmath $7.00$}"


def test_table_read_from_its_file_renders_the_same(tmp_path):
    table = summarise(papers_metrics(), PUBLISHED)
    table.to_csv(tmp_path / "table1.csv", index=False)
    assert to_latex(pd.read_csv(tmp_path / "table1.csv"), study="test") == to_latex(table, study="test")


def test_fragment_compiles_with_bold_plus_minus(tmp_path):
    # Not tectonic, which may fetch its packages from the network.
    latex, find = shutil.which("pdflatex"), shutil.which("kpsewhich")
    if not (latex and find and subprocess.run([find, "booktabs.sty"], capture_output=True).returncode == 0):
        pytest.skip("needs pdflatex with booktabs (Debian: texlive-latex-recommended)")
    incomplete = papers_metrics()
    incomplete.loc[incomplete["method"] == "lagging", [*PAPERS_METRICS, EXACT]] = nan
    incomplete.loc[incomplete["method"] == "vae", "test_ll"] *= 1e6
    for name, metrics in {"paper": papers_metrics(), "incomplete": incomplete}.items():
        table = summarise(metrics, PUBLISHED)
        (tmp_path / f"{name}.tex").write_text(to_latex(table, study=name), encoding="utf-8")
        (tmp_path / f"{name}_exact.tex").write_text(exact_to_latex(table, study=name), encoding="utf-8")
    (tmp_path / "document.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\usepackage[paperwidth=14in,textwidth=12in]{geometry}"
        "\n\\begin{document}\\noindent\\input{paper}\n\n\\noindent\\input{incomplete}"
        "\n\n\\noindent\\input{paper_exact}\n\n\\noindent\\input{incomplete_exact}\\end{document}\n"
    )
    command = [latex, "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    environment = os.environ | {"max_print_line": "10000"}  # or TeX breaks the names of the fonts it prints
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout
    assert "Overfull" not in run.stdout
    assert "cmbsy10" in run.stdout  # the bold symbols: ± and minus are as bold as the digits
    assert "cmbx10" in run.stdout


# ---------------------------------------------------------------------------- the summary


def test_summary_stands_beside_the_papers_numbers_in_the_papers_order():
    table = summarise(papers_metrics().sample(frac=1, random_state=0), PUBLISHED)
    assert list(table.columns) == [
        *("dataset", "method", "metric", "mean", "sd", "replicates", "configuration", "paper_mean", "paper_sd"),
        *("share_below_100", "share_estimated"),
    ]
    order = list(table[["dataset", "method", "metric"]].itertuples(index=False, name=None))
    assert order == list(itertools.product(PAPERS_DATASETS, (TRUTH, *METHODS), OF_THE_PAPER))
    truth = table["method"] == TRUTH
    of_ours = table["metric"].isin([EXACT, ERROR])
    assert table.loc[truth | of_ours, ["paper_mean", "paper_sd"]].isna().all(axis=None)
    table, truth = table[~of_ours], truth[~of_ours]
    assert table.loc[~truth, "mean"].to_numpy() == pytest.approx(table.loc[~truth, "paper_mean"].to_numpy())
    assert table.loc[~truth, "sd"].to_numpy() == pytest.approx(table.loc[~truth, "paper_sd"].to_numpy())
    assert set(table["replicates"]) == {2}
    assert set(table.loc[~truth, "configuration"]) == {"beta=0.5"}


def test_an_estimate_that_rests_on_few_draws_is_marked():
    """Of the replicate with most points below 100 effective draws; what is not estimated has no mark."""
    rows = [row(replicate=0), row(replicate=1) | {"share_below_100": 1.0, "test_ll": -8_157_211.0}]
    table = summarise(pd.DataFrame(rows), PUBLISHED).set_index("metric")
    assert table.loc[["test_ll", ERROR], "share_below_100"].tolist() == [1.0, 1.0]
    assert table.loc[[EXACT, "s_knn"], "share_below_100"].isna().all()


def test_an_exact_value_that_is_an_estimate_is_marked():
    """With a star in the table of exact values, and a line below it; without estimates there is neither."""
    rows = [row(replicate=0), row(replicate=1) | {"share_estimated": 1.0}, row(method="libi")]
    table = summarise(pd.DataFrame(rows), PUBLISHED)
    marked = table.set_index(["method", "metric"])["share_estimated"]
    assert marked.loc["vae", [EXACT, ERROR]].tolist() == [1.0, 1.0] and marked.loc["libi", EXACT] == 0.0
    assert marked.loc[:, ["test_ll", "s_knn"]].isna().all()
    written = exact_to_latex(table, study="extended")
    assert written.count(STAR) == 2
    assert STAR not in exact_to_latex(summarise(pd.DataFrame(rows[:1]), PUBLISHED), study="extended")
    assert STAR not in to_latex(table, study="extended")


def test_standard_deviation_has_divisor_n_minus_1():
    values = [-3.1, -2.7, -3.35, -2.9, -3.0]
    numbers = summary(*(row(replicate=index, test_ll=value) for index, value in enumerate(values)))
    mean, sd, replicates = numbers.loc["gaussian", "vae", "test_ll"]
    assert mean == pytest.approx(statistics.mean(values))
    assert sd == pytest.approx(statistics.stdev(values))
    assert replicates == 5


def test_the_error_of_eq_48_is_a_mean_over_replicates_too():
    """Exact values 7.25 and 8.5 beside 7 and 8: errors of −0.25 and −0.5, whose sd is 0.25/√2."""
    numbers = summary(row(replicate=0, test_ll=7.0), row(replicate=1, test_ll=8.0))
    assert tuple(numbers.loc["gaussian", "vae", EXACT]) == pytest.approx((7.875, 1.25 / sqrt(2), 2))
    assert tuple(numbers.loc["gaussian", "vae", ERROR]) == pytest.approx((-0.375, 0.25 / sqrt(2), 2))


def test_the_exact_table_has_bold_likelihoods_and_plain_errors():
    rows = row("cubic_jtex", "vae", test_ll=-5.0), row("cubic_jtex", "libi", test_ll=-4.0)
    latex = exact_to_latex(summarise(pd.DataFrame(rows), PUBLISHED), study="test")
    assert r"LiBI & {\boldmath $-3.75$} & $-0.25$ \\" in latex
    assert r"VAE & $-4.75$ & $-0.25$ \\" in latex


def test_only_what_was_run_appears():
    table = summarise(pd.DataFrame([row("mobius", "libi"), row("gaussian", TRUTH), row("gaussian", "vae")]), PUBLISHED)
    cells = list(table[["dataset", "method"]].drop_duplicates().itertuples(index=False, name=None))
    assert cells == [("gaussian", TRUTH), ("gaussian", "vae"), ("mobius", "libi")]


def test_method_that_was_not_run_on_a_data_set_has_a_dash_there():
    cells = rendered(pd.DataFrame([row("gaussian", "vae"), row("mobius", "vae"), row("mobius", "libi")]))
    assert cells[("gaussian", "test_ll"), "libi"] == "--"
    assert list(dict.fromkeys(method for _, method in cells)) == ["vae", "libi"]


@pytest.mark.parametrize("empty", [nan, "", None])
def test_method_without_a_model_has_a_dash(empty):
    nothing = [row(method="libi", replicate=index, configuration=empty, test_ll=nan, s_knn=nan) for index in (0, 1)]
    metrics = pd.DataFrame([row(replicate=0), row(replicate=1), *nothing])
    libi = summarise(metrics, PUBLISHED).query("method == 'libi'")
    assert libi[["mean", "sd", "configuration"]].isna().all(axis=None) and set(libi["replicates"]) == {0}
    assert libi["paper_mean"].dropna().tolist() == [7.85, 0.10]
    cells = rendered(metrics)
    assert cells[("gaussian", "test_ll"), "libi"] == cells[("gaussian", "s_knn"), "libi"] == "--"
    assert bold_cells(cells) == {(("gaussian", metric), "vae") for metric in PAPERS_METRICS}


def test_column_without_any_value_has_no_best():
    assert bold_cells(rendered(pd.DataFrame([row(test_ll=nan), row(method=TRUTH)]))) == {(("gaussian", "s_knn"), "vae")}


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_value_missing_on_one_replicate_is_missing_in_the_mean(value):
    numbers = summary(row(replicate=0), row(replicate=1), row(replicate=2, test_ll=value))
    mean, sd, replicates = numbers.loc["gaussian", "vae", "test_ll"]
    assert pd.isna(mean) and pd.isna(sd) and replicates == 2
    assert tuple(numbers.loc["gaussian", "vae", "s_knn"]) == (1.0, 0.0, 3)


def test_replicate_without_a_row_is_missing_in_the_mean():
    numbers = summary(row(replicate=0), row(replicate=1), row(method="libi", replicate=0))
    assert pd.isna(numbers.loc[("gaussian", "libi", "s_knn"), "mean"])
    assert numbers.loc[("gaussian", "vae", "s_knn"), "mean"] == 1.0


def refused(*rows):
    with pytest.raises(ValueError) as caught:
        summary(*rows)
    return str(caught.value)


def test_replicate_that_is_there_twice_is_refused():
    message = refused(row(replicate=0), row(replicate=1), row(replicate=1, test_ll=8.0))
    assert message == "metrics of vae on gaussian: 2 rows for replicate 1; expected one"


def test_two_configurations_of_a_method_are_refused():
    message = refused(row(replicate=0, configuration="beta=2"), row(replicate=1, configuration="beta=5"))
    assert "vae on gaussian" in message and "'beta=2' and 'beta=5'" in message


def test_unknown_names_are_refused():
    assert "unknown method 'wae'; allowed: truth, vae" in refused(row(method="wae"))
    assert "unknown dataset 'mnist'; allowed: linear_jtex" in refused(row(dataset="mnist"))


def test_two_published_numbers_for_a_cell_are_refused():
    with pytest.raises(ValueError):
        summarise(pd.DataFrame([row()]), pd.concat([PUBLISHED, PUBLISHED.head(1)]))
