"""Every number of the replication paper's text, and every verdict in it: what its macros print."""

from __future__ import annotations

from collections.abc import Iterable
from math import nan

import pandas as pd

from libi import __version__
from libi.datasets import DATASETS
from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, VERDICTS
from libi.methods import METHODS
from libi.paper.restarts import FAILED
from libi.paper.tables.comparison import interval
from libi.paper.tables.conclusions import conclude, in_sentences
from libi.paper.tables.verdicts import base_of, of_algebra
from libi.paper.titles import CELLS, base_title
from libi.paper.vocabulary import PAPERS_METRICS, TRUTH
from libi.rendering.latex import MISSING, count, enumeration, measured, printed, text
from libi.study.study import PAPER, Study

# Claims whose number the text prints: published and ours.
PRINTED = ("objective_at_truth", "objective_at_optimum")
OWN = (
    r"All numbers are from our full study. It uses all settings that the paper states; "
    r"Section~\ref{sec:open} lists our choices for the others."
)
OTHER = (
    r"These are the numbers of the study \texttt{%s}, which is not the paper's own: "
    "its design is the one given here, and its verdicts are a preview."
)
BETAS = "beta="
# Verdicts in sentences: on one claim; and, for some of its cases, one or several.
ALONE = {
    REPRODUCED: "We find the same",
    NOT_REPRODUCED: "We find otherwise",
    NOT_DECIDABLE: "Our data cannot decide this",
    NOT_TESTABLE: "This cannot be tested",
}
NEVER = {  # no case, of two and of more
    NOT_DECIDABLE: ("Our data cannot decide either case", "Our data cannot decide any of the {} cases"),
    NOT_TESTABLE: ("Neither case can be tested", "None of the {} cases can be tested"),
}
# Claims that the text has in one sentence, by the name of their macro.
TOGETHER = {
    "VerdictsOfTheOptimum": ("optimum_misfits", "optimum_is_diagonal", "wrong_model_preferred"),
    "VerdictsOfFigureOne": (
        *("posterior_is_correlated", "every_b_fits", "least_correlation", "matching_prefers_corner"),
    ),
    "VerdictsOfInformation": ("information_not_extreme", "uninformative_preferred"),
    "VerdictsOfCaseTwo": ("all_equally_good", "no_information", "unbounded_information"),
}
NUMBERS = ("none", "one", "two", "three", "four")
SOME = {
    NOT_REPRODUCED: ("{} is not reproduced", "{} are not reproduced"),
    NOT_DECIDABLE: ("{} cannot be decided", "{} cannot be decided"),
    NOT_TESTABLE: ("{} cannot be tested", "{} cannot be tested"),
}
LIKELIHOODS = {"exact": "the exact one", "importance": "as estimated by importance sampling"}


def design(study: Study, commit: str = "") -> dict[str, str]:
    """What the text says of the study's design: counts with their nouns, settings as numbers.

    Args:
        study: the study.
        commit: of the code that made it, with its date, if that is known.
    """
    points, training, evaluation = study.points, study.training, study.evaluation
    importance, two_sample = study.metric("test_ll"), study.metric("s_knn")
    posterior = evaluation.posterior
    methods = {name for dataset in study.dataset_names() for name in study.methods(dataset)} - {TRUTH}
    return {
        "StudyName": text(study.name),
        "Version": f"{__version__} ({text(f'commit {commit}')})" if commit else __version__,
        "StudyNote": OWN if study.name == PAPER else OTHER % text(study.name),
        "Datasets": enumeration([text(name) for name in DATASETS.titles(study.dataset_names()).values()]),
        "Methods": enumeration([text(name) for name in METHODS.titles(methods).values()]),
        "Models": count(len(list(study.models())), "model"),
        "Replicates": count(study.replicates, "replicate"),
        "Restarts": count(study.restarts, "restart"),
        "TrainingPoints": count(points.train, "training point"),
        "ValidationPoints": count(points.validation, "validation point"),
        "TestPoints": count(points.test, "test point"),
        "Epochs": count(training.epochs, "epoch"),
        "LearningRate": setting(training.learning_rate),
        "ValidateEvery": count(training.validate_every, "epoch"),
        "ValidationDraws": count(training.validation_draws, "draw"),
        "ConfigurationSplit": study.selection.configuration_split,
        "SelectionLikelihood": LIKELIHOODS[study.selection.likelihood],
        "FailedNats": f"{FAILED:g} nats",
        "GapPoints": count(posterior.gap_points, "fresh point"),
        "ImportanceSamples": count(importance.importance_samples, "draw"),
        "VarianceInflation": setting(importance.variance_inflation),
        "TwoSampleDraws": count(two_sample.draws, "time"),
        "TwoSamplePoints": count(two_sample.points, "point"),
        "PosteriorSamples": count(posterior.samples, "code"),
        "PriorShare": setting(posterior.prior_share),
        "PosteriorDraws": count(posterior.draws, "draw"),
    }


def results(claims: pd.DataFrame, comparison: pd.DataFrame, optima: pd.DataFrame) -> dict[str, str]:
    """What the text says of the study's results.

    Args:
        claims: results/claims.csv.
        comparison: result of `libi.paper.tables.comparison.compare`.
        optima: results/closed_form/optima.csv: name (truth, beta=1, ...), objective, mle_objective,
            posterior_matching, log_likelihood.
    """
    rows = optima.set_index("name")
    names = [name for name in rows.index if name.startswith(BETAS)]
    likelihoods = rows.loc[names, "log_likelihood"]
    return {
        **_counts(claims),
        "Conclusions": in_sentences(conclude(claims)),
        "OptimumMle": measured(_at(rows, "beta=1", "mle_objective")),
        "OptimumMatching": measured(_at(rows, "beta=1", "posterior_matching")),
        "TruthLikelihood": measured(_at(rows, "truth", "log_likelihood")),
        "OptimumLikelihood": measured(_at(rows, "beta=1", "log_likelihood")),
        "Betas": enumeration([name.removeprefix(BETAS) for name in names]),
        "BetaLikelihoods": _span(likelihoods),
        "CellCounts": _cell_counts(claims),
        "CellsByDataset": _cells_by_dataset(claims),
        "LargestDifference": _largest(comparison),
    }


def verdicts(claims: pd.DataFrame, published: Iterable[str]) -> dict[str, str]:
    """The verdict on each of the paper's claims but the cells; of those in `PRINTED` also both values.

    Args:
        claims: results/claims.csv.
        published: the names of `libi.paper.claims.says`, which those of the claims begin with.

    Returns:
        by names such as VerdictObjectiveAtTruth, ValueObjectiveAtTruth and PublishedObjectiveAtTruth, and those of
        `TOGETHER`.
    """
    names, bases = [name for name in published if name != CELLS], base_of(claims)
    alone = set(names).difference(*TOGETHER.values())
    values = {f"Verdict{camel(name)}": _verdict(claims[bases == name]) for name in names if name in alone}
    values |= {name: _verdict_together(claims[bases.isin(those)]) for name, those in TOGETHER.items()}
    for name in PRINTED:
        row = claims[claims["claim"] == name].iloc[:1]
        for column, shown in (("value", measured), ("published", printed)):
            values[f"{column.capitalize()}{camel(name)}"] = shown(*row[column]) if len(row) else MISSING
    return values


def camel(name: str) -> str:
    """A name in letters only, as TeX wants it: s_knn_lowest is SKnnLowest."""
    return "".join(part.capitalize() for part in name.split("_"))


def setting(value: float) -> str:
    """A setting as its author writes it; small ones as powers of ten."""
    if 0 < abs(value) < 1e-3:
        mantissa, exponent = f"{value:e}".split("e")
        factor = "" if float(mantissa) == 1 else rf"{float(mantissa):g} \times "
        return f"${factor}10^{{{int(exponent)}}}$"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _counts(claims: pd.DataFrame) -> dict[str, str]:
    kinds = {verdict: int((claims["verdict"] == verdict).sum()) for verdict in VERDICTS}
    algebra = {"ClaimsOfAlgebra": str(int(of_algebra(claims).sum()) if len(claims) else 0)}
    return {"Claims": count(len(claims), "claim"), **algebra} | {
        f"Claims{camel(verdict.replace(' ', '_'))}": str(number) for verdict, number in kinds.items()
    }


def _verdict(claims: pd.DataFrame) -> str:
    """The sentence that follows the paper's words: our verdict on one claim, or on the same claim in several cases."""
    counts = {name: int((claims["verdict"] == name).sum()) for name in VERDICTS}
    found, cases = [name for name in VERDICTS if counts[name]], len(claims)
    if not found:
        return MISSING
    if cases == 1:
        return ALONE[found[0]]
    if found[0] in NEVER and len(found) == 1:
        return NEVER[found[0]][cases > 2].format(cases)
    if len(found) == 1:
        return f"{ALONE[found[0]]} in {'both cases' if cases == 2 else f'all {cases} cases'}"
    others = enumeration([SOME[name][counts[name] > 1].format(counts[name]) for name in found if name != REPRODUCED])
    if not counts[REPRODUCED]:
        return f"Of {cases} cases {others}"
    return f"{ALONE[REPRODUCED]} in {counts[REPRODUCED]} of {cases} cases; {others}"


def spelled(number: int) -> str:
    """A small number as a word."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def _verdict_together(claims: pd.DataFrame) -> str:
    """The sentence that follows several things that the paper says: how many we find, and which others there are."""
    number, found = len(claims), int((claims["verdict"] == REPRODUCED).sum())
    if number < 2:
        return _verdict(claims)
    if found == number:
        return f"We find {'both' if number == 2 else f'all {spelled(number)}'}"
    start = f"{spelled(found)} of {spelled(number)}" if found else "neither" if number == 2 else "none"
    if (claims["verdict"] == NOT_REPRODUCED).all():
        return f"We find {start}"
    titles = claims["claim"].map(lambda name: text(base_title(name)))
    others = [
        f"{verdict}: {enumeration(list(titles[claims['verdict'] == verdict]))}"
        for verdict in VERDICTS
        if verdict != REPRODUCED and (claims["verdict"] == verdict).any()
    ]
    return f"We find {start} ({'; '.join(others)})"


def _cell_counts(claims: pd.DataFrame) -> str:
    """How many cells of Table 1 have which verdict: a sentence without its full stop."""
    verdicts = claims.loc[base_of(claims) == CELLS, "verdict"]
    if verdicts.empty:
        return MISSING
    counts = [(int((verdicts == verdict).sum()), verdict) for verdict in VERDICTS]
    told = [f"{number} {'is' if number == 1 else 'are'} {verdict}" for number, verdict in counts if number]
    return f"Of its {count(len(verdicts), 'cell')}, {enumeration(told)}"


def _cells_by_dataset(claims: pd.DataFrame) -> str:
    parts = claims.loc[base_of(claims) == CELLS, "claim"].str.split("-", expand=True)
    verdict = claims.loc[parts.index, "verdict"]
    phrases = []
    for dataset, name in DATASETS.titles(DATASETS).items():
        of_it = verdict[parts[1] == dataset] if len(parts) else verdict
        if len(of_it):
            phrases.append(f"{(of_it == 'reproduced').sum()} of {len(of_it)} on {name}")
    return enumeration(phrases)


def _largest(comparison: pd.DataFrame) -> str:
    """The cell that differs most from the paper's, by its margin, and the interval of the difference."""
    known = comparison.dropna(subset=["low", "high"])
    if known.empty:
        return MISSING
    row = known.loc[(known["difference"].abs() / known["margin"]).idxmax()]
    metric = PAPERS_METRICS[row["metric"]]
    ends = interval(row["low"], row["high"])
    return f"{ends} ({metric} of {text(METHODS.title(row['method']))} on {text(DATASETS.title(row['dataset']))})"


def _at(table: pd.DataFrame, row: str, column: str) -> float:
    return table.at[row, column] if row in table.index else nan


def _span(values: pd.Series) -> str:
    return f"{measured(values.min())} to {measured(values.max())}" if len(values) else MISSING
