"""`snakemake --report`: the captions of what it shows."""

import itertools
import json
import re
from types import SimpleNamespace

import docutils.core
import jinja2
import pytest

from libi.paper.figures import FIGURES

from ..browser import CHROMIUM, walked
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
    # What Chromium shows in a frame: url::kMaxURLChars.
    shown = re.findall(r'"data:(?:text/html|application/pdf)[^"]*', report)
    assert len(shown) >= 1 and max(map(len, shown)) < 2 * 2**20


# Checks whether the report begins in the window; opens a category, each of its results that is shown in place, and what
# is said of the first; and says what it saw.
WALK = """
const cut = [], seen = [];
const look = async () => { await still(); cut.push(...cutOff()); };
addEventListener("load", async () => {
  await look();
  const { top, left } = document.querySelector(".prose").getBoundingClientRect();
  const begins = top >= 0 && left >= 0;
  [...document.querySelectorAll("a, button, span")].find(one => one.textContent.trim() === "CATEGORY").click();
  await look();
  const rows = document.querySelectorAll("#app tbody tr a[iconname=eye]").length;
  for (const icon of ["eye", "information-circle"])
    for (let place = 0; place < rows; place++) {
      const one = document.querySelectorAll(`#app tbody tr a[iconname=${icon}]`)[place];
      if (one && one.getAttribute("href") === "#") { one.click(); await look(); seen.push(icon); }
    }
  say({ errors, cut, rows, begins, seen: seen.length });
});
"""


@pytest.mark.run
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_in_a_browser_every_category_of_the_report_opens_and_nothing_is_cut_off(tiny_run, tmp_path):
    """At two widths. Snakemake's report ends on a white page if two labels have two values each."""
    report = tmp_path / "report.html"
    run = tiny_run.snakemake("--report", str(report), "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-2000:]
    text = report.read_text(encoding="utf-8")
    categories = json.loads(re.search(r"var categories = (\{.*?\});", text)[1])
    assert {"1 Table 1", "2 Verdicts", "3 Figures", "4 Two gaps"} <= categories.keys()
    for width, (category, parts) in itertools.product((1280, 800), categories.items()):
        seen = walked(text, WALK.replace("CATEGORY", category), width)
        results = [file for files in parts.values() for file in files]
        shown = [file for file in results if not file.endswith(".csv")]
        expected = {"errors": [], "cut": [], "rows": len(results), "begins": True, "seen": len(shown) + 1}
        assert seen == expected, (width, category)
