"""A study all of whose models have diverged still has its table, with dashes, and its verdicts, which say so."""

import pandas as pd
import pytest

from .conftest import TINY, TINY_FILE, Project, write_study


@pytest.mark.run
def test_a_study_whose_models_have_all_diverged_has_a_table(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    write_study(project.root / TINY_FILE, TINY | {"training": TINY["training"] | {"learning_rate": 1e30}})
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    results = project.root / "results/tiny"
    table = pd.read_csv(results / "table1.csv").set_index("method")
    assert table.loc[["vae", "libi"], "mean"].isna().all()
    latex = (project.root / "paper/tiny/table1.tex").read_text()
    assert "nan" not in latex.lower() and "--" in latex
    claims = pd.read_csv(results / "claims.csv")
    trained = claims[claims["claim"].str.startswith(("cell-", "wrong_model", "s_knn_lowest"))]
    assert len(trained) and not trained["verdict"].isin(["reproduced", "not reproduced"]).any()
