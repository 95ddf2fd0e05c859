"""A result says what it was made from, and is refused where that is not there any more."""

import hashlib
import json
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pandas as pd
import pytest
import torch

from libi.runtime.seals import Damaged, Origin, Statement, check_content, made_by, seal_of, statement_of
from libi.runtime.storage import load_table, load_tensors, save_table, save_tensors

POINTS, MODELS, SCORES = (f"results/{name}" for name in ("points.safetensors", "models.safetensors", "scores.csv"))
SETTINGS = {"job": {"seed": 3, "rates": (0.1, 0.2)}, "replicates": [0, 1]}


def save(path, value):
    if path.endswith(".csv"):
        save_table(path, pd.DataFrame({"score": [value]}))
    else:
        save_tensors(path, {"x": torch.tensor([value])})


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """Points, models that were made from them and a source file, and scores that were made from the models."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("train")
    save(POINTS, 1.0)
    with made_by(SETTINGS, [POINTS, "train.py"]):
        save(MODELS, 2.0)
    with made_by({}, [MODELS]):
        save(SCORES, 3.0)


@pytest.mark.parametrize("path", [MODELS, SCORES])
def test_a_result_says_what_made_it(chain, path):
    origin = statement_of(path).origin
    given = {MODELS: POINTS, SCORES: MODELS}[path]
    assert origin.made_from == {given: statement_of(given).sha256}
    code = f"train.py {hashlib.sha256(b'train').hexdigest()}\n" if path == MODELS else ""
    assert origin.sources == hashlib.sha256(code.encode()).hexdigest()
    assert origin.settings == (
        {"job": {"seed": 3, "rates": [0.1, 0.2]}, "replicates": [0, 1]} if path == MODELS else {}
    )


@pytest.mark.parametrize("path", [MODELS, SCORES])
def test_a_result_says_which_versions_were_there(chain, path):
    found = statement_of(path).versions
    assert found["python"] == platform.python_version()
    assert all(found[name] == metadata.version(name) for name in ("torch", "numpy", "pandas"))


@pytest.mark.skipif(shutil.which("lscpu") is None, reason="needs lscpu")
@pytest.mark.parametrize("path", [MODELS, SCORES])
def test_a_result_says_on_which_processor_it_was_made(chain, path):
    told = json.loads(subprocess.run(["lscpu", "--json"], capture_output=True, check=True).stdout)["lscpu"]
    known, found = {one["field"].rstrip(":"): one["data"] for one in told}, statement_of(path).processor
    assert found["processor"] == known["Model name"]
    assert found["family and model"] == f"{known['CPU family']}/{known['Model']}"
    assert found["avx512f"] == ("avx512f" in known["Flags"].split())


@pytest.mark.parametrize("path", [MODELS, SCORES])
def test_a_record_that_no_reader_can_follow_is_damage(chain, path):
    """JSON of 200,000 brackets."""
    if path == SCORES:
        seal_of(path).write_text("[" * 200_000)
    else:
        content = Path(path).read_bytes()
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        header["__metadata__"]["about"] = "[" * 200_000
        packed = json.dumps(header).encode()
        Path(path).write_bytes(len(packed).to_bytes(8, "little") + packed + content[8 + length :])
    for look in (load_table if path == SCORES else load_tensors, statement_of, check_content):
        with pytest.raises(Damaged, match=f"^{path}: "):
            look(path)


def test_a_result_is_refused_once_what_it_was_made_from_is_another(chain):
    assert load_tensors(MODELS) and len(load_table(SCORES)) == 1
    save(POINTS, 9.0)
    with pytest.raises(Damaged, match=f"^{MODELS}: it was made from another {POINTS} than is there now; .*{MODELS}$"):
        load_tensors(MODELS)
    with made_by(SETTINGS, [POINTS]):
        save(MODELS, 8.0)
    with pytest.raises(Damaged, match=f"^{SCORES}: it was made from another {MODELS} than is there now"):
        load_table(SCORES)


def test_what_was_made_again_with_the_same_content_is_the_same(chain):
    """By other code, say; or what a result was made from may be gone."""
    with made_by({"other": 1}, []):
        save(POINTS, 1.0)
    assert load_tensors(MODELS)[0]["x"].tolist() == [2.0]
    Path(MODELS).unlink()
    assert load_table(SCORES)["score"].tolist() == [3.0]


def test_a_job_whose_input_does_not_say_what_it_is_does_not_begin(chain, tmp_path):
    (tmp_path / POINTS).write_bytes(b"half")
    with (
        pytest.raises(Damaged, match=f"^{POINTS}: its record of what made it is missing or damaged"),
        made_by({}, [POINTS]),
    ):
        raise AssertionError("it has begun")


def test_a_statement_reads_back_and_an_edited_one_is_none():
    origin = Origin(SETTINGS | {"job": {"seed": 3}}, {"results/b.csv": "cd"}, "ef")
    statement = Statement("results/ä.csv", "ab", origin, {"python": "3.11.7"})
    text = statement.to_json()
    assert Statement.from_json(text) == statement
    for edited in (text.replace("3", "4", 1), text[:-1], "[]", "3", '{"statement": 3, "sha256": ""}'):
        with pytest.raises(ValueError):
            Statement.from_json(edited)
