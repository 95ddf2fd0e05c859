"""The macros of the replication paper: known numbers, and a text that has no others."""

import re
from pathlib import Path

import pandas as pd
import pytest

from libi.paper.claims import says
from libi.paper.tables import numbers
from libi.paper.tables.comparison import compare
from libi.paper.tables.numbers import TOGETHER, camel, design, results, setting, verdicts
from libi.paper.verdict import judge
from libi.rendering.latex import macros
from libi.study.reading import read_study
from libi.study.study import Study

from ..judging.papers_study import evidence

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "paper" / "replication.tex").read_text(encoding="utf-8")
PREAMBLE, BODY = TEXT.split(r"\begin{document}")

# Known beforehand of LinearJTEx: objective, its MLE part, its posterior-matching part, log-likelihood.
OPTIMA = pd.DataFrame(
    [
        ("truth", 0.5323, 0.0, 0.5323, -2.9708),
        ("beta=0.5", 0.1962, 0.1621, 0.0341, -3.1329),
        ("beta=1", 0.1962, 0.1621, 0.0341, -3.1328),
        ("beta=5", 0.1963, 0.1616, 0.0347, -3.1325),
    ],
    columns=["name", "objective", "mle_objective", "posterior_matching", "log_likelihood"],
)


@pytest.fixture(scope="module")
def papers_numbers():
    """The macros of the paper's study, had it found the paper's own numbers."""
    found = evidence()
    claims = judge(found)
    values = design(read_study(REPOSITORY / "config" / "config.yaml"))
    values |= results(claims, compare(found.table1, claims), OPTIMA)
    return values | verdicts(claims, says())


# ---------------------------------------------------------------------------- the numbers


def test_the_design_is_the_papers(papers_numbers):
    """Appendix E, and 8,400 models: 5 replicates, 10 restarts, 44 configurations but for 36 on Mobius."""
    expected = {
        "Models": "8,400 models",
        "Replicates": "5 replicates",
        "Restarts": "10 restarts",
        "TrainingPoints": "500 training points",
        "Epochs": "30,000 epochs",
        "LearningRate": "0.01",
        "ImportanceSamples": "5,000 draws",
        "VarianceInflation": "2",
        "TwoSampleDraws": "20,000 times",
        "TwoSamplePoints": "100 points",
        "PriorShare": "0.1",
        "Datasets": "LinearJTEx, CubicJTEx, Gaussian and Mobius",
        "Methods": r"VAE, $\beta$-VAE, $\beta$-VAE+Anneal, Lagging and LiBI",
    }
    assert {name: papers_numbers[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("value", "printed"), [(30_000, "30,000"), (0.01, "0.01"), (1e-8, "$10^{-8}$"), (2e-4, r"$2 \times 10^{-4}$")]
)
def test_a_setting_is_printed_as_its_author_writes_it(value, printed):
    assert setting(value) == printed


def test_closed_forms_as_known_beforehand(papers_numbers):
    assert papers_numbers["ValueObjectiveAtTruth"].startswith("$0.5323")
    assert papers_numbers["ValueObjectiveAtOptimum"].startswith("$0.1962")
    assert papers_numbers["PublishedObjectiveAtTruth"] == "$0.532$"
    assert papers_numbers["PublishedObjectiveAtOptimum"] == "$0.196$"
    assert (papers_numbers["OptimumMle"], papers_numbers["OptimumMatching"]) == ("$0.1621$", "$0.0341$")
    assert (papers_numbers["TruthLikelihood"], papers_numbers["Betas"]) == ("$-2.971$", "0.5, 1 and 5")
    assert papers_numbers["BetaLikelihoods"] == "$-3.133$ to $-3.132$"


def test_the_papers_own_cells_are_no_difference(papers_numbers):
    """Not decidable are those whose sd exceeds the spread of the column: lagging's Test-LL on CubicJTEx, ..."""
    assert " to $+" in papers_numbers["LargestDifference"]  # an interval around 0
    assert papers_numbers["CellsByDataset"].startswith("10 of 10 on LinearJTEx, ")
    assert (
        papers_numbers["CellCounts"].startswith("Of its 40 cells, ")
        and "not reproduced" not in papers_numbers["CellCounts"]
    )
    assert papers_numbers["VerdictObjectiveAtTruth"] == "We find the same"


def claims_with(*verdicts_of_cells):
    names = [f"cell-{cell}" for cell, _ in verdicts_of_cells]
    table = pd.DataFrame({"claim": names, "verdict": [verdict for _, verdict in verdicts_of_cells]}, dtype=object)
    return table.assign(value=1.0, difference=1.0, low=1.0, high=1.0, margin=1.0)


def test_verdicts_in_words():
    several = claims_with(("a", "reproduced"), ("b", "not reproduced"), ("c", "reproduced"), ("d", "not decidable"))
    several["claim"] = several["claim"].str.replace("cell", "one")
    values = verdicts(several, ["one", "another_one"])
    assert values["VerdictOne"] == "We find the same in 2 of 4 cases; 1 cannot be decided and 1 is not reproduced"
    assert values["VerdictAnotherOne"] == "--"
    for kept, words in (
        ([1], "We find otherwise"),
        ([0, 2], "We find the same in both cases"),
        ([3, 3, 3], "Our data cannot decide any of the 3 cases"),
        ([1, 1, 3], "Of 3 cases 1 cannot be decided and 2 are not reproduced"),
    ):
        assert verdicts(several.iloc[kept], ["one"])["VerdictOne"] == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (("reproduced", "reproduced", "reproduced"), "We find all three"),
        (("reproduced", "not reproduced", "reproduced"), "We find two of three (not reproduced: it is big)"),
        (("not reproduced",) * 3, "We find none"),
        (
            ("not decidable", "not testable", "not decidable"),
            "We find none (not decidable: it is good and it is odd; not testable: it is big)",
        ),
    ],
)
def test_verdicts_on_several_things_in_one_sentence(monkeypatch, found, words):
    said = {name: {"title": f"it is {name}"} for name in ("good", "big", "odd")}
    monkeypatch.setattr("libi.paper.titles.says", lambda: said)
    monkeypatch.setattr(numbers, "TOGETHER", {"VerdictsOfIt": tuple(said)})
    claims = pd.DataFrame({"claim": list(said), "verdict": found, "value": 1.0})
    assert verdicts(claims, said)["VerdictsOfIt"] == words


def test_a_study_that_lacks_everything_has_dashes():
    nothing = claims_with()
    columns = ["dataset", "method", "metric", "mean", "sd", "paper_mean", "paper_sd"]
    table = compare(pd.DataFrame(columns=columns), nothing)
    values = results(nothing, table, OPTIMA[:0])
    unknown = ["OptimumMle", "TruthLikelihood", "Betas", "BetaLikelihoods", "CellsByDataset", "LargestDifference"]
    assert {values[name] for name in unknown} == {"--"}
    assert values["Claims"] == "0 claims"


def test_another_study_says_that_it_is_not_the_papers():
    quick = design(read_study(REPOSITORY / "config" / "quick.yaml"))
    assert r"\texttt{quick}, which is not the paper's own" in quick["StudyNote"]
    assert quick["Epochs"] == "1,000 epochs"


def test_a_study_comes_through_its_plain_form():
    study = read_study(REPOSITORY / "config" / "config.yaml")
    assert Study.model_validate(study.model_dump(exclude_none=True)) == study


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.01, "0.01"), (8.0, "8"), (1e-8, "$10^{-8}$"), (2.5e-5, r"$2.5 \times 10^{-5}$"), (5000, "5,000"), (0, "0")],
)
def test_settings(value, expected):
    assert setting(value) == expected


# ---------------------------------------------------------------------------- the text


def test_the_text_uses_every_macro_and_no_other(papers_numbers):
    used = set(re.findall(r"\\([A-Za-z]+)", BODY))
    ours = set(papers_numbers)
    further = {f"Verdict{camel(name)}" for name, said in says().items() if said["where"] == "ours"}
    assert ours - further <= used  # a claim that somebody adds is in the appendix
    # Capitalised commands that are not ours are LaTeX's or the preamble's.
    defined = set(re.findall(r"\\newcommand\{\\([A-Za-z]+)\}", PREAMBLE)) | {"Sigma", "Bigl", "Bigr", "FloatBarrier"}
    assert {name for name in used if name[0].isupper()} - ours <= defined
    assert not ours & defined


def test_every_macro_of_a_claim_is_named_after_it(papers_numbers):
    together = {name for names in TOGETHER.values() for name in names}
    assert together < says().keys()
    expected = {f"Verdict{camel(name)}" for name in says().keys() - together - {"cell"}} | TOGETHER.keys()
    assert {name for name in papers_numbers if name.startswith("Verdict")} == expected


def without(pattern, latex):
    return re.sub(pattern, " ", latex)


def test_the_text_has_no_number_of_its_own():
    """Digits stand only in labels, names of files, lengths, exponents, and what the original calls its parts."""
    latex = without(r"(?<!\\)%.*", BODY)
    latex = without(r"\\(?:label|ref|eqref|citet|citep|input|made|orig|bibliography)(?:\[[^]]*\])*\{[^{}]*\}", latex)
    latex = without(r"\\(?:drawn|shown)\{\d\}|\\sharing\{[\d.]+\}", latex)
    latex = without(r"[\d.]+\\linewidth", latex)
    latex = without(r"\^\{?-?\d\}?", latex)
    found = [line.strip() for line in latex.splitlines() if re.search(r"\d", line)]
    assert not found


def test_figures_and_tables_are_numbered_as_in_the_original():
    assert re.findall(r"\\(?:drawn|shown)\{(\d)\}", BODY) == list("1624357")
    assert r"\renewcommand{\thefigure}{#1}" in PREAMBLE  # whatever their order in the text
    assert re.findall(r"\\made\{(\w+)\}", BODY)[0] == "table1"


def test_macros_of_the_paper_are_commands(papers_numbers):
    assert macros(papers_numbers, comment="Numbers.").count(r"\newcommand") == len(papers_numbers)
