"""What all tests share."""

import torch

torch.set_num_threads(1)  # two workers share the cores


def pytest_collection_modifyitems(items):
    """A file that runs the smoke study first, what needs no study meanwhile, then the others; the cluster last.

    Both workers would wait for the smoke study if both began with it.
    """

    def turn(item):
        if item.path.name == "test_cluster.py":
            return 3
        if item.path.name == "test_end_to_end.py":
            return 0
        runs = {"smoke_run", "tiny_run"} & set(getattr(item, "fixturenames", ()))
        return 2 if item.get_closest_marker("long") or runs else 1

    items.sort(key=turn)
