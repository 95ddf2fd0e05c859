"""What all tests share."""

import torch

torch.set_num_threads(1)  # two workers share the cores


def pytest_collection_modifyitems(items):
    """The long runs first, so that no worker waits for them at the end; the cluster last, when cores are free."""

    def turn(item):
        if item.path.name == "test_cluster.py":
            return 2
        return 0 if item.get_closest_marker("long") or "smoke_run" in getattr(item, "fixturenames", ()) else 1

    items.sort(key=turn)
