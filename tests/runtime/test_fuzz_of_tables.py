"""What is read outside of a run, with any bytes changed: it is read, or refused in a sentence that names the file."""

import base64
import json

import pandas as pd
import publish
import pytest
import torch
from hypothesis import given, settings
from notes import notes

import libi
from libi.datasets import DATASETS
from libi.judging import why
from libi.judging.__main__ import main
from libi.models.trained import metadata_of
from libi.runtime.storage import save_tensors

from .test_fuzz import CHANGES, changed

MANY = settings(max_examples=200, deadline=None)
CLAIM = {"claim": "a_claim", "family": "Case 1", "where": "Section 1", "statement": '"so"', "verdict": "reproduced"}
CLAIM |= {"value": 0.5, "uncertainty": 0.1, "published": 0.5, "difference": 0.0, "low": -0.1, "high": 0.1}
CLAIM |= {"margin": 0.2, "test": "a test", "p_value": 0.01, "measure": "nats", "note": "", "files": "gaps.csv"}
FILE = "results/table1.csv"
NOTE = {"rule": "judge", "log": ["logs/judge.log"], "input": [FILE], "starttime": 1.0, "endtime": 2.0}
MEASURED = "s\th:m:s\tmax_rss\n1.5\t0:00:01\t120.5\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of files that nothing seals."""
    return tmp_path_factory.mktemp("tables")


@MANY
@given(CHANGES)
def test_verdicts(folder, changes):
    path, whole = folder / "claims.csv", folder / "reference.csv"
    pd.DataFrame([CLAIM]).to_csv(whole, index=False)
    path.write_bytes(changed(whole.read_bytes(), changes))
    assert main([str(path), str(whole)]) in (0, 1, 2)
    assert why.main(["a_claim", str(path)]) in (0, 1, 2)


@MANY
@given(CHANGES)
def test_snakemakes_notes(folder, changes):
    place = folder / ".snakemake/metadata"
    place.mkdir(parents=True, exist_ok=True)
    (folder / "results").mkdir(exist_ok=True)
    (folder / FILE).touch()
    note = changed(json.dumps(NOTE).encode(), changes)
    (place / base64.urlsafe_b64encode(FILE.encode()).decode()).write_bytes(note)
    for found in notes(folder, "").values():
        assert found["starttime"] <= found["endtime"] and found["log"][0] and isinstance(found["input"], list)


@MANY
@given(CHANGES)
def test_what_snakemake_measured(folder, changes):
    path = folder / "results/benchmarks/judge.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(changed(MEASURED.encode(), changes))
    try:
        table = publish.budget(folder)
    except SystemExit as error:
        assert str(error).startswith("results/benchmarks/judge.tsv is not what Snakemake measured")
    else:
        assert table["what"].tolist() == ["judge"] and 0 <= table["seconds"].item() < float("inf")


@MANY
@given(CHANGES)
def test_the_records_beside_a_copy_of_a_model(folder, changes):
    path = folder / "0.safetensors"
    if not path.exists():
        layouts = DATASETS["gaussian"].layouts.items()
        tensors = {group: torch.stack([layout.draw(torch.Generator())] * 2) for group, layout in layouts}
        save_tensors(path, tensors, metadata_of("gaussian", "vae", [0, 0], ["default"] * 2, [0, 1]))
    records = {"replicate": 0, "configuration": "default", "restart": [0, 1], "validation_objective": [1.5, 1.0]}
    text = pd.DataFrame(records | {"diverged": False}).to_csv(index=False)
    path.with_suffix(".csv").write_bytes(changed(text.encode(), changes))
    try:
        assert libi.load(path).restart in (0, 1)
    except (ValueError, KeyError) as error:
        assert "0.csv" in str(error) or "restart" in str(error)
