"""Models are trained, scored and selected without the test points."""

import shutil

import yaml

from .conftest import SMOKE, TINY_FILE, write_study


def test_selection_works_without_the_test_points(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "blind")
    results = project.root / "results" / "tiny"
    kept = [results / folder / "linear_jtex/libi.csv" for folder in ("scores", "selection")]
    before = {path: path.read_bytes() for path in kept}
    (test_file,) = results.rglob("test.safetensors")
    test_file.unlink()
    for folder in ("scores", "selection", "metrics"):
        shutil.rmtree(results / folder)
    target = "results/tiny/selection/linear_jtex/libi.csv"
    # Snakemake would make all three splits anew: it may run this rule alone.
    run = project.snakemake("--cores", "1", "--configfile", TINY_FILE, "--allowed-rules", "select", "--", target)
    assert run.returncode == 0, run.stdout
    assert not test_file.exists()
    assert len(before) == 2 and {path: path.read_bytes() for path in before} == before


def test_only_the_evaluation_takes_the_test_points(smoke_run):
    """By what Snakemake noted of every file that it made."""
    takers = [record for record in smoke_run.records() if any("test.safetensors" in path for path in record["input"])]
    assert {record["rule"] for record in takers} == {"evaluate"}


def test_selection_on_the_test_points_is_visible(smoke_run, tmp_path):
    project = smoke_run.copy(tmp_path / "finished")
    mapping = yaml.safe_load((project.root / SMOKE).read_text(encoding="utf-8"))
    mapping["selection"]["configuration_split"] = "test"
    study = write_study(project.root / "peeking.yaml", mapping)
    run = project.snakemake("--configfile", study, "--list-input-changes")
    assert run.returncode == 0, run.stdout
    assert sum(line.startswith("results/smoke/scores/") for line in run.stdout.splitlines()) == 24
    jobs, _ = project.planned("--configfile", study)
    assert not {"train", "train_first", "simulate"} & jobs.keys() and jobs["select"] == 24
