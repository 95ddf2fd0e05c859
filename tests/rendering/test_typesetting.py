"""The replication paper as a PDF, of the paper's own numbers and of a study that has next to none."""

import logging
import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from libi.paper.claims import says
from libi.paper.tables import choices, comparison, conclusions, gaps, numbers, table1, variants, verdicts
from libi.paper.verdict import judge
from libi.rendering.latex import macros
from libi.rendering.typesetting import PACKAGES, TypesettingError, typeset
from libi.study.reading import read_study

from ..judging.papers_study import PUBLISHED, evidence
from ..judging.test_verdict import least_study
from .test_numbers import OPTIMA

REPOSITORY = Path(__file__).parents[2]
SOURCE, REFERENCES = REPOSITORY / "paper" / "replication.tex", REPOSITORY / "paper" / "references.bib"
needs_latex = pytest.mark.skipif(shutil.which("latexmk") is None, reason=f"needs latexmk: apt-get install {PACKAGES}")


def of_gaps(found):
    """The gaps of a study, with what the table shows beside them."""
    more = [f"{whose}_{name}" for whose in "qp" for name in ("mean_distance", "covariance_distance", "moments_error")]
    more += [f"{name}_error" for name in ("mle_objective", "posterior_matching", "objective", "information")]
    return found.gaps.assign(information=5.0, **dict.fromkeys(more, 0.25))


def of_restarts(found):
    """The restarts of a study, half of which failed."""
    if found.restarts.empty:
        return found.restarts
    return found.restarts.assign(restarts=10, failed=5, configuration="epsilon_hz=1,rounds=1")


def write_parts(folder, found, optima):
    """All that a study makes for the paper but its figures; returns their paths."""
    claims = judge(found)
    compared = comparison.compare(found.table1, claims)
    study = read_study(REPOSITORY / "config" / "config.yaml")
    values = numbers.design(study)
    values |= numbers.results(claims, compared, optima) | numbers.verdicts(claims, says())
    texts = {
        "numbers": macros(values, comment="Numbers."),
        "choices": choices.to_latex(choices.read_choices(SOURCE.with_name("choices.yaml"), study), study="test"),
        "table1": table1.to_latex(found.table1, study="test"),
        "table1_exact": table1.exact_to_latex(found.table1, study="test"),
        "restarts": gaps.restarts_to_latex(of_restarts(found), study="test"),
        "restarts_by_configuration": gaps.configurations_to_latex(of_restarts(found), study="test"),
        "gaps": gaps.to_latex(gaps.summarise(of_gaps(found)), study="test"),
        "conclusions": conclusions.to_latex(conclusions.conclude(claims), study="test"),
        "table1_comparison": comparison.to_latex(compared, study="test"),
        "verdicts": verdicts.counts_to_latex(claims, study="test"),
        "claims": verdicts.claims_to_latex(claims, study="test"),
        "measures": verdicts.measures_to_latex(claims, study="test"),
    }
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    return [REFERENCES, *folder.glob("*.tex")]


def write_published(folder, found):
    """What is published of the study of fresh replicates, as if its claims were those of the paper's own."""
    claims = judge(found)
    undecided = variants.undecided_side_by_side(claims, claims, PUBLISHED)
    texts = {
        "power_conclusions": conclusions.to_latex(conclusions.conclude(claims), study="power"),
        "power_undecided": variants.undecided_to_latex(undecided, study="power"),
        "power_replicates": "25%\n",
    }
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    return list(folder.glob("*.tex"))


def draw_figure(path):
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([0, 1])
    figure.savefig(path, metadata={"CreationDate": None})
    plt.close(figure)
    return path


def words_of(pdf):
    """The text of a PDF in one line, hyphens at the ends of lines undone; None without the program that reads it."""
    if shutil.which("pdftotext") is None:
        return None
    run = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True)
    return " ".join(re.sub(r"-\n", "", run.stdout).split())


@needs_latex
def test_the_paper_is_typeset_and_the_same_bytes_again(tmp_path, caplog):
    parts = write_parts(tmp_path / "parts", evidence(), OPTIMA)
    parts += [draw_figure(tmp_path / f"figure{number}.pdf") for number in range(1, 7)]
    parts += write_published(tmp_path / "published", evidence())
    with caplog.at_level(logging.INFO, logger="libi"):
        typeset(SOURCE, parts, tmp_path / "one" / "replication.pdf")
    last_run = caplog.text[caplog.text.rindex("This is pdfTeX") :]
    assert "undefined" not in last_run and "Overfull" not in last_run and "lacks the data set" not in last_run
    log = last_run.replace("\n", "")  # TeX breaks its lines anywhere
    assert all(f"figure{number}.pdf" in log for number in range(1, 7))
    typeset(SOURCE, parts[::-1], tmp_path / "two.pdf")
    assert (tmp_path / "one" / "replication.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert not list(tmp_path.rglob("*.part"))
    words = words_of(tmp_path / "two.pdf")
    if words:
        assert "8,400 models on LinearJTEx, CubicJTEx, Gaussian and Mobius, 5 replicates of each" in words
        assert "on 25 fresh replicates. We fixed their number in advance" in words
        assert "??" not in words and "[?]" not in words and "This study lacks" not in words


@needs_latex
def test_the_least_study_is_typeset_with_notes_for_missing_figures(tmp_path):
    """One data set, one replicate: no sd, no figure, hardly a verdict."""
    parts = write_parts(tmp_path / "parts", least_study(), OPTIMA[:0])
    typeset(SOURCE, parts, tmp_path / "replication.pdf")
    words = words_of(tmp_path / "replication.pdf")
    if words:
        assert words.count("This study lacks the data set that this figure shows.") == 6


@needs_latex
def test_an_error_names_its_place_and_leaves_the_old_pdf(tmp_path, caplog):
    (tmp_path / "wrong.tex").write_text("\\documentclass{article}\n\\begin{document}\n\\Unknown\n\\end{document}\n")
    (tmp_path / "wrong.pdf").write_text("the old one")
    with caplog.at_level(logging.INFO, logger="libi"), pytest.raises(TypesettingError) as error:
        typeset(tmp_path / "wrong.tex", [], tmp_path / "wrong.pdf")
    lines = str(error.value).splitlines()
    assert lines[0] == f"{tmp_path / 'wrong.tex'}: latexmk failed"
    assert any("wrong.tex:3: Undefined control sequence" in line for line in lines)
    assert "Undefined control sequence" in caplog.text
    assert (tmp_path / "wrong.pdf").read_text() == "the old one"


def test_without_latexmk_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TypesettingError, match=f"latexmk is not installed .*apt-get install {PACKAGES}"):
        typeset(SOURCE, [], tmp_path / "replication.pdf")
