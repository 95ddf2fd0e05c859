"""What a study refuses, and in which words."""

import copy
import json
import re
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.study.grids import LISTED, StudyTrainingSettings
from libi.study.keys import keys_to_markdown
from libi.study.reading import StudyError, load_study, read_study
from libi.study.study import Study

from .studies import CONFIG, ENVIRONMENT, STUDIES, changed, mapping


def complaints(study):
    with pytest.raises(StudyError) as error:
        load_study(study, "config/mine.yaml")
    return str(error.value).splitlines()


DRAWS = "a whole number from 1 to 10^6, since all draws of a point are held in memory"
EPOCHS = "a whole number from 1 to 10^7, since every model goes through all of them"
TO_10_3 = "a whole number from 1 to 10^3, since each adds dozens of jobs to a run"
WHOLE, ABOVE_0 = "a whole number from 1 to 10^9", "a finite number above 0"
TO_10_4 = "a whole number from 1 to 10^4, since"
WHOLES = "a list of one or more whole numbers from 1 to 10^9, each once"
NUMBERS = "a list of one or more finite numbers above 0, each once"
HALF = "at most 12, since each has two phases and training.epochs is 24"
# 10^9 numbers, if its aliases were written out.
BOMB = (
    b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + b"".join(b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % (name - 1)] * 10)) for name in b"bcdefghi")
    + b"seed: *i\n"
)
NAME = (
    "a folder name: 1 to 64 letters, digits, - or _, not beginning with -, and none of data, training, "
    "scores, selection, metrics, posterior, closed_form, reference, logs, benchmarks, table1, claims, conclusions, "
    "gaps, restarts, grid; paper only in lower case"
)
TEXT = "(text; numbers have no quotes, powers of ten are written like 1.0e-8)"
BETA, SEGMENTS = "datasets.gaussian.beta_vae.beta", "datasets.gaussian.lagging.segments"
LIBI_GRID, K_NN = "datasets.mobius.libi", "evaluation.metrics.s_knn"
IMPORTANCE = "evaluation.metrics.test_ll.importance_samples"
MONTE_CARLO, BETWEEN = "evaluation.posterior", "a number above 0 and below 1"
SHARE, CAP, SPLIT = "training.annealing_share", "training.exponential_cap", "selection.configuration_split"
BATCH, INFLATION = "training.batch_size", "evaluation.metrics.test_ll.variance_inflation"
OF_THE_PAPER = (
    *("epochs", "learning_rate", "learning_rate_end", "adam", "validate_every", "validation_draws", "snapshot"),
    *("initial_scale", "batch_size", "elbo_draws", "annealing_share", "annealing_form", "constrained_batch_size"),
    *("libi_epochs", "whitened_start", "exponential_cap"),
)
ADDED = [key for key in StudyTrainingSettings.model_fields if key not in OF_THE_PAPER]  # by methods of one's own
KEYS = {
    "": "name, seed, device, compile, replicates, first_replicate, replicates_per_job, restarts, points, training, "
    "architecture, selection, evaluation, datasets",
    "points": "train, validation, test",
    "training": ", ".join((*OF_THE_PAPER, *ADDED)),
    "datasets": ", ".join(DATASETS),
}
METHOD_KEYS = ", ".join(LISTED)
ONE_OF = "allowed: a mapping with one or more of the keys"
NEVER = "always part of a study and never listed"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        # the wrong type
        ("replicates", "5", f"replicates: given '5' {TEXT}; allowed: {TO_10_3}"),
        ("replicates", 5.0, f"replicates: given 5.0; allowed: {TO_10_3}"),
        ("restarts", True, f"restarts: given true; allowed: {TO_10_4} all restarts of a method train in one job"),
        ("training.learning_rate", True, f"training.learning_rate: given true; allowed: {ABOVE_0}"),
        ("training.learning_rate", "1e-2", f"training.learning_rate: given '1e-2' {TEXT}; allowed: {ABOVE_0}"),
        ("training.epochs", None, f"training.epochs: given nothing; allowed: {EPOCHS}"),
        ("compile", 1, "compile: given 1; allowed: true or false"),
        ("compile", "no", "compile: given 'no'; allowed: true or false"),
        ("name", 7, f"name: given 7; allowed: {NAME}"),
        ("points", 500, f"points: given 500; allowed: a mapping with the keys {KEYS['points']}"),
        (BETA, 0.5, f"{BETA}: given 0.5; allowed: {NUMBERS}"),
        (BETA, [0.5, "x"], f"{BETA}[1]: given 'x'; allowed: {ABOVE_0}"),
        (BETA, [False], f"{BETA}[0]: given false; allowed: {ABOVE_0}"),
        ("datasets.gaussian.vae", None, "datasets.gaussian.vae: given nothing; allowed: an empty mapping, {}"),
        # an impossible value
        ("replicates", 0, f"replicates: given 0; allowed: {TO_10_3}"),
        ("restarts", 0, f"restarts: given 0; allowed: {TO_10_4} all restarts of a method train in one job"),
        ("seed", -1, "seed: given -1; allowed: a whole number from 0 to 10^9"),
        ("points.test", 9,
         "points.test: given 9; allowed: a whole number from 10 to 10^6, since all of them are held in memory"),
        ("training.validate_every", 0, f"training.validate_every: given 0; allowed: {WHOLE}"),
        ("training.learning_rate", float("inf"), f"training.learning_rate: given inf; allowed: {ABOVE_0}"),
        ("training.adam.beta2", 1, "training.adam.beta2: given 1; allowed: a number of at least 0 and below 1"),
        (SHARE, 1.0, f"{SHARE}: given 1.0; allowed: a number above 0 and below 1"),
        (SHARE, 0, f"{SHARE}: given 0; allowed: a number above 0 and below 1"),
        (CAP, 88, f"{CAP}: given 88; allowed: a number above 0 and at most 80 (float32 overflows at e^88)"),
        (INFLATION, 0.5, f"{INFLATION}: given 0.5; allowed: a finite number of at least 1"),
        (f"{K_NN}.smoothness", 1.0, f"{K_NN}.smoothness: given 1.0; allowed: {NUMBERS}"),
        (f"{K_NN}.smoothness", [0], f"{K_NN}.smoothness[0]: given 0; allowed: {ABOVE_0}"),
        (f"{K_NN}.sample", "train", f"{K_NN}.sample: given 'train'; allowed: fresh or test"),
        ("training.learning_rate_end", 1.5,
         "training.learning_rate_end: given 1.5; allowed: a number above 0 and at most 1"),
        ("training.snapshot", "first", "training.snapshot: given 'first'; allowed: best or last; did you mean 'last'?"),
        ("training.constrained_batch_size", 30,
         "training.constrained_batch_size: given 30; allowed: a divisor of points.train, which is 100"),
        (f"{MONTE_CARLO}.samples", 0, f"{MONTE_CARLO}.samples: given 0; allowed: {DRAWS}"),
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
        ("name", "PAPER", f"name: given 'PAPER'; allowed: {NAME}"),
        ("name", "Paper", f"name: given 'Paper'; allowed: {NAME}"),
        # more than can be run
        ("replicates", 10**3 + 1,
         f"replicates: given 1001; allowed: {TO_10_3}"),
        ("restarts", 10**4 + 1, f"restarts: given 10001; allowed: {TO_10_4} all restarts of a method train in one job"),
        ("training.epochs", 10**7 + 1,
         f"training.epochs: given 10000001; allowed: {EPOCHS}"),
        ("training.validation_draws", 10**9,
         f"training.validation_draws: given 1000000000; allowed: {TO_10_4} each is computed for all points"),
        (IMPORTANCE, 10**6 + 1,
         f"{IMPORTANCE}: given 1000001; allowed: {DRAWS}"),
        (f"{K_NN}.points", 10**4 + 1,
         f"{K_NN}.points: given 10001; allowed: {TO_10_4} each is compared with all others"),
        (f"{K_NN}.draws", 1,
         f"{K_NN}.draws: given 1; allowed: a whole number from 2 to 10^7, since the spread of all of them is measured"),
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
        (MONTE_CARLO, ...,
         f"{MONTE_CARLO}: missing; allowed: a mapping with the keys samples, prior_share, draws, gap_points"),
        (BETA, ..., f"{BETA}: missing; allowed: {NUMBERS}"),
        # values that do not go together (smoke: 24 epochs, 100 points)
        (f"{LIBI_GRID}.rounds", [1, 13], f"{LIBI_GRID}.rounds[1]: given 13; allowed: {HALF}"),
        (SEGMENTS, [40], f"{SEGMENTS}[0]: given 40; allowed: {HALF}"),
        (BATCH, 30, f"{BATCH}: given 30; allowed: a divisor of points.train, which is 100"),
        (BATCH, 200, f"{BATCH}: given 200; allowed: a divisor of points.train, which is 100"),
        (SHARE, 0.001, f"{SHARE}: given 0.001; allowed: a share with at least one epoch of annealing and at least "
         + "one after it; training.epochs is 24"),
        (f"{K_NN}.neighbours", 100,
         f"{K_NN}.points: given 100; allowed: at least 101, one more than neighbours"),
        (BETA, list(range(1, 10_002)), "datasets.gaussian.beta_vae: its grid has 10001 configurations; at most 10000, "
         + "since each is listed before a run"),
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


def test_what_is_too_much_together_is_refused_at_once():
    """Each number alone is within its limits."""
    study = mapping()
    study |= {"restarts": 10_000, "replicates": 1000, "replicates_per_job": 1000}
    study["points"]["validation"], study["training"]["validation_draws"] = 10**6, 10_000
    found = complaints(study)
    assert found[0] == (
        "config/mine.yaml: training.validation_draws: given 10000; allowed: at most 100, since all draws are held in "
        "memory and points.validation is 1000000"
    )
    assert len(found) > 4 and all("models in one job; at most 1000000, since all of them" in one for one in found[1:])


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
        (b"seed: 2024-13-45", "line 1: '2024-13-45' is no timestamp"),
        (b"compile: !!bool x", "line 1: 'x' is no bool"),
        (b"a: 1\nseed: !!timestamp x", "line 2: 'x' is no timestamp"),
        (b"seed: !!int \"\"", "line 1: '' is no int"),
        (b"seed: 010", "line 1: 010 is read as 8 by YAML; write a plain decimal number"),
        (b"seed: 1:30", "line 1: 1:30 is read as 90 by YAML; write a plain decimal number"),
        (b"seed: -1:30.5", "line 1: -1:30.5 is read as -90.5 by YAML; write a plain decimal number"),
        (b"\xff\xfe\xfa", "not readable as YAML: "),
        (b"[" * 5000, "not readable as YAML: "),
        (b"", "given nothing; allowed: a mapping with the keys "),
        (b"- 1", "given [1]; allowed: a mapping with the keys "),
        (b"datasets: &a {gaussian: *a}", "name: missing; allowed: "),
        (b"seed: 0x" + b"f" * 9000, "name: missing; allowed: "),
        (BOMB, "name: missing; allowed: "),
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


def test_the_schema_that_is_printed_is_one():
    command = [sys.executable, "-m", "libi.study"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize("name", STUDIES)
def test_the_schema_accepts_our_studies_and_refuses_others(name):
    schema = Study.model_json_schema()
    jsonschema.validate(mapping(name), schema)
    for path, value in (("seeds", 1), (BETA, []), ("datasets", {}), ("replicates", 0), ("points", ...)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(changed(path, value, name), schema)


def test_the_readme_has_the_table_of_keys():
    """It follows from the files that define them: python -m libi.study keys config/config.yaml."""
    assert keys_to_markdown(read_study(CONFIG / "config.yaml")) in (CONFIG / "README.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_key():
    def leaves(value, path=()):
        if isinstance(value, dict) and value:
            return {leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))}
        return {".".join(("datasets", "*", *path[2:]) if path[0] == "datasets" else path)}

    listed = set(re.findall(r"^\| `([^`]+)` \|", (CONFIG / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    command = ["git", "ls-files", "*.yaml"]  # whoever has a study of their own there need not list it
    ours = set(subprocess.run(command, cwd=CONFIG, capture_output=True, text=True, check=True).stdout.split())
    assert ours <= listed
    assert listed - ours - {"schema.json", "variants.schema.json"} == leaves(mapping("config")) | {
        "datasets",
        "datasets.*",
    }
