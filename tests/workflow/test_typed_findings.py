"""Findings that pages and the paper state in words that nobody generates: each must hold in what is published."""

import re

import pages
import pandas as pd
import pytest

from benchmarks import libi_failures
from libi.paper.nearest import nearest
from libi.paper.sensitivity import split
from libi.paper.tables import variants
from libi.runtime.storage import load_table
from libi.study.reading import read_study

from .conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BATCHES = ["base", "batch-50", "batch-100", "batch-125", "batch-500"]


@pytest.fixture(scope="module")
def cells():
    return split(load_table(REPOSITORY / "paper/reference/sensitivity.csv"))[0]


@pytest.fixture(scope="module")
def failures():
    """By variant and R: how many restarts fail, and what the chosen ones are worth."""
    rows = load_table(REPOSITORY / "benchmarks/results/libi_failures.csv")
    return libi_failures.summarise(rows).set_index(["variant", "rounds"])


def test_of_five_batch_sizes_the_default_comes_nearest(cells):
    """paper/choices.yaml."""
    assert read_study(REPOSITORY / "config/config.yaml").training.batch_size == 250
    ranking = nearest(cells, BATCHES)
    assert ranking["variant"].tolist()[0] == "base" and len(ranking) == 5


def test_without_biases_results_are_the_farthest_from_the_papers(cells):
    """docs/sensitivity.md and the paper: hence the paper's encoders probably had biases."""
    ranking = nearest(cells, list(dict.fromkeys(cells["variant"])))
    assert ranking["variant"].tolist()[-1] == "plain-encoders"


def test_a_smaller_alpha_would_meet_linear_jtex_better(cells):
    """paper/choices.yaml."""
    own = cells[(cells["dataset"] == "linear_jtex") & (cells["method"] == "vae") & (cells["metric"] == "s_knn")]
    far = (own["mean"] - own["paper_mean"]).abs().set_axis(own["variant"])
    assert far["alpha-0.65"] < far["base"] < far["alpha-2"]


def test_why_restarts_fail(failures):
    """docs/restarts.md and the paper."""
    failed, studied = failures["failed"], failures.loc["as studied"]
    for rounds in (1, 6):
        assert failed["epochs x 4", rounds] < failed["as studied", rounds]
        assert failed["last snapshot", rounds] >= failed["as studied", rounds] - 0.05
        assert abs(failed["ten validations", rounds] - failed["as studied", rounds]) <= 0.15
        assert abs(failed["in PyTorch", rounds] - failed["as studied", rounds]) <= 0.15
        assert failed["soft root", rounds] == 1
    assert failed["no whitening", 1] < failed["as studied", 1] - 0.05
    assert failed["no whitening", 6] >= failed["as studied", 6]
    assert failures.loc[("cap 30", 1), "chosen_objective"] > 10 * studied.loc[1, "chosen_objective"]
    assert failed["cap 30", 6] > failed["as studied", 6]
    assert failures.groupby("rounds")["replicates"].nunique().max() == 1  # all variants on as many replicates


def test_the_readme_types_no_size_of_the_study():
    """What make publish writes says how many models, epochs, replicates and megabytes there are."""
    typed = re.sub(f"{pages.BEGIN}.*?{pages.END}", "", README, flags=re.DOTALL)
    assert not re.findall(r"\d[\d,.]* (?:models|epochs|fresh replicates|MB|GB)", typed)
    study = read_study(REPOSITORY / "config/config.yaml")
    assert (
        f"The full study has {len(list(study.models())):,} models, each trained for {study.training.epochs:,} epochs"
        in README
    )
    assert variants.MANY == pd.read_csv(REPOSITORY / "paper/reference/power_table1.csv")["replicates"].max()
