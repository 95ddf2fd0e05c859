"""What a study means: its models, and the jobs that train and evaluate them."""

import dataclasses
import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from pydantic import ValidationError

import libi.datasets
from libi.base.method import ElboSettings
from libi.methods import METHODS
from libi.study.jobs import Configuration, EvaluationJob, PosteriorJob, ScoringJob, TrainingJob, training_settings_of
from libi.study.reading import StudyError, load_study, read_study

from .studies import CONFIG, REPOSITORY, STUDIES, changed, mapping

ENVIRONMENT = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}

# The grids of Appendix E: values of each hyper-parameter, multiplied.
BETA_VAE, ANNEALED, LAGGING, LIBI, LIBI_MOBIUS = 3, 4, 4, 4 * 2 * 2 * 2, 3 * 2 * 2 * 2


def test_the_papers_study_has_8400_models():
    models = list(read_study(CONFIG / "config.yaml").models())
    configurations = 3 * (1 + BETA_VAE + ANNEALED + LAGGING + LIBI) + (1 + BETA_VAE + ANNEALED + LAGGING + LIBI_MOBIUS)
    assert len(models) == len(set(models)) == 5 * 10 * configurations == 8400
    assert Counter(model.dataset for model in models) == {
        "linear_jtex": 2200,
        "cubic_jtex": 2200,
        "gaussian": 2200,
        "mobius": 1800,
    }
    of_linear = Counter(model.method for model in models if model.dataset == "linear_jtex")
    assert of_linear == {"vae": 50, "beta_vae": 150, "beta_vae_anneal": 200, "lagging": 200, "libi": 1600}


@pytest.mark.parametrize(
    ("dataset", "segments", "epsilon_hz"),
    [
        ("linear_jtex", [40, 50, 60, 70], [0.001, 1, 10, 20]),
        ("cubic_jtex", [30, 40, 50, 60], [0.001, 1, 10, 20]),
        ("gaussian", [5, 10, 15, 20], [0.001, 1, 10, 20]),
        ("mobius", [60, 70, 80, 90], [1, 10, 20]),
    ],
)
def test_the_papers_grids(dataset, segments, epsilon_hz):
    study = read_study(CONFIG / "config.yaml")

    def tried(method, key):
        return sorted({c.as_dict()[key] for c in study.configurations(dataset, method)})

    assert tried("beta_vae", "beta") == [0.5, 2, 5]
    assert tried("beta_vae_anneal", "beta") == [0.5, 1, 2, 5]
    assert tried("lagging", "segments") == segments
    assert tried("libi", "epsilon_hz") == epsilon_hz
    assert tried("libi", "epsilon_covariance") == tried("libi", "epsilon_mean") == [0.2, 0.5]
    assert tried("libi", "rounds") == [1, 6]
    assert study.configurations(dataset, "vae") == (Configuration("vae", ()),)


def test_the_papers_numbers():
    study = read_study(CONFIG / "config.yaml")
    assert (study.replicates, study.restarts) == (5, 10)
    assert (study.training.epochs, study.training.learning_rate) == (30000, 0.01)
    assert set(study.points.model_dump().values()) == {500}
    metrics = study.evaluation.metrics
    assert (metrics.test_ll.importance_samples, metrics.test_ll.variance_inflation) == (5000, 2)
    assert (metrics.s_knn.draws, metrics.s_knn.points) == (20000, 100)
    assert study.selection.configuration_split == "validation"
    assert study.selection.likelihood == "exact"  # what Eq. 48 estimates


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_all_data_sets_and_methods(name):
    study = read_study(CONFIG / f"{name}.yaml")
    assert study.dataset_names() == ("linear_jtex", "cubic_jtex", "gaussian", "mobius")
    for dataset in study.dataset_names():
        assert study.methods(dataset) == ("truth", "vae", "beta_vae", "beta_vae_anneal", "lagging", "libi")


def test_joint_map_is_a_demonstration_on_the_linear_data_sets():
    """Trained, but not among the methods that Table 1 compares; the study knows f_θ without PyTorch."""
    study = read_study(CONFIG / "config.yaml")
    linear = [name for name in study.dataset_names() if libi.datasets.DATASETS[name].linear]
    assert linear == ["linear_jtex", "gaussian"]
    assert [name for name in study.dataset_names() if study.demonstrations(name)] == linear
    for name in linear:
        assert study.demonstrations(name) == ("joint_map",)
        assert "joint_map" not in study.methods(name)
        job = TrainingJob.model_validate(study.training_job(name, "joint_map"))
        assert (job.method, job.restarts, job.training.epochs) == ("joint_map", 10, 30_000)
        assert job.configuration_objects() == (Configuration("joint_map", ()),)
    with pytest.raises(ValueError, match="unknown method 'joint_map'; allowed: truth, vae"):
        study.training_job("mobius", "joint_map")


def test_the_quick_study_is_small():
    study = read_study(CONFIG / "quick.yaml")
    assert (study.replicates, study.restarts) == (2, 3)
    for dataset in study.dataset_names():
        for method in ("beta_vae", "beta_vae_anneal", "lagging", "libi"):
            assert len(study.configurations(dataset, method)) >= 2
        assert {c.as_dict()["rounds"] for c in study.configurations(dataset, "libi")} == {1, 6}


def test_packs_name_all_replicates_from_the_first_on():
    study = load_study(mapping() | {"first_replicate": 5, "replicates": 3, "replicates_per_job": 2}, "f")
    assert list(study.replicate_names()) == [5, 6, 7]
    assert study.packs() == ["5-6", "7"]
    assert [study.replicates_of(pack) for pack in study.packs()] == [[5, 6], [7]]


def test_configuration_names():
    study = read_study(CONFIG / "config.yaml")
    names = [configuration.name for configuration in study.configurations("linear_jtex", "libi")]
    assert len(set(names)) == 32
    assert names[0] == "epsilon_hz=0.001,epsilon_covariance=0.2,epsilon_mean=0.2,rounds=1"
    assert names[1] == "epsilon_hz=0.001,epsilon_covariance=0.2,epsilon_mean=0.2,rounds=6"
    assert study.configurations("gaussian", "lagging")[0].name == "segments=5"
    assert [c.name for c in study.configurations("gaussian", "beta_vae")] == ["beta=0.5", "beta=2", "beta=5"]
    assert study.configurations("gaussian", "vae")[0].name == "default"
    assert study.configurations("gaussian", "truth")[0].name == "default"


def test_whole_numbers_are_numbers():
    whole, point = (load_study(changed("datasets.gaussian.beta_vae.beta", [value]), "f") for value in (1, 1.0))
    assert whole.configurations("gaussian", "beta_vae")[0].name == "beta=1"
    assert repr(whole.training_job("gaussian", "beta_vae")) == repr(point.training_job("gaussian", "beta_vae"))


def test_data_sets_and_methods_can_be_left_out():
    study = load_study(changed("datasets", {"mobius": {"libi": mapping()["datasets"]["mobius"]["libi"]}}), "f")
    assert study.dataset_names() == ("mobius",)
    assert study.methods("mobius") == ("truth", "libi")
    assert {model.method for model in study.models()} == {"libi"}
    with pytest.raises(ValueError, match="unknown data set 'gaussian'; allowed: mobius"):
        study.methods("gaussian")
    with pytest.raises(ValueError, match="unknown method 'vae'; allowed: truth, libi"):
        study.training_job("mobius", "vae")


def test_models_are_what_the_jobs_train():
    study = read_study(CONFIG / "quick.yaml")
    jobs = [
        (dataset, replicate, method, configuration, restart)
        for dataset in study.dataset_names()
        for replicate in study.replicate_names()
        for method in study.methods(dataset)
        if method != "truth"
        for job in [TrainingJob.model_validate(study.training_job(dataset, method))]
        for configuration in job.configuration_objects()
        for restart in range(job.restarts)
    ]
    assert jobs == [tuple(getattr(m, f.name) for f in dataclasses.fields(m)) for m in study.models()]


@pytest.mark.parametrize(
    ("replicates", "per_job", "names"),
    [
        (5, 1, ["0", "1", "2", "3", "4"]),
        (5, 2, ["0-1", "2-3", "4"]),
        (5, 5, ["0-4"]),
        (5, 9, ["0-4"]),
        (1, 2, ["0"]),
        (12, 6, ["0-5", "6-11"]),
    ],
)
def test_replicates_share_jobs(replicates, per_job, names):
    study = load_study(mapping() | {"replicates": replicates, "replicates_per_job": per_job}, "f")
    assert list(dict.fromkeys(map(study.pack_of, study.replicate_names()))) == names
    assert [number for name in names for number in study.replicates_of(name)] == list(range(replicates))


# ---------------------------------------------------------------------------- jobs


QUICK = read_study(CONFIG / "quick.yaml")
ALL = {"truth", "vae", "beta_vae", "beta_vae_anneal", "lagging", "libi", "joint_map"}
JOBS = [(d, m) for d in QUICK.dataset_names() for m in (*QUICK.methods(d), *QUICK.demonstrations(d))]


@pytest.mark.parametrize(("dataset", "method"), JOBS)
def test_a_training_job_survives_plain_text(dataset, method):
    study = QUICK
    plain = study.training_job(dataset, method)
    assert json.loads(json.dumps(plain)) == plain
    job = TrainingJob.model_validate(json.loads(json.dumps(plain)))
    assert job.configuration_objects() == study.configurations(dataset, method)
    assert (job.dataset, job.method, job.restarts) == (dataset, method, 3)
    assert job.training.epochs == 1000
    assert getattr(job.training, "annealing_share", None) == (0.5 if method == "beta_vae_anneal" else None)
    assert getattr(job.training, "exponential_cap", None) == (8.0 if method == "libi" else None)
    assert job.model_dump(mode="json", exclude_none=True) == plain


def training_jobs(study):
    study = load_study(study, "f")
    return {
        (dataset, method): repr(study.training_job(dataset, method))
        for dataset in study.dataset_names()
        for method in (*study.methods(dataset), *study.demonstrations(dataset))
    }


@pytest.mark.parametrize(
    ("path", "value", "methods"),
    [
        ("replicates", 3, set()),
        ("name", "other", set()),
        ("selection.configuration_split", "test", set()),
        ("selection.likelihood", "importance", set()),
        ("evaluation.metrics.test_ll.importance_samples", 7, set()),
        ("evaluation.posterior.samples", 7, set()),
        ("training.annealing_share", 0.25, {"beta_vae_anneal"}),
        ("training.exponential_cap", 9.0, {"libi"}),
        ("restarts", 3, ALL),
        ("seed", 1, ALL),
        ("device", "cuda", ALL),
        ("compile", True, ALL),
        ("training.epochs", 120, ALL),
        ("training.adam.beta1", 0.5, ALL),
    ],
)
def test_a_change_retrains_what_depends_on_it(path, value, methods):
    before, after = training_jobs(mapping()), training_jobs(changed(path, value))
    assert {method for (_, method), job in before.items() if after[_, method] != job} == methods


def test_a_grid_belongs_to_one_job():
    before, after = training_jobs(mapping()), training_jobs(changed("datasets.gaussian.beta_vae.beta", [0.5, 2]))
    assert {job for job in before if before[job] != after[job]} == {("gaussian", "beta_vae")}


def test_the_evaluation_job():
    study = read_study(CONFIG / "smoke.yaml")
    plain = study.evaluation_job()
    metrics = {
        "test_ll": {"importance_samples": 200, "variance_inflation": 2.0},
        "test_ll_exact": {},
        "s_knn": {"draws": 50, "points": 100, "neighbours": 1, "smoothness": (1.0,), "sample": "fresh"},
        "excess_divergence": {},
    }
    assert plain == {"seed": 0, "metrics": metrics}
    assert EvaluationJob.model_validate(plain).metrics == metrics
    assert tuple(metrics) == study.metric_names()


def test_metrics_that_table_1_needs_cannot_be_left_out_and_others_can():
    study = load_study(changed("evaluation.metrics.excess_divergence", ...), "f")
    assert study.metric_names() == ("test_ll", "test_ll_exact", "s_knn")
    for name in study.metric_names():
        with pytest.raises(StudyError, match=f"evaluation.metrics.{name}: missing"):
            load_study(changed(f"evaluation.metrics.{name}", ...), "f")


def test_the_scoring_job():
    """How configurations are ranked is no part of the evaluation: it computes no metric again."""
    study = read_study(CONFIG / "smoke.yaml")
    plain = study.scoring_job()
    assert plain == {"seed": 0, "likelihood": "exact", "restart_split": "validation"}
    assert ScoringJob.model_validate(plain).likelihood == "exact"
    other = load_study(changed("selection.likelihood", "importance"), "f")
    assert other.scoring_job()["importance"] == {"importance_samples": 200, "variance_inflation": 2.0}
    assert other.evaluation_job() == study.evaluation_job()


def test_the_posterior_job():
    """Its settings belong to rule infer alone: they score and evaluate nothing anew."""
    study = read_study(CONFIG / "smoke.yaml")
    plain = study.posterior_job()
    assert plain == {"seed": 0, "samples": 200, "prior_share": 0.1, "draws": 2, "gap_points": 50}
    assert PosteriorJob.model_validate(json.loads(json.dumps(plain))).samples == 200
    other = load_study(changed("evaluation.posterior.samples", 300), "f")
    assert other.posterior_job() != plain
    assert other.evaluation_job() == study.evaluation_job()
    other = load_study(changed("evaluation.metrics.test_ll.importance_samples", 300), "f")
    assert other.posterior_job() == plain
    assert other.evaluation_job() != study.evaluation_job()


def test_nothing_changes_afterwards():
    study = read_study(CONFIG / "smoke.yaml")
    with pytest.raises(ValidationError, match="frozen"):
        study.training.epochs = 1


def test_the_module_is_light():
    heavy = "[name for name in ('torch', 'numpy', 'pandas', 'scipy') if name in sys.modules]"
    code = f"import libi.study.reading, sys; print({heavy})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert run.stdout.strip() == "[]"


def test_a_setting_that_no_method_reads_any_more_is_in_no_job(monkeypatch):
    """So an edit of a method's settings retrains that method alone."""
    study = read_study(CONFIG / "config.yaml")
    names = [(dataset, method) for dataset in study.dataset_names() for method in study.methods(dataset)]
    before = {name: study.training_job(*name) for name in names}
    monkeypatch.setitem(METHODS["libi"].__dict__, "settings", ElboSettings)
    monkeypatch.setattr("libi.study.study.training_settings_of", training_settings_of.__wrapped__)
    changed = {name for name in names if study.training_job(*name) != before[name]}
    assert changed == {name for name in names if name[1] == "libi"}
