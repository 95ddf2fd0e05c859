"""A result that is damaged, edited, of another model or of other settings stops the run and is named."""

import os
import re
import shutil

import pytest

from libi.models.trained import check_settings
from libi.runtime.seals import Damaged, made_by, seal_of
from libi.runtime.storage import load_tensors, save_tensors
from libi.study.reading import load_study

from .conftest import TINY, TINY_FILE, shows_code, write_study
from .test_damaged_kinds import LIBI, TRAINING, VAE, another_digit, flip_a_bit

METRICS = "results/tiny/metrics/linear_jtex"


def neighbours(path):
    """LiBI's models in the place of the VAE's."""
    shutil.copy(path.parents[1] / "libi/0.safetensors", path)


def training_points(path):
    """In the place of the test points."""
    shutil.copy(path.with_name("train.safetensors"), path)


def pipe(path):
    """Whoever opens it waits for ever, since nobody writes into it."""
    path.unlink()
    os.mkfifo(path)


def last_bytes_zero(path):
    """Of the last numbers of the last model."""
    path.write_bytes(path.read_bytes()[:-9] + bytes(9))


def edited(path):
    """As in a text editor."""
    head, first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(head + first.replace("-", "-9", 1) + "".join(rest))


@pytest.mark.parametrize(
    ("file", "damage", "rule", "said"),
    [
        (VAE, neighbours, "select", f"was written as {LIBI}"),
        (VAE, last_bytes_zero, "evaluate", "it has changed since it was written"),
        ("results/tiny/data/linear_jtex/0/test.safetensors", training_points, "evaluate", "/0/train.safetensors"),
        (f"{METRICS}/vae.csv", edited, "render_table1", "it has changed since it was written"),
        ("results/tiny/claims.csv", edited, "render_verdicts", "it has changed since it was written"),
        ("figures/tiny/figure1.png", last_bytes_zero, "render_page", "it has changed since it was written"),
        (f"{METRICS}/vae.csv", pipe, "render_table1", "is not a regular file"),
    ],
)
def test_a_damaged_result_stops_the_run(tiny_run, tmp_path, file, damage, rule, said):
    project = tiny_run.copy(tmp_path / "project")
    damage(project.root / file)
    run = project.snakemake("--cores", "2", "--forcerun", rule, "--configfile", TINY_FILE)
    assert run.returncode != 0
    assert f"{file}: " in run.stdout and said in run.stdout
    assert f"and add: --forcerun {file}\n" in run.stdout and not shows_code(run.stdout)


OTHER_RATE = TINY | {"training": TINY["training"] | {"learning_rate": 0.02}}
ALL = {"train": 3, "train_first": 1, "select": 3, "evaluate": 3, "infer": 3}  # joint MAP and the truth are trained too


@pytest.mark.parametrize("notes", ["lost", "of now"])
@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({}, {}),
        ({"seed": 1}, {"simulate": 1, "define_reference": 1, **ALL}),
        ({"training": OTHER_RATE["training"]}, ALL),
        ({"selection": TINY["selection"] | {"likelihood": "importance"}}, {"select": 3, "evaluate": 3, "infer": 3}),
        ({"points": TINY["points"] | {"test": 30}}, {"simulate": 1, **ALL}),
    ],
    ids=["nothing", "seed", "learning rate", "selection", "points"],
)
def test_what_was_made_with_other_settings_is_made_again(tiny_run, tmp_path, notes, change, jobs):
    """Also where Snakemake cannot know: its notes are lost, or `snakemake --touch` made it note the new settings."""
    project = tiny_run.copy(tmp_path / "project")
    write_study(project.root / TINY_FILE, TINY | change)
    if notes == "lost":
        shutil.rmtree(project.root / ".snakemake")
    else:
        assert project.snakemake("--touch", "--cores", "1", "--configfile", TINY_FILE).returncode == 0
    planned, _ = project.planned("--configfile", TINY_FILE)
    assert planned.keys() >= jobs.keys() and (jobs or not planned), planned
    assert {rule: planned.get(rule, 0) for rule in ALL} == {rule: jobs.get(rule, 0) for rule in ALL}


LONG_AGO = 1_500_000_000


def older(path):
    """Give a file a date before everything else here, as `mv` and `rsync -a` bring it along."""
    os.utime(path, (LONG_AGO, LONG_AGO))


@pytest.mark.parametrize("seals", ["kept", "lost"])
def test_a_table_that_was_edited_stops_a_run_that_has_nothing_else_to_do(tiny_run, tmp_path, seals):
    """Though no job reads it; and so does one that says nothing of itself, as when hidden files were not copied."""
    project = tiny_run.copy(tmp_path / "project")
    table = project.root / "results/tiny/table1.csv"
    edited(table) if seals == "kept" else seal_of(table).unlink()
    older(table)
    run = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
    assert run.returncode != 0 and not shows_code(run.stdout)
    assert "results/tiny/table1.csv: " in run.stdout
    remedy = "and add: --forcerun results/tiny/table1.csv"
    assert remedy in run.stdout
    planned, _ = project.planned("--configfile", TINY_FILE, *remedy.split()[-2:])
    assert planned["render_table1"] == 1 and "train" not in planned
    told = project.snakemake("-n", "--cores", "1", "--configfile", TINY_FILE).stdout
    assert "A run would stop here. results/tiny/table1.csv: " in told
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE, *remedy.split()[-2:])
    assert run.returncode == 0, run.stdout
    assert table.read_bytes() == (tiny_run.root / "results/tiny/table1.csv").read_bytes()
    assert project.planned("--configfile", TINY_FILE) == ({}, [])


@pytest.mark.parametrize("file", [VAE, "figures/tiny/figure1.pdf", "paper/tiny/table1.tex", "results/tiny/index.html"])
def test_a_flipped_bit_stops_a_run_that_has_nothing_else_to_do(tiny_run, tmp_path, file):
    project = tiny_run.copy(tmp_path / "project")
    path = project.root / file
    before = path.stat()
    flip_a_bit(path, None) if path.suffix != ".safetensors" else last_bytes_zero(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the date tells nothing
    run = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
    assert run.returncode != 0 and not shows_code(run.stdout)
    assert f"{file}: it has changed since it was written" in run.stdout


def test_the_remedy_for_several_damaged_results_is_one_command(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    files = ["results/tiny/table1.csv", "results/tiny/claims.csv", "figures/tiny/figure1.csv"]
    for file in files:
        another_digit(project.root / file, None)
    run = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
    (remedy,) = re.findall(
        r"to make them again, call snakemake as README.md shows \(not make\), and add: (--forcerun .*)", run.stdout
    )
    assert set(remedy.split()[1:]) == set(files)
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE, *remedy.split())
    assert run.returncode == 0, run.stdout
    assert all((project.root / file).read_bytes() == (tiny_run.root / file).read_bytes() for file in files)


def test_there_is_no_report_of_a_table_that_was_edited(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    edited(project.root / "results/tiny/table1.csv")
    run = project.snakemake("--report", "report.html", "--configfile", TINY_FILE)
    assert run.returncode != 0 and not (project.root / "report.html").exists()
    assert "results/tiny/table1.csv: it has changed since it was written" in run.stdout
    assert not shows_code(run.stdout)


def test_a_report_of_results_that_the_study_would_make_anew_says_so(tiny_run, tmp_path):
    """And holds no edited table either, though a run would make it again without a word."""
    project = tiny_run.copy(tmp_path / "project")
    write_study(project.root / TINY_FILE, OTHER_RATE)
    run = project.snakemake("--report", "report.html", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout
    assert f"{VAE} is not what the study would make now" in run.stdout
    edited(project.root / "results/tiny/table1.csv")
    run = project.snakemake("--report", "another.html", "--configfile", TINY_FILE)
    assert run.returncode != 0 and not (project.root / "another.html").exists()


def test_a_run_that_went_half_way_after_a_change_goes_on(tiny_run, tmp_path):
    """Tables that were made from what is no longer there are stale, and not damaged."""
    project = tiny_run.copy(tmp_path / "project")
    write_study(project.root / TINY_FILE, OTHER_RATE)
    for options in (("--until", "train", "train_first"), ()):
        run = project.snakemake("--cores", "2", "--configfile", TINY_FILE, *options)
        assert run.returncode == 0, run.stdout
    assert project.planned("--configfile", TINY_FILE) == ({}, [])
    table = "results/tiny/table1.csv"
    assert (project.root / table).read_bytes() != (tiny_run.root / table).read_bytes()


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("src/libi/paper/tables/table1.py", "render_table1"),
        ("src/libi/methods/vae.py", "train"),
        ("src/libi/paper/claims/captures.py", "judge"),
    ],
)
def test_an_edit_that_is_older_than_the_results_is_noticed(tiny_run, tmp_path, path, rule):
    project = tiny_run.copy(tmp_path / "project")
    project.edit(path)
    older(project.root / path)
    planned, _ = project.planned("--configfile", TINY_FILE)
    assert planned[rule] == 1


def test_a_target_of_other_settings_is_made_again_though_no_job_reads_it(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    write_study(project.root / TINY_FILE, OTHER_RATE)
    shutil.rmtree(project.root / ".snakemake")
    planned, _ = project.planned(VAE, "--configfile", TINY_FILE)
    assert planned == {"train": 1}


def test_tables_lose_the_rows_of_a_method_that_left_the_study(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    methods = {name: grid for name, grid in TINY["datasets"]["linear_jtex"].items() if name != "libi"}
    write_study(project.root / TINY_FILE, TINY | {"datasets": {"linear_jtex": methods}})
    shutil.rmtree(project.root / ".snakemake")
    planned, _ = project.planned("--configfile", TINY_FILE)
    assert {"render_table1", "gather_gaps", "gather_grid", "judge"} <= planned.keys() and "train" not in planned


def test_a_file_of_the_same_study_with_another_seed_is_made_again(tiny_run, tmp_path):
    """Copied from elsewhere, with all that says what it is."""
    project = tiny_run.copy(tmp_path / "project")
    path = project.root / LIBI
    tensors, about = load_tensors(path)
    settings = {"job": {"seed": 7}, "replicates": [0], "scratch": "scratch/tiny/linear_jtex/libi/0"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        with made_by(settings, []):
            save_tensors(LIBI, tensors, about)
    _, messages = project.planned("--configfile", TINY_FILE)
    assert "Training libi on linear_jtex, replicate 0" in messages
    assert not any("Training vae" in message for message in messages)


def test_a_job_refuses_models_of_other_settings(tiny_run, monkeypatch):
    monkeypatch.chdir(tiny_run.root)
    job = load_study(OTHER_RATE, TINY_FILE).training_job("linear_jtex", "vae")
    words = "its models were trained with training.learning_rate 0.01, and the study has 0.02; to make it again"
    for file in (VAE, f"{TRAINING}/vae/0.csv"):
        with pytest.raises(Damaged, match=f"^{file}: {words}.*--forcerun {file}$"):
            check_settings([file], job)
