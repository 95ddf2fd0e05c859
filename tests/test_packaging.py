"""pyproject.toml, requirements.lock and environment.yml say the same, and the sources are in good order."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import libi

REPOSITORY = Path(__file__).parents[1]
LOCK = REPOSITORY / "requirements.lock"
KERNELS = sorted((REPOSITORY / "src/libi/native").glob("*.[ch]pp"))
# What environment.yml asks for, so that every machine checks the same closure.
LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
# A CUDA build of PyTorch brings these along, a CPU build does not: pip takes them as it finds them.
OF_THE_CUDA_BUILD = ("nvidia-", "cuda-", "triton")


def requirements():
    """What pyproject.toml asks for, tests included."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["test"])]


def lines_of_the_lock():
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def pins():
    """Canonical name to version."""
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines_of_the_lock())}


def wanted(requirement, extras, python):
    """Whether a package asks for a requirement when it is asked for with extras, on a Python such as 3.11."""
    marker, machine = requirement.marker, LINUX | {"python_full_version": f"{python}.0", "python_version": python}
    return marker is None or any(marker.evaluate(machine | {"extra": extra}) for extra in ("", *extras))


def closure(python="3.11"):
    """All packages that the requirements lead to, by what the installed packages say of themselves."""
    waiting, done = requirements(), set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in done or name.startswith(OF_THE_CUDA_BUILD):
            continue
        done.add((name, extras))
        needs = map(Requirement, distribution(name).requires or ())
        waiting.extend(need for need in needs if wanted(need, extras, python))
    return {name for name, _ in done}


def test_the_lock_pins_and_nothing_else():
    """Not where from: no index, host, path, link or build."""
    lines = lines_of_the_lock()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][\w.-]*==[0-9][0-9a-z.]*", line)] == []
    assert len(lines) == len(pins())
    assert not re.search(r"--|://|@|\+cpu|file:", LOCK.read_text(encoding="utf-8").replace("pip install -r", ""))


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_requirement_is_pinned_to_a_version_that_it_allows(requirement):
    version = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(Version(version), prereleases=True)


def test_the_lock_is_the_transitive_closure():
    assert pins().keys() == closure()


@pytest.mark.parametrize("python", ["3.12", "3.13", "3.14"])
def test_the_lock_has_all_that_newer_pythons_need(python):
    assert closure(python) <= pins().keys()


def test_the_lock_is_what_is_installed():
    """So that these tests tell something about the lock. Builds (+cpu, +cu130) may differ."""
    installed = {name: Version(distribution(name).version).public for name in pins()}
    assert installed == pins()


def test_the_conda_environment_is_the_lock():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    (packages,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert packages == lines_of_the_lock()
    assert "python=3.11" in environment["dependencies"]


@pytest.mark.parametrize(
    "command",
    [
        "ruff check --no-cache .",
        "ruff format --no-cache --check .",
        "snakefmt --check Snakefile workflow",
        pytest.param("mypy", marks=pytest.mark.long),
        f"clang-format --dry-run --Werror {' '.join(map(str, KERNELS))}",
    ],
)
def test_sources_are_in_good_order(command):
    program, *arguments = command.split()
    program = str(Path(sys.executable).with_name(program))
    run = subprocess.run([program, *arguments], cwd=REPOSITORY, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_file_that_names_the_version_names_the_same():
    written = {
        "pyproject.toml": tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"],
        "CITATION.cff": yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())["version"],
        ".zenodo.json": json.loads((REPOSITORY / ".zenodo.json").read_text())["version"],
        "CHANGELOG.md": re.search(r"^## ([\d.]+)", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)[1],
    }
    assert written == dict.fromkeys(written, libi.__version__)
