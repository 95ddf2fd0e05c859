"""Jobs that are forks of a server: what they find, how they end, and that they end with their run."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from .conftest import REPOSITORY, environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are forks on Linux only")

# What Snakemake does with a script: it asks for its execution, in a thread, and waits for its end.
RUN = """
import sys
from types import SimpleNamespace
sys.path.insert(0, {workflow!r})
import forks
from snakemake.script import PythonScript

def start(fname, tmpdir=None, bench_record=None):
    resources = {{"tmpdir": tmpdir}}
    given = SimpleNamespace(path="scripts/select_configuration.py", resources=resources, bench_record=bench_record)
    PythonScript.execute_script(given, fname)

if __name__ == "__main__":
    forks.serve()
"""


def driver(folder, calls):
    """A program that starts jobs as Snakemake does."""
    path = folder / "snakemake"  # as the command is called
    text = RUN.format(workflow=str(REPOSITORY / "workflow")) + textwrap.indent(textwrap.dedent(calls), "    ")
    path.write_text(text, encoding="utf-8")
    return {"args": [sys.executable, str(path)], "cwd": folder, "env": environment()}


def output_of(given, **changes):
    """What such a program prints."""
    run = subprocess.run(**given | changes, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run


def script(folder, name, text):
    (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")


def test_a_job_finds_pytorch_imported_and_nothing_of_the_package(tmp_path):
    script(
        tmp_path,
        "job.py",
        """
        import json, os, sys, tempfile
        found = {"loaded": sorted(sys.modules), "name": open("/proc/self/comm").read().strip(), "main": __name__}
        found |= {"argv": sys.argv, "threads": os.environ["OMP_NUM_THREADS"], "temporary": tempfile.gettempdir()}
        found |= {"pid": os.getpid(), "parent": os.getppid()}
        json.dump(found, open("found.json", "w"))
        """,
    )
    (tmp_path / "own").mkdir()
    output_of(driver(tmp_path, f"start('job.py', {str(tmp_path / 'own')!r})"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert {"torch", "pandas", "pydantic", "jaxtyping", "safetensors.numpy"} <= set(found["loaded"])
    assert not [name for name in found["loaded"] if name.split(".")[0] == "libi"]
    assert found["name"] == "select_configuration"[:15] and found["main"] == "__main__" and found["argv"] == ["job.py"]
    assert found["threads"] == "1" and found["temporary"] == str(tmp_path / "own")


def test_jobs_at_once_end_as_they_say(tmp_path):
    """Of 24 jobs in 8 threads each third fails, by an exit code, an error or a signal; all others are done."""
    for number in range(24):
        end = ("raise SystemExit(3)", "1 / 0", "os.kill(os.getpid(), signal.SIGKILL)")[number // 3 % 3]
        text = f"import os, signal\n{end if number % 3 == 0 else f'open({str(number)!r}, chr(119)).close()'}\n"
        script(tmp_path, f"job{number}.py", text)
    calls = """
    import json, subprocess
    from concurrent.futures import ThreadPoolExecutor
    def code(number):
        try:
            start(f"job{number}.py")
        except subprocess.CalledProcessError as error:
            return error.returncode
        return 0
    with ThreadPoolExecutor(8) as pool:
        print(json.dumps(list(pool.map(code, range(24)))))
    """
    run = output_of(driver(tmp_path, calls))
    codes = json.loads(run.stdout)
    assert codes[::3] == [3, 1, -signal.SIGKILL, 3, 1, -signal.SIGKILL, 3, 1]
    assert not any(codes[1::3]) and not any(codes[2::3])
    assert all((tmp_path / str(number)).exists() == (number % 3 > 0) for number in range(24))
    assert run.stderr.count("ZeroDivisionError: division by zero") == 3


@pytest.mark.parametrize("victim", ["the run", "the server"])
def test_a_job_ends_with_its_run(tmp_path, victim):
    """However the run ends: nobody would learn how the job ends, and a run that follows may start it again."""
    script(
        tmp_path,
        "job.py",
        "import os, time\nopen('pids', 'w').write(f'{os.getpid()} {os.getppid()}\\n')\ntime.sleep(60)\n",
    )
    with subprocess.Popen(**driver(tmp_path, "start('job.py')"), stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 60
        while not ((tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        job, server = (psutil.Process(int(pid)) for pid in (tmp_path / "pids").read_text().split())
        os.kill(run.pid if victim == "the run" else server.pid, signal.SIGKILL)
        _, left = psutil.wait_procs([job], timeout=30)
        assert not left
        assert run.wait(timeout=30) != 0
        assert not psutil.wait_procs([server], timeout=30)[1]


def test_a_job_that_ends_at_once_is_done(tmp_path):
    """Snakemake measures each job, and may find that it has ended already."""
    script(tmp_path, "job.py", "pass\n")
    calls = """
    from snakemake.benchmark import BenchmarkRecord
    records = [BenchmarkRecord() for _ in range(20)]
    for record in records:
        start("job.py", bench_record=record)
    print(all(record.running_time is not None for record in records))
    """
    assert output_of(driver(tmp_path, calls)).stdout == "True\n"


@pytest.mark.parametrize("why", ["no room for a socket", "another program"])
def test_else_jobs_start_as_snakemake_starts_them(tmp_path, why):
    far = tmp_path / ("far" * 60)
    far.mkdir()
    given = driver(tmp_path, "print(PythonScript.execute_script is forks.execute_script)")
    assert output_of(given).stdout == "True\n"
    if why == "another program":
        (tmp_path / "snakemake").rename(tmp_path / "own.py")
        given["args"][1] = str(tmp_path / "own.py")
    else:
        given["env"] |= {"TMPDIR": str(far)}
    assert output_of(given).stdout == "False\n"
