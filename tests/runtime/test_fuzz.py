"""Whatever happens to the bytes of a result, it is read as it was written or refused by name: never as another."""

import json
from pathlib import Path

import audit
import inventory
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import libi
from libi.base.own_points import PointsError, count_points, read_points
from libi.datasets import DATASETS
from libi.models.trained import metadata_of
from libi.runtime.seals import Damaged, seal_of
from libi.runtime.storage import load_table, load_tensors, save_table, save_tensors
from libi.training.checkpoint import Checkpoints, flatten

from ..training.conftest import problem_of, stack_of

MANY = settings(max_examples=250, deadline=None)
# Changes of a file: where, as a share of its length; how many bytes go; what comes in their place.
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=3)
MODELS, TABLE = "results/training/gaussian/vae/0.safetensors", "results/table1.csv"


def changed(content, changes):
    for share, gone, added in changes:
        place = int(share * len(content))
        content = content[:place] + added + content[place + gone :]
    return content


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a training file, a table, its seal and a checkpoint, in the folder of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("run"))
        generator = torch.Generator().manual_seed(0)
        tensors = {group: layout.draw(generator)[None] for group, layout in DATASETS["gaussian"].layouts.items()}
        save_tensors(MODELS, tensors, metadata_of("gaussian", "vae", [0], ["default"], [0]))
        save_table(TABLE, pd.DataFrame({"method": ["vae", "libi"], "mean": [0.1, -np.inf], "replicates": [1, 2]}))
        stack, checkpoints = a_stack(), Checkpoints("scratch", "the same", seconds=0)
        stack.run(lambda stack: checkpoints.save(0, stack))
        paths = map(Path, (MODELS, TABLE, seal_of(TABLE), "scratch/stack_0.safetensors"))
        Path("scratch/stack_0.before.safetensors").unlink()
        yield {path.name: (path, path.read_bytes()) for path in paths}


def a_stack():
    return stack_of(problem_of("gaussian"), "vae", [(0, {})], 50, validate_every=25)


def restore(whole, name, changes):
    """All files as they were, but one with changes."""
    for path, content in whole.values():
        path.write_bytes(content)
    path, content = whole[name]
    path.write_bytes(changed(content, changes))


@MANY
@given(CHANGES)
def test_tensors(whole, changes):
    restore(whole, "0.safetensors", [])
    before, about = load_tensors(MODELS)
    restore(whole, "0.safetensors", changes)
    try:
        after, said = load_tensors(MODELS)
    except Damaged as error:
        assert str(error).startswith(f"{MODELS}: ") and f"--forcerun {MODELS}" in str(error)
    else:
        assert said == about and after.keys() == before.keys()
        assert all(torch.equal(after[name], before[name]) for name in before)


@MANY
@given(CHANGES)
def test_a_model_is_loaded_whole_or_refused(whole, changes):
    restore(whole, "0.safetensors", [])
    before = libi.load(MODELS, "default", 0).decode(np.ones((2, 3)))
    restore(whole, "0.safetensors", changes)
    try:
        model = libi.load(MODELS, "default", 0)
    except Damaged as error:
        assert MODELS in str(error)
    else:
        assert np.array_equal(model.decode(np.ones((2, 3))), before)


@pytest.mark.parametrize("name", ["table1.csv", ".table1.csv.seal"])
@MANY
@given(changes=CHANGES)
def test_a_table(whole, name, changes):
    restore(whole, name, [])
    before = load_table(TABLE)
    restore(whole, name, changes)
    try:
        after = load_table(TABLE)
    except Damaged as error:
        assert str(error).startswith(f"{TABLE}: ") and f"--forcerun {TABLE}" in str(error)
    else:
        pd.testing.assert_frame_equal(after, before, check_exact=True)


@settings(max_examples=100, deadline=None)
@given(CHANGES)
def test_a_checkpoint(whole, changes):
    """A damaged one is left aside: training starts from the beginning."""
    restore(whole, "stack_0.safetensors", changes)
    stack, start = a_stack(), flatten(a_stack().state)
    Checkpoints("scratch", "the same").resume(0, stack)
    if stack.trained == 0:
        assert all(torch.equal(tensor, start[name]) for name, tensor in flatten(stack.state).items())
    else:
        assert stack.trained == 50 and stack.finished


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(entry=st.sampled_from(["about", "statement", "sha256", "models", "curve"]), value=JSON)
def test_a_header_that_says_something_else(whole, entry, value):
    """Well-formed JSON in the place of what the header of a file of tensors says."""
    path, content = whole["0.safetensors"]
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    about = json.loads(header["__metadata__"]["about"])
    if entry == "about":
        about = value
    else:
        about[entry] = value
    header["__metadata__"]["about"] = json.dumps(about)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(Damaged, match=MODELS):
        load_tensors(MODELS)


INVENTORY = {
    "studies": {"/tiny": {"seed": 0, "points": {"train": 40}}},
    "runs": [inventory.describe_run(Path())],
    "sources": {"paper/published_table1.csv": "ab" * 32},
    "files": {TABLE: {"sha256": "cd" * 32, "rule": "judge", "ended": "2026", "run": 0, "from": {MODELS: "ef" * 32}}},
}
EMPTY = {"studies": {}, "runs": [], "sources": {}, "files": {}}


def used(path):
    """All that the audit and the next run ask of an inventory."""
    found = inventory.read(path)
    findings = audit.compare(path.parent, found["files"], [TABLE], {})
    assert [finding.kind for finding in findings] == ["missing"]
    assert all(run["packages"][name] != "" for run in found["runs"] for name in inventory.COMPUTING)
    assert all(found["runs"][entry["run"]] for entry in found["files"].values())
    return found


@MANY
@given(changes=CHANGES)
def test_an_inventory_with_changed_bytes(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "inventory.json"
    path.write_bytes(changed(json.dumps(INVENTORY).encode(), changes))
    used(path)


@MANY
@given(place=st.sampled_from(["studies", "runs", "sources", "files", TABLE, "sha256", "run", "from"]), value=JSON)
def test_an_inventory_that_says_something_else(tmp_path_factory, place, value):
    """Well-formed JSON in the place of one of its parts: as it is if that can be, else nothing of it."""
    found = json.loads(json.dumps(INVENTORY))
    entry = found["files"][TABLE]
    (found if place in found else found["files"] if place == TABLE else entry)[place] = value
    path = tmp_path_factory.getbasetemp() / "inventory.json"
    path.write_text(json.dumps(found))
    assert used(path) in (json.loads(path.read_text()), EMPTY)
    path.write_text(json.dumps(INVENTORY))
    assert used(path) == INVENTORY


ROWS = np.random.default_rng(0).normal(size=(7, 3))


@pytest.mark.parametrize("kind", ["csv", "npy"])
@MANY
@given(changes=CHANGES)
def test_points_of_one_s_own(tmp_path_factory, kind, changes):
    """As many columns as the data set has, all finite; or a sentence that names the file."""
    path = tmp_path_factory.getbasetemp() / f"mine.{kind}"
    if kind == "npy":
        np.save(path, ROWS)
    else:
        np.savetxt(path, ROWS, delimiter=",", header="a,b,c", comments="")
    path.write_bytes(changed(path.read_bytes(), changes))
    try:
        points = read_points(path, 3)
    except PointsError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert points.shape[0] == 3 and torch.isfinite(points).all() and points.dtype == torch.float64
        assert count_points(path) == points.shape[1]
