"""The study that this run is of, or the variants of one, and what all rules share.

Every file of a study is in `results{study}/`, `figures{study}/` or `paper{study}/`. The wildcard is the study's folder:
empty for the paper's own study, `/quick`, or `/sensitivity/batch-250`. Of several studies each file that would be the
same is made once, by the first: `home` says where it is.
"""

import os
import re
import sys
from functools import cache
from itertools import product
from pathlib import Path

ROOT = workflow.basedir
sys.path[:0] = [f"{ROOT}/src", f"{ROOT}/workflow", str(ROOT)]

import bytecode

bytecode.compare_by_content(f"{ROOT}/src")  # before anything of it is imported

from libi.base.values import StudyError
from libi.datasets import DATASETS, own_points
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.objectives import OBJECTIVES
from libi.runtime.imports import export_package, import_closure
from libi.runtime.rooms import RoomError

try:
    import costs
    from libi.paper.claims import CLAIMS, check_claims, tables_read
    from libi.paper.figures import FIGURES, check_figures, is_of_variants
    from libi.paper.files import (
        CLAIMS_FILE,
        CLOSED_FORMS,
        FILES,
        OF_MODELS,
        PUBLISHED_FILE,
        PUBLISHED_TABLE,
        VARIANTS_TABLE,
    )
    from libi.study.reading import read_study
    from libi.study.study import PAPER, Study
    from libi.study.targets import describe_foreign, describe_unknown
    from libi.study.variants import family_of_run

    check_claims()
    check_figures()

    # Files named on the command line replace the paper's study; Snakemake itself would merge them into it.
    FAMILY = family_of_run(
        list(map(str, workflow.overwrite_configfiles)),
        f"{ROOT}/config/config.yaml",
        workflow.config_settings.overwrite_config,
        # The nodes of a cluster (--jobs) may have the GPU that this machine lacks; jobs find out for themselves.
        here=workflow.is_main_process and workflow.resource_settings.nodes is None,
    )
except (RoomError, StudyError) as error:
    raise SystemExit(str(error)) from None

problem = describe_foreign(sys.argv[1:], [FAMILY.name], Path(ROOT)) or describe_unknown(sys.argv[1:], FAMILY)
if problem:
    raise SystemExit(problem)

export_package()
ENVIRONMENT = f"{ROOT}/environment.yml"
GPU = {"gpu": 1} if FAMILY.base.device == "cuda" else {}


# For a demonstration, only the first replicate is trained.
PACKS = {pack for study in FAMILY.values() for pack in (str(study.first_replicate), *study.packs())}


def any_of(names):
    """A constraint of a wildcard: one of some names."""
    return "({})".format("|".join(map(re.escape, names)))


wildcard_constraints:
    study=any_of(FAMILY),
    dataset="|".join(FAMILY.dataset_names()),
    method="|".join(METHODS),
    replicate="|".join(sorted({str(name) for study in FAMILY.values() for name in study.replicate_names()})),
    replicates="|".join(sorted(PACKS)),


OWN = [name for name in FAMILY.dataset_names() if own_points(name)]  # data sets whose points are somebody's own

# Files that a job runs beside those that its script imports.
RUN_BY = {
    "dataset": lambda wildcards: [DATASETS.path(wildcards.dataset)],
    "method": lambda wildcards: [
        METHODS.path(wildcards.method),
        *map(OBJECTIVES.path, METHODS[wildcards.method].objectives),
    ],
    "metrics": lambda wildcards: list(map(METRICS.path, FAMILY[wildcards.study].metric_names())),
    "claims": lambda wildcards: list(map(CLAIMS.path, CLAIMS)),
    "figure": lambda wildcards: [FIGURES.path(wildcards.figure)],
    "all": lambda wildcards: [room.path(name) for room in (METHODS, METRICS) for name in room],
}


@cache
def sources(*files):
    """Files and all source files that they import."""
    found = {Path(path) for file in files for path in (file, *import_closure(file))}
    return sorted(os.path.relpath(path, ROOT) for path in found)


def code(name, *own):
    """A script and the source files it runs. Snakemake compares their content, so that an edit reruns what uses them.

    A job runs its own data set, method and objectives alone, so an edit of another one does not rerun it.
    Every rule has this input, so here is also where the results that are there are compared with what would be made.
    """
    script = f"{ROOT}/scripts/{name}"

    def files(wildcards):
        found = sources(script, *(file for kind in own for file in RUN_BY[kind](wildcards)))
        check_own_results(files, wildcards)
        return found

    return files


def growing(amount):
    """What a job asks of a cluster: so much at first, and as much again with every further attempt."""
    return lambda wildcards, attempt: amount * attempt


OF_SECONDS = {"mem_mb": growing(500), "runtime": growing(5)}  # what a job asks for that reads and writes small tables


def training_seconds(wildcards):
    """What a training job takes of one core, about."""
    study = FAMILY[wildcards.study]
    replicates = len(study.replicates_of(wildcards.replicates))
    return costs.job_seconds("train", study, wildcards.dataset, wildcards.method, replicates)


def training_minutes(wildcards, attempt):
    """What a training job may take: four times as long as measured, and ten minutes for starting and compiling."""
    return attempt * (10 + round(4 / 60 * training_seconds(wildcards)))
