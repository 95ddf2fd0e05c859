"""What an edit, a visit to another branch or a change of the study makes Snakemake do again."""

import os

import pytest
import yaml

from .conftest import OF_A_STUDY, SMOKE, TYPESET, write_study

TRUTHS, POINTS, TRAINED = {"define_truth": 4}, {"simulate": 8}, {"train": 22, "train_first": 4}
SCORED = {"select": 24}
JUDGED = {"judge": 1, "render_verdicts": 1, "render_page": 1, "write_numbers": 1} | TYPESET
GAPS = {"gather_gaps": 1, "render_gaps": 1, "draw": 1} | JUDGED
FAILED = {"gather_restarts": 1, "render_gaps": 1} | JUDGED
DRAWN = {"draw": len(OF_A_STUDY), "render_page": 1} | TYPESET
INFERRED = {"define_reference": 4, "infer": 24} | GAPS | DRAWN
TABLED = {"evaluate": 24, "gather_grid": 1, "render_table1": 1} | INFERRED
DERIVED, SHRUNK = {"derive": 1, "draw": 1} | JUDGED, {"measure_shrinkage": 2} | JUDGED

# A data set, a method and an objective of one's own: no other's jobs.
ONE_METHOD = {"select": 4, "evaluate": 4, "infer": 4, "gather_grid": 1, "render_table1": 1} | GAPS | DRAWN
OF_LAGGING, OF_LIBI = {"train": 4} | ONE_METHOD, {"train_first": 4} | ONE_METHOD | FAILED
OF_MOBIUS = {"define_truth": 1, "simulate": 2, "train": 5, "train_first": 1, "select": 6, "evaluate": 6} | FAILED | GAPS
OF_MOBIUS |= {"define_reference": 1, "infer": 6, "gather_grid": 1, "render_table1": 1}


def without_reference(jobs):
    """What the ground truth says of its points asks for no trained model."""
    return {rule: number for rule, number in jobs.items() if rule != "define_reference"}


@pytest.fixture
def finished(smoke_run, tmp_path):
    """A copy of the finished smoke run, to be changed."""
    return smoke_run.copy(tmp_path / "finished")


def study_with(finished, change):
    """The smoke study with a change, as a file of its own that names the same folders."""
    mapping = yaml.safe_load((finished.root / SMOKE).read_text(encoding="utf-8"))
    mapping["datasets"] = {name: dict(methods) for name, methods in mapping["datasets"].items()}
    change(mapping)
    return write_study(finished.root / "changed.yaml", mapping)


def test_edits_that_no_result_depends_on_rerun_nothing(finished):
    """Pages, another study, a comment in this one, and what opens a trained model or reads a study."""
    for path in ("README.md", "Makefile", "config/quick.yaml", "config/smoke.yaml"):
        finished.edit(path)
    for path in ("src/libi/models/load.py", "src/libi/study/reading.py"):
        finished.edit(path)
    jobs, _ = finished.planned("--configfile", SMOKE)
    assert jobs == {}


@pytest.mark.parametrize(
    ("path", "rerun"),
    [
        ("src/libi/paper/tables/table1.py", {"render_table1": 1} | JUDGED),
        ("src/libi/rendering/style.py", DRAWN),
        ("src/libi/paper/tables/numbers.py", {"write_numbers": 1} | TYPESET),
        ("paper/replication.tex", TYPESET),
        ("src/libi/paper/claims/cells.py", JUDGED),
        ("scripts/gather_grid.py", {"gather_grid": 1, "render_page": 1}),
        ("src/libi/models/selection.py", SCORED | TABLED),
        ("src/libi/paper/restarts.py", FAILED),
        ("src/libi/posterior/sampling.py", INFERRED),
        ("src/libi/paper/examples/pedagogical.py", DERIVED),
        ("src/libi/paper/examples/shrinkage.py", DERIVED | SHRUNK),
        ("src/libi/posterior/piecewise.py", SCORED | TABLED),
        ("src/libi/native/network.hpp", without_reference(TRAINED | SCORED | TABLED | SHRUNK | FAILED)),
        ("src/libi/datasets/mobius.py", OF_MOBIUS),
        ("src/libi/methods/lagging.py", OF_LAGGING),
        ("src/libi/objectives/constrained_likelihood.py", OF_LIBI),
        ("src/libi/metrics/s_knn.py", {"evaluate": 24, "render_table1": 1} | JUDGED),
    ],
)
def test_an_edit_reruns_what_uses_the_file(finished, path, rerun):
    finished.edit(path)
    jobs, _ = finished.planned("--configfile", SMOKE)
    assert jobs == rerun


def test_new_dates_rerun_nothing(finished):
    """As after `git switch` to another branch and back."""
    for path in (*finished.root.rglob("*.py"), *finished.root.rglob("*.smk"), *finished.root.glob("*.*")):
        os.utime(path)
    for path in (*(finished.root / "config").iterdir(), finished.root / "Snakefile"):
        os.utime(path)
    jobs, _ = finished.planned("--configfile", SMOKE)
    assert jobs == {}


def test_a_new_replicate_is_trained_alone(finished):
    study = study_with(finished, lambda mapping: mapping.update(replicates=3))
    jobs, messages = finished.planned("--configfile", study)
    trained = {"simulate": 4, "train": 20, "train_first": 4}
    assert jobs == trained | SCORED | TABLED | FAILED
    trainings = [message for message in messages if message.startswith("Training")]
    assert len(set(trainings)) == 24 and all(message.endswith("replicate 2") for message in trainings)


def test_a_new_grid_retrains_its_own_jobs(finished):
    study = study_with(finished, lambda mapping: mapping["datasets"]["gaussian"].update(lagging={"segments": [2, 4]}))
    jobs, messages = finished.planned("--configfile", study)
    tables = {"gather_grid": 1, "render_table1": 1} | GAPS
    assert jobs == {"train": 1, "select": 1, "evaluate": 1, "infer": 1} | tables
    trainings = [message for message in messages if message.startswith("Training")]
    assert trainings == ["Training lagging on gaussian, replicate 0-1"]


def test_new_settings_of_the_evaluation_train_nothing(finished):
    study = study_with(
        finished, lambda mapping: mapping["evaluation"]["metrics"]["test_ll"].update(importance_samples=300)
    )
    jobs, _ = finished.planned("--configfile", study)
    assert jobs == {"evaluate": 24, "render_table1": 1} | JUDGED


def test_new_settings_of_the_posteriors_score_and_evaluate_nothing(finished):
    study = study_with(finished, lambda mapping: mapping["evaluation"]["posterior"].update(samples=300))
    jobs, _ = finished.planned("--configfile", study)
    assert jobs == INFERRED


def test_lost_files_are_made_again_and_nothing_before_them(finished):
    for path in (finished.root / "results/smoke/metrics/mobius").glob("vae*.csv"):
        path.unlink()
    (finished.root / "results" / "smoke" / "table1.csv").unlink()
    jobs, messages = finished.planned("--configfile", SMOKE)
    assert jobs == {"evaluate": 1, "render_table1": 1} | JUDGED
    assert sum("vae on mobius" in message for message in messages) == 1


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("training/gaussian/vae/0-1.safetensors", "train"),
        ("training/gaussian/joint_map/0.csv", "train"),
        ("scores/gaussian/libi.csv", "select"),
        ("posterior/gaussian/vae_gaps.csv", "infer"),
        ("gaps.csv", "gather_gaps"),
        ("restarts.csv", "gather_restarts"),
        ("closed_form/edge.csv", "derive"),
    ],
)
def test_a_file_that_is_gone_is_made_again(finished, file, rule):
    """Though all that was made from it is there: a run that was stopped may have left the gap."""
    (finished.root / "results/smoke" / file).unlink()
    jobs, _ = finished.planned("--configfile", SMOKE)
    assert jobs[rule] == 1
