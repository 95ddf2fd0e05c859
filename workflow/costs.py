"""How long jobs take, by what has been measured: seconds of one core."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from libi.base.method import Phase
from libi.study.jobs import TrainingJob

STEPS = Path(__file__).parent.parent / "benchmarks/results/steps.csv"
UNITS = {"elbo": "epoch of 5 x 100", "constrained_likelihood": "step of 500"}
UNCOMPILED = 60.0  # times as long: 55 to 118 was measured, on three data sets and two methods
SECONDS = {"select": 13.0, "evaluate": 16.0, "infer": 17.0, "define_reference": 12.0}  # in the paper's study
OTHERS = 4.0


def epoch_costs(way: str = "engine") -> dict[tuple[str, str], dict[int, float]]:
    """Seconds of one model's epoch, by data set and objective, in stacks of so many models, as the bench measured them.

    Args:
        way: of training; or "floor", for the arithmetic alone.
    """
    found: dict[tuple[str, str], dict[int, float]] = {}
    with open(STEPS, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["way"] == way and row["unit"] == UNITS[row["objective"]]:
                sizes = found.setdefault((row["dataset"], row["objective"]), {})
                sizes[int(row["models"])] = float(row["median_us"]) * 1e-6
    return found


def dearest(costs: Mapping[tuple[str, str], Mapping[int, float]]) -> Mapping[int, float]:
    """What is taken for the cost of an epoch of the ELBO on a data set that the bench leaves out: the dearest."""
    return max((sizes for (_, objective), sizes in costs.items() if objective == "elbo"), key=lambda s: min(s.values()))


def training_seconds(params: Mapping[str, object], costs: Mapping[tuple[str, str], Mapping[int, float]]) -> float:
    """What training a method on one replicate takes, about: params as the rule `train` has them."""
    job, stacks = TrainingJob.model_validate(params), Counter[tuple[Phase, ...]]()
    for configuration in job.configuration_objects():
        stacks[job.phases(configuration)] += job.restarts
    seconds = 0.0
    for phases, models in stacks.items():
        for phase in phases:
            sizes = costs.get((job.dataset, phase.objective)) or costs.get((job.dataset, "elbo")) or dearest(costs)
            nearest = min(sizes, key=lambda size: abs(math.log(size / models)))
            draws = (job.training.elbo_draws or 1) if phase.objective == "elbo" else 1
            seconds += models * phase.epochs * draws * sizes[nearest]
    return seconds * (1 if job.compile else UNCOMPILED) + OTHERS
