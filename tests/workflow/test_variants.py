"""A base study and its variants as one graph: what is made once, and what comes out."""

import shutil

import pandas as pd
import pytest

from .conftest import TINY, write_study

VARIANTS = {
    "alpha-2": {"evaluation": {"metrics": {"s_knn": {"smoothness": [2.0]}}}},
    "cap-4": {"training": {"exponential_cap": 4.0}},
    "more-codes": {"evaluation": {"posterior": {"samples": 60}}},
}
FILE = "config/few.yaml"


@pytest.fixture(scope="module")
def few(tiny_run, tmp_path_factory):
    """The tiny study as a base, and three variants, run in a copy of the tiny study's project."""
    project = tiny_run.copy(tmp_path_factory.mktemp("variants") / "project")
    base = {key: value for key, value in TINY.items() if key != "name"}
    write_study(project.root / FILE, {"name": "few", "base": base, "variants": VARIANTS})
    run = project.snakemake("--cores", "2", "--configfile", FILE)
    assert run.returncode == 0, run.stdout
    return project


def folders_with(few, pattern):
    return {path.relative_to(few.root / "results/few").parts[0] for path in (few.root / "results/few").glob(pattern)}


def test_what_variants_have_in_common_is_made_once(few):
    assert folders_with(few, "*/data/*/truth.safetensors") == {"base"}
    assert folders_with(few, "*/training/*/vae/0.csv") == {"base"}
    assert folders_with(few, "*/training/*/libi/0.csv") == {"base", "cap-4"}
    assert folders_with(few, "*/selection/*/vae.csv") == {"base"}
    assert folders_with(few, "*/metrics/*/vae.csv") == {"base", "alpha-2"}
    assert folders_with(few, "*/posterior/*/vae_summary.csv") == {"base", "more-codes"}
    assert folders_with(few, "*/table1.csv") == {"base", *VARIANTS}


def test_the_base_is_the_same_study_alone(few):
    for name in ("table1.csv", "claims.csv", "gaps.csv", "training/linear_jtex/libi/0.csv"):
        alone, base = (few.root / "results" / folder / name for folder in ("tiny", "few/base"))
        assert alone.read_bytes() == base.read_bytes(), name


def test_cells_differ_where_a_variant_touches_them(few):
    table = pd.read_csv(few.root / "results/few.csv")
    cells = table[table["kind"] == "cell"].set_index(["variant", "method", "metric"]).sort_index()
    same = cells["same"].astype(bool)
    assert not same["alpha-2", "vae", "s_knn"] and same["alpha-2", "vae", "test_ll"]
    assert same["cap-4", "vae"].all() and same["more-codes"].all() and same["base"].all()
    changed = cells.loc[("cap-4", "libi"), "mean"] != cells.loc[("base", "libi"), "mean"]
    assert changed.all()
    claims = table[table["kind"] == "claim"]
    assert set(claims["variant"]) == {"base", *VARIANTS}


def test_figure_and_tables_are_made(few):
    assert all((few.root / f"figures/few/figure7.{kind}").stat().st_size > 100 for kind in ("pdf", "png", "csv"))
    made = {path.name for path in (few.root / "paper/few").glob("*.tex")}
    assert {"ranking.tex", "held_out.tex", "counts.tex", "turning.tex", "stable.tex"} <= made


def test_a_finished_run_has_nothing_left_to_do(few):
    assert few.planned("--configfile", FILE) == ({}, [])


def test_a_new_variant_makes_its_own_files_alone(few, tmp_path):
    project = few.copy(tmp_path / "project")
    base = {key: value for key, value in TINY.items() if key != "name"}
    more = VARIANTS | {"alpha-3": {"evaluation": {"metrics": {"s_knn": {"smoothness": [3.0]}}}}}
    write_study(project.root / FILE, {"name": "few", "base": base, "variants": more})
    jobs, _ = project.planned("--configfile", FILE)
    common = {"gather_sensitivity": 1, "draw": 1, "render_sensitivity": 1}
    own = {"evaluate": 3, "render_table1": 1, "judge": 1, "gather_gaps": 1, "gather_restarts": 1}
    assert jobs == common | own
    shutil.rmtree(project.root)


def test_a_mistake_is_named_with_its_variant(few, tmp_path):
    project = few.copy(tmp_path / "project")
    base = {key: value for key, value in TINY.items() if key != "name"}
    write_study(project.root / FILE, {"name": "few", "base": base, "variants": {"bad": {"training": {"epoch": 3}}}})
    run = project.snakemake("-n", "--configfile", FILE)
    assert run.returncode != 0
    assert "config/few.yaml, variants.bad: training.epoch: unknown key; did you mean 'epochs'?" in run.stdout
