"""The study that this run is of, or the variants of one, and what all rules share.

Every file of a study is in `results{study}/`, `figures{study}/` or `paper{study}/`. The wildcard is the study's folder:
empty for the paper's own study, `/quick`, or `/sensitivity/batch-250`. Of several studies each file that would be the
same is made once, by the first: `home` says where it is.
"""

import os
import re
import sys
from itertools import product

ROOT = workflow.basedir
sys.path[:0] = [f"{ROOT}/src", f"{ROOT}/workflow"]

import costs
from libi.imports import export_package, import_closure
from libi.study.models import Study
from libi.study.reading import StudyError
from libi.study.variants import family_of_run
from libi.study.sections import DEMONSTRATIONS, METHODS

try:
    # Files named on the command line replace the paper's study; Snakemake itself would merge them into it.
    FAMILY = family_of_run(
        list(map(str, workflow.overwrite_configfiles)),
        f"{ROOT}/config/config.yaml",
        workflow.config_settings.overwrite_config,
        # The nodes of a cluster (--jobs) may have the GPU that this machine lacks; jobs find out for themselves.
        here=workflow.is_main_process and workflow.resource_settings.nodes is None,
    )
except StudyError as error:
    raise WorkflowError(str(error)) from None

export_package()
ENVIRONMENT = f"{ROOT}/environment.yml"
GPU = {"gpu": 1} if FAMILY.base.device == "cuda" else {}
# The data set that each figure shows.
SHOWN = {1: "linear_jtex", 2: "linear_jtex", 3: "linear_jtex", 4: "cubic_jtex", 5: "cubic_jtex"}


EPOCH_COSTS = costs.epoch_costs()


wildcard_constraints:
    study="({})".format("|".join(map(re.escape, FAMILY))),
    dataset="|".join(FAMILY.dataset_names()),
    method="|".join([*METHODS, *DEMONSTRATIONS]),
    replicate=r"\d+",
    replicates=r"\d+(-\d+)?",


def code(name):
    """A script and the source files it runs. Snakemake compares their content, so that an edit reruns what uses them."""
    return [f"scripts/{name}", *(os.path.relpath(path, ROOT) for path in import_closure(f"{ROOT}/scripts/{name}"))]


def growing(amount):
    """What a job asks of a cluster: so much at first, and as much again with every further attempt."""
    return lambda wildcards, attempt: amount * attempt


def training_seconds(wildcards):
    """What a training job takes of one core, about."""
    study = FAMILY[wildcards.study]
    job = study.training_job(wildcards.dataset, wildcards.method)
    return len(study.replicates_of(wildcards.replicates)) * costs.training_seconds(job, EPOCH_COSTS)


def training_minutes(wildcards, attempt):
    """What a training job may take: four times as long as measured, and ten minutes for starting and compiling."""
    return attempt * (10 + round(4 / 60 * training_seconds(wildcards)))
