"""`snakemake --report`: the captions of what it shows."""

import re
from types import SimpleNamespace

import docutils.core
import jinja2
import pytest

from libi.paper.figures import FIGURES

from .conftest import REPOSITORY, TINY_FILE, bare_path

CAPTIONS = sorted((REPOSITORY / "workflow" / "report").glob("*.rst"))
RULES = [*(REPOSITORY / "workflow" / "rules").glob("*.smk"), REPOSITORY / "Snakefile"]


def render(caption, figure, config):
    """A caption as Snakemake fills it in for a figure, turned into HTML; warnings are errors."""
    params = SimpleNamespace(caption=FIGURES.literal(figure, "CAPTION", ""))
    job = SimpleNamespace(wildcards=SimpleNamespace(figure=figure), params=params, config=config)
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(caption.read_text(encoding="utf-8"))
    settings = {"halt_level": 2, "report_level": 2}
    return docutils.core.publish_parts(template.render(snakemake=job), writer="html5", settings_overrides=settings)


@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("figure", FIGURES)
def test_captions_are_sound_restructuredtext(caption, figure):
    html = render(caption, figure, {"variants": {}})["html_body"]
    assert html.count("<p>") >= 1 and "{" not in html


def test_every_caption_is_used_and_none_is_missing():
    texts = [path.read_text(encoding="utf-8") for path in RULES]
    assert {name for text in texts for name in re.findall(r"report/(\w+)\.rst", text)} <= {p.stem for p in CAPTIONS}
    assert all(any(re.search(rf'(report/|"){path.stem}\b', text) for text in texts) for path in CAPTIONS)


@pytest.mark.parametrize(("config", "folder"), [({}, ""), ({"name": "paper"}, ""), ({"name": "quick"}, "quick")])
def test_the_report_opens_with_what_the_study_found(config, folder, tmp_path, monkeypatch):
    """Snakemake renders it in the folder of the run; without --configfile it knows no name."""
    (tmp_path / "results" / folder).mkdir(parents=True)
    (tmp_path / "results" / folder / "summary.rst").write_text("**All hold.**\n")
    monkeypatch.chdir(tmp_path)
    html = render(REPOSITORY / "workflow/report/workflow.rst", "figure1", config)["html_body"]
    assert html.index("All hold.") < html.index("A replication of")


@pytest.mark.run
@pytest.mark.parametrize("latex", ["none", "since the run"])
def test_a_finished_study_has_a_report_whether_or_not_its_paper_was_typeset(tiny_run, tmp_path, latex):
    project = tiny_run.copy(tmp_path / "project")
    for name in ("replication.pdf", ".replication.pdf.seal"):
        (project.root / "paper/tiny" / name).unlink(missing_ok=True)
    path = bare_path(tmp_path / "bin")
    if latex == "since the run":
        (tmp_path / "bin/latexmk").symlink_to("/bin/true")
    run = project.snakemake("--report", "report.html", "--configfile", TINY_FILE, PATH=path)
    assert run.returncode == 0, run.stdout[-2000:]
    report = (project.root / "report.html").read_text(encoding="utf-8")
    for name in ("table1.csv", "claims.csv", "conclusions.csv", "index.html", "figure6.png"):
        assert name in report, name
