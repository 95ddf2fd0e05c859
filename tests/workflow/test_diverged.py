"""Methods all of whose models have diverged have dashes in the table and on the page, and the run ends well."""

import re

import pandas as pd
import pytest

from .conftest import TINY, TINY_FILE, Project, write_study

METHOD = '''"""A method whose loss is never a number."""

from libi.base.method import Method, Phase
from libi.base.objective import Objective

TITLE = "Diverges"


def loss(dataset, stack, x, noise):
    means, _ = dataset.inference.heads_of(stack["inference"], x.unbind(1))
    return sum(means).mean(1) * float("nan")


METHOD = Method(
    lambda values, epochs, settings: (Phase("never", ("inference",), epochs, fresh=True, opens_round=True),),
    objectives=(),
    own={"never": Objective(loss, groups=("inference",))},
)
'''


@pytest.mark.run
def test_a_method_whose_models_have_all_diverged_has_dashes(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    (project.root / "src/libi/methods/diverges.py").write_text(METHOD)
    write_study(project.root / TINY_FILE, TINY | {"datasets": {"linear_jtex": {"vae": {}, "diverges": {}}}})
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    results = project.root / "results/tiny"
    means = pd.read_csv(results / "table1.csv").set_index("method")["mean"]
    assert means.loc[["diverges"]].isna().all() and means.loc[["vae"]].notna().all()
    (row,) = (line for line in (project.root / "paper/tiny/table1.tex").read_text().splitlines() if "Diverges" in line)
    assert "nan" not in row.lower() and "--" in row
    assert "Diverges" in (results / "index.html").read_text(encoding="utf-8")
    assert "nan" not in (results / "summary.rst").read_text(encoding="utf-8").lower()


@pytest.mark.run
def test_a_study_all_of_whose_models_have_diverged_is_dashes_alone(tmp_path):
    """With steps of 1e30 no model has a finite loss, the ground truth's inference network included."""
    project = Project.of_the_work_tree(tmp_path / "project")
    methods = TINY["datasets"]["linear_jtex"]
    steps = TINY["training"] | {"learning_rate": 1e30}
    write_study(
        project.root / TINY_FILE,
        TINY | {"training": steps, "datasets": dict.fromkeys(("linear_jtex", "mobius"), methods)},
    )
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    results = project.root / "results/tiny"
    table = pd.read_csv(results / "table1.csv")
    assert table["mean"].isna().all() and (table["replicates"] == 0).all()
    claims = pd.read_csv(results / "claims.csv")
    measured = claims[claims["family"].isin(["Cells of Table 1", "Trade-off", "S-kNN lowest"])]
    assert len(measured) and not set(measured["verdict"]) & {"reproduced", "not reproduced"}
    for shown in (results / "index.html", results / "summary.rst", project.root / "paper/tiny/table1.tex"):
        assert "nan" not in re.findall(r"[a-z]+", shown.read_text(encoding="utf-8").lower())
