"""What Snakemake has noted is found, each note with its file and its study."""

import base64
import json

import pytest
from notes import check_times, is_of, is_whole, notes

NOTE = {"rule": "simulate", "log": ["logs/x.log"], "input": [], "starttime": 1.0, "endtime": 2.0}


@pytest.mark.parametrize(
    ("file", "folder", "own"),
    [
        ("results/table1.csv", "", True),
        ("results/training/gaussian/vae/0.csv", "", True),
        ("results/train/training/gaussian/vae/0.csv", "", False),
        ("results/s/table1.csv", "", False),
        ("figures/figure1.pdf", "", True),
        ("results/quick/table1.csv", "/quick", True),
        ("results/quick/data/x/0/train.safetensors", "/quick", True),
        ("results/table1.csv", "/quick", False),
        ("results/table1_gaussian.csv", "", True),
        ("results/sensitivity.csv", "", False),
        ("results/grid_fine.csv", "/grid_fine", True),
        ("results/grid_fine.csv", "", False),
        ("results/sensitivity.csv", "/sensitivity", True),
        ("figures/figure1.csv", "", True),
        ("figures/sensitivity/figure7.csv", "/sensitivity", True),
        ("results/sensitivity/base/table1.csv", "/sensitivity", False),
        ("results/sensitivity/base/table1.csv", "/sensitivity/base", True),
    ],
)
def test_a_file_is_of_the_study_whose_folder_it_is_in(file, folder, own):
    """Whatever rule has made it: a study may be called as a rule is."""
    assert is_of(file, folder) == own


def test_a_long_name_is_put_together_again(tmp_path):
    """As Snakemake cuts it: 189 characters to a folder."""
    file = f"results/data/{'long' * 60}"
    name = base64.urlsafe_b64encode(file.encode()).decode()
    path = tmp_path / ".snakemake/metadata" / f"@{name[:189]}" / name[189:]
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(NOTE))
    (tmp_path / "results/data").mkdir(parents=True)
    (tmp_path / file).touch()
    assert list(notes(tmp_path, "")) == [file]


@pytest.mark.parametrize(
    "note",
    [
        [],
        None,
        "x",
        {"log": ["l"]},
        NOTE | {"endtime": None},
        NOTE | {"log": "l"},
        NOTE | {"input": [[]]},
        NOTE | {"endtime": 1e99},
    ],
)
def test_a_note_that_is_none_is_passed_over(tmp_path, note):
    """As Snakemake itself does; so is one that no reader of JSON can follow."""
    folder = tmp_path / ".snakemake/metadata"
    folder.mkdir(parents=True)
    (tmp_path / "results").mkdir()
    for file, text in (("results/a.csv", json.dumps(note)), ("results/b.csv", "[" * 200_000)):
        (folder / base64.urlsafe_b64encode(file.encode()).decode()).write_text(text)
        (tmp_path / file).touch()
    assert notes(tmp_path, "") == {}


def noted(seconds):
    """Notes of jobs that took so long, and the files of an inventory, by their paths."""
    files = [f"results/{number}.csv" for number in range(len(seconds))]
    times = zip(files, seconds, strict=True)
    return {file: {"log": [f"{file}.log"], "starttime": 1.0, "endtime": 1.0 + took} for file, took in times}


@pytest.mark.parametrize(
    ("kept", "listed", "seconds", "said"),
    [
        (3, 3, (1.0, 2.0, 0.0), None),
        (2, 3, (1.0, 2.0, 3.0), "notes of 1 files of the study are lost"),
        (3, 3, (1e-5, 2e-5, 3.0), "those of `snakemake --touch`"),
        (3, 0, (1.0, 2.0, 3.0), "There is no whole inventory"),
    ],
)
def test_times_that_are_not_those_of_a_whole_study_are_refused(tmp_path, kept, listed, seconds, said):
    """By publish and plan, which would take a part for the whole."""
    notes_of_all = noted(seconds)
    (tmp_path / "results").mkdir()
    for file in notes_of_all:
        (tmp_path / file).touch()
    files = [*notes_of_all][:listed] + (["results/gone.csv"] if listed else [])
    some = dict([*notes_of_all.items()][:kept])
    if said is None:
        check_times(tmp_path, some, files)
    else:
        with pytest.raises(SystemExit, match=said):
            check_times(tmp_path, some, files)


def test_a_note_of_a_job_that_ended_before_it_began_is_none():
    note = {"rule": "judge", "log": ["logs/judge.log"], "input": [], "starttime": 2.0, "endtime": 1.0}
    assert not is_whole(note) and is_whole(note | {"endtime": 2.5})
