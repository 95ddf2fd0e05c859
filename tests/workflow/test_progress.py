"""How far a run says it is, and how long it says the rest will take."""

import json
import re
import time
from pathlib import Path

import costs
import pandas as pd
import progress
import pytest
from progress import Progress, Work

from libi.study.reading import read_study
from libi.training.checkpoint import Checkpoints

from .conftest import REPOSITORY


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def one_by_one(run, clock, jobs, seconds):
    """Jobs that run one after the other, each for so long."""
    for job in jobs:
        run.started(job)
        clock[0] += seconds
        run.finished(job)


def side_by_side(run, clock, jobs, seconds):
    """Jobs that run at the same time, for so long."""
    for job in jobs:
        run.started(job)
    clock[0] += seconds
    for job in jobs:
        run.finished(job)


def test_a_training_job_notes_how_much_it_has_trained(tmp_path):
    """A stack of two, of which the second is half trained, is three quarters; without a whole note it is nothing."""
    assert progress.share_trained(tmp_path) == progress.share_trained(None) == 0
    checkpoints = Checkpoints(tmp_path, "one")
    checkpoints.note((1 + 0.5) / 2)
    assert progress.share_trained(tmp_path) == 0.75
    (tmp_path / progress.SHARE).write_text("")
    assert progress.share_trained(tmp_path) == 0
    checkpoints.note(1.0)
    checkpoints.clear()  # the job has ended: trained again, it begins from nothing
    assert progress.share_trained(tmp_path) == 0


def test_jobs_that_take_as_expected_leave_what_is_expected(clock):
    run = Progress({job: Work("score", 10.0) for job in range(10)})
    assert run.words() == "0 of 10 jobs done, 0% of the work"
    one_by_one(run, clock, range(2), 10)
    assert run.estimate() == pytest.approx((0.2, 80.0))
    assert run.words() == "2 of 10 jobs done, 20% of the work, about 80 s left"


def test_two_jobs_at_a_time_halve_the_time_left(clock):
    run = Progress({job: Work("score", 10.0) for job in range(10)})
    side_by_side(run, clock, (0, 1), 10)
    assert run.estimate().seconds == pytest.approx(40.0)


def test_a_kind_that_takes_longer_than_expected_is_expected_to_go_on_so(clock):
    """Once many have ended: the first two count with two jobs at the pace of all."""
    run = Progress({job: Work("train" if job < 50 else "score", 10.0) for job in range(100)})
    one_by_one(run, clock, range(49), 30)
    factors = run._factors(run._took)
    assert factors["train"] == pytest.approx(3, rel=0.02) and 3**0.5 < factors["score"] < 3  # not much is known of it
    one_by_one(run, clock, range(50, 99), 10)
    factors = run._factors(run._took)
    assert factors["train"] == pytest.approx(3, rel=0.02) and factors["score"] == pytest.approx(1, rel=0.05)


def test_the_end_is_not_before_that_of_the_longest_job(clock):
    run = Progress({0: Work("score", 10.0), 1: Work("score", 10.0), 2: Work("score", 100.0)})
    side_by_side(run, clock, (0, 1), 10)
    assert run.estimate().seconds == pytest.approx(100.0)


def test_a_failed_job_starts_again(clock):
    run = Progress({0: Work("score", 10.0), 1: Work("score", 10.0)})
    run.started(0)
    assert run.running() == [0]
    run.failed(0)
    assert run.running() == [] and run.done == 0


def test_no_time_is_told_while_nothing_runs(clock):
    """As on a cluster whose queue is full: the time left would grow with the waiting."""
    run = Progress({job: Work("score", 10.0) for job in range(10)})
    one_by_one(run, clock, range(2), 10)
    clock[0] += 29
    assert run.estimate().seconds is not None
    clock[0] += 3600
    assert run.words() == "2 of 10 jobs done, 20% of the work"
    run.started(2)
    assert run.estimate().seconds is not None


def test_what_was_trained_before_this_run_is_not_its_work(tmp_path, clock):
    (tmp_path / progress.SHARE).write_text("0.625\n")  # of 80 s
    run = Progress({0: Work("train", 80.0, tmp_path), 1: Work("score", 30.0)})
    run.started(1)
    clock[0] += 30
    run.finished(1)
    assert run.estimate() == pytest.approx((0.5, 30.0))


def replay(name, study):
    """What a recorded run would have said, minute by minute: share of the work done, time left as told, and in truth.

    In units of the whole run.
    """
    jobs = pd.read_csv(REPOSITORY / f"tests/workflow/recorded/{name}.csv", keep_default_na=False)
    work = {}
    for job, row in enumerate(jobs.itertuples()):
        seconds = costs.job_seconds(row.rule, study, row.dataset, row.method, int(row.replicates or 1))
        scratch = Path("no such folder") if row.rule.startswith("train") else None
        work[job] = Work(f"{row.rule} {row.dataset}", seconds, scratch)
    begin, end = jobs["start"].min(), jobs["end"].max()
    events = [(time, 0, job) for job, time in jobs["end"].items()] + [
        (time, 1, job) for job, time in jobs["start"].items()
    ]
    now = [begin]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now[0])
        run, minute, found = Progress(work), begin + 60, []
        for moment, starts, job in sorted(events):
            while minute < moment:
                now[0] = minute
                share, seconds = run.estimate()
                if seconds is not None:
                    found.append((share, seconds / (end - begin), (end - minute) / (end - begin)))
                minute += 60
            now[0] = moment
            (run.started if starts else run.finished)(job)
    return found


@pytest.mark.parametrize(
    ("name", "config", "of_the_whole"), [("paper", "config", 0.08), ("quick", "quick", 0.0), ("power", "power", 0.03)]
)
def test_the_time_left_of_recorded_runs(name, config, of_the_whole):
    """Within a quarter of what is left; near the end, within some share of the whole.

    The paper's study slowed down near its end, when tests ran beside it. The fresh replicates ran on another processor,
    with an empty cache, so that all was compiled first.
    """
    told = replay(name, read_study(REPOSITORY / f"config/{config}.yaml"))
    assert len(told) > 5 and min(share for share, _, _ in told) >= 0.1
    for share, left, true in told:
        assert abs(left - true) <= max(0.25 * true, of_the_whole if share > 0.8 else 0.0), (share, left, true)


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (700, "12 min"), (3900, "1 h 5 min"), (3599, "1 h 0 min")]
)
def test_spells(seconds, words):
    assert progress.spell(seconds) == words


def test_snakemake_looks_for_jobs_only_when_one_has_ended(tiny_run):
    """Else timers, of which every job adds one a second, take ever more of a core."""
    (timers,) = map(int, (tiny_run.root / "spy/timers").read_text().split())
    assert timers < len({record["log"][0] for record in tiny_run.records()})


def test_a_run_tells_how_far_it_is(smoke_run):
    _, output = json.loads(smoke_run.root.with_name("smoke.json").read_text())
    lines = re.findall(r"(\d+) of (\d+) jobs done, \d+% of the work", output)
    told = [tuple(map(int, pair)) for pair in lines]
    assert told and told == sorted(told) and len({total for _, total in told}) == 1
