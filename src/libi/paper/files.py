"""The tables of a study: claims are judged and figures are drawn by them. Paths are below results/."""

from __future__ import annotations

import re

FILES = {
    "table1": "table1.csv",
    "metrics": "metrics/{dataset}/{method}.csv",  # a row a replicate: test_ll, s_knn, share_below_100, ...
    "scores": "scores/{dataset}/{method}.csv",  # a row a configuration and replicate: log_likelihood that chooses
    "points": "posterior/{dataset}/{method}_points.csv",  # a row a replicate and training point
    "samples": "posterior/{dataset}/{method}_samples.csv",  # a row a replicate, kind and draw
    "posterior": "posterior/{dataset}/{method}_summary.csv",  # a row a replicate
    "own_gaps": "posterior/{dataset}/{method}_gaps.csv",  # a row a replicate; gaps.csv has all of them
    "grid": "grid.csv",
    "gaps": "gaps.csv",
    "restarts": "restarts.csv",  # of LiBI; empty without it
    "information": "closed_form/information.csv",  # Figure 1A and B, a row a B: libi.paper.examples.pedagogical
    "edge": "closed_form/edge.csv",  # the way from the paper's B to the end of its domain: likewise
    "optima": "closed_form/optima.csv",  # the truth and the β-VAE's optima on LinearJTEx, over the whole population
    "collapse": "closed_form/collapse.csv",  # Case 2: theta, mle_objective, posterior_matching, mutual_information
    "scaling": "closed_form/scaling.csv",  # what shrinking the codes does: libi.paper.examples.shrinkage
    "joint_map": "closed_form/joint_map_{dataset}.csv",  # a row a restart; empty without such a data set
}
CLAIMS_TABLE, CLAIMS_FILE = "claims", "claims.csv"
PUBLISHED_TABLE, PUBLISHED_FILE = "published", "paper/published_table1.csv"  # the paper's Table 1, not below results/
VARIANTS_TABLE = "sensitivity"  # every cell and claim in every variant of a study: libi.paper.sensitivity

# The same for every study, so the first of a run makes them.
CLOSED_FORMS = tuple(name for name, file in FILES.items() if file.startswith("closed_form/") and "{" not in file)
OF_MODELS = tuple(name for name, file in FILES.items() if "{method}" in file)  # a file a data set and method


def shown(name: str) -> str:
    """Where a table is, in words for people: posterior/*/*_points.csv."""
    return re.sub(r"{\w+}", "*", FILES.get(name, PUBLISHED_FILE))
