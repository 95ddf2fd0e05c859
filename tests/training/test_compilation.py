"""What the compiler is given in place of PyTorch's own operations."""

import math

import numpy as np
import pytest
import torch

from libi.training import compilation
from libi.training.compilation import Compiled, cosine, narrow_product, sine


@pytest.mark.parametrize(("approximate", "exact"), [(sine, np.sin), (cosine, np.cos)])
def test_polynomials_are_sine_and_cosine(approximate, exact):
    angle = torch.linspace(-200, 200, 1_000_001)
    error = approximate(angle).double().numpy() - exact(angle.double().numpy())
    assert np.abs(error).max() < 1e-6


def test_polynomials_of_what_has_no_sine():
    angle = torch.tensor([math.inf, -math.inf, math.nan])
    assert sine(angle).isnan().all() and cosine(angle).isnan().all()
    assert sine(torch.zeros(1)) == 0 and cosine(torch.zeros(1)) == 1


def test_narrow_products_are_products():
    row, column, matrix = torch.randn(3, 1, 5), torch.randn(3, 5, 1), torch.randn(3, 5, 7)
    torch.testing.assert_close(narrow_product(row, matrix), row @ matrix)
    torch.testing.assert_close(narrow_product(column, row), column @ row)
    assert narrow_product(matrix, matrix.mT) is NotImplemented


def fails(function, signature, path):
    raise RuntimeError(f"g++ ended with exit code 1\nand much more about {path}")


@pytest.mark.parametrize("left", [None, b"", b"PK\3\4 half of an archive"], ids=["nothing", "empty", "half"])
def test_where_it_cannot_be_compiled_a_function_runs_as_it_is(tmp_path, monkeypatch, caplog, left):
    """Also if a damaged library is in the cache."""
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path))
    monkeypatch.setattr(compilation, "build", fails)
    monkeypatch.setattr(compilation, "library_path", lambda name, signature: tmp_path / "a.pt2")
    if left is not None:
        (tmp_path / "a.pt2").write_bytes(left)
    doubled = Compiled(lambda x: 2 * x, "doubled")
    assert torch.equal(doubled(torch.ones(3, 2)), torch.full((3, 2), 2.0))
    assert not doubled.runs_compiled()
    assert "doubled cannot be compiled" in caplog.text and "g++ ended with exit code 1" in caplog.text
    assert "and much more" not in caplog.text and ("is damaged" in caplog.text) == (left is not None)
    added = Compiled(lambda total, fixed, x: total + x, "added")
    assert torch.equal(added.iterate(torch.zeros(3, 2), {}, [(torch.ones(3, 2),)] * 4), torch.full((3, 2), 4.0))


def test_without_a_place_for_the_cache_a_function_runs_as_it_is(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path / "file" / "cache"))
    assert torch.equal(Compiled(lambda x: 2 * x, "doubled")(torch.ones(3, 2)), torch.full((3, 2), 2.0))
    assert "doubled cannot be compiled" in caplog.text
