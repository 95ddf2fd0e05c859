"""Our table beside the published one: differences worked out by hand, and verdicts of the claims."""

from math import nan, sqrt

import pandas as pd
import pytest

from libi.rendering.comparison import compare, difference, to_latex

COLUMNS = ["dataset", "method", "metric", "mean", "sd", "paper_mean", "paper_sd"]


def table1(*rows):
    """Rows of results/table1.csv, without the columns that the comparison does not read."""
    return pd.DataFrame(rows, columns=COLUMNS)


def claims(**verdicts):
    names = [f"cell-{name.replace('__', '-')}" for name in verdicts]
    return pd.DataFrame({"claim": names, "verdict": list(verdicts.values())}, dtype=object)


ROWS = table1(
    ("linear_jtex", "truth", "test_ll", -2.97, 0.02, nan, nan),
    ("linear_jtex", "vae", "test_ll", -3.11, 0.03, -3.15, 0.04),
    ("linear_jtex", "vae", "s_knn", 0.52, 0.50, 1.62, 0.12),
    ("gaussian", "libi", "test_ll", nan, nan, 7.85, 0.05),
    ("gaussian", "libi", "s_knn", 0.30, nan, 0.10, 0.08),
)
VERDICTS = {"linear_jtex__vae__test_ll": "reproduced", "linear_jtex__vae__s_knn": "not reproduced"}
VERDICTS |= {"gaussian__libi__test_ll": "not decidable"}


def test_differences_in_units_of_both_sds():
    table = compare(ROWS, claims(**VERDICTS)).set_index(["dataset", "method", "metric"]).sort_index()
    assert "truth" not in table.index.get_level_values("method")
    # 0.04 / 0.05 since 3² + 4² = 5²; and −1.1 / √(0.25 + 0.0144)
    assert table.loc[("linear_jtex", "vae", "test_ll"), "difference"] == pytest.approx(0.8)
    assert table.loc[("linear_jtex", "vae", "s_knn"), "difference"] == pytest.approx(-1.1 / sqrt(0.2644))
    assert table.loc["gaussian", "difference"].isna().all()


def test_equal_numbers_without_any_spread_are_no_infinite_difference():
    table = compare(table1(("gaussian", "libi", "s_knn", 0.1, 0.0, 0.1, 0.0)), claims())
    assert table["difference"].isna().all()


def test_the_latex_has_a_line_a_method_under_its_data_set():
    lines = to_latex(compare(ROWS, claims(**VERDICTS)), study="test").splitlines()
    assert lines[0].startswith("% ") and "test" in lines[0]
    assert r"\multicolumn{9}{l}{\emph{LinearJTEx}} \\" in lines
    vae = (
        r"VAE & $-3.11 \pm 0.03$ & $-3.15 \pm 0.04$ & $+0.8$ & yes & $0.52 \pm 0.50$ & $1.62 \pm 0.12$ & $-2.1$ & no \\"
    )
    assert vae in lines
    libi = r"LiBI & -- & $7.85 \pm 0.05$ & -- & open & $0.30$ & $0.10 \pm 0.08$ & -- & -- \\"
    assert lines.index(libi) > lines.index(r"\multicolumn{9}{l}{\emph{Gaussian}} \\") > lines.index(vae)
    assert not any("Mobius" in line or "CubicJTEx" in line for line in lines)
    assert {line.count("&") for line in lines if line.startswith(("VAE", "LiBI", "Method"))} == {8}


def test_a_study_without_published_cells_has_a_table_without_lines():
    empty = compare(ROWS[ROWS["method"] == "truth"], claims())
    assert empty.empty
    assert r"\toprule" in to_latex(empty, study="test")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.04, "$+0.0$"), (-12.34, "$-12.3$"), (2500.0, "$+2{,}500$"), (-3.2e7, r"$-3.2 \times 10^{7}$"), (nan, "--")],
)
def test_signs_and_sizes_of_differences(value, expected):
    assert difference(value) == expected
