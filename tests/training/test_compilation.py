"""What the compiler is given in place of PyTorch's own operations."""

import math
import shutil

import numpy as np
import pytest
import torch

from libi.datasets import dataset_of
from libi.native.compilers import compiler_of_pytorch
from libi.training import compilation
from libi.training.compilation import AS_IT_IS, COMPILED, Compiled, cosine, narrow_product, sine
from libi.training.in_pytorch import spelled


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
    assert doubled.way == AS_IT_IS
    assert "doubled cannot be compiled" in caplog.text and "g++ ended with exit code 1" in caplog.text
    assert "and much more" not in caplog.text and ("is damaged" in caplog.text) == (left is not None)
    added = Compiled(lambda total, fixed, x: total + x, "added")
    assert torch.equal(added.iterate(torch.zeros(3, 2), {}, [(torch.ones(3, 2),)] * 4), torch.full((3, 2), 4.0))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A library that doubles what it is given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIBI_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CXX", "g++ -m64")  # flags in a compiler's name do not matter
        compiler_of_pytorch.cache_clear()
        doubled = Compiled(lambda x: 2 * x, "doubled")
        assert torch.equal(doubled(torch.ones(3, 2)), torch.full((3, 2), 2.0)) and doubled.way == COMPILED
        (path,) = compilation.cache_folder().glob("*.pt2")
        yield path
        compiler_of_pytorch.cache_clear()


@pytest.fixture
def from_package(package, tmp_path, monkeypatch, caplog):
    """Doubles three numbers by a library that takes no time to build; tells how often it was built."""
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path))
    monkeypatch.setattr(compilation, "library_path", lambda name, signature: tmp_path / package.name)
    built = []

    def build(function, signature, path):
        shutil.copy(package, path)
        built.append(path)

    monkeypatch.setattr(compilation, "build", build)

    def double():
        built.clear(), caplog.clear()
        doubled = Compiled(lambda x: 2 * x, "doubled")
        assert torch.equal(doubled(torch.ones(3, 2)), torch.full((3, 2), 2.0)) and doubled.way == COMPILED
        return len(built)

    return double


def test_what_is_in_the_cache_is_not_built_again(from_package, tmp_path, caplog):
    assert [from_package(), from_package()] == [1, 0] and not caplog.text
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".pt2", ".sha256"]  # nothing half is left


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:1000], lambda content: content[:-5000] + bytes([content[-5000] ^ 1]) + content[-4999:]],
    ids=["cut", "flipped bit"],
)
def test_a_damaged_library_is_built_again(from_package, tmp_path, package, caplog, damage):
    assert from_package() == 1
    (tmp_path / package.name).write_bytes(damage(package.read_bytes()))
    assert from_package() == 1 and f"{tmp_path / package.name} is damaged, and built again" in caplog.text
    assert from_package() == 0


def test_a_cache_that_cannot_be_locked_serves_what_is_in_it(from_package, package, tmp_path, caplog):
    """As one that can only be read."""
    (tmp_path / package.name).with_suffix(".lock").mkdir()
    assert from_package() == 1 and "compiled for this job alone; choose another folder: LIBI_CACHE" in caplog.text
    for name in (package.name, f"{package.name}.sha256"):
        shutil.copy(package.with_name(name), tmp_path)
    assert from_package() == 0 and not caplog.text


def test_what_finds_no_place_in_the_cache_is_built_elsewhere(from_package, package, tmp_path, monkeypatch, caplog):
    """As on a full drive: half of a file is left to nobody."""
    build = compilation.build

    def half(function, signature, path):
        build(function, signature, path)
        if path.is_relative_to(tmp_path):
            path.write_bytes(package.read_bytes()[:1000])
            raise RuntimeError("PytorchStreamWriter failed writing file: No space left on device")

    monkeypatch.setattr(compilation, "build", half)
    assert from_package() == 2 and "No space left" in caplog.text
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_temporary_folder_from_which_nothing_can_be_loaded_is_left_aside(from_package, tmp_path, monkeypatch):
    """As one that is mounted noexec: the library is unpacked in the cache."""
    load = compilation._load

    def refuse(path, place):
        if place is None:
            raise RuntimeError("failed to map segment from shared object")
        return load(path, place)

    monkeypatch.setattr(compilation, "_load", refuse)
    assert [from_package(), from_package()] == [1, 0]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".pt2", ".sha256"]


def test_without_a_place_for_the_cache_a_function_runs_as_it_is(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(compilation, "build", fails)
    assert torch.equal(Compiled(lambda x: 2 * x, "doubled")(torch.ones(3, 2)), torch.full((3, 2), 2.0))
    assert "doubled cannot be compiled" in caplog.text and "compiled for this job alone" in caplog.text


def test_a_program_is_another_for_another_activation_in_the_same_data_set():
    """Else a study would train by the compiled steps of another one's network."""
    texts = [spelled(dataset_of("mobius", {"decoder_activation": name}).decoder) for name in ("relu", "tanh", "relu")]
    assert texts[0] != texts[1] and texts[0] == texts[2] and " at 0x" not in "".join(texts)
    assert "50" in texts[0] and spelled(dataset_of("mobius", {"decoder_units": 7}).decoder) != texts[0]
