"""The typed configuration: what a study means, and what it refuses."""

import copy
import dataclasses
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import libi.datasets
from libi.study.models import Configuration, EvaluationJob, PosteriorJob, Study, TrainingJob
from libi.study.reading import StudyError, load_study, read_study
from libi.study.sections import DATASETS, DEMONSTRATIONS, METHODS

REPOSITORY = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
CONFIG = REPOSITORY / "config"
STUDIES = ("config", "quick", "smoke")

# The grids of the issue's table and of Appendix E: values of each hyper-parameter, multiplied.
BETA_VAE, ANNEALED, LAGGING, LIBI, LIBI_MOBIUS = 3, 4, 4, 4 * 2 * 2 * 2, 3 * 2 * 2 * 2


def mapping(name="smoke"):
    """A study's file as plain dictionaries that share nothing."""
    return json.loads(json.dumps(yaml.safe_load((CONFIG / f"{name}.yaml").read_text())))


def changed(path, value, name="smoke"):
    """A study with the value at a path replaced; `...` removes it."""
    study = mapping(name)
    *way, last = path.split(".")
    section = study
    for key in way:
        section = section[key]
    if value is ...:
        del section[last]
    else:
        section[last] = value
    return study


def complaints(study):
    with pytest.raises(StudyError) as error:
        load_study(study, "config/mine.yaml")
    return str(error.value).splitlines()


# ---------------------------------------------------------------------------- what a study means


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
    assert (study.evaluation.importance_samples, study.evaluation.variance_inflation) == (5000, 2)
    assert (study.evaluation.two_sample.draws, study.evaluation.two_sample.points) == (20000, 100)
    assert study.selection.configuration_split == "validation"


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_all_data_sets_and_methods(name):
    study = read_study(CONFIG / f"{name}.yaml")
    assert study.dataset_names() == ("linear_jtex", "cubic_jtex", "gaussian", "mobius") == DATASETS
    for dataset in study.dataset_names():
        assert study.methods(dataset) == ("truth", "vae", "beta_vae", "beta_vae_anneal", "lagging", "libi") == METHODS


def test_joint_map_is_a_demonstration_on_the_linear_data_sets():
    """Trained, but not among the methods that Table 1 compares; the study knows f_θ without PyTorch."""
    study = read_study(CONFIG / "config.yaml")
    linear = [name for name, dataset in libi.datasets.DATASETS.items() if dataset.linear]
    assert linear == ["linear_jtex", "gaussian"]
    assert [name for name in study.dataset_names() if study.demonstrations(name)] == linear
    for name in linear:
        assert study.demonstrations(name) == ("joint_map",) == tuple(DEMONSTRATIONS)
        assert "joint_map" not in study.methods(name)
        job = TrainingJob.model_validate(study.training_job(name, "joint_map"))
        assert (job.method, job.restarts, job.training.epochs) == ("joint_map", 10, 30_000)
        assert job.configuration_objects() == (Configuration("joint_map", ()),)
    with pytest.raises(ValueError, match="unknown method 'joint_map'; allowed: truth, vae"):
        study.training_job("mobius", "joint_map")


def test_the_quick_study_is_as_the_issue_asks():
    study = read_study(CONFIG / "quick.yaml")
    assert (study.replicates, study.restarts) == (2, 3)
    for dataset in study.dataset_names():
        for method in ("beta_vae", "beta_vae_anneal", "lagging", "libi"):
            assert len(study.configurations(dataset, method)) >= 2
        assert {c.as_dict()["rounds"] for c in study.configurations(dataset, "libi")} == {1, 6}


def test_folders():
    paper, quick = (read_study(CONFIG / f"{name}.yaml") for name in ("config", "quick"))
    kinds = ("results", "figures", "paper")
    assert [paper.folder(kind) for kind in kinds] == ["results", "figures", "paper"]
    assert [quick.folder(kind) for kind in kinds] == ["results/quick", "figures/quick", "paper/quick"]
    with pytest.raises(ValueError, match="unknown kind of folder 'result'; .* did you mean 'results'"):
        quick.folder("result")


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


# ---------------------------------------------------------------------------- jobs


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("method", METHODS)
def test_a_training_job_survives_plain_text(dataset, method):
    study = read_study(CONFIG / "quick.yaml")
    plain = study.training_job(dataset, method)
    assert json.loads(json.dumps(plain)) == plain
    job = TrainingJob.model_validate(json.loads(json.dumps(plain)))
    assert job.configuration_objects() == study.configurations(dataset, method)
    assert (job.dataset, job.method, job.restarts) == (dataset, method, 3)
    assert job.training.epochs == 1000
    assert job.training.annealing_share == (0.5 if method == "beta_vae_anneal" else None)
    assert job.training.exponential_cap == (8.0 if method == "libi" else None)
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
        ("evaluation.importance_samples", 7, set()),
        ("evaluation.posterior.samples", 7, set()),
        ("training.annealing_share", 0.25, {"beta_vae_anneal"}),
        ("training.exponential_cap", 9.0, {"libi"}),
        ("restarts", 3, {*METHODS, *DEMONSTRATIONS}),
        ("seed", 1, {*METHODS, *DEMONSTRATIONS}),
        ("device", "cuda", {*METHODS, *DEMONSTRATIONS}),
        ("compile", True, {*METHODS, *DEMONSTRATIONS}),
        ("training.epochs", 120, {*METHODS, *DEMONSTRATIONS}),
        ("training.adam.beta1", 0.5, {*METHODS, *DEMONSTRATIONS}),
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
    assert plain == {
        "seed": 0,
        "importance_samples": 200,
        "variance_inflation": 2.0,
        "two_sample": {"draws": 50, "points": 100, "neighbours": 1, "smoothness": 1.0},
    }
    assert EvaluationJob.model_validate(plain).two_sample == study.evaluation.two_sample


def test_the_posterior_job():
    """Its settings belong to rule infer alone: they score and evaluate nothing anew."""
    study = read_study(CONFIG / "smoke.yaml")
    plain = study.posterior_job()
    assert plain == {"seed": 0, "samples": 200, "prior_share": 0.1, "draws": 2}
    assert PosteriorJob.model_validate(json.loads(json.dumps(plain))).samples == 200
    other = load_study(changed("evaluation.posterior.samples", 300), "f")
    assert other.posterior_job() != plain
    assert other.evaluation_job() == study.evaluation_job()
    other = load_study(changed("evaluation.importance_samples", 300), "f")
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


# ---------------------------------------------------------------------------- what a study refuses

WHOLE, ABOVE_0 = "a whole number from 1 to 10^9", "a finite number above 0"
WHOLES = "a list of one or more whole numbers from 1 to 10^9, each once"
NUMBERS = "a list of one or more finite numbers above 0, each once"
HALF = "at most 12, since each has two phases and training.epochs is 24"
NAME = (
    "a plain folder name of at most 64 letters, digits, - and _, not beginning with -, and none of data, training, "
    "scores, selection, metrics, posterior, closed_form, reference, logs, benchmarks"
)
TEXT = "(text; numbers have no quotes, powers of ten are written like 1.0e-8)"
BETA, SEGMENTS = "datasets.gaussian.beta_vae.beta", "datasets.gaussian.lagging.segments"
LIBI_GRID, K_NN = "datasets.mobius.libi", "evaluation.two_sample"
MONTE_CARLO, BETWEEN = "evaluation.posterior", "a number above 0 and below 1"
SHARE, CAP, SPLIT = "training.annealing_share", "training.exponential_cap", "selection.configuration_split"
BATCH, INFLATION = "training.batch_size", "evaluation.variance_inflation"
KEYS = {
    "": "name, seed, device, compile, replicates, restarts, points, training, selection, evaluation, datasets",
    "points": "train, validation, test",
    "training": "epochs, learning_rate, adam, batch_size, validate_every, validation_draws, annealing_share, "
    "exponential_cap",
    "datasets": "linear_jtex, cubic_jtex, gaussian, mobius",
}
METHOD_KEYS = "vae, beta_vae, beta_vae_anneal, lagging, libi"
ONE_OF = "allowed: a mapping with one or more of the keys"
NEVER = "always part of a study and never listed"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        # the wrong type
        ("replicates", "5", f"replicates: given '5' {TEXT}; allowed: {WHOLE}"),
        ("replicates", 5.0, f"replicates: given 5.0; allowed: {WHOLE}"),
        ("restarts", True, f"restarts: given true; allowed: {WHOLE}"),
        ("training.learning_rate", True, f"training.learning_rate: given true; allowed: {ABOVE_0}"),
        ("training.learning_rate", "1e-2", f"training.learning_rate: given '1e-2' {TEXT}; allowed: {ABOVE_0}"),
        ("training.epochs", None, f"training.epochs: given nothing; allowed: {WHOLE}"),
        ("compile", 1, "compile: given 1; allowed: true or false"),
        ("compile", "no", "compile: given 'no'; allowed: true or false"),
        ("name", 7, f"name: given 7; allowed: {NAME}"),
        ("points", 500, f"points: given 500; allowed: a mapping with the keys {KEYS['points']}"),
        (BETA, 0.5, f"{BETA}: given 0.5; allowed: {NUMBERS}"),
        (BETA, [0.5, "x"], f"{BETA}[1]: given 'x'; allowed: {ABOVE_0}"),
        (BETA, [False], f"{BETA}[0]: given false; allowed: {ABOVE_0}"),
        ("datasets.gaussian.vae", None, "datasets.gaussian.vae: given nothing; allowed: an empty mapping, {}"),
        # an impossible value
        ("replicates", 0, f"replicates: given 0; allowed: {WHOLE}"),
        ("restarts", 0, f"restarts: given 0; allowed: {WHOLE}"),
        ("seed", -1, "seed: given -1; allowed: a whole number from 0 to 10^9"),
        ("points.test", 9, "points.test: given 9; allowed: a whole number from 10 to 10^9"),
        ("training.validate_every", 0, f"training.validate_every: given 0; allowed: {WHOLE}"),
        ("training.learning_rate", float("inf"), f"training.learning_rate: given inf; allowed: {ABOVE_0}"),
        ("training.adam.beta2", 1, "training.adam.beta2: given 1; allowed: a number of at least 0 and below 1"),
        (SHARE, 1.0, f"{SHARE}: given 1.0; allowed: a number above 0 and below 1"),
        (SHARE, 0, f"{SHARE}: given 0; allowed: a number above 0 and below 1"),
        (CAP, 88, f"{CAP}: given 88; allowed: a number above 0 and at most 80 (float32 overflows at e^88)"),
        (INFLATION, 0.5, f"{INFLATION}: given 0.5; allowed: a finite number of at least 1"),
        (f"{K_NN}.smoothness", 0, f"{K_NN}.smoothness: given 0; allowed: {ABOVE_0}"),
        (f"{MONTE_CARLO}.samples", 0, f"{MONTE_CARLO}.samples: given 0; allowed: {WHOLE}"),
        (f"{MONTE_CARLO}.prior_share", 1, f"{MONTE_CARLO}.prior_share: given 1; allowed: {BETWEEN}"),
        (BETA, [-1], f"{BETA}[0]: given -1; allowed: {ABOVE_0}"),
        (BETA, [], f"{BETA}: given []; allowed: {NUMBERS}"),
        (BETA, [2, 0.5, 2.0], f"{BETA}: given [2, 0.5, 2.0]; allowed: {NUMBERS}"),
        (BETA, [0.12345678, 0.12345679], f"{BETA}: given [0.12345678, 0.12345679]; allowed: {NUMBERS}"),
        (BETA, [float("nan")], f"{BETA}[0]: given nan; allowed: {ABOVE_0}"),
        (f"{LIBI_GRID}.epsilon_hz", [1, -0.1], f"{LIBI_GRID}.epsilon_hz[1]: given -0.1; allowed: {ABOVE_0}"),
        (f"{LIBI_GRID}.epsilon_mean", [0], f"{LIBI_GRID}.epsilon_mean[0]: given 0; allowed: {ABOVE_0}"),
        (f"{LIBI_GRID}.rounds", [1.0], f"{LIBI_GRID}.rounds[0]: given 1.0; allowed: {WHOLE}"),
        (f"{LIBI_GRID}.rounds", [1, 1], f"{LIBI_GRID}.rounds: given [1, 1]; allowed: {WHOLES}"),
        ("name", "results/mine", f"name: given 'results/mine'; allowed: {NAME}"),
        ("name", "..", f"name: given '..'; allowed: {NAME}"),
        ("name", "", f"name: given ''; allowed: {NAME}"),
        ("name", "mine\n", f"name: given 'mine\\n'; allowed: {NAME}"),
        ("name", "closed_form", f"name: given 'closed_form'; allowed: {NAME}"),
        ("name", "Data", f"name: given 'Data'; allowed: {NAME}"),
        ("datasets", {}, f"datasets: given {{}}; {ONE_OF} {KEYS['datasets']}"),
        ("datasets.gaussian", {}, f"datasets.gaussian: given {{}}; {ONE_OF} {METHOD_KEYS}"),
        # unknown names
        ("seeds", 1, f"seeds: unknown key; did you mean 'seed'? (allowed: {KEYS['']})"),
        ("training.epochz", 1, f"training.epochz: unknown key; did you mean 'epochs'? (allowed: {KEYS['training']})"),
        ("points.rest", 1, f"points.rest: unknown key; did you mean 'test'? (allowed: {KEYS['points']})"),
        ("datasets.Gausian", {},
         f"datasets.Gausian: unknown data set; did you mean 'gaussian'? (allowed: {KEYS['datasets']})"),
        ("datasets.gaussian.beta-vae", {},
         f"datasets.gaussian.'beta-vae': unknown method; did you mean 'beta_vae'? (allowed: {METHOD_KEYS})"),
        ("datasets.gaussian.truth", {}, f"datasets.gaussian.truth: {NEVER} (allowed: {METHOD_KEYS})"),
        ("datasets.gaussian.vae.q", 1, "datasets.gaussian.vae.q: unknown key (allowed: nothing, write {})"),
        ("device", "cuda:0", "device: given 'cuda:0'; allowed: auto, cpu or cuda; did you mean 'cuda'?"),
        (SPLIT, "valid", f"{SPLIT}: given 'valid'; allowed: validation or test; did you mean 'validation'?"),
        # missing
        ("seed", ..., "seed: missing; allowed: a whole number from 0 to 10^9"),
        ("points", ..., f"points: missing; allowed: a mapping with the keys {KEYS['points']}"),
        (MONTE_CARLO, ..., f"{MONTE_CARLO}: missing; allowed: a mapping with the keys samples, prior_share, draws"),
        (BETA, ..., f"{BETA}: missing; allowed: {NUMBERS}"),
        # values that do not go together (smoke: 24 epochs, 100 points)
        (f"{LIBI_GRID}.rounds", [1, 13], f"{LIBI_GRID}.rounds[1]: given 13; allowed: {HALF}"),
        (SEGMENTS, [40], f"{SEGMENTS}[0]: given 40; allowed: {HALF}"),
        (BATCH, 30, f"{BATCH}: given 30; allowed: a divisor of points.train, which is 100"),
        (BATCH, 200, f"{BATCH}: given 200; allowed: a divisor of points.train, which is 100"),
        (SHARE, 0.001, f"{SHARE}: given 0.001; allowed: a share that leaves at least one epoch before and after it of "
         + "training.epochs, which is 24"),
        (f"{K_NN}.neighbours", 100,
         f"{K_NN}.points: given 100; allowed: at least 101, one more than {K_NN}.neighbours"),
    ],
)  # fmt: skip
def test_bad_input_is_named(path, value, expected):
    assert complaints(changed(path, value)) == [f"config/mine.yaml: {expected}"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{LIBI_GRID}.rounds", [12]),
        (SEGMENTS, [1, 12]),
        ("training.batch_size", 100),
        ("training.validate_every", 1000),
        (SHARE, 1 / 24),
        (f"{K_NN}.neighbours", 99),
        ("training.adam.beta1", 0),
        ("name", "my-own_Study2"),
        ("seed", 10**9),
    ],
)
def test_the_last_possible_values_are_accepted(path, value):
    load_study(changed(path, value), "f")


def test_one_epoch_suffices_without_annealing():
    study = changed("training.epochs", 1)
    study["datasets"] = {"gaussian": {"beta_vae_anneal": {"beta": [1]}}}
    assert complaints(study)[0].startswith("config/mine.yaml: training.annealing_share: given 0.5; allowed: a share")
    study["datasets"] = {"gaussian": {"vae": {}}}
    load_study(study, "f")


def test_every_problem_is_named_at_once():
    study = changed("training.epochz", 3)
    study["replicates"] = 0
    study["training"]["batch_size"] = 30
    study["datasets"]["mobius"]["libi"]["epsilon_hz"] = [-1]
    study["datasets"]["gaussian"]["lagging"]["segments"] = ["x", 40]
    keys = [line.split(": ")[1] for line in complaints(study)]
    named = {"training.epochz", "replicates", "training.batch_size", f"{LIBI_GRID}.epsilon_hz[0]"}
    assert set(keys) == named | {f"{SEGMENTS}[0]", f"{SEGMENTS}[1]"}


@pytest.mark.parametrize("top", [None, [1], "text", 3])
def test_a_study_is_a_mapping(top):
    (line,) = complaints(top)
    assert line.startswith("config/mine.yaml: given ")
    assert line.endswith(f"; allowed: a mapping with the keys {KEYS['']}")


def sections(value, path=()):
    """Every level of nesting of a study."""
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            yield from sections(inner, (*path, key))


@pytest.mark.parametrize("path", list(sections(mapping())), ids=".".join)
@settings(max_examples=25)
@given(key=st.text(min_size=1), value=st.none() | st.integers() | st.dictionaries(st.text(), st.floats()))
def test_unknown_keys_are_refused_everywhere(path, key, value):
    study = copy.deepcopy(SMOKE)
    section = study
    for part in path:
        section = section[part]
    if key in {*section, *DATASETS, *METHODS}:
        return
    section[key] = value
    (line,) = complaints(study)
    shown = key if key.isidentifier() else repr(key)
    assert line.startswith(f"config/mine.yaml: {'.'.join((*path, shown))}: unknown ")


@given(key=st.booleans() | st.integers() | st.none() | st.floats())
def test_keys_are_text(key):
    (line,) = complaints(SMOKE | {key: 1})
    assert re.fullmatch(r"config/mine\.yaml: given \S+; allowed: as a key, one of name, .*", line)


SMOKE = mapping()


# ---------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"seed: 0\nname: a\nseed: 1\n", "line 3: key 'seed' is given twice, first on line 1"),
        (b"training:\n  adam: {beta1: 0, beta1: 0}", "line 2: key 'beta1' is given twice, first on line 2"),
        (b"name: [a,\nb", "line 2: expected ',' or ']', but got '<stream end>'"),
        (b"a:\n\t- 1", "line 2: found character '\\t' that cannot start any token"),
        (b"a: 1\n---\nb: 2", "line 2: but found another document"),
        (b"a: !!python/name:os.system", "line 1: could not determine a constructor for the tag "),
        (b"seed: 2024-13-45", "not readable as YAML: month must be in 1..12"),
        (b"\xff\xfe\xfa", "not readable as YAML: "),
        (b"[" * 5000, "not readable as YAML: "),
        (b"", "given nothing; allowed: a mapping with the keys "),
        (b"- 1", "given [1]; allowed: a mapping with the keys "),
        (b"datasets: &a {gaussian: *a}", "name: missing; allowed: "),
        (b"seed: 0x" + b"f" * 9000, "name: missing; allowed: "),
    ],
)  # fmt: skip
def test_a_bad_file_is_named(tmp_path, text, expected):
    file = tmp_path / "mine.yaml"
    file.write_bytes(text)
    with pytest.raises(StudyError) as error:
        read_study(file)
    assert str(error.value).startswith(f"{file}: {expected}")


def test_a_missing_file_is_named(tmp_path):
    (tmp_path / "quick.yaml").write_text("")
    with pytest.raises(StudyError) as error:
        read_study(tmp_path / "qick.yaml")
    assert str(error.value) == f"{tmp_path}/qick.yaml: no such file; did you mean '{tmp_path}/quick.yaml'?"
    with pytest.raises(StudyError, match="cannot be read: Is a directory"):
        read_study(tmp_path)


def test_the_schema_is_up_to_date():
    command = [sys.executable, "-m", "libi.study"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
    stored = (CONFIG / "schema.json").read_text(encoding="utf-8")
    assert stored == printed, "run: python -m libi.study > config/schema.json"


@pytest.mark.parametrize("name", STUDIES)
def test_the_schema_accepts_our_studies_and_refuses_others(name):
    schema = Study.model_json_schema()
    jsonschema.validate(mapping(name), schema)
    for path, value in (("seeds", 1), (BETA, []), ("datasets", {}), ("replicates", 0), ("points", ...)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(changed(path, value, name), schema)


def test_the_readme_lists_every_key():
    def leaves(value, path=()):
        if isinstance(value, dict) and value:
            return {leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))}
        return {".".join(("datasets", "*", *path[2:]) if path[0] == "datasets" else path)}

    listed = set(re.findall(r"^\| `([^`]+)` \|", (CONFIG / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    files = {"config.yaml", "quick.yaml", "smoke.yaml", "schema.json"}
    assert listed - files == leaves(mapping("config")) | {"datasets", "datasets.*"}
