"""On which other machines the pinned environment can be installed: for which there are wheels of all pins.

    python workflow/wheels.py

It asks the package index (PIP_INDEX_URL, or PyPI) for the files of every pin, and writes docs/platforms.md.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
GLIBC, OLDER = 28, {17: "2014", 12: "2010", 5: "1"}  # 2.28: Debian 10, Ubuntu 20.04, RHEL 8
PAGE = """# Other machines

The study is made and tested on Linux on x86-64 with Python 3.11. It also runs there in other environments:

* with Python 3.12, 3.13 and 3.14, and all pinned packages. The smoke study's tests pass, and so do those that
  compare results byte for byte. With 3.13, the tests that need no run of the workflow pass too;
* with Python 3.13 and all pinned packages except PyTorch, which is version 2.6 in Debian 13. The quick study runs to
  its end, and its Table 1 has the same digits on all data sets but Mobius, whose ground truth PyTorch fits. PyTorch 2.6
  cannot compile steps there, so code without a kernel runs uncompiled;
* with Python 3.12 and PyTorch 2.11, on a GPU. The smoke study runs to its end.

Nothing has been run on other systems.

The C++ kernels compile with g++ and with clang (tried: 12 and 14) and give the same numbers, except for rounding. If
clang lacks OpenMP's header (`omp.h`), code that has no kernel runs in plain PyTorch. The package `libomp-dev` has this
header. If a job cannot use the cache, because the cache is full, read-only or mounted noexec, the job compiles its own
kernels and says so in its log. Snakemake itself needs a cache that it can write to. If the home folder is not writable,
set `XDG_CACHE_HOME` to a folder that is.

On other systems, `make` installs the same pinned packages if each of them has a wheel or sources. This table names
those that have only sources. `python workflow/wheels.py` asks the package index and writes this page; it did so
on {asked}.

{table}

Linux means glibc 2.{glibc} or newer, macOS version 14 or newer. If a package has no wheel but has sources for that
Python, `pip` builds it from the sources.

## In a container

`Containerfile` holds the pinned packages, a compiler and LaTeX, for Docker and Apptainer; its first lines say how to
build and run it. hadolint finds nothing wrong with it. We could not download the Python image that it names. So we
built it with buildah 1.28 on a Debian 12 with Python 3.11 instead. In this container the quick study ran to its PDF, as
a user without a name or a home.
"""


class Offer(NamedTuple):
    """A file of a package's version.

    Attributes:
        tags: what the wheel runs on; empty for sources.
        pythons: the versions of Python that it allows.
    """

    tags: frozenset[Tag]
    pythons: SpecifierSet


def linux(architecture: str) -> Iterator[str]:
    """The platforms of a Linux with glibc 2.28."""
    for minor in range(GLIBC, 4, -1):
        yield f"manylinux_2_{minor}_{architecture}"
        if minor in OLDER:
            yield f"manylinux{OLDER[minor]}_{architecture}"
    yield f"linux_{architecture}"


PLATFORMS = {
    "Linux, x86-64": tuple(linux("x86_64")),
    "Linux, aarch64": tuple(linux("aarch64")),
    "macOS, arm64": tuple(mac_platforms((14, 0), "arm64")),
}


def pins(root: Path) -> list[tuple[str, Version]]:
    """The packages of the lock."""
    lines = (root / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return [(name, Version(version)) for name, version in pairs]


def offers(name: str, version: Version) -> list[Offer]:
    """What the index has of a package's version."""
    with urllib.request.urlopen(
        urllib.request.Request(f"{INDEX}/{canonicalize_name(name)}/", headers=JSON), timeout=60
    ) as reply:
        files = json.load(reply)["files"]
    return list(of_version(files, name, version))


def of_version(files: Iterable[Mapping[str, str | None]], name: str, version: Version) -> Iterator[Offer]:
    """The wheels and sources of one version among all files of a package.

    Args:
        files: as the index lists them (PEP 691).
        name: of the package.
        version: the one.
    """
    sources = {f"{part}-{version}.tar.gz" for part in (name, name.lower(), name.replace("-", "_"))}
    for file in files:
        filename = str(file["filename"])
        try:
            found, tags = parse_wheel_filename(filename)[1::2]
        except InvalidWheelFilename:
            found, tags = version, frozenset()
            if filename not in sources:
                continue
        if found == version:
            yield Offer(tags, SpecifierSet(file.get("requires-python") or ""))


def lacking(
    offered: Mapping[str, Sequence[Offer]], python: tuple[int, int], platforms: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The packages that a Python on a platform has only as sources, and those that it cannot have.

    Args:
        offered: what the index has, by package.
        python: its version.
        platforms: the tags of the machine, best first.
    """
    fitting = {
        *cpython_tags(python, platforms=platforms),
        *compatible_tags(python, f"cp{python[0]}{python[1]}", platforms),
    }
    text = ".".join(map(str, python)) + ".0"
    built: list[str] = []
    missing: list[str] = []
    for name, files in offered.items():
        allowed = [offer for offer in files if offer.pythons.contains(text)]
        if any(offer.tags & fitting for offer in allowed):
            continue
        (built if any(not offer.tags for offer in allowed) else missing).append(name)
    return built, missing


def in_words(built: Sequence[str], missing: Sequence[str]) -> str:
    """A cell of the table."""
    parts = [f"no {', '.join(missing)}"] if missing else []
    parts += [f"from sources: {', '.join(built)}"] if built else []
    return "; ".join(parts) or "all"


def table(offered: Mapping[str, Sequence[Offer]]) -> str:
    """The table, in Markdown."""
    head = ["Python", *PLATFORMS]
    rows = [head, ["---"] * len(head)]
    for python in PYTHONS:
        cells = (in_words(*lacking(offered, python, platforms)) for platforms in PLATFORMS.values())
        rows.append([".".join(map(str, python)), *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    wanted = pins(ROOT)
    with ThreadPoolExecutor(8) as pool:
        found = dict(zip((name for name, _ in wanted), pool.map(lambda pin: offers(*pin), wanted), strict=True))
    asked = datetime.now(UTC).date().isoformat()
    (ROOT / "docs/platforms.md").write_text(PAGE.format(asked=asked, table=table(found), glibc=GLIBC), encoding="utf-8")
    sys.stdout.write(f"Written: docs/platforms.md, of {len(wanted)} packages\n")
