"""The study on a real SLURM: undisturbed, and through what can go wrong on a cluster."""

import contextlib
import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
import yaml

from ..workflow.conftest import REPOSITORY, SMOKE, Project, environment, write_study
from .cluster import STATE, accounting, node_state, running, small_cluster, told, wait_for, why_not

HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
]

# Checks come 3, 13, 23, ... seconds after one another as long as nothing ends.
SLURM = ("--profile", "slurm", "--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "10")
FAULTS = ("--configfile", "config/faults.yaml")
METHODS = {"truth", "vae", "beta_vae", "libi"}
GOES_ON = re.compile(r"goes on from epoch (\d+)")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    small_cluster("up")
    yield
    small_cluster("down")


def table(project, name):
    return (project.root / f"results/{name}/table1.csv").read_bytes()


# ------------------------------------------------------------------------ undisturbed


@pytest.fixture(scope="module")
def smoke_on_slurm(tmp_path_factory):
    """The smoke study through SLURM: the project, what Snakemake said, and what sacct knows of its jobs."""
    project = Project.of_the_work_tree(tmp_path_factory.mktemp("slurm") / "project")
    run = project.snakemake(*SLURM, "--configfile", SMOKE)
    assert run.returncode == 0, run.stdout[-5000:]
    jobs = wait_for(lambda: [job for job in accounting() if job["Comment"].startswith("rule_")])
    return project, run.stdout, jobs


def test_the_table_is_that_of_a_run_without_slurm(smoke_on_slurm, smoke_run):  # noqa: F811
    assert table(smoke_on_slurm[0], "smoke") == table(smoke_run, "smoke")


def test_every_job_but_the_local_ones_ran_there(smoke_on_slurm):
    _, _, jobs = smoke_on_slurm
    assert {job["State"] for job in jobs} == {"COMPLETED"}
    training = [job["Comment"] for job in jobs if job["Comment"].startswith("rule_train")]
    assert len(training) == len(set(training)) == 4 * 6 + 2  # both replicates of a method in one job; joint MAP
    groups = [job["Comment"] for job in jobs if not job["Comment"].startswith("rule_train")]
    assert len(groups) == 2 + 3 * 5 + 1  # data; selections, metrics, posteriors; references


def test_gpus_memory_and_time_are_those_submitted(smoke_on_slurm):
    """The submit lines are known; here they are compared with what SLURM has made of them."""
    needs = r"--comment (\w+) .*-t (\d+) --mem (\d+) "
    asked = {re.search(needs, line).groups() for line in (HERE / "submit_lines.txt").read_text().splitlines()}
    for job in smoke_on_slurm[2]:
        name = job["Comment"].split("_wildcards_")[0]
        assert (name, job["TimelimitRaw"], job["ReqMem"].removesuffix("M")) in asked, job
        assert ("gres/gpu=1" in job["AllocTRES"]) == name.startswith("rule_train"), job
        assert job["AllocCPUS"] == "1", job


def test_two_jobs_have_trained_at_once_on_two_gpus(smoke_on_slurm):
    spans = [(job["Start"], job["End"]) for job in smoke_on_slurm[2] if "gres/gpu=1" in job["AllocTRES"]]
    assert any(a < start < b for a, b in spans for start, _ in spans)


def test_an_efficiency_report_is_written(smoke_on_slurm):
    assert list((smoke_on_slurm[0].root / "logs/slurm").glob("efficiency_report_*.csv"))


def test_of_the_jobs_that_wait_the_longest_start_first():
    """As `slurm/profile.yaml` submits them, on a cluster that is full when they come, the shortest first."""
    profile = yaml.safe_load((REPOSITORY / "slurm/profile.yaml").read_text())
    asked = {rule: profile["set-resources"][rule]["slurm_extra"] for rule in ("train", "train_first")}
    asked["evaluate"] = profile["default-resources"]["slurm_extra"]

    def submit(name, seconds, *options):
        command = ("sbatch", "--parsable", "--exclusive", "--output", "/dev/null", "--comment", name, *options)
        return told(*command, "--wrap", f"sleep {seconds}")[0]

    full = submit("full", 600)
    wait_for(lambda: running("full"))
    waiting = [submit(rule, 2, asked[rule].strip("'")) for rule in ("evaluate", "train", "train_first")]
    told("scancel", full)

    def ended():
        jobs = [job for job in accounting() if job["JobID"] in waiting and job["State"] == "COMPLETED"]
        return sorted(jobs, key=lambda job: job["Start"]) if len(jobs) == 3 else []

    assert [job["Comment"] for job in wait_for(ended)] == ["train_first", "train", "evaluate"]


# ------------------------------------------------------------------------ faults


def study():
    """One data set and replicate of the smoke study, with so many epochs that its jobs train for seconds."""
    smoke = yaml.safe_load((REPOSITORY / SMOKE).read_text(encoding="utf-8"))
    training = smoke["training"] | {"epochs": 2000, "validate_every": 500}
    methods = {name: grid for name, grid in smoke["datasets"]["cubic_jtex"].items() if name in METHODS}
    return smoke | {"name": "faults", "replicates": 1, "training": training, "datasets": {"cubic_jtex": methods}}


def prepared(root):
    project = Project.of_the_work_tree(root)
    write_study(project.root / "config" / "faults.yaml", study())
    return project


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The same study without SLURM and without faults."""
    project = prepared(tmp_path_factory.mktemp("undisturbed") / "project")
    run = project.snakemake("--cores", "2", *FAULTS)
    assert run.returncode == 0, run.stdout[-3000:]
    return project


@contextlib.contextmanager
def started(project, *arguments):
    """The study under way on the cluster; at the end of the block the run has ended."""
    output = project.root / "output.log"
    command = project.command(*SLURM, *FAULTS, *arguments)
    command["args"][:0] = ["env", "--default-signal=INT"]  # tests in the background are deaf to Ctrl-C, and pass it on
    with open(output, "a") as log:
        run = subprocess.Popen(
            **command,
            env=environment(LIBI_CHECKPOINT_SECONDS="0.5"),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield run
        run.wait(timeout=1500)
    except BaseException:
        print(output.read_text()[-5000:])
        raise
    finally:
        run.kill()


def trainer(project, method):
    """The process that trains a method's models, by the log that it writes; None if there is none."""
    log = str(project.root / f"logs/faults/train/cubic_jtex/{method}/0.log")
    for process in psutil.process_iter(["cmdline"]):
        if ".snakemake/scripts" in " ".join(process.info["cmdline"] or []):
            with contextlib.suppress(psutil.Error):
                if any(file.path == log for file in process.open_files()):
                    return process
    return None


def halted_in_training(project, spared):
    """Wait for a job with a checkpoint, of a method not to be spared, and halt it: it cannot end before it is hit.

    Gives the job's method and its number in SLURM, which ends halted processes like any others.
    """

    def look():
        for method in sorted(METHODS - spared):
            checkpoints = project.root / f"scratch/faults/cubic_jtex/{method}/0"
            rule = "train_first" if method == "libi" else "train"
            if any(checkpoints.glob("stack_*.safetensors")) and (process := trainer(project, method)):
                with contextlib.suppress(psutil.NoSuchProcess):  # SLURM has just ended it
                    process.suspend()
                    if number := running(f"rule_{rule}_wildcards__faults_cubic_jtex_{method}_0"):
                        assert any(checkpoints.glob("stack_*.safetensors")), f"{method}: halted too late"
                        spared.add(method)
                        return method, number
                    process.resume()
        return None

    return wait_for(look, 240)


def time_out(_project, _method, number):
    """Let a job's time be up, which SLURM sees within half a minute."""
    told("scontrol", "update", f"JobId={number}", "EndTime=now+1")


def cancel(_project, _method, number):
    told("scancel", number)


def requeue(_project, _method, number):
    told("scontrol", "requeue", number)


def kill_script(project, method, _number):
    """Kill the process that trains, and nothing else of the job: the job fails."""
    trainer(project, method).kill()


def restart_controller():
    """Stop SLURM's controller and start it again."""
    process = psutil.Process(int((STATE / "run/slurmctld.pid").read_text()))
    process.terminate()
    process.wait(10)
    subprocess.run(["slurmctld"], check=True)
    wait_for(node_state, 60)


def went_on(project, method):
    """Whether the job that made a method's models began with a checkpoint, by its log."""
    log = (project.root / f"logs/faults/train/cubic_jtex/{method}/0.log").read_text()
    return any(int(epoch) > 0 for epoch in GOES_ON.findall(log))


def states(jobs):
    """What has become of some jobs."""
    return {job["State"].split()[0] for job in jobs}


def test_memory_limit_failure_cancellation_time_out_and_requeue(undisturbed, tmp_path):
    project, known, hit = prepared(tmp_path / "project"), len(accounting()), set()
    scarce = "train:mem_mb=250 if attempt == 1 else 2000"  # PyTorch alone takes more than 250
    with started(project, "--set-resources", "train:gpu=1", "train_first:gpu=1", scarce) as run:
        faults = [kill_script, cancel, requeue]
        while hit != METHODS:
            method, number = halted_in_training(project, hit)
            (time_out if method == "libi" else faults.pop())(project, method, number)
    assert run.returncode == 0
    assert table(project, "faults") == table(undisturbed, "faults")
    assert all(went_on(project, method) for method in METHODS)
    jobs = accounting()[known:]
    assert {"FAILED", "CANCELLED", "TIMEOUT", "REQUEUED", "COMPLETED"} <= states(jobs), states(jobs)
    logs = (project.root / "logs/slurm/rule_train").rglob("*.log")
    assert any("exceeded memory limit" in log.read_text() for log in logs)


def test_lost_node_interruption_and_lost_controller(undisturbed, tmp_path):
    project, known, hit = prepared(tmp_path / "project"), len(accounting()), set()
    with started(project) as run:
        halted_in_training(project, hit)
        node = f"NodeName={told('hostname', '-s')[0]}"
        told("scontrol", "update", node, "State=DOWN", "Reason=test")
        told("scontrol", "update", node, "State=RESUME")
        halted_in_training(project, hit)
        run.send_signal(signal.SIGINT)
    assert run.returncode != 0
    with started(project) as run:
        halted_in_training(project, hit)
        run.send_signal(signal.SIGTERM)
    assert run.returncode != 0
    wait_for(lambda: not told("squeue", "-h", "-o", "%i"))
    with started(project) as run:
        # Not in training: SLURM 22.05 never takes back the GPU of a job that ends while the controller starts.
        number = wait_for(lambda: running("rule_selections_select"), 240)
        wait_for(lambda: f"{number}.0" in told("squeue", "-h", "-s", "-o", "%i"))
        restart_controller()
    assert run.returncode == 0
    assert table(project, "faults") == table(undisturbed, "faults")
    assert len(hit) == 3 and all(went_on(project, method) for method in hit)
    jobs = accounting()[known:]
    assert {"NODE_FAIL", "CANCELLED", "COMPLETED"} <= states(jobs), states(jobs)
