"""The table of the two gaps, worked out by hand."""

from math import sqrt

import pandas as pd
import pytest

from libi.paper.tables.gaps import configurations_to_latex, restarts_to_latex, summarise, to_latex

ROW = {"dataset": "mobius", "method": "vae", "mle_objective": 0.2, "posterior_matching": 0.1, "objective": 0.3}
ROW |= {"information": 5.0, "q_mean_distance": 0.01, "q_covariance_distance": 0.02, "q_moments_error": 0.003}
ROW |= {"p_mean_distance": 0.1, "p_covariance_distance": 0.2, "p_moments_error": 0.004}
ERRORS = {f"{name}_error": 0.03 for name in ("mle_objective", "posterior_matching", "objective", "information")}


def gaps():
    rows = [ROW | ERRORS | {"replicate": 0}, ROW | ERRORS | {"replicate": 1, "mle_objective": 0.4}]
    rows[1]["mle_objective_error"] = 0.04
    return pd.DataFrame([*rows, rows[0] | {"method": "truth", "mle_objective": 0.0}])


def test_means_spreads_and_errors():
    table = summarise(gaps()).set_index(["method", "measure"])
    row = table.loc["vae", "mle_objective"]
    assert (row["mean"], row["sd"]) == pytest.approx((0.3, 0.2 / sqrt(2)))
    assert row["error"] == pytest.approx(sqrt((0.03**2 + 0.04**2) / 2))
    assert table.loc[("vae", "q_distance"), "mean"] == pytest.approx(0.03)
    assert table.loc[("vae", "p_distance"), "error"] == pytest.approx(0.004)


def test_the_latex_has_the_truth_first():
    lines = to_latex(summarise(gaps()), study="test").splitlines()
    truth, vae = (next(line for line in lines if line.startswith(name)) for name in (r"\emph{Ground", "VAE"))
    assert lines.index(truth) < lines.index(vae)
    assert vae.startswith(r"VAE & $0.30 \pm 0.14$ & $0.10 \pm 0.00$ & $0.30 \pm 0.00$ & $5.00 \pm 0.00$ & $0.03")
    assert truth.startswith(r"\emph{Ground truth} & $0.00$ & ")
    assert {line.count("&") for line in lines if line.endswith(r"\\") and "multicolumn" not in line} == {6}


def test_failed_restarts_and_configurations_whose_restarts_all_failed():
    row = {"dataset": "cubic_jtex", "rounds": 1, "restarts": 10}
    table = pd.DataFrame([row | {"failed": 10}, row | {"failed": 5}])
    assert r"CubicJTEx & 1 & 20 & 75\% & 50\% \\" in restarts_to_latex(table, study="test")
    assert r"\midrule" in restarts_to_latex(pd.DataFrame(), study="test")


def test_failed_restarts_are_counted_by_configuration():
    """Of ε = 1 with R = 1, 5 + 10 of 20 fail; with R = 6 none; ε = 2 was run with R = 6 alone."""
    rows = [("epsilon_hz=1,rounds=1", 1, 0, 5), ("epsilon_hz=1,rounds=1", 1, 1, 10), ("epsilon_hz=1,rounds=6", 6, 0, 0)]
    rows += [("epsilon_hz=2,rounds=6", 6, 0, 1)]
    table = pd.DataFrame(rows, columns=["configuration", "rounds", "replicate", "failed"])
    latex = configurations_to_latex(table.assign(dataset="mobius", restarts=10), study="test")
    assert r" & \multicolumn{2}{c}{Mobius} \\" in latex and r"$\epsilon_{\mathrm{HZ}}$ & $R=1$ & $R=6$ \\" in latex
    assert "\n1 & 75\\% & 0\\% \\\\\n2 & -- & 10\\% \\\\\n" in latex
    assert r"\midrule" in configurations_to_latex(pd.DataFrame(), study="test")
