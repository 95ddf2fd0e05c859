"""Which files of a package fit which machine, by PEP 425 (tags), PEP 600 (manylinux) and PEP 503 (requires-python)."""

import pytest
import wheels
from packaging.version import Version

LINUX, ARM, MACOS = wheels.PLATFORMS.values()


def listed(*filenames, pythons=None):
    """What is offered of version 1.0 of a package `p`."""
    return {
        "p": list(
            wheels.of_version(
                [{"filename": name, "requires-python": pythons} for name in filenames], "p", Version("1.0")
            )
        )
    }


@pytest.mark.parametrize(
    ("filename", "python", "platforms", "fits"),
    [
        ("p-1.0-py3-none-any.whl", (3, 14), MACOS, True),
        ("p-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", (3, 12), LINUX, True),
        ("p-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", (3, 13), LINUX, False),
        ("p-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", (3, 12), ARM, False),
        ("p-1.0-cp312-cp312-manylinux_2_34_x86_64.whl", (3, 12), LINUX, False),  # a newer glibc
        ("p-1.0-cp39-abi3-manylinux2014_aarch64.whl", (3, 13), ARM, True),  # the stable ABI
        ("p-1.0-cp311-cp311-macosx_11_0_arm64.whl", (3, 11), MACOS, True),
        ("p-1.0-cp311-cp311-macosx_11_0_universal2.whl", (3, 11), MACOS, True),
        ("p-1.0-cp311-cp311-macosx_15_0_arm64.whl", (3, 11), MACOS, False),
        ("p-1.1-py3-none-any.whl", (3, 11), LINUX, False),
    ],
)
def test_a_wheel_fits_by_its_tags(filename, python, platforms, fits):
    assert wheels.lacking(listed(filename), python, platforms) == ([], [] if fits else ["p"])


def test_a_package_with_sources_alone_is_built_where_its_python_is_allowed():
    offered = listed("p-1.0.tar.gz", pythons=">=3.12")
    assert wheels.lacking(offered, (3, 12), LINUX) == (["p"], [])
    assert wheels.lacking(offered, (3, 11), LINUX) == ([], ["p"])


def test_every_package_of_the_lock_is_asked_for():
    lock = (wheels.ROOT / "requirements.lock").read_text()
    assert [f"{name}=={version}" for name, version in wheels.pins(wheels.ROOT)] == lock.split("\n")[1:-1]
