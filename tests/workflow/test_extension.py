"""A method, a data set, points, a metric, a figure or a claim is one file: a study has it, and other jobs stay."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from libi.runtime.storage import load_tensors

from .conftest import REPOSITORY, TINY, TINY_FILE, Project, environment, shows_code, write_study

PAGE = (REPOSITORY / "docs/extend.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
METHOD, DATASET, METRIC, FIGURE, CLAIM, *EXAMPLES = BLOCK.findall(PAGE)
(POINTS,) = BLOCK.findall((REPOSITORY / "config/README.md").read_text(encoding="utf-8"))
ARRAY = POINTS.replace("my_points", "my_array").replace("My points", "My array").replace("mine.csv", "mine.npy")
# A claim by tables that none of the paper's own claims reads.
COUNTED = '''"""How many draws, points and configurations there are of the VAE."""

from libi.judging.claims import Interval

PLACE = 91
READS = ("samples", "points", "grid")
SAYS = {"counted": {"family": "Information", "where": "ours", "statement": "There are rows."}}


def judge(said, evidence):
    """The rows of three tables."""
    tables = evidence.samples, evidence.points, evidence.grid
    number = float(sum((table["method"] == "vae").sum() for table in tables))
    return [said["counted"].judged("reproduced", Interval(number, number, number), measure="rows", test="none")]


CLAIMS = judge
'''
# A figure of a table that none of the paper's figures reads, which is in several files.
SCORED = '''"""The scores of all configurations."""

from matplotlib.figure import Figure

from libi.rendering.style import COLUMN, Drawing, styled

READS = ("scores",)
CAPTION = "Log-likelihoods of all configurations, in nats."


@styled
def draw(scores):
    """Draw a point for each configuration and replicate."""
    figure = Figure(figsize=(COLUMN, 2.5), layout="constrained")
    figure.subplots().plot(scores["log_likelihood"], scores["method"], "o")
    return Drawing(figure, scores[["dataset", "method", "log_likelihood"]])


FIGURE = draw
'''
SPLITS = ("train", "validation", "test")
FILES = {
    "methods/toy.py": METHOD,
    "datasets/toy_set.py": DATASET,
    "datasets/my_points.py": POINTS,
    "datasets/my_array.py": ARRAY,
    "metrics/spread.py": METRIC,
    "paper/figures/information.py": FIGURE,
    "paper/figures/scored.py": SCORED,
    "paper/claims/informative_codes.py": CLAIM,
    "paper/claims/counted.py": COUNTED,
}
ROWS = np.random.default_rng(0).normal(size=(130, 5))
(LINES,) = (yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
TOY = LINES["datasets"]["toy_set"]["toy"]
EXTENDED = TINY | {
    "evaluation": TINY["evaluation"] | {"metrics": TINY["evaluation"]["metrics"] | LINES["evaluation"]["metrics"]},
    "datasets": {
        "linear_jtex": TINY["datasets"]["linear_jtex"] | {"toy": TOY},
        "my_array": {"vae": {}},
        **LINES["datasets"],
    },
}


def test_the_page_shows_the_package_s_own_examples():
    """As they are: copy a file into the page when it changes. test_extended runs them."""
    paths = [
        REPOSITORY / path for path in re.findall(r"^`(src/libi/\w+/(?:iwae|banana|mmd)\.py)`:$", PAGE, re.MULTILINE)
    ]
    assert len(paths) == len(EXAMPLES) == 3
    assert [path.read_text(encoding="utf-8") for path in paths] == EXAMPLES


@pytest.fixture(scope="module")
def extended(tmp_path_factory, tiny_run):
    """The finished tiny study; then files of docs/extend.md, points and lines in its study, and a second run."""
    project = tiny_run.copy(tmp_path_factory.mktemp("extended") / "project")
    for name, text in FILES.items():
        (project.root / "src/libi" / name).write_text(text)
    (project.root / "data").mkdir()
    np.save(project.root / "data/mine.npy", ROWS)
    np.savetxt(project.root / "data/mine.csv", ROWS, delimiter=",", header="a,b,c,d,e", comments="")
    write_study(project.root / TINY_FILE, EXTENDED)
    before = project.planned("--configfile", TINY_FILE)
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-5000:]
    return project, before


def test_the_table_has_them(extended):
    project, _ = extended
    table = pd.read_csv(project.root / "results/tiny/table1.csv").set_index(["dataset", "method", "metric"])
    for cell in (("linear_jtex", "toy"), ("toy_set", "toy"), ("toy_set", "truth"), ("my_points", "libi")):
        assert table["mean"].loc[(*cell, "test_ll_exact")] < 0
        assert table["mean"].loc[(*cell, "spread")] > 0
    text = (project.root / "paper/tiny/table1.tex").read_text()
    assert r"Toy \& co" in text and "Toy set" in text and "My points" in text and r"Spread $\downarrow$" in text


def test_figure_6_and_the_gaps_have_them(extended):
    project, _ = extended
    drawn = pd.read_csv(project.root / "figures/tiny/figure6.csv")
    assert {("toy_set", "toy"), ("linear_jtex", "toy")} <= set(zip(drawn["dataset"], drawn["method"], strict=True))
    assert r"Toy \& co" in (project.root / "paper/tiny/gaps.tex").read_text()


def test_points_of_one_s_own_are_split_and_have_no_truth(extended):
    """Every split is some of the rows, none of them twice; and what would need p(x) is missing."""
    root = extended[0].root
    splits, of_array = (
        [load_tensors(root / f"results/tiny/data/{own}/0/{name}.safetensors")[0]["x"] for name in SPLITS]
        for own in ("my_points", "my_array")
    )
    assert [x.shape for x in of_array] == [(5, 40)] * 3
    assert {tuple(row) for x in of_array for row in x.T.tolist()} <= set(map(tuple, ROWS.tolist()))
    assert [x.shape for x in splits] == [(5, 40)] * 3
    used = [tuple(row) for x in splits for row in x.T.tolist()]
    assert len(set(used)) == 120 and set(used) <= set(map(tuple, ROWS.tolist()))

    table = pd.read_csv(root / "results/tiny/table1.csv")
    assert set(table.loc[table["dataset"] == "my_points", "method"]) == {"vae", "libi"}
    gaps = pd.read_csv(root / "results/tiny/gaps.csv").set_index("dataset").loc["my_points"]
    assert gaps[["mle_objective", "objective"]].isna().all(axis=None) and (gaps["posterior_matching"] > 0).all()
    assert "my_points" not in set(pd.read_csv(root / "figures/tiny/figure6.csv")["dataset"])
    assert (root / "results/tiny/index.html").read_text().count("My points") > 0


def test_the_figure_is_drawn(extended):
    root = extended[0].root
    gaps, drawn = (pd.read_csv(root / path) for path in ("results/tiny/gaps.csv", "figures/tiny/information.csv"))
    assert drawn["information"].tolist() == pytest.approx(gaps["information"].tolist())
    assert (root / "figures/tiny/information.pdf").stat().st_size > 1000


def test_a_figure_may_read_tables_that_no_other_figure_reads(extended):
    root = extended[0].root
    made = pd.concat(map(pd.read_csv, (root / "results/tiny/scores").rglob("*.csv")))
    drawn = pd.read_csv(root / "figures/tiny/scored.csv")
    assert len(drawn) == len(made) and set(drawn["method"]) == set(made["method"])


def test_no_claim_is_about_them_but_the_new_one(extended, tiny_run):
    claims, before = (pd.read_csv(p.root / "results/tiny/claims.csv") for p in (extended[0], tiny_run))
    pd.testing.assert_frame_equal(claims.iloc[:-2], before)
    gaps = pd.read_csv(extended[0].root / "results/tiny/gaps.csv").set_index(["dataset", "method"])
    assert claims.iloc[-2]["claim"] == "informative_codes"
    assert claims.iloc[-2]["value"] == gaps.loc[("linear_jtex", "vae"), "information"]


def test_a_claim_may_read_tables_that_no_other_claim_reads(extended):
    results = extended[0].root / "results/tiny"
    made = [
        results / "grid.csv",
        *results.glob("posterior/*/vae_points.csv"),
        *results.glob("posterior/*/vae_samples.csv"),
    ]
    claim = pd.read_csv(results / "claims.csv").iloc[-1]
    assert claim["claim"] == "counted"
    assert claim["value"] == sum((pd.read_csv(path)["method"] == "vae").sum() for path in made) > 0
    assert claim["files"] == "posterior/*/*_points.csv, posterior/*/*_samples.csv, grid.csv"


def test_what_was_trained_before_stays(extended):
    """Only jobs of the new method and the new data set, and what gathers all."""
    _, (jobs, messages) = extended
    assert jobs["train"] == 6  # the toy on both data sets, the new data set's truth and VAE, and the points' VAEs
    assert jobs["train_first"] == 1  # on the points
    assert jobs["select"] == jobs["infer"] == 7
    assert jobs["evaluate"] == 10  # a further metric of all
    trained = [message for message in messages if message.startswith("Training")]
    assert len(trained) == 7 and all("toy" in message or "my_" in message for message in trained), trained


@pytest.mark.parametrize("order", "0123")
def test_a_finished_study_has_nothing_to_do_whichever_rule_is_asked_first(extended, order):
    """Snakemake asks all rules that could make a file, in the order of their hashes."""
    run = extended[0].snakemake("-n", "--cores", "1", "--configfile", TINY_FILE, PYTHONHASHSEED=order)
    assert run.returncode == 0 and "Nothing to be done" in run.stdout, run.stdout


def test_an_edit_of_a_method_retrains_that_method(extended, tmp_path):
    project = extended[0].copy(tmp_path / "project")
    project.edit("src/libi/methods/toy.py")
    jobs, messages = project.planned("--configfile", TINY_FILE)
    trained = [message for message in messages if message.startswith("Training")]
    assert len(trained) == 2 and all(message.startswith("Training toy on") for message in trained)


def test_a_setting_of_a_method_s_own_retrains_that_method(extended, tmp_path):
    """The study did not say it, so it had its default."""
    project = extended[0].copy(tmp_path / "project")
    write_study(project.root / TINY_FILE, EXTENDED | {"training": EXTENDED["training"] | {"toy_share": 0.25}})
    _, messages = project.planned("--configfile", TINY_FILE)
    trained = [message for message in messages if message.startswith("Training")]
    assert len(trained) == 2 and all(message.startswith("Training toy on") for message in trained)


def test_a_setting_of_a_method_that_a_study_lacks_is_no_change_of_it(tiny_run, tmp_path):
    """Else what is finished could not be audited, packed or published any more."""
    project = tiny_run.copy(tmp_path / "project")
    (project.root / "src/libi/methods/toy.py").write_text(METHOD)
    command = [sys.executable, "workflow/audit.py", "--configfile", TINY_FILE]
    said = subprocess.run(command, cwd=project.root, env=environment(), capture_output=True, text=True).stdout
    assert " whole: " in said and "toy_share" not in said
    assert "training/" not in said and "evaluate" not in said  # no model is stale


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("methods/broken.py", "METHOD = (", "broken.py: line 1"),
        ("datasets/broken.py", "PLACE = one()", "broken.py: line 1: PLACE must be a literal"),
        ("metrics/broken.py", 'TITLE = "Broken"\n', "broken.py: defines no METRIC"),
        ("paper/claims/broken.py", "JUDGE = 1", "broken.py: defines no CLAIMS"),
        ("paper/figures/broken.py", "FIGURE = 1", "broken.py: FIGURE is 1"),
    ],
)
def test_what_is_wrong_with_a_new_file_is_said_at_the_start(tiny_run, tmp_path, path, text, message):
    """By the checks of tests/study/test_new_files.py."""
    project = Project.of_the_work_tree(tmp_path / "project")
    (project.root / "src/libi" / path).write_text(text)
    write_study(project.root / TINY_FILE, TINY)
    run = project.snakemake("-n", "--configfile", TINY_FILE)
    assert run.returncode != 0
    assert message in run.stdout and not shows_code(run.stdout)


@pytest.mark.long
def test_the_tests_of_the_package_allow_additions(tmp_path):
    """All that need no run, with every file of docs/extend.md among the package's own.

    Not with a claim by further tables: it adds arrows to the workflow's graph, which the README draws.
    """
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split("\0"):
        if (REPOSITORY / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, tmp_path / name)
    for name in FILES.keys() - {"paper/claims/counted.py"}:
        (tmp_path / "src/libi" / name).write_text(FILES[name])
    for command in (["init", "-q"], ["add", "-A"]):  # some tests ask git which files there are
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(tests, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert run.returncode == 0, run.stdout[-5000:]
