"""The study of fresh replicates: what the paper's study chose, on points that had no part in the choice."""

import pandas as pd

from libi.study.reading import read_study

from .studies import CONFIG, REPOSITORY, mapping

POWER, PAPER = (read_study(CONFIG / f"{name}.yaml") for name in ("power", "config"))


def test_its_replicates_are_others():
    assert not set(POWER.replicate_names()) & set(PAPER.replicate_names())
    assert len(POWER.replicate_names()) == 25


def test_its_configurations_are_those_that_the_published_study_chose():
    grid = pd.read_csv(REPOSITORY / "paper/reference/grid.csv")
    chosen = grid[grid["chosen"] & (grid["method"] != "truth")].set_index(["dataset", "method"])["configuration"]
    for dataset in PAPER.dataset_names():
        for method in PAPER.methods(dataset)[1:]:
            names = [configuration.name for configuration in POWER.configurations(dataset, method)]
            assert names == [chosen[dataset, method]], (dataset, method)


def test_all_other_choices_are_the_paper_s_study_s():
    """But for what only makes it faster: replicates that share a job, and fewer draws of what is measured."""
    power, paper = mapping("power"), mapping("config")
    for study in (power, paper):
        for key in ("name", "replicates", "first_replicate", "replicates_per_job", "datasets"):
            del study[key]
        del study["evaluation"]["posterior"], study["evaluation"]["metrics"]["s_knn"]["draws"]
    assert power == paper
