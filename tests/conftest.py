"""What all tests share."""

import torch

torch.set_num_threads(1)  # two workers share the cores


def pytest_collection_modifyitems(items):
    """The long run first, so that no worker waits for it at the end; the cluster last, when cores are free for it."""
    items.sort(
        key=lambda item: (item.path.name == "test_cluster.py", "smoke_run" not in getattr(item, "fixturenames", ()))
    )
