"""Which compiler PyTorch's steps get: the first that works, whatever is on PATH."""

import os
import shutil

import pytest

from libi.native.compilers import compiler_of_pytorch, no_compiler

REAL = shutil.which("g++") or shutil.which("c++")
pytestmark = pytest.mark.skipif(not REAL, reason="no C++ compiler")
WORKS = f'PATH={os.environ["PATH"]} exec {REAL} "$@"'
FAILS = "echo out of order >&2; exit 1"
# As clang without libomp-dev: all but OpenMP's header is there.
WITHOUT_OPENMP = (
    f"for last; do case $last in *.cpp) grep -q omp.h $last && {{ echo no omp.h >&2; exit 1; }};; esac; done; {WORKS}"
)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Puts programs on a PATH that has the tools of a shell besides."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "grep").symlink_to(shutil.which("grep"))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)

    def put(**scripts):
        for name, script in scripts.items():
            path = folder / name.replace("xx", "++")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        compiler_of_pytorch.cache_clear()
        return compiler_of_pytorch()

    yield put
    compiler_of_pytorch.cache_clear()


def test_the_first_that_works(programs, caplog):
    assert programs(gxx=WORKS, clangxx=FAILS) == "g++" and not caplog.text


def test_a_compiler_of_one_s_own_that_is_not_there_is_named(programs, monkeypatch):
    programs(gxx=WORKS)
    monkeypatch.setenv("CXX", "gplusplus -O1")
    assert "no C++ compiler, since CXX is 'gplusplus', which is not on PATH" in no_compiler()


@pytest.mark.parametrize("script", [FAILS, WITHOUT_OPENMP, "exec false"])
def test_one_that_fails_gives_way_to_the_next(programs, script):
    assert programs(gxx=script, clangxx=WORKS) == "clang++"


def test_one_that_writes_bytes_that_are_not_utf_8_is_one_that_fails(programs, caplog):
    assert programs(gxx="printf '\\377' >&2; exit 1") is None and "g++" in caplog.text


def test_where_none_works_one_warning_names_cause_and_remedy(programs, caplog):
    assert programs(gxx=FAILS, clangxx=WITHOUT_OPENMP) is None
    assert compiler_of_pytorch() is None and len(caplog.records) == 1
    assert all(words in caplog.text for words in ("out of order", "no omp.h", "install g++, or libomp-dev for clang"))


def test_where_there_is_none_a_warning_says_so(programs, caplog):
    assert programs() is None and "no C++ compiler" in caplog.text and "install g++ or clang" in caplog.text


def test_a_name_with_an_open_quote_is_passed_over(programs, monkeypatch, caplog):
    monkeypatch.setenv("CXX", 'g++ "-m64')
    assert programs(gxx=WORKS) == "g++"
    assert "CXX is not read" in caplog.text


def test_flags_in_its_name_do_not_matter(programs, monkeypatch):
    monkeypatch.setenv("CXX", "g++ -m64")
    assert programs(gxx=WORKS) == "g++"
