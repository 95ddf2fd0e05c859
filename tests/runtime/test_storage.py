"""Files are whole or not there, and read back as they were written."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from libi.runtime.seals import Damaged, check_content, seal_of, statement_of, tensors_hash_of
from libi.runtime.storage import atomic, load_table, load_tensors, save_table, save_tensors


def test_tensors_and_tables_read_back_to_the_bit(tmp_path):
    tensors = {"b": torch.randn(3, 4).T, "a": torch.arange(3)}
    save_tensors(tmp_path / "x.safetensors", tensors, {"about": "ε"})
    back, about = load_tensors(tmp_path / "x.safetensors")
    assert about == {"about": "ε"} and all(torch.equal(back[name], tensors[name]) for name in tensors)
    table = pd.DataFrame({"x": torch.randn(1000, dtype=torch.float64).numpy() * 1e-7, "name": "beta=0.5"})
    save_table(tmp_path / "x.csv", table)
    pd.testing.assert_frame_equal(load_table(tmp_path / "x.csv"), table, check_exact=True, check_dtype=False)


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "folder" / "file"
    with atomic(path) as temporary:
        temporary.write_text("first")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("second, half")
        raise RuntimeError
    assert path.read_text() == "first" and list(path.parent.iterdir()) == [path]


def test_a_truncated_file_is_named(tmp_path):
    path = tmp_path / "x.safetensors"
    save_tensors(path, {"a": torch.zeros(100)})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="x.safetensors: not a whole safetensors file"):
        load_tensors(path)


# ---------------------------------------------------------------------------- results

VAE, LIBI = (f"results/quick/metrics/gaussian/{method}.csv" for method in ("vae", "libi"))
FIRST, SECOND = (f"results/quick/training/gaussian/vae/{replicate}.safetensors" for replicate in (0, 1))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Two tables and two files of tensors, where the jobs of a run write them."""
    monkeypatch.chdir(tmp_path)
    for number, (table, file) in enumerate(((VAE, FIRST), (LIBI, SECOND))):
        save_table(table, pd.DataFrame({"replicate": [0, 1], "test_ll": [number + 0.5, number + 0.25]}))
        save_tensors(file, {"generative": torch.full((2, 3), float(number))}, {"method": "vae"})


def lines(path):
    return Path(path).read_text().splitlines(keepends=True)


DAMAGE = {
    "edited number": lambda path: path.write_text(path.read_text().replace("0.5", "9.5")),
    "empty": lambda path: path.write_bytes(b""),
    "header only": lambda path: path.write_text(lines(path)[0]),
    "row missing": lambda path: path.write_text("".join(lines(path)[:-1])),
    "row twice": lambda path: path.write_text("".join([*lines(path), lines(path)[-1]])),
    "number cut": lambda path: path.write_text(path.read_text()[:-3]),
    "neighbour's": lambda path: shutil.copy(LIBI, path),
    "neighbour's with its seal": lambda path: [shutil.copy(LIBI, path), shutil.copy(seal_of(LIBI), seal_of(path))],
    "no seal": lambda path: seal_of(path).unlink(),
    "half a seal": lambda path: seal_of(path).write_text(seal_of(path).read_text()[:20]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_table_that_is_not_what_was_written_is_refused(results, damage):
    before = os.stat(VAE)
    DAMAGE[damage](Path(VAE))
    os.utime(VAE, (before.st_atime, before.st_mtime))  # the date tells nothing
    with pytest.raises(
        Damaged,
        match=f"^{VAE}: .*; to make it again, .*, and add: --forcerun {VAE}$",
    ):
        load_table(VAE)
    assert load_table(LIBI)["test_ll"].tolist() == [1.5, 1.25]


def flip(place):
    def damage(path):
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        path.write_bytes(content)

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip(-1), "does not have the checksum"),
        (flip(-5), "does not have the checksum"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "not a whole safetensors file"),
        (lambda path: path.write_bytes(b""), "not a whole safetensors file"),
        (lambda path: path.write_text("a,b"), "not a whole safetensors file"),
        (lambda path: shutil.copy(SECOND, path), f"was written as {SECOND}"),
    ],
)
def test_tensors_that_are_not_what_was_written_are_refused(results, damage, said):
    damage(Path(FIRST))
    with pytest.raises(
        Damaged,
        match=f"^{FIRST}: .*{said}.*; to make it again, .*, and add: --forcerun {FIRST}$",
    ):
        load_tensors(FIRST)
    assert torch.equal(load_tensors(SECOND)[0]["generative"], torch.ones(2, 3))


@pytest.mark.parametrize(
    "type_",
    [*(getattr(torch, f"float{n}") for n in (16, 32, 64)), torch.bfloat16, torch.bool, torch.uint8]
    + [getattr(torch, f"int{n}") for n in (8, 16, 32, 64)],
)
def test_the_content_of_tensors_has_the_same_hash_without_pytorch(results, type_):
    """Of arrays, of a number alone, and of none."""
    shapes = {"b": (2, 3), "a": (), "none": (0, 4)}
    save_tensors(FIRST, {name: torch.ones(shape).to(type_) for name, shape in shapes.items()}, {"method": "ε"})
    assert tensors_hash_of(FIRST) == statement_of(FIRST).sha256
    check_content(FIRST)


def test_every_flipped_bit_of_tensors_is_found(results):
    whole = Path(FIRST).read_bytes()
    for place in range(len(whole)):
        Path(FIRST).write_bytes(whole)
        flip(place)(Path(FIRST))
        with pytest.raises(Damaged):
            load_tensors(FIRST)


def test_folders_that_changed_places_are_refused(results):
    folder = Path(VAE).parent
    other = folder.with_name("mobius")
    shutil.copytree(folder, other)
    with pytest.raises(Damaged, match=f"^results/quick/metrics/mobius/vae.csv: it was written as {VAE}"):
        load_table("results/quick/metrics/mobius/vae.csv")


def test_a_file_that_was_taken_elsewhere_can_still_be_read(results, tmp_path):
    """By its absolute path, or outside results/: its content is checked, its place is not."""
    shutil.copy(FIRST, "mine.safetensors")
    for path in ("mine.safetensors", tmp_path / FIRST):
        assert load_tensors(path)[1] == {"method": "vae"}
