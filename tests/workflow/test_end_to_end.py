"""The smoke study from nothing to the paper: what is there afterwards, and how it was made."""

import itertools
import json
import math
import re
import struct

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import multivariate_normal

import libi
from libi.runtime.storage import load_tensors

from .conftest import OF_A_STUDY, REPOSITORY, SMOKE, TYPESET

STUDY = yaml.safe_load((REPOSITORY / SMOKE).read_text(encoding="utf-8"))
DATASETS = ("linear_jtex", "cubic_jtex", "gaussian", "mobius")
METHODS = ("truth", "vae", "beta_vae", "beta_vae_anneal", "lagging", "libi")
REPLICATES = range(STUDY["replicates"])
METRICS = ("test_ll", "test_ll_exact", "test_ll_error", "s_knn")
PACK = "0-1"  # both replicates train in one job
JOBS = {
    "define_truth": len(DATASETS),
    "simulate": len(DATASETS) * STUDY["replicates"],
    "train": len(DATASETS) * len(METHODS) + 2,  # joint MAP on two data sets
    "select": len(DATASETS) * len(METHODS),
    "evaluate": len(DATASETS) * len(METHODS),
    "define_reference": len(DATASETS),
    "infer": len(DATASETS) * len(METHODS),
    "gather_grid": 1,
    "gather_restarts": 1,
    "gather_gaps": 1,
    "derive": 1,
    "measure_shrinkage": 2,
    "render_table1": 1,
    "judge": 1,
    "draw": len(OF_A_STUDY),
    "render_gaps": 1,
    "render_verdicts": 1,
    "render_page": 1,
    "write_numbers": 1,
} | TYPESET

# The paper's ground truths (Appendix E).
LINEAR_JTEX = np.array([[0.75, 0.25], [1.5, -1.0]])
GAUSSIAN = np.array([[-0.7074, 0.0995, 0.0286, 0.1240], [0.7074, 0.9948, -0.9995, 0.9920]])


def configurations(dataset, method):
    """How many points the study's grid of a method has."""
    grid = {} if method == "truth" else STUDY["datasets"][dataset][method]
    return math.prod(map(len, grid.values()))


@pytest.fixture(scope="module")
def results(smoke_run):
    return smoke_run.root / "results" / "smoke"


def read_first_row(path, group):
    """Parameters of a safetensors file's first model, read by the format's own rules."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    entry = json.loads(content[8 : 8 + length])[group]
    assert entry["dtype"] == "F32"
    begin, end = (8 + length + offset for offset in entry["data_offsets"])
    return np.frombuffer(content[begin:end], "<f4").reshape(entry["shape"])[0].astype(float)


# ---------------------------------------------------------------------------- what is there


@pytest.mark.skipif(not TYPESET, reason="without LaTeX there is no paper")
def test_the_paper_has_every_figure(smoke_run):
    """By LaTeX's own log, which names the pictures that it has put in."""
    said = (smoke_run.root / "logs/smoke/write.log").read_text()
    for number in range(1, 7):
        assert re.search(rf"<(use )?[./]*figure{number}\.pdf", said), f"no Figure {number}"


def test_table_1_is_whole(results):
    table = pd.read_csv(results / "table1.csv")
    columns = (
        "dataset method metric mean sd replicates configuration paper_mean paper_sd share_below_100 share_estimated"
    )
    assert list(table.columns) == columns.split()
    rows = list(table[["dataset", "method", "metric"]].itertuples(index=False, name=None))
    assert sorted(rows) == sorted(itertools.product(DATASETS, METHODS, METRICS))
    assert np.isfinite(table[["mean", "sd"]]).all(axis=None)
    assert (table["replicates"] == STUDY["replicates"]).all()
    published = table[["paper_mean", "paper_sd"]].notna().all(axis=1)
    assert (published == ((table["method"] != "truth") & table["metric"].isin(["test_ll", "s_knn"]))).all()


def test_table_1_is_the_mean_of_the_test_points(results):
    table = pd.read_csv(results / "table1.csv").set_index(["dataset", "method", "metric"])
    for dataset, method in itertools.product(DATASETS, METHODS):
        means = []
        points = pd.read_csv(results / "metrics" / dataset / f"{method}_points.csv")
        for replicate in REPLICATES:
            values = points.loc[points["replicate"] == replicate, "log_likelihood"]
            assert len(values) == STUDY["points"]["test"]
            means.append(sum(values) / len(values))
        row = table.loc[dataset, method, "test_ll"]
        assert row["mean"] == pytest.approx(np.mean(means), rel=1e-7)  # it has eight digits
        assert row["sd"] == pytest.approx(np.std(means, ddof=1), rel=1e-6)


def test_the_exact_log_likelihood_of_the_truth_is_that_of_its_density(results):
    """LinearJTEx and Gaussian: N(0, W Wᵀ + noise), by Appendix E, over the study's own test points."""
    table = pd.read_csv(results / "table1.csv").set_index(["dataset", "method", "metric"])
    noises = {"linear_jtex": 0.004 * np.eye(2), "gaussian": 1e-6 * np.eye(4)}
    loadings = {
        "linear_jtex": np.linalg.cholesky(LINEAR_JTEX @ LINEAR_JTEX.T + 0.006 * np.eye(2)),
        "gaussian": GAUSSIAN.T,
    }
    for dataset, noise in noises.items():
        means = []
        for replicate in REPLICATES:
            x, _ = load_tensors(results / "data" / dataset / str(replicate) / "test.safetensors")
            density = multivariate_normal(cov=loadings[dataset] @ loadings[dataset].T + noise)
            means.append(density.logpdf(x["x"].T.numpy()).mean())
        assert table.loc[(dataset, "truth", "test_ll_exact"), "mean"] == pytest.approx(np.mean(means), abs=2e-3)


def test_the_two_gaps_are_divergences_and_add_up_to_L(results):
    gaps = pd.read_csv(results / "gaps.csv")
    assert len(gaps) == len(DATASETS) * len(METHODS) * STUDY["replicates"]
    for part in ("mle_objective", "posterior_matching", "information"):
        assert (gaps[part] > -4 * gaps[f"{part}_error"] - 1e-9).all()
    assert gaps["objective"].to_numpy() == pytest.approx(
        (gaps["mle_objective"] + gaps["posterior_matching"]).to_numpy()
    )
    truth = gaps[gaps["method"] == "truth"]
    assert truth["mle_objective"].to_numpy() == pytest.approx(0, abs=1e-9)


def test_the_grid_has_every_configuration(results):
    grid = pd.read_csv(results / "grid.csv", keep_default_na=False)
    for dataset, method in itertools.product(DATASETS, METHODS):
        rows = grid[(grid["dataset"] == dataset) & (grid["method"] == method)]
        assert len(rows) == rows["configuration"].nunique() == configurations(dataset, method)
        best = rows.loc[rows["log_likelihood_mean"].astype(float).idxmax(), "configuration"]
        assert rows.loc[rows["chosen"], "configuration"].tolist() == [best]
    assert len(grid) == sum(configurations(*pair) for pair in itertools.product(DATASETS, METHODS))
    assert (grid["split"] == "validation").all()
    assert np.isfinite(grid[["log_likelihood_mean", "log_likelihood_sd"]].astype(float)).all(axis=None)


def test_table_1_shows_the_chosen_configurations(results):
    grid = pd.read_csv(results / "grid.csv")
    table = pd.read_csv(results / "table1.csv")
    chosen = grid.loc[grid["chosen"], ["dataset", "method", "configuration"]]
    shown = table[["dataset", "method", "configuration"]].drop_duplicates()
    assert sorted(map(tuple, shown.to_numpy())) == sorted(map(tuple, chosen.to_numpy()))


def test_every_model_has_a_record(results):
    for dataset, method, replicate in itertools.product(DATASETS, METHODS, REPLICATES):
        together = pd.read_csv(results / "training" / dataset / method / f"{PACK}.csv")
        assert set(together["replicate"]) == set(REPLICATES)
        records = together[together["replicate"] == replicate]
        models = {(row.configuration, row.restart) for row in records.itertuples()}
        assert len(records) == len(models) == configurations(dataset, method) * STUDY["restarts"]
        assert (records["dataset"] == dataset).all() and (records["method"] == method).all()
        assert (records["epochs"] == STUDY["training"]["epochs"]).all()
        assert not records["diverged"].any()
        assert np.isfinite(records["validation_objective"]).all()
        dead = records.filter(like="dead_units")
        assert len(dead.columns) and (dead >= 0).all(axis=None)
        assert np.isfinite(records[["codes_mean_1", "codes_mean_2"]]).all(axis=None)
        variances = records["codes_covariance_11"], records["codes_covariance_22"]
        assert (variances[0] * variances[1] >= records["codes_covariance_12"] ** 2).all()
        assert (records["codes_henze_zirkler"] >= 0).all()


def test_the_latex_table_is_a_fragment(smoke_run):
    text = (smoke_run.root / "paper" / "smoke" / "table1.tex").read_text(encoding="utf-8")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert r"\documentclass" not in text and r"\toprule" in text and r"\pm" in text


def test_nothing_half_written_remains(smoke_run):
    assert not list(smoke_run.root.rglob("*.part"))
    assert not [path for path in (smoke_run.root / "scratch").rglob("*") if path.is_file()]
    assert not list((smoke_run.root / ".snakemake" / "incomplete").iterdir())


# ---------------------------------------------------------------------------- how it was made


def test_every_job_has_a_log_and_a_benchmark(smoke_run, results):
    logs = (path for record in smoke_run.records() for path in record["log"])
    assert len(set(logs)) == sum(JOBS.values())
    for rule, jobs in JOBS.items():
        written = [*(smoke_run.root / "logs" / "smoke").glob(f"{rule}.log")]
        written += (smoke_run.root / "logs" / "smoke" / rule).rglob("*.log")
        measured = [*(results / "benchmarks").glob(f"{rule}.tsv"), *(results / "benchmarks" / rule).rglob("*.tsv")]
        assert len(written) == len(measured) == jobs
        for path in measured:
            assert pd.read_csv(path, sep="\t")["s"].item() > 0


def test_a_rerun_has_nothing_to_do(smoke_run, tmp_path):
    run = smoke_run.copy(tmp_path / "again").snakemake("--cores", "2", "--configfile", SMOKE)
    assert run.returncode == 0 and "Nothing to be done" in run.stdout


@pytest.fixture(scope="module")
def training_spans(smoke_run):
    """(data set, method, replicates) to the start and end of its training, in seconds, by Snakemake's own notes."""
    records = [record for record in smoke_run.records() if record["rule"] in ("train", "train_first")]
    spans = {}
    for record in records:
        job = tuple(record["log"][0].removesuffix(".log").split("/")[-3:])
        start, end = spans.get(job, (record["starttime"], record["endtime"]))
        spans[job] = min(start, record["starttime"]), max(end, record["endtime"])
    assert len(spans) == JOBS["train"]
    return spans


def test_two_training_jobs_run_at_once(training_spans):
    """A job that starts while another one runs; a resource of which there is one would forbid it."""
    pairs = itertools.permutations(training_spans.values(), 2)
    assert sum(first[0] <= second[0] < first[1] for first, second in pairs) >= 1


def test_the_longest_jobs_start_first(training_spans):
    for dataset in DATASETS:
        begins = {method: training_spans[dataset, method, PACK][0] for method in METHODS}
        assert sorted(begins, key=begins.get).index("libi") < 2  # of six methods, on two cores


# ---------------------------------------------------------------------------- opening a model


@pytest.mark.parametrize(("dataset", "observed"), [("linear_jtex", 2), ("cubic_jtex", 2), ("gaussian", 4)])
@pytest.mark.parametrize("method", ["truth", "libi"])
def test_a_model_encodes_and_decodes(results, dataset, observed, method):
    model = libi.load(results / "training" / dataset / method / f"{PACK}.safetensors", replicate=1)
    rng = np.random.default_rng(0)
    mean, deviation = model.encode(rng.normal(size=(observed, 7)))
    assert mean.shape == deviation.shape == (2, 7)
    assert np.isfinite(mean).all() and (deviation > 0).all()
    assert model.decode(rng.normal(size=(2, 5))).shape == (observed, 5)
    with pytest.raises(ValueError, match="points last"):
        model.decode(rng.normal(size=(5, 2)))


def test_the_truth_decodes_by_the_papers_equations(results):
    codes = np.random.default_rng(0).normal(size=(2, 50))
    loadings = {
        "gaussian": GAUSSIAN.T,
        "linear_jtex": np.linalg.cholesky(LINEAR_JTEX @ LINEAR_JTEX.T + 0.006 * np.eye(2)),
    }
    for dataset, loading in loadings.items():
        model = libi.load(results / "training" / dataset / "truth" / f"{PACK}.safetensors")
        assert model.decode(codes) == pytest.approx(loading @ codes, abs=1e-6)


def test_the_truth_of_mobius_is_the_transform_to_a_fraction_of_the_noise(results):
    codes = np.random.default_rng(1).standard_normal((2, 20_000))
    z = codes[0] + 1j * codes[1]
    m = (z + (1 + 4j)) / (z + (7 + 4j))
    fitted = libi.load(results / "training" / "mobius" / "truth" / f"{PACK}.safetensors").decode(codes)
    rms = np.sqrt(((fitted - [m.real, m.imag]) ** 2).mean(1))
    record = pd.read_csv(results / "data" / "mobius" / "truth.csv").iloc[0]
    np.testing.assert_allclose(rms, [record["rms_error_1"], record["rms_error_2"]], rtol=0.3)
    assert (rms < 1e-5**0.5).all()  # the sd of the observation noise
    assert read_first_row(results / "data" / "mobius" / "truth.safetensors", "generative").size == 252


def test_a_trained_model_decodes_by_its_stored_parameters(results):
    path = results / "training" / "gaussian" / "vae" / f"{PACK}.safetensors"
    codes = np.random.default_rng(0).normal(size=(2, 50))
    stored = read_first_row(path, "generative").reshape(2, 4)
    assert libi.load(path, restart=0).decode(codes) == pytest.approx(stored.T @ codes, abs=1e-12)


def test_load_opens_the_model_that_table_1_shows(results):
    for method in METHODS:
        metrics = pd.read_csv(results / "metrics" / "gaussian" / f"{method}.csv").set_index("replicate")
        model = libi.load(results / "training" / "gaussian" / method / f"{PACK}.safetensors", replicate=1)
        assert model.configuration == metrics["configuration"][1]
        records = pd.read_csv(results / "training" / "gaussian" / method / f"{PACK}.csv")
        own = records[(records["configuration"] == model.configuration) & (records["replicate"] == 1)].set_index(
            "restart"
        )
        assert model.restart == own["validation_objective"].idxmin() == metrics["restart"][1]
