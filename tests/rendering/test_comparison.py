"""Our table beside the published one: differences worked out by hand, and verdicts of the claims."""

from math import nan

import pandas as pd
import pytest

from libi.paper.tables.comparison import compare, difference, to_latex

COLUMNS = ["dataset", "method", "metric", "mean", "sd", "paper_mean", "paper_sd"]


def table1(*rows):
    """Rows of results/table1.csv, without the columns that the comparison does not read."""
    return pd.DataFrame(rows, columns=COLUMNS)


def claims(**judged):
    """Claims of cells, each with difference, low, high, margin and verdict."""
    rows = [(f"cell-{name.replace('__', '-')}", *values) for name, values in judged.items()]
    return pd.DataFrame(rows, columns=["claim", "difference", "low", "high", "margin", "verdict"])


ROWS = table1(
    ("linear_jtex", "truth", "test_ll", -2.97, 0.02, nan, nan),
    ("linear_jtex", "vae", "test_ll", -3.11, 0.03, -3.15, 0.04),
    ("linear_jtex", "vae", "s_knn", 0.52, 0.50, 1.62, 0.12),
    ("gaussian", "libi", "test_ll", nan, nan, 7.85, 0.05),
    ("gaussian", "libi", "s_knn", 0.30, nan, 0.10, 0.08),
)
VERDICTS = {
    "linear_jtex__vae__test_ll": (0.04, -0.014, 0.094, 0.08, "reproduced"),
    "linear_jtex__vae__s_knn": (-1.1, -1.71, -0.49, 0.78, "not reproduced"),
    "gaussian__libi__test_ll": (nan, nan, nan, 0.56, "not decidable"),
}


def test_cells_have_the_differences_of_their_claims():
    table = compare(ROWS, claims(**VERDICTS)).set_index(["dataset", "method", "metric"]).sort_index()
    assert "truth" not in table.index.get_level_values("method")
    judged = ["difference", "low", "high", "margin", "verdict"]
    assert tuple(table.loc[("linear_jtex", "vae", "test_ll"), judged]) == VERDICTS["linear_jtex__vae__test_ll"]
    assert table.loc[("gaussian", "libi", "s_knn"), judged].isna().all()


def test_the_latex_has_a_line_a_method_under_its_data_set():
    lines = to_latex(compare(ROWS, claims(**VERDICTS)), study="test").splitlines()
    assert lines[0].startswith("% ") and "test" in lines[0]
    assert r"\multicolumn{9}{l}{\emph{LinearJTEx}} \\" in lines
    vae = (
        r"VAE & $-3.11 \pm 0.03$ & $-3.15 \pm 0.04$ & $-0.01$ to $+0.09$ & reproduced"
        r" & $0.52 \pm 0.50$ & $1.62 \pm 0.12$ & $-1.71$ to $-0.49$ & not reproduced \\"
    )
    assert vae in lines
    libi = r"LiBI & -- & $7.85 \pm 0.05$ & -- & not decidable & $0.30$ & $0.10 \pm 0.08$ & -- & -- \\"
    assert lines.index(libi) > lines.index(r"\multicolumn{9}{l}{\emph{Gaussian}} \\") > lines.index(vae)
    assert not any("Mobius" in line or "CubicJTEx" in line for line in lines)
    assert {line.count("&") for line in lines if line.startswith(("VAE", "LiBI", "Method"))} == {8}


def test_a_study_without_published_cells_has_a_table_without_lines():
    empty = compare(ROWS[ROWS["method"] == "truth"], claims())
    assert empty.empty
    assert r"\toprule" in to_latex(empty, study="test")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.004, "$+0.00$"), (-12.345, "$-12.35$"), (2500.0, "$+2{,}500$"), (-3.2e7, r"$-3.2 \times 10^{7}$"), (nan, "--")],
)
def test_signs_and_sizes_of_differences(value, expected):
    assert difference(value) == expected
