"""The verdict on every claim, in the paper's order."""

from __future__ import annotations

import pandas as pd

from libi.judging import posteriors, rankings, theory
from libi.judging.cells import judge_cells
from libi.judging.claims import assemble, published_by_name
from libi.judging.evidence import Evidence


def judge(evidence: Evidence, published_claims: pd.DataFrame) -> pd.DataFrame:
    """Judge every claim of the paper by a study's files.

    Args:
        evidence: what the study has found. A claim that it lacks something for is not decidable.
        published_claims: config/published_claims.csv: claim, family, where, statement, published, precision.

    Returns:
        one row a claim, with the columns of `libi.judging.claims.Claim`.
    """
    said = published_by_name(published_claims)
    found, gaps, points = evidence.posterior, evidence.gaps, evidence.training_points
    return assemble(
        [
            *theory.judge_objectives(said, evidence.optima),
            *posteriors.judge_preference(said["wrong_model_preferred"], gaps),
            *posteriors.judge_trade_off(said["trade_off"], gaps),
            *theory.judge_figure_1(said, evidence.information, evidence.edge),
            *theory.judge_collapse(said, evidence.collapse),
            *theory.judge_population_posteriors(said, evidence.optima, points),
            *posteriors.judge_mismatch(said, found),
            *posteriors.judge_recovery(said["prior_recovered"], found, points),
            *judge_cells(said["cell"], evidence.table1, evidence.published),
            *rankings.judge_metrics(said, evidence),
            *rankings.judge_across_datasets(said, evidence),
            *posteriors.judge_capture(said["captures"], gaps),
            *rankings.judge_others(said["others_alike"], evidence),
            *rankings.judge_alike_on_mobius(said["alike_on_mobius"], evidence),
            *posteriors.judge_aggregated(said, found),
            *posteriors.judge_means(said, found),
            *rankings.judge_rounds(said, evidence),
            *theory.judge_shrinkage(said, evidence.scaling, evidence.joint_map),
            *theory.judge_likelihood(said["likelihood_unreliable"], evidence.metrics),
        ]
    )
