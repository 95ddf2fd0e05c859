"""The study on two nodes, of which one is lost."""

import pytest

from .cluster import accounting, small_cluster, told, why_not
from .test_cluster import (
    halted_in_training,
    prepared,
    started,
    states,
    table,
    trainer,
    undisturbed,  # noqa: F401
    went_on,
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
]


@pytest.fixture(scope="module", autouse=True)
def cluster():
    small_cluster("up", nodes=2)
    yield
    small_cluster("down", nodes=2)


def node_of(number):
    """The node that a running job is on."""
    (node,) = told("squeue", "-h", "-j", number, "-o", "%N")
    return node


def test_jobs_spread_over_both_nodes_and_the_study_goes_on_when_one_is_lost(undisturbed, tmp_path):  # noqa: F811
    """Each has two GPUs, so of four training jobs two are on each node."""
    first = told("hostname", "-s")[0]
    second = f"{first}-2"
    project, known, hit = prepared(tmp_path / "project"), len(accounting()), set()
    with started(project) as run:
        method, number = halted_in_training(project, hit)
        while node_of(number) != second:
            trainer(project, method).resume()
            method, number = halted_in_training(project, hit)
        small_cluster("lose", nodes=2)
    assert run.returncode == 0
    assert table(project, "faults") == table(undisturbed, "faults")
    assert went_on(project, method)
    jobs = accounting()[known:]
    assert {first, second} <= {job["NodeList"] for job in jobs}
    assert {"NODE_FAIL", "COMPLETED"} <= states(jobs), states(jobs)
    ended = [job for job in jobs if job["Comment"].endswith(f"_cubic_jtex_{method}_0") and job["State"] == "COMPLETED"]
    assert [job["NodeList"] for job in ended] == [first]
