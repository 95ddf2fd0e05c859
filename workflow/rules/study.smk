"""The study that this run is of, and what all rules share."""

import os
import sys

ROOT = workflow.basedir
sys.path[:0] = [f"{ROOT}/src", f"{ROOT}/workflow"]

import costs
from libi.imports import export_package, import_closure
from libi.study.reading import StudyError, study_of_run

try:
    # Files named on the command line replace the paper's study; Snakemake itself would merge them into it.
    study = study_of_run(
        list(map(str, workflow.overwrite_configfiles)),
        f"{ROOT}/config/config.yaml",
        workflow.config_settings.overwrite_config,
        # The nodes of a cluster (--jobs) may have the GPU that this machine lacks; jobs find out for themselves.
        here=workflow.is_main_process and workflow.resource_settings.nodes is None,
    )
except StudyError as error:
    raise WorkflowError(str(error)) from None

export_package()
RESULTS, FIGURES, PAPER = map(study.folder, ("results", "figures", "paper"))
LOGS = f"logs/{study.name}"
ENVIRONMENT = f"{ROOT}/environment.yml"
GPU = {"gpu": 1} if study.device == "cuda" else {}
# The data set that each figure shows.
SHOWN = {1: "linear_jtex", 2: "linear_jtex", 3: "linear_jtex", 4: "cubic_jtex", 5: "cubic_jtex"}


EPOCH_COSTS = costs.epoch_costs()


wildcard_constraints:
    dataset="|".join(study.dataset_names()),
    method=r"\w+",
    replicate=r"\d+",
    replicates=r"\d+(-\d+)?",


def code(name):
    """A script and the source files it runs. Snakemake compares their content, so that an edit reruns what uses them."""
    return [f"scripts/{name}", *(os.path.relpath(path, ROOT) for path in import_closure(f"{ROOT}/scripts/{name}"))]


def growing(amount):
    """What a job asks of a cluster: so much at first, and as much again with every further attempt."""
    return lambda wildcards, attempt: amount * attempt


def trained(kind):
    """Training files of all methods on a data set's replicate; kind is models or records."""
    return lambda wildcards: expand(
        getattr(rules.train.output, kind),
        method=study.methods(wildcards.dataset),
        replicates=study.pack_of(int(wildcards.replicate)),
        allow_missing=True,
    )


def points(split):
    """The points of a training job's replicates."""
    path = f"{RESULTS}/data/{{dataset}}/{{replicate}}/{split}.safetensors"
    return lambda wildcards: expand(
        path, dataset=wildcards.dataset, replicate=study.replicates_of(wildcards.replicates)
    )


def training_seconds(wildcards):
    """What a training job takes of one core, about."""
    job = study.training_job(wildcards.dataset, wildcards.method)
    return len(study.replicates_of(wildcards.replicates)) * costs.training_seconds(job, EPOCH_COSTS)


def training_minutes(wildcards, attempt):
    """What a training job may take: four times as long as measured, and ten minutes for starting and compiling."""
    return attempt * (10 + round(4 / 60 * training_seconds(wildcards)))


def figures():
    """The study's figures as PDF: those whose data set it has, and Figure 6, which shows them all."""
    shown = [number for number in SHOWN if SHOWN[number] in study.dataset_names()]
    return [f"{FIGURES}/figure{number}.pdf" for number in [*shown, 6]]


def figure(number, caption):
    """A figure's files: its pictures, which the report shows, and its numbers."""
    return {
        kind: report(
            f"{FIGURES}/figure{number}.{kind}",
            caption=f"../report/{caption}.rst",
            category="Figures",
            labels={"figure": f"Figure {number}", "kind": kind.upper()},
        )
        for kind in ("png", "pdf")
    } | {"csv": f"{FIGURES}/figure{number}.csv"}
