"""Files are whole or not there, and read back as they were written."""

import pandas as pd
import pytest
import torch

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
