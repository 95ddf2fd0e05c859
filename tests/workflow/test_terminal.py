"""What a run shows: how far it is and what fails, and nothing of what goes well."""

import io
import json
import logging
import time

import pytest
import terminal
from progress import Progress, Work
from snakemake_interface_logger_plugins.common import LogEvent

TITLE = "Training vae on gaussian, replicate 0"


class Terminal(io.StringIO):
    """A terminal of a VT100's kind: tells what it shows after what was written."""

    def isatty(self):
        return True

    def lines(self):
        """What is on the screen, line by line."""
        screen, row, column, text = [[]], 0, 0, self.getvalue()
        while text:
            if text.startswith("\033[K"):
                del screen[row][column:]
                text = text[3:]
            elif text.startswith("\033[A"):
                row, text = row - 1, text[3:]
            elif text[0] == "\r":
                column, text = 0, text[1:]
            elif text[0] == "\n":
                row, column, text = row + 1, 0, text[1:]
                screen += [[]] if row == len(screen) else []
            else:
                screen[row][column : column + 1] = text[0]
                column, text = column + 1, text[1:]
        return ["".join(line) for line in screen if line]


def set_up(stream, scratch=None):
    """A run of two jobs whose log is shown on a stream: its logger, progress and screen."""
    run = Progress({1: Work("train", 10.0), 2: Work("train", 10.0)})
    screen = terminal.Screen(run, scratch or {}, stream)
    logger = logging.Logger("a run", logging.INFO)
    handler = logging.StreamHandler(stream)
    handler.name = "DefaultStreamHandler"
    logger.addHandler(handler)
    terminal.quieten(logger)
    terminal.take_over(logger, screen, run)
    return logger, run, screen


def tell(logger, event, level=logging.INFO, words="words", **told):
    logger.log(level, words, extra={"event": event, **told})


def starts(logger, job):
    tell(logger, LogEvent.JOB_INFO, jobid=job, rule_msg=TITLE, rule_name="train")


def test_what_goes_well_is_not_shown_but_counted():
    stream = io.StringIO()
    logger, run, _ = set_up(stream)
    logger.info("Select jobs to execute...")
    starts(logger, 1)
    tell(logger, LogEvent.SHELLCMD, words="Shell command: None")
    assert run.running() == [1]
    tell(logger, LogEvent.JOB_FINISHED, job_id=1)
    tell(logger, LogEvent.PROGRESS, words=None)
    assert stream.getvalue() == "" and run.done == 1
    logger.warning("A warning")
    assert stream.getvalue() == "A warning\n"


STACK = """INFO begins
Traceback (most recent call last):
  File "write_paper.py", line 11, in <module>
    typeset(given.text, snakemake.output[0])
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
TypesettingError: latexmk failed
./replication.tex:41: Undefined control sequence

  l.41 \\nothing
./replication.tex:41: Fatal error occurred
"""
OF_THE_STACK = [
    "TypesettingError: latexmk failed",
    "./replication.tex:41: Undefined control sequence",
    "  l.41 \\nothing",
]


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("one\n\ntwo\nthree\nfour\n", ["    two", "    three", "    four"]),
        ('Traceback (most recent call last):\n  File "a", line 1\n    1 / x\nE: no\n', ["    E: no"]),
        (STACK, [f"    {line}" for line in OF_THE_STACK]),
        (None, []),
    ],
)  # fmt: skip
def test_a_failed_job_is_shown_in_a_few_lines(tmp_path, log, shown):
    path = tmp_path / "0.log"
    if log is not None:
        path.write_text(log)
        shown = [*shown, f"    The whole log: {path}"]
    stream = io.StringIO()
    logger, run, _ = set_up(stream)
    starts(logger, 1)
    tell(logger, LogEvent.ERROR, logging.ERROR, "RuleException:\nCalledProcessError in file train.smk", exception="")
    tell(logger, LogEvent.JOB_ERROR, logging.ERROR, jobid=1, rule_name="train", log=[str(path)])
    remedy = "    Fix the cause and run the same command again; it goes on from here."
    assert stream.getvalue().splitlines() == [f"Failed: {TITLE}", *shown, remedy]
    assert run.running() == []


def test_of_a_failed_group_the_jobs_are_shown_that_have_an_error(tmp_path):
    """Snakemake calls all of them failed, also those that ended well or never began."""
    (tmp_path / "1.log").write_text("all is well\n")
    (tmp_path / "2.log").write_text(
        'Traceback (most recent call last):\n  File "x.py", line 1\nOSError: No space left\n'
    )
    stream = io.StringIO()
    logger, _, _ = set_up(stream)
    starts(logger, 1), starts(logger, 2)
    jobs = [{"jobid": 2, "rule_name": "train"}, {"jobid": 3, "rule_name": "select"}]
    tell(logger, LogEvent.GROUP_ERROR, logging.ERROR, groupid="abc", aux_logs=["slurm.log"], job_error_info=jobs)
    for job in (1, 2, 3):
        log = [str(tmp_path / f"{job}.log")]
        tell(logger, LogEvent.JOB_ERROR, logging.ERROR, jobid=job, rule_name="train", log=log, indent=True)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == [f"Failed: jobs that shared an allocation (abc): {TITLE}; select", "slurm.log"]
    assert [line for line in lines[2:] if line.startswith("Failed")] == [f"Failed: {TITLE}"]
    assert "    OSError: No space left" in lines and not any("1.log" in line for line in lines)


def test_without_a_terminal_a_line_says_how_far_it_is():
    stream = io.StringIO()
    _, _, screen = set_up(stream)
    screen.show()
    assert stream.getvalue().endswith("] 0 of 2 jobs done, 0% of the work\n")


def test_a_terminal_shows_a_bar_and_what_is_being_done(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = Terminal()
    logger, _, screen = set_up(stream, {2: tmp_path})
    starts(logger, 1)
    screen.show()
    assert stream.lines()[1:] == [f"  {TITLE}"]
    now[0] = 10.0
    tell(logger, LogEvent.JOB_FINISHED, job_id=1)
    starts(logger, 2)
    (tmp_path / "share").write_text("0.7500\n")
    screen.show()
    bar, title = stream.lines()
    assert bar.count("=") == bar.split("]")[0].count(" ") and bar.endswith(
        "] 1 of 2 jobs done, 50% of the work, about 10 s left"
    )
    assert title == f"  {TITLE}: 75%"
    logger.error("Something else")
    screen.show()
    assert stream.lines() == ["Something else", bar, title]
    screen.end()
    assert stream.lines() == ["Something else"]


def test_a_run_that_goes_well_is_quiet(smoke_run):
    _, output = json.loads(smoke_run.root.with_name("smoke.json").read_text())
    for chatter in (
        "Shell command",
        "Select jobs",
        "Finished jobid",
        "Host:",
        "Execute ",
        "Using shell",
        "Building DAG",
    ):
        assert chatter not in output
    after = output[output.index("total  ") :].splitlines()
    assert len(after) < 20  # a line a minute, and the end
