"""The line a minute that says how far a run is."""

import json
import re
import time

import progress
import pytest

LOG = """2026-01-01 00:00:00 INFO 40 models in 2 stacks on cpu
2026-01-01 00:00:15 INFO stack 1 of 2: epoch 100 of 1000, 7 epochs/s, best validation objective 1.0000, 0 diverged
2026-01-01 00:00:30 INFO stack 2 of 2: epoch 250 of 1000, 9 epochs/s, best validation objective none yet, 0 diverged
"""


def test_a_log_says_how_much_is_trained(tmp_path):
    log = tmp_path / "0.log"
    assert progress.share_trained(log) == 0
    log.write_text("nothing yet")
    assert progress.share_trained(log) == 0
    log.write_text(LOG)
    assert progress.share_trained(log) == pytest.approx((1 + 0.25) / 2)


def test_the_time_left_is_what_the_work_left_takes_at_the_pace_so_far(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    log = tmp_path / "train.log"
    log.write_text(LOG)  # 0.625 of 80 s were trained before this run
    told = progress.Progress({"train": 80.0, "score": 10.0, "judge": 10.0}, {"train": log})
    assert "0 of 3 jobs done, 3 to come; 0% of the work; no estimate yet" in told.line(["train", "score", "judge"])
    now[0] += 5
    # Of 30 + 10 + 10 s the 10 of score are done in 5: the other 40 take 20.
    assert "1 of 3 jobs done, 2 to come; 20% of the work; about 20 s left" in told.line(["train", "judge"])
    now[0] += 15
    assert "2 of 3 jobs done, 1 to come; 80% of the work; about 5 s left" in told.line(["judge"])


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
    lines = re.findall(r"(\d+) of (\d+) jobs done, \d+ to come; \d+% of the work", output)
    told = [tuple(map(int, pair)) for pair in lines]
    assert told and told == sorted(told) and len({total for _, total in told}) == 1
