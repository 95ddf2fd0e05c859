"""The method, the data set and the metric that the paper does not have, through the whole workflow."""

import pandas as pd
import pytest

from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS
from libi.study.reading import read_study

from .conftest import REPOSITORY, TINY, TINY_FILE, Project, write_study

MMD = {"mmd": {"points": 40}}


def test_the_extended_study_has_all_of_the_papers_and_one_of_each_besides():
    study = read_study(REPOSITORY / "config/extended.yaml")
    assert [name for name in study.dataset_names() if name not in PAPERS_DATASETS] == ["banana"]
    for dataset in study.dataset_names():
        others = set(study.methods(dataset)) - set(PAPERS_METHODS) - {"truth"}
        assert others == {"iwae"} and set(PAPERS_METHODS) <= set(study.methods(dataset))
    assert study.metric("mmd") is not None


@pytest.mark.run
def test_they_are_in_the_table_on_the_page_and_in_no_claim(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    evaluation = TINY["evaluation"] | {"metrics": TINY["evaluation"]["metrics"] | MMD}
    study = TINY | {"datasets": {"banana": {"vae": {}, "iwae": {}}}, "evaluation": evaluation}
    write_study(project.root / TINY_FILE, study)
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    table = pd.read_csv(project.root / "results/tiny/table1.csv").set_index(["dataset", "method", "metric"])
    for metric in ("test_ll", "test_ll_exact", "s_knn", "mmd"):
        assert table.loc[("banana", "iwae", metric), "mean"] == table.loc[("banana", "iwae", metric), "mean"]  # no NaN
    latex = (project.root / "paper/tiny/table1.tex").read_text()
    assert "IWAE" in latex and "Banana" in latex and "MMD" in latex
    page = (project.root / "results/tiny/index.html").read_text(encoding="utf-8")
    assert "IWAE" in page and "MMD" in page and "Lower is better." in page
    assert "MMD" in (project.root / "results/tiny/summary.rst").read_text(encoding="utf-8")
    claims = pd.read_csv(project.root / "results/tiny/claims.csv")
    assert not claims["claim"].str.contains("iwae|banana|mmd").any()
