"""The files that the paper's claims are judged by."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

# Where each of these is, in the folder of claims.csv; the closed forms are in that of the run's first study.
FILES = {
    "table1": "table1.csv",
    "metrics": "metrics/*/*.csv",
    "scores": "scores/*/*.csv",
    "posterior": "posterior/*/*_summary.csv",
    "gaps": "gaps.csv",
    "restarts": "restarts.csv",
    "information": "closed_form/information.csv",
    "edge": "closed_form/edge.csv",
    "optima": "closed_form/optima.csv",
    "collapse": "closed_form/collapse.csv",
    "scaling": "closed_form/scaling.csv",
    "joint_map": "closed_form/joint_map_*.csv",
    "published": "config/published_table1.csv",
}


@dataclass(frozen=True)
class Evidence:
    """What a study has found, and the paper's Table 1.

    Attributes:
        table1: `results/table1.csv`.
        metrics: one row a data set, method and replicate: test_ll, s_knn, share_below_100, ...
        scores: one row a data set, method, replicate and configuration: log_likelihood on the split that configurations
            are compared on.
        posterior: one row a data set, method and replicate: `results/posterior/*/*_summary.csv`.
        gaps: one row a data set, method and replicate: `results/gaps.csv`.
        restarts: one row a data set, configuration and replicate of LiBI: `results/restarts.csv`; empty without LiBI.
        information: Figure 1A and B, one row a B: `libi.paper.examples.pedagogical.information_table`.
        edge: the paper's own B, and the way to the end of its domain: `libi.paper.examples.pedagogical.edge_table`.
        optima: the truth and the β-VAE's optima on LinearJTEx, over the whole population.
        collapse: Case 2: theta, mle_objective, posterior_matching, mutual_information.
        scaling: what shrinking the codes does: `libi.paper.examples.shrinkage.scaling_table`.
        joint_map: one row a data set and restart; empty if the study has neither data set.
        published: the paper's Table 1: dataset, method, metric, mean, sd.
        training_points: points of each replicate that the posteriors are of.
    """

    table1: pd.DataFrame
    metrics: pd.DataFrame
    scores: pd.DataFrame
    posterior: pd.DataFrame
    gaps: pd.DataFrame
    restarts: pd.DataFrame
    information: pd.DataFrame
    edge: pd.DataFrame
    optima: pd.DataFrame
    collapse: pd.DataFrame
    scaling: pd.DataFrame
    joint_map: pd.DataFrame
    published: pd.DataFrame
    training_points: int
