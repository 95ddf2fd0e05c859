"""How far a run says it is, and how long it says the rest will take.

tests/workflow/record.py records a run.
"""

import heapq
import json
import re
import time
from pathlib import Path

import costs
import pandas as pd
import progress
import pytest
from progress import Progress, Seen, Work

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


def test_a_job_that_notes_how_far_it_is_says_how_long_it_takes(tmp_path, clock):
    """Also if it is the only one. What an earlier run has trained of it took no time in this one."""
    run = Progress({0: Work("train", 100.0, tmp_path)})
    run.started(0)
    clock[0] += 60
    assert run.estimate() == (0.0, None)
    (tmp_path / progress.SHARE).write_text("0.2\n")
    assert run.estimate() == pytest.approx((0.2, 240.0))
    run = Progress({0: Work("train", 100.0, tmp_path)})
    run.started(0)
    clock[0] += 60
    (tmp_path / progress.SHARE).write_text("0.4\n")
    assert run.estimate() == pytest.approx((0.25, 180.0))


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
    trained, scored = [Seen("train", 10.0, 30.0)] * 49, [Seen("score", 10.0, 10.0)] * 49
    factors = run._factors(trained)
    assert factors["train"] == pytest.approx(3, rel=0.02) and 3**0.5 < factors["score"] < 3  # not much is known of it
    factors = run._factors(trained + scored)
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


MADE_BY = {  # the rules whose jobs a job of a rule waits for: on its own data set and method, as far as both have them
    "simulate": ["define_truth"],
    "define_reference": ["simulate"],
    "train": ["simulate"],
    "train_first": ["simulate"],
    "select": ["train", "train_first"],
    "evaluate": ["select"],
    "infer": ["select", "define_reference"],
}


def waits_for(jobs, job):
    """The jobs whose results a job needs; what gathers a study needs all that is of a data set."""
    rule, dataset, method = jobs.loc[job, ["rule", "dataset", "method"]]
    if rule not in MADE_BY and not dataset:
        return set(jobs.index[jobs["method"] != ""])
    same = (jobs["dataset"] == dataset) & jobs["method"].isin([method, ""] if method else jobs["method"])
    return set(jobs.index[same & jobs["rule"].isin(MADE_BY.get(rule, []))]) - {job}


def recorded(name, training, others):
    """The jobs of a recorded run, as Snakemake starts them on two cores on which they take so many times as long."""
    jobs = pd.read_csv(REPOSITORY / f"tests/workflow/recorded/{name}.csv", keep_default_na=False)
    jobs = jobs[jobs["rule"] != "derive"].reset_index(drop=True)  # it waits for nothing, and comes last
    slower = jobs["rule"].str.startswith("train").map({True: training, False: others})
    seconds, needs = (jobs["end"] - jobs["start"]) * slower, {job: waits_for(jobs, job) for job in jobs.index}
    waiting = sorted(jobs.index, key=lambda job: (-costs.PRIORITIES.get(jobs.loc[job, "rule"], 0), job))
    now, running, done = 0.0, [], set()
    while waiting or running:
        ready = [job for job in waiting if needs[job] <= done][: 2 - len(running)]
        for job in ready:
            waiting.remove(job)
            jobs.loc[job, ["start", "end"]] = now, now + seconds[job]
            heapq.heappush(running, (now + seconds[job], job))
        now, ended = heapq.heappop(running)
        done.add(ended)
    return jobs


def replay(jobs, study):
    """What a run of these jobs would have said, at 59 moments: share of the work done, time left as told, and in truth.

    In units of the whole run. Jobs that train note how far they are, evenly.
    """
    work = {}
    for job, row in enumerate(jobs.itertuples()):
        seconds = costs.job_seconds(row.rule, study, row.dataset, row.method, int(row.replicates or 1))
        scratch = Path(str(job)) if row.rule.startswith("train") else None
        work[job] = Work(f"{row.rule} {row.dataset}", seconds, scratch)
    begin, end = jobs["start"].min(), jobs["end"].max()
    events = [(time, 0, job) for job, time in jobs["end"].items()] + [
        (time, 1, job) for job, time in jobs["start"].items()
    ]
    now, minute = [begin], (end - begin) / 60

    def noted(scratch):
        if scratch is None:
            return 0.0
        one = jobs.loc[int(scratch.name)]
        return min(max((now[0] - one["start"]) / (one["end"] - one["start"]), 0.0), 1.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now[0])
        patch.setattr(progress, "share_trained", noted)
        run, look, found = Progress(work), begin + minute, []
        for moment, starts, job in sorted(events):
            while look < moment:
                now[0] = look
                share, seconds = run.estimate()
                if seconds is not None:
                    found.append((share, seconds / (end - begin), (end - look) / (end - begin)))
                look += minute
            now[0] = moment
            (run.started if starts else run.finished)(job)
    return found


@pytest.mark.parametrize(("name", "config"), [("paper", "config"), ("quick", "quick"), ("power", "power")])
@pytest.mark.parametrize(("training", "others"), [(1, 1), (3, 1.5), (0.5, 1), (2, 2), (3, 3)])
def test_the_time_left_of_recorded_runs(name, config, training, others):
    """Within a quarter of what is left, or a fiftieth of the whole, on machines of other kinds and on busy ones too.

    Processors differ in training above all: without AVX-512 it took 2.9 times as long, and all else 1.5 times. What
    else a machine does makes all jobs longer.
    """
    told = replay(recorded(name, training, others), read_study(REPOSITORY / f"config/{config}.yaml"))
    shares = [share for share, _, _ in told]
    assert len(told) > 40 and min(shares) >= 0.1 and shares == sorted(shares)
    for share, left, true in told:
        assert abs(left - true) <= max(true / 4, 0.02), (share, left, true)


def test_the_time_left_of_a_run_whose_machine_is_busy_for_a_while():
    """Recorded while tests took two thirds of both cores for the first half of the time, and then less.

    Nobody can foresee that: at first the time is told as if all went on so. By half of the work it is within a third.
    """
    jobs = pd.read_csv(REPOSITORY / "tests/workflow/recorded/busy.csv", keep_default_na=False)
    told = replay(jobs, read_study(REPOSITORY / "config/config.yaml"))
    late = [(left, true) for share, left, true in told if share >= 0.5]
    assert len(late) > 20 and all(abs(left - true) <= max(true / 3, 0.02) for left, true in late)


@pytest.mark.parametrize("name", ["compiling", "compiling_held_out"])
def test_the_time_left_of_a_run_that_compiles(tmp_path, monkeypatch, name):
    """Recorded with an empty cache: a method without kernels takes half a minute on each data set until it trains.

    What compiling takes was read off the first run; the second is of another processor, without AVX-512, and takes
    twice as long. Within a quarter of what is left, or a fortieth of the whole.
    """
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path))
    jobs = pd.read_csv(REPOSITORY / f"tests/workflow/recorded/{name}.csv", keep_default_na=False)
    told = replay(jobs, read_study(REPOSITORY / "config/extended.yaml"))
    assert len(told) > 40
    for share, left, true in told:
        assert abs(left - true) <= max(true / 4, 1 / 40), (share, left, true)


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
