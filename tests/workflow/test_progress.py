"""The line a minute that says how far a run is."""

import json
import re
import time

import progress
import pytest
import yaml

from libi.study.reading import load_study

from .conftest import REPOSITORY

TOLERANCES = {"epsilon_covariance": [1], "epsilon_mean": [1]}
LOG = """2026-01-01 00:00:00 INFO 40 models in 2 stacks on cpu
2026-01-01 00:00:15 INFO stack 1 of 2: epoch 100 of 1000, 7 epochs/s, best validation objective 1.0000, 0 diverged
2026-01-01 00:00:30 INFO stack 2 of 2: epoch 250 of 1000, 9 epochs/s, best validation objective none yet, 0 diverged
"""


def test_the_bench_has_a_cost_for_every_data_set_and_objective_of_the_methods():
    costs = progress.epoch_costs()
    studied = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())["datasets"]
    assert set(costs) == {(dataset, objective) for dataset in studied for objective in progress.UNITS}
    assert all(0 < cost < 1 for cost in costs.values())


@pytest.mark.parametrize(
    ("method", "grid", "work"),
    [
        # 30 restarts of two configurations, half of the epochs under each objective.
        ("libi", {"epsilon_hz": [1], **TOLERANCES, "rounds": [1, 6]}, 60 * (50 * 3 + 50 * 5)),
        ("lagging", {"segments": [5]}, 30 * 100 * 5),
        ("vae", {}, 30 * 100 * 5),
    ],
)
def test_work_is_epochs_times_their_cost(method, grid, work):
    study = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    study |= {"restarts": 30, "datasets": {"gaussian": {method: grid}}}
    study["training"] |= {"epochs": 100, "validate_every": 10}
    job = load_study(study, "a study").training_job("gaussian", method)
    costs = {("gaussian", "constrained_likelihood"): 3.0, ("gaussian", "elbo"): 5.0}
    assert progress.training_work(job, costs) == pytest.approx(work + progress.OTHERS)


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


def test_a_run_tells_how_far_it_is(smoke_run):
    _, output = json.loads(smoke_run.root.with_name("smoke.json").read_text())
    lines = re.findall(r"(\d+) of (\d+) jobs done, \d+ to come; \d+% of the work", output)
    told = [tuple(map(int, pair)) for pair in lines]
    assert told and told == sorted(told) and len({total for _, total in told}) == 1
