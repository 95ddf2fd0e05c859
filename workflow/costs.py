"""How long jobs take, by what has been measured, in seconds of one core; and which of them start first."""

from __future__ import annotations

import csv
import functools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from libi.base.method import Phase
from libi.base.objective import ELBO_DRAWS
from libi.methods import METHODS
from libi.runtime.cache import cache_folder
from libi.study.jobs import TrainingJob
from libi.study.study import Study

# The longest jobs start first, and what they need before them. Their models are measured before other methods are
# trained, so a run shows early how long that takes on this machine, and can tell the time left. All others have 0.
PRIORITIES = {
    **dict.fromkeys(("define_truth", "simulate", "split_points"), 30),
    "train_first": 20,
    **dict.fromkeys(("define_reference", "select", "evaluate", "infer"), 15),
    "train": 10,
}
STEPS = Path(__file__).parent.parent / "benchmarks/results/steps.csv"
UNITS = {"elbo": "epoch of 5 x 100", "constrained_likelihood": "step of 500"}
UNKNOWN = {10: 5e-5}  # seconds of a model's epoch, in stacks of so many models, where no bench has been run
UNCOMPILED = 60.0  # times as long: 55 to 118 was measured, on three data sets and two methods
# Of an objective of a method's own, which has no kernel, the first time on a data set: 26 to 41 in the recorded run.
COMPILING = 34.0
OTHERS = 0.3  # of any other job, and of every job's start
# What else jobs take, by data set. Rounded from the runs that are recorded in tests/workflow/recorded, on an Intel Xeon
# with AVX-512. A run corrects them as its own jobs end. A data set that is not here costs as much as the dearest.
SELECT = {"linear_jtex": 0.01, "gaussian": 0.01, "cubic_jtex": 0.27, "mobius": 0.62}  # of 500 points, by one model
EVALUATE = {"linear_jtex": 0.15, "gaussian": 0.2, "cubic_jtex": 1.0, "mobius": 1.9}  # of one model, without S-kNN
S_KNN_DRAW = 1.5e-4  # of one draw of S-kNN
REFERENCE = {"linear_jtex": 0.0, "gaussian": 0.0, "cubic_jtex": 0.0012, "mobius": 0.003}  # of a point for the gaps
POSTERIOR_SAMPLE = 3.8e-4  # of one code a training point
STARTS = {"draw": 2.0, "judge": 1.7, "render_page": 1.0, "write": 3.0, "derive": 1.3}  # of jobs that do or import more
TRUTHS = {"mobius": 14.0}  # of a ground truth that is fitted


@functools.cache
def epoch_costs(way: str = "engine") -> dict[tuple[str, str], dict[int, float]]:
    """Seconds of one model's epoch, by data set and objective, in stacks of so many models, as the bench measured them.

    Args:
        way: of training; or "floor", for the arithmetic alone.

    Returns:
        nothing where there is no bench.
    """
    found: dict[tuple[str, str], dict[int, float]] = {}
    if not STEPS.exists():
        return found
    with open(STEPS, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["way"] == way and row["unit"] == UNITS.get(row["objective"]):
                sizes = found.setdefault((row["dataset"], row["objective"]), {})
                sizes[int(row["models"])] = float(row["median_us"]) * 1e-6
    return found


def dearest(costs: Mapping[tuple[str, str], Mapping[int, float]]) -> Mapping[int, float]:
    """What is taken for the cost of an epoch of the ELBO on a data set that the bench leaves out: the dearest."""
    known = [sizes for (_, objective), sizes in costs.items() if objective == "elbo"]
    return max(known, key=lambda sizes: min(sizes.values())) if known else UNKNOWN


def job_seconds(rule: str, study: Study, dataset: str = "", method: str = "", replicates: int = 1) -> float:
    """About how many seconds of one core a job takes, wherever it is in the graph.

    Args:
        rule: that makes it.
        study: that it belongs to.
        dataset: that it is for, if for one.
        method: that it is for, if for one.
        replicates: that it trains on, if it trains.
    """
    if rule.startswith("train"):
        return training_seconds(study.training_job(dataset, method), epoch_costs(), replicates)
    seconds, posterior = 0.0, study.evaluation.posterior
    if rule == "define_truth":
        return OTHERS + (TRUTHS.get(dataset, 0.0) if dataset in SELECT else max(TRUTHS.values()))
    if rule == "select":
        scored = len(study.configurations(dataset, method)) * study.points.validation / 500
        seconds = scored * of_dataset(SELECT, dataset)
    elif rule == "evaluate":
        seconds = of_dataset(EVALUATE, dataset) + S_KNN_DRAW * study.metric("s_knn").draws
    elif rule in ("infer", "define_reference"):
        seconds = of_dataset(REFERENCE, dataset) * posterior.gap_points
        seconds += POSTERIOR_SAMPLE * posterior.samples if rule == "infer" else 0.0
    return OTHERS + STARTS.get(rule, 0.0) + study.replicates * seconds


def of_dataset(costs: Mapping[str, float], dataset: str) -> float:
    """A data set's cost; the dearest of all for one that was not measured."""
    return costs.get(dataset, max(costs.values()))


def training_seconds(
    params: Mapping[str, object], costs: Mapping[tuple[str, str], Mapping[int, float]], replicates: int = 1
) -> float:
    """What training a method takes, about.

    Args:
        params: as the rule `train` has them.
        costs: of `epoch_costs`.
        replicates: that it trains on.
    """
    job, stacks = TrainingJob.model_validate(params), Counter[tuple[Phase, ...]]()
    for configuration in job.configuration_objects():
        stacks[job.phases(configuration)] += job.restarts * replicates
    seconds = 0.0
    for phases, models in stacks.items():
        for phase in phases:
            sizes = costs.get((job.dataset, phase.objective)) or costs.get((job.dataset, "elbo")) or dearest(costs)
            nearest = min(sizes, key=lambda size: abs(math.log(size / models)))
            seconds += models * phase.epochs * draws_of(job, phase.objective) * sizes[nearest]
    return seconds * (1 if job.compile else UNCOMPILED) + compiling_seconds(job, set(stacks)) + OTHERS


def compiling_seconds(job: TrainingJob, stacks: Iterable[tuple[Phase, ...]]) -> float:
    """What it takes to compile the objectives of a job that the method brings itself and the cache does not have."""
    own = {phase.objective for phases in stacks for phase in phases} & METHODS[job.method].own.keys()
    missing = [name for name in own if not list(cache_folder().glob(f"{job.dataset}-step-{name}-*.pt2"))]
    return COMPILING * len(missing) if job.compile else 0.0


def draws_of(job: TrainingJob, objective: str) -> int:
    """How many draws of each point a step takes, of which the bench took one."""
    own = METHODS[job.method].own.get(objective)
    draws = own.draws if own is not None else ELBO_DRAWS if objective == "elbo" else 1
    return max(draws, 1) if isinstance(draws, int) else int(getattr(job.training, draws, 1))
