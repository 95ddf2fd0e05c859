"""A real SLURM of one node or two, and how to ask it what its jobs do."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

SMALL_CLUSTER = Path(__file__).parent / "small_cluster.sh"
STATE = Path("/var/lib/libi-small-cluster")
CPUS = 4
NOT_INSTALLED = 3


def why_not():
    """Why there can be no SLURM on this machine; None if there can."""
    if os.geteuid() != 0:
        return "brings up a SLURM, which only root can"
    if shutil.which("apt-get") is None or "ID=debian" not in Path("/etc/os-release").read_text():
        return "brings up a SLURM, by Debian's packages"
    return None


def small_cluster(action, nodes=1):
    """Bring the cluster up or down, or lose its second node; skip the tests where SLURM's packages cannot be had."""
    given = os.environ | {"CLUSTER_CPUS": str(CPUS), "CLUSTER_NODES": str(nodes)}
    done = subprocess.run([SMALL_CLUSTER, action], env=given, timeout=300)
    if done.returncode == NOT_INSTALLED:
        pytest.skip("SLURM's packages cannot be installed here")
    done.check_returncode()


def told(*command):
    """What a command prints, line by line."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def accounting():
    """One dictionary an allocation, whatever its state: what sacct knows of it. It lags behind a little."""
    fields = (
        "JobID",
        "State",
        "Comment",
        "ReqMem",
        "TimelimitRaw",
        "AllocTRES",
        "AllocCPUS",
        "Start",
        "End",
        "NodeList",
    )
    rows = told("sacct", "-X", "-P", "-n", "--duplicates", "--starttime", "now-1days", "-o", ",".join(fields))
    return [dict(zip(fields, row.split("|"), strict=True)) for row in rows]


def running(comment):
    """The number of a running job with this comment; None if there is none."""
    jobs = (row.split("|") for row in told("squeue", "-h", "-t", "R", "-o", "%i|%k"))
    return next((number for number, said in jobs if said == comment), None)


def wait_for(what, seconds=120):
    """Wait until a function returns something, and return that."""
    until = time.monotonic() + seconds
    while not (result := what()):
        assert time.monotonic() < until, f"waited {seconds} s in vain"
        time.sleep(0.2)
    return result


def node_state():
    """The state of the node, if there is a controller to tell it and the node is of use."""
    try:
        (state,) = set(told("sinfo", "-h", "-o", "%T"))
    except subprocess.SubprocessError:
        return None
    return state if state in ("idle", "mixed", "allocated", "completing") else None
