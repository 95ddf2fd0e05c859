"""No kind of result is read once it is damaged, or in the place of another."""

import os
import re
import shutil
from pathlib import Path

import pytest

from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.runtime.seals import MADE, Damaged, seal_of
from libi.runtime.storage import load_bytes, load_table, load_tensors

TRAINING = "results/tiny/training/linear_jtex"
LIBI, VAE = f"{TRAINING}/libi/0.safetensors", f"{TRAINING}/vae/0.safetensors"


# Of each kind of result one, and another of the same kind where there is one.
KINDS = {
    "results/tiny/data/linear_jtex/truth.safetensors": None,
    "results/tiny/data/linear_jtex/truth.csv": None,
    "results/tiny/data/linear_jtex/0/train.safetensors": "results/tiny/data/linear_jtex/0/validation.safetensors",
    "results/tiny/posterior/linear_jtex/reference.safetensors": None,
    VAE: LIBI,
    f"{TRAINING}/vae/0.csv": f"{TRAINING}/libi/0.csv",
    **{
        f"results/tiny/{kind}.csv": f"results/tiny/{kind.replace('vae', 'libi')}.csv"
        for kind in (
            "scores/linear_jtex/vae",
            "selection/linear_jtex/vae",
            "metrics/linear_jtex/vae",
            "metrics/linear_jtex/vae_points",
            "metrics/linear_jtex/vae_curves",
            "posterior/linear_jtex/vae_points",
            "posterior/linear_jtex/vae_samples",
            "posterior/linear_jtex/vae_summary",
            "posterior/linear_jtex/vae_gaps",
        )
    },
    "results/tiny/closed_form/optima.csv": "results/tiny/closed_form/edge.csv",
    "results/tiny/closed_form/joint_map_linear_jtex.csv": None,
    "results/tiny/grid.csv": "results/tiny/gaps.csv",
    "results/tiny/gaps.csv": "results/tiny/grid.csv",
    "results/tiny/restarts.csv": None,
    "results/tiny/table1.csv": "results/tiny/claims.csv",
    "results/tiny/claims.csv": "results/tiny/conclusions.csv",
    "results/tiny/conclusions.csv": "results/tiny/claims.csv",
    "results/tiny/index.html": "results/tiny/summary.rst",
    "results/tiny/summary.rst": "results/tiny/index.html",
    "figures/tiny/figure1.png": "figures/tiny/figure6.png",
    "figures/tiny/figure1.pdf": "figures/tiny/figure6.pdf",
    "figures/tiny/figure1.csv": "figures/tiny/figure6.csv",
    **{
        f"paper/tiny/{name}.tex": "paper/tiny/gaps.tex" if name != "gaps" else "paper/tiny/table1.tex"
        for name in (
            *("table1", "table1_exact", "table1_comparison", "verdicts", "claims", "measures", "conclusions"),
            *("gaps", "restarts", "restarts_by_configuration", "numbers", "choices"),
        )
    },
    **({"paper/tiny/replication.pdf": "figures/tiny/figure1.pdf"} if shutil.which("latexmk") else {}),
}


def lines(path):
    return path.read_bytes().splitlines(keepends=True)


def flip_a_bit(path, other):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def another_digit(path, other):
    """The last one: as somebody edits a number, or a name if there is no number."""
    text = path.read_text()
    if not set("0123456789") & set(text):
        path.write_text(text.upper())
        return
    place = max(text.rfind(digit) for digit in "0123456789")
    path.write_text(text[:place] + str(9 - int(text[place])) + text[place + 1 :])


def take_the_place(path, other):
    """A neighbour with all that says what it is."""
    shutil.copy(other, path)
    if path.suffix != ".safetensors":
        shutil.copy(seal_of(other), seal_of(path))


def a_pipe(path, other):
    path.unlink()
    os.mkfifo(path)  # whoever opens it waits for ever, since nobody writes into it


def link_to_itself(path, other):
    path.unlink()
    path.symlink_to(path.name)


DAMAGES = {
    "pipe": a_pipe,
    "link to itself": link_to_itself,
    "flipped bit": flip_a_bit,
    "truncated": lambda path, other: path.write_bytes(path.read_bytes()[:-2]),
    "empty": lambda path, other: path.write_bytes(b""),
    "gone": lambda path, other: path.unlink(),
    "neighbour's": take_the_place,
    "no statement": lambda path, other: seal_of(path).unlink(),
    "header only": lambda path, other: path.write_bytes(lines(path)[0]),
    "row missing": lambda path, other: path.write_bytes(b"".join(lines(path)[:-1])),
    "row twice": lambda path, other: path.write_bytes(b"".join([*lines(path), lines(path)[-1]])),
    "edited number": another_digit,
}
OF_LINES = ("header only", "row missing", "row twice", "edited number")
NOT_FOR = {
    ".safetensors": ("no statement", *OF_LINES),
    ".png": OF_LINES,
    ".pdf": OF_LINES,
}
CASES = [
    (kind, damage)
    for kind, other in KINDS.items()
    for damage in DAMAGES
    if damage not in NOT_FOR.get(Path(kind).suffix, ()) and (other or damage != "neighbour's")
]


LOADS = {".csv": load_table, ".safetensors": load_tensors}
NAMES = "|".join([*DATASETS, *METHODS, "train", "validation", "test", r"\d+", r"figure\d"])


def files_of(project, study):
    """The paths of all that a study has made, but times and inventory."""
    paths = [path for folder in MADE for path in (project.root / folder / study).rglob("*.*")]
    made = {path.relative_to(project.root).as_posix() for path in paths if not path.name.startswith(".")}
    return {file for file in made if "/benchmarks/" not in file and not file.endswith("/inventory.json")}


@pytest.mark.run
def test_no_result_is_read_in_the_place_of_any_other_of_its_kind(smoke_run, tiny_run, tmp_path, monkeypatch):
    """Of another replicate, method, data set, split or study; with the statement of what it is beside it."""
    monkeypatch.chdir(tmp_path)
    kinds = {}
    for project, study in ((smoke_run, "smoke"), (tiny_run, "tiny")):
        for file in sorted(files_of(project, study)):
            kind = re.sub(rf"(?<=[/_])({NAMES}|{study})(?=[/._])", "*", file)
            kinds.setdefault(kind, []).append(project.root / file)
    tried = 0
    for first, *others in kinds.values():
        place = first.relative_to(smoke_run.root if first.is_relative_to(smoke_run.root) else tiny_run.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        for other in others:
            shutil.copy(other, place)
            if seal_of(other).exists():
                shutil.copy(seal_of(other), seal_of(place))
            with pytest.raises(Damaged, match=str(place)):
                LOADS.get(place.suffix, load_bytes)(place)
            tried += 1
    assert tried > 300


def test_every_kind_of_result_is_listed(tiny_run):
    """A path without its data set, method, split and replicate is a kind."""
    names = r"(?<=[/_])(linear_jtex|vae|libi|truth|joint_map|train|validation|test|0|figure\d)(?=[/._])"
    made = files_of(tiny_run, "tiny")
    closed_form = {file for file in made if "/closed_form/" in file}
    kinds, listed = ({re.sub(names, "*", file) for file in files} for files in (made - closed_form, KINDS))
    assert kinds <= listed and closed_form & set(KINDS)


@pytest.mark.parametrize(("file", "damage"), CASES, ids=lambda name: Path(name).stem)
def test_no_kind_of_result_is_read_once_it_is_damaged(tiny_run, tmp_path, monkeypatch, file, damage):
    monkeypatch.chdir(tmp_path)
    other = KINDS[file]
    for name in filter(None, (file, other)):
        for path in filter(lambda path: (tiny_run.root / path).exists(), (Path(name), seal_of(name))):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tiny_run.root / path, path)
    load = LOADS.get(Path(file).suffix, load_bytes)
    load(file)
    before = os.stat(file)
    DAMAGES[damage](Path(file), other)
    if damage == "gone":
        assert not Path(file).exists()
    else:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns), follow_symlinks=False)  # it tells nothing
    with pytest.raises(FileNotFoundError if damage == "gone" else Damaged, match=file):
        load(file)
