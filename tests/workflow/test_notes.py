"""What Snakemake has noted is found, each note with its file and its study."""

import base64
import json

import pytest
from notes import is_of, notes

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
