"""What all tests share: two workers, the order of tests, and run-time checks of every call in the rooms of arrays."""

import importlib
import typing

import hypothesis
import jaxtyping
import pytest
import torch

from libi.runtime.rooms import PACKAGE

from . import checker

ROOMS = "base datasets objectives methods models metrics statistics posterior evaluation training native".split()
ROOMS += ["judging", "paper.claims", "paper.examples", "paper.leads", "rendering"]
jaxtyping.install_import_hook([f"libi.{room}" for room in ROOMS], f"{checker.__name__}.check")

# Studies are read without PyTorch, so some files import it for types alone. Here the shapes of their arrays are checked
# too. In that state most packages cannot be imported, so `libi.models.trained` first imports all that these files take.
importlib.import_module("libi.models.trained")
typing.TYPE_CHECKING = True
for path in sorted(PACKAGE.rglob("*.py")):
    place = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
    if place.startswith(tuple(ROOMS)) and "\n    from torch import" in path.read_text(encoding="utf-8"):
        importlib.import_module(f"libi.{place}")
typing.TYPE_CHECKING = False

torch.set_num_threads(1)  # two workers share the cores
hypothesis.settings.register_profile("busy machine", deadline=None)
hypothesis.settings.load_profile("busy machine")


@pytest.fixture(autouse=True)
def checked_shapes(request):
    """Every call of a public function of arrays is checked against its shapes, but where a test gives wrong ones."""
    wrong = request.node.get_closest_marker("wrong_shapes") is not None
    jaxtyping.config.update("jaxtyping_disable", wrong)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def pytest_collection_modifyitems(items):
    """A file that runs the smoke study first, what needs no study meanwhile, then the others; the cluster last.

    Both workers would wait for the smoke study if both began with it.
    """

    def turn(item):
        if item.path.name in ("test_cluster.py", "test_two_nodes.py"):
            return 3
        if item.path.name == "test_end_to_end.py":
            return 0
        runs = {"smoke_run", "tiny_run"} & set(getattr(item, "fixturenames", ()))
        return 2 if item.get_closest_marker("long") or runs else 1

    items.sort(key=turn)
