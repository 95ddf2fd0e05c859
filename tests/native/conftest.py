"""The kernels cannot be tested where there is no compiler."""

import pytest

from libi.native.library import load


@pytest.fixture(autouse=True, scope="session")
def kernels():
    library = load()
    if library is None:
        pytest.skip("no C++ compiler")
    return library
