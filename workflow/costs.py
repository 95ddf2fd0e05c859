"""How long jobs take, by what has been measured: seconds of one core."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from libi.study.models import TrainingJob
from libi.training.methods import METHODS

STEPS = Path(__file__).parent.parent / "benchmarks/results/steps.csv"
UNITS = {"elbo": "epoch of 5 x 100", "constrained_likelihood": "step of 500"}
UNCOMPILED = 20.0  # times as long, about
SECONDS = {"score": 15.0, "evaluate": 39.0, "infer": 10.0}  # in the paper's study
OTHERS = 4.0


def epoch_costs(way: str = "engine") -> dict[tuple[str, str], float]:
    """Seconds of one model's epoch, by data set and objective, as the bench has measured them.

    Args:
        way: of training; or "floor", for the sum of an epoch's floors.
    """
    found: dict[tuple[str, str], float] = {}
    with open(STEPS, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["way"].split(":")[0] == way and row["best"] == "True" and row["unit"] == UNITS[row["objective"]]:
                key = row["dataset"], row["objective"]
                found[key] = found.get(key, 0.0) + float(row["median_us"]) * 1e-6
    return found


def training_seconds(params: Mapping[str, object], costs: Mapping[tuple[str, str], float]) -> float:
    """What training a method on one replicate takes, about: params as the rule `train` has them."""
    job, seconds = TrainingJob.model_validate(params), 0.0
    for configuration in job.configuration_objects():
        for phase in METHODS[job.method](configuration.as_dict(), job.training.epochs, job.training.annealing_share):
            # Joint MAP, which the bench leaves out, takes about as long as the ELBO.
            cost = costs.get((job.dataset, phase.objective), costs[job.dataset, "elbo"])
            seconds += job.restarts * phase.epochs * cost
    return seconds * (1 if job.compile else UNCOMPILED) + OTHERS
