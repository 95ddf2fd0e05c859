"""Points of one's own: what a file says is what is read, and what is no point is refused by its place."""

import numpy as np
import pytest
import torch

from libi.base.own_points import PointsError, count_points, read_points
from libi.base.simulation import split_points
from libi.base.values import StudyError
from libi.runtime.seeding import stream
from libi.study.reading import load_study

from ..study.studies import mapping

ROWS = np.array([[1.5, -2.0, 3e-4], [0.0, 7.0, -1.0]])
TEXT = "1.5,-2,3e-4\n0,7,-1\n"


@pytest.mark.parametrize("text", [TEXT, f"a,b,c\n{TEXT}", f'"a","1",c\n\n{TEXT}\n', f"﻿a,b,c\n{TEXT}", TEXT.rstrip()])
def test_a_csv_file_is_read_as_it_stands(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    assert count_points(path) == 2
    assert torch.equal(read_points(path, 3), torch.tensor(ROWS.T))


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16])
def test_an_array_is_read_as_it_stands(tmp_path, kind):
    np.save(tmp_path / "mine.npy", ROWS.astype(kind))
    assert count_points(tmp_path / "mine.npy") == 2
    assert torch.equal(read_points(tmp_path / "mine.npy", 3), torch.tensor(ROWS.astype(kind).T.astype(float)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,3\n4,five,6\n", "line 2, column 2: 'five' is not a number"),
        ("1,2,3\n4,1_0,6\n", "line 2, column 2: '1_0' is not a number"),
        ("a,b,c\n1,2,3\n4,,6\n", "line 3, column 2: '' is not a number"),
        ("1,2,3\n4,nan,6\n", "point 2, column 2: nan is not a finite number"),
        ("1,2,3\n4,5\n", "line 2: 2 columns; the data set has 3 features"),
        ("a,b,c,d\n1,2,3,4\n", "line 2: 4 columns; the data set has 3 features"),
        (b"\xff\xfe1,2", "not a CSV file in UTF-8"),
        ("0.1,0,2x\n4,5,6\n", "line 1, column 3: '2x' is not a number, and others in this line are"),
        ("0,1,2\n4,5,6\n", "line 1 numbers the columns, as pandas does"),
    ],
)
def test_what_is_no_point_is_refused_by_its_place(tmp_path, text, words):
    path = tmp_path / "mine.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PointsError) as caught:
        read_points(path, 3)
    assert str(caught.value).startswith(f"{path}: {words}")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (ROWS[0], "one array of real numbers"),
        (ROWS * 1j, "one array of real numbers"),
        (np.array([["a", "b", "c"]]), "one array of real numbers"),
        (np.array([[1, None, 2]], dtype=object), "not a whole array"),
        (np.full((2, 3), np.inf), "point 1, column 1: inf is not a finite number"),
        (ROWS[:, :2], "2 columns; the data set has 3 features"),
    ],
)
def test_an_array_of_something_else_is_refused(tmp_path, array, words):
    path = tmp_path / "mine.npy"
    np.save(path, array)
    with pytest.raises(PointsError, match=words):
        read_points(path, 3)


def test_an_array_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "mine.npy"
    np.save(path, ROWS)
    path.write_bytes(path.read_bytes()[:-5])
    for read in (count_points, lambda path: read_points(path, 3)):
        with pytest.raises(PointsError, match="not a whole array"):
            read(path)


def test_splits_have_every_point_once_and_each_as_likely():
    """Of 10 points in splits of 5, 3 and 2, each is in the first in half of the draws: within five standard errors."""
    x, draws = torch.arange(10, dtype=torch.float64)[None], 2000
    times = torch.zeros(10)
    for number in range(draws):
        splits = split_points(x, {"train": 5, "validation": 3, "test": 2}, stream("test", number))
        assert [part.shape[1] for part in splits.values()] == [5, 3, 2]
        assert torch.equal(torch.cat(list(splits.values()), 1).sort().values, x)
        times[splits["train"][0].long()] += 1
    assert (times / draws - 0.5).abs().max() < 5 * (0.25 / draws) ** 0.5


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            1499,
            "datasets.gaussian: too few points: {path} has 1499, and points.train, points.validation and points.test",
        ),
        (None, "datasets.gaussian: {path}: no such file"),
    ],
)
def test_a_study_says_at_once_that_points_are_lacking(tmp_path, monkeypatch, lines, words):
    path = tmp_path / "mine.csv"
    monkeypatch.setattr("libi.study.reading.own_points", lambda name: str(path) if name == "gaussian" else None)
    if lines:
        path.write_text("a,b\n" + "0,0\n" * lines)
    with pytest.raises(StudyError) as caught:
        load_study(mapping("config"), "mine.yaml")
    assert words.format(path=path) in str(caught.value)
