"""How long jobs take, by what has been measured: seconds of one core."""

from __future__ import annotations

import csv
import functools
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from libi.base.method import Phase
from libi.study.jobs import TrainingJob
from libi.study.study import Study

STEPS = Path(__file__).parent.parent / "benchmarks/results/steps.csv"
UNITS = {"elbo": "epoch of 5 x 100", "constrained_likelihood": "step of 500"}
UNCOMPILED = 60.0  # times as long: 55 to 118 was measured, on three data sets and two methods
OTHERS = 4.0  # of any other job, and of every job's start
# Of one replicate, in the paper's study, by data set; of selection for each configuration. Rounded from the paper's run
# in tests/workflow/recorded, which waited for cores at times; a run corrects them as its own jobs end.
PER_REPLICATE = {
    "select": {"linear_jtex": 0.007, "cubic_jtex": 0.21, "gaussian": 0.021, "mobius": 0.63},
    "evaluate": {"linear_jtex": 0.98, "cubic_jtex": 1.5, "gaussian": 1.3, "mobius": 2.9},
    "infer": {"linear_jtex": 0.84, "cubic_jtex": 2.2, "gaussian": 0.84, "mobius": 7},
    "define_reference": {"linear_jtex": 0.35, "cubic_jtex": 1.4, "gaussian": 0.35, "mobius": 2.8},
}
S_KNN_SHARE, S_KNN_DRAWS = 0.6, 20_000  # of an evaluation, with so many draws
SAMPLES_SHARE, SAMPLES = 0.7, 1000  # of an inference, with so many codes a point


@functools.cache
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


def job_seconds(rule: str, study: Study, dataset: str = "", method: str = "", replicates: int = 1) -> float:
    """What a job takes of one core, about, wherever it is in the graph.

    Args:
        rule: that makes it.
        study: that it belongs to.
        dataset: that it is for, if for one.
        method: that it is for, if for one.
        replicates: that it trains on, if it trains.
    """
    if rule.startswith("train"):
        return replicates * training_seconds(study.training_job(dataset, method), epoch_costs())
    if rule not in PER_REPLICATE:
        return OTHERS
    of_datasets = PER_REPLICATE[rule]
    seconds = study.replicates * of_datasets.get(dataset, max(of_datasets.values()))
    if rule == "select":
        seconds *= len(study.configurations(dataset, method))
    elif rule == "evaluate":
        seconds *= 1 + S_KNN_SHARE * (study.metric("s_knn").draws / S_KNN_DRAWS - 1)
    else:
        seconds *= 1 + SAMPLES_SHARE * (study.evaluation.posterior.samples / SAMPLES - 1)
    return OTHERS + seconds


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
