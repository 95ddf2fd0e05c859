"""How the library comes to be: once, whole, with what the processor has; and what happens where it cannot be."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from libi.native import library

ALONE = "the kernels cannot be made or loaded in the cache, so they are compiled for this job alone"
REPOSITORY = Path(__file__).parents[2]
LOAD = """
from libi.runtime.logs import log_to
from libi.native.library import load
with log_to("log"):
    print(load() is not None)
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, for this process too."""
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path / "cache"))
    library.load.cache_clear()
    yield tmp_path / "cache"
    library.load.cache_clear()


def loading(folder, **environment):
    """A process that loads the library, its log in a folder."""
    given = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")} | environment
    return subprocess.Popen([sys.executable, "-c", LOAD], cwd=folder, env=given, text=True, stdout=subprocess.PIPE)


@pytest.mark.long
def test_two_processes_build_one_library(tmp_path, cache):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    runs = [loading(tmp_path / name) for name in "ab"]
    assert [run.communicate()[0].strip() for run in runs] == ["True", "True"]
    assert sum("compiled the kernels" in (tmp_path / name / "log").read_text() for name in "ab") == 1
    assert sorted(path.suffix for path in cache.iterdir()) == [".lock", ".sha256", ".so"]


@pytest.mark.long
def test_a_build_that_is_killed_leaves_nothing_for_long(tmp_path, cache):
    run = loading(tmp_path, TMPDIR=str(tmp_path))
    while not list(cache.glob(".kernels-*")):
        assert run.poll() is None, "it ended before it built anything"
        time.sleep(0.02)
    run.kill()
    run.communicate()
    assert not list(cache.glob("*.so"))
    assert loading(tmp_path, TMPDIR=str(tmp_path)).communicate()[0].strip() == "True"
    assert sorted(path.suffix for path in cache.iterdir()) == [".lock", ".sha256", ".so"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "log"]


def test_without_a_compiler_there_is_a_warning_and_no_library(tmp_path, cache, monkeypatch, caplog):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert library.load() is None
    assert "no C++ compiler" in caplog.text and "install g++ or clang" in caplog.text


def test_a_compiler_that_fails_is_named_with_what_it_said(tmp_path, cache, monkeypatch, caplog):
    broken = tmp_path / "g++"
    broken.write_text("#!/bin/sh\necho no space left >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    assert library.load() is None
    assert str(broken) in caplog.text and "exit code 3" in caplog.text and "no space left" in caplog.text
    assert not list(cache.glob("*.so"))


@pytest.fixture
def tiny(tmp_path, cache, monkeypatch):
    """A library that is compiled in no time."""
    (tmp_path / "libi.cpp").write_text('extern "C" int answer() { return 42; }')
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    monkeypatch.delenv("CXX", raising=False)


def answer():
    library.load.cache_clear()
    found = library.load()
    return found and found.answer()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-200] + bytes([content[-200] ^ 1]) + content[-199:],
    ],
    ids=["empty", "cut", "flipped bit"],
)
def test_a_damaged_library_is_compiled_again(tiny, cache, damage):
    command = [*library.compilers()[0], *library.FLAGS, *library.for_this_processor()]
    path = library.path_of(command)
    path.parent.mkdir(parents=True)
    library.build(command, path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert answer() == 42 and library.is_whole(path)


def test_a_cache_that_cannot_be_locked_serves_what_is_in_it(tiny, cache, caplog):
    assert answer() == 42
    for lock in cache.glob("*.lock"):
        lock.unlink()
        lock.mkdir()  # no file can be opened there, not even by root
    assert answer() == 42 and ALONE not in caplog.text
    for path in cache.glob("*.so"):
        path.unlink()
    assert answer() == 42 and ALONE in caplog.text
    assert not list(cache.glob("*.so"))


def test_a_cache_from_which_nothing_can_be_loaded_is_left_aside(tiny, cache, monkeypatch, caplog):
    """As on a drive that is mounted noexec; a drive on which the compiler finds no place fails alike."""
    load = library.ctypes.CDLL

    def refuse(path):
        if path.startswith(str(cache)):
            raise OSError(f"{path}: failed to map segment from shared object")
        return load(path)

    monkeypatch.setattr(library.ctypes, "CDLL", refuse)
    for _ in range(2):  # the second finds a whole library there
        assert answer() == 42 and ALONE in caplog.text and "failed to map segment" in caplog.text
        caplog.clear()


def test_a_compiler_that_fails_in_the_cache_alone_serves_the_job(tiny, cache, monkeypatch, caplog):
    """As on a full drive."""
    run = library.run

    def fail_there(command, environment=None):
        if str(cache) in command[-1]:
            raise RuntimeError("g++ ended with exit code 1: No space left on device")
        run(command, environment)

    monkeypatch.setattr(library, "run", fail_there)
    assert answer() == 42 and ALONE in caplog.text and "No space left" in caplog.text
    assert not list(cache.glob("*.so"))


def test_without_a_cache_the_kernels_are_compiled_for_the_job(tiny, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path / "libi.cpp" / "cache"))  # below a file
    assert answer() == 42 and ALONE in caplog.text


def test_the_next_compiler_serves_where_the_first_fails(tiny, tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "g++").write_text("#!/bin/sh\nexit 1\n")
    (programs / "g++").chmod(0o755)
    (programs / "clang++").write_text(f'#!/bin/sh\nPATH={os.environ["PATH"]} exec {shutil.which("g++")} "$@"\n')
    (programs / "clang++").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    assert answer() == 42


def test_a_compiler_can_be_named_with_flags(tiny, monkeypatch):
    monkeypatch.setenv("CXX", "g++ -O1")
    assert library.compilers() == [["g++", "-O1"]] and answer() == 42


def test_another_compiler_or_processor_is_another_library(cache, monkeypatch):
    paths = {library.path_of(command) for command in (["g++"], ["clang++"], ["g++", "-O1"])}
    monkeypatch.setattr(library, "kind_of", lambda device: ["another"])
    paths.add(library.path_of(["g++"]))
    assert len(paths) == 4 and {path.parent for path in paths} == {cache}


def what_fails(tmp_path, **environment):
    """The tests of the kernels, on a library of their own; what they said if one failed."""
    given = os.environ | {"LIBI_CACHE": str(tmp_path)} | environment
    tests = ["tests/native/test_operators.py", "tests/training/test_by_kernels.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(command, cwd=REPOSITORY, env=given, capture_output=True, text=True)
    return run.stdout[-3000:] + run.stderr[-3000:] if run.returncode else ""


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("clang++"), reason="no clang")
def test_clang_computes_the_same(tmp_path):
    assert not what_fails(tmp_path, CXX="clang++")


@pytest.mark.long
@pytest.mark.parametrize("flag", ["-mno-avx512f", "-mno-avx"])
def test_narrower_vectors_compute_the_same(tmp_path, flag):
    """Eight or four lanes, as AVX2 and NEON have, on a machine with more."""
    assert not what_fails(tmp_path, CXXFLAGS=flag)


@pytest.mark.long
def test_sanitizers_find_nothing(tmp_path):
    """A library that watches every access and every operation."""
    runtime = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    flags = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
    preloaded = {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    assert not what_fails(tmp_path, CXX="g++", CXXFLAGS=flags, **preloaded)
