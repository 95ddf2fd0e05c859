"""What a job says when its log cannot be written."""

import subprocess
import sys

JOB = """
from libi.runtime.logs import log_to

with log_to({path!r}) as log:
    log.info("begins")
    raise ValueError("the cause")
"""


def said(path):
    run = subprocess.run([sys.executable, "-c", JOB.format(path=str(path))], capture_output=True, text=True)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    return run.stderr.splitlines()


def test_on_a_full_drive_the_error_of_a_job_goes_to_the_terminal():
    assert said("/dev/full") == [
        "/dev/full cannot be written: [Errno 28] No space left on device",
        "ValueError: the cause",
    ]


def test_where_no_log_can_be_made_a_job_does_not_begin(tmp_path):
    (tmp_path / "logs").touch()  # a file in the place of the folder
    (line,) = said(tmp_path / "logs/job.log")
    assert line.startswith(f"{tmp_path}/logs/job.log cannot be written: ")
