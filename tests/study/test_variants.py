"""A base study and its variants: what is read, what is refused, and what they share."""

import contextlib
import itertools
import json
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from libi.study.family import OF_NO_METHOD, STAGES
from libi.study.reading import StudyError
from libi.study.schema import variants_schema
from libi.study.variants import load_family, read_family

from .studies import CONFIG, ENVIRONMENT, mapping
from .test_refusals import KEYS as KEYS_OF

# What each change touches first; what comes before it in the way of the data is made once, by the base.
CHANGES = {
    "another seed": ({"seed": 1}, "data"),
    "more epochs": ({"training": {"epochs": 3000}}, "training"),
    "another score": ({"selection": {"likelihood": "importance"}}, "scores"),
    "another statistic": ({"evaluation": {"metrics": {"s_knn": {"smoothness": [0.5]}}}}, "metrics"),
    "more codes": ({"evaluation": {"posterior": {"samples": 77}}}, "posterior"),
}
AFTER = {
    "data": STAGES,
    "training": ("training", "scores", "metrics", "posterior"),
    "scores": ("scores", "metrics", "posterior"),
    "metrics": ("metrics",),
    "posterior": ("reference", "posterior"),
}


def family_of(**variants):
    """Variants of the smoke study."""
    base = mapping()
    del base["name"]
    return load_family({"name": "few", "base": base, "variants": variants}, "few.yaml")


def refusals(change):
    """What is said of a file of variants after a change to its mapping."""
    base = mapping()
    del base["name"]
    given = {"name": "few", "base": base, "variants": {"one": {"seed": 1}}}
    change(given)
    with pytest.raises(StudyError) as error:
        load_family(given, "few.yaml")
    return str(error.value).splitlines()


def test_the_project_s_own_file_is_sound():
    family = read_family(str(CONFIG / "sensitivity.yaml"))
    assert list(family)[0] == "/sensitivity/base" and family.varied
    assert all(re.fullmatch(r"/sensitivity/[a-z0-9.-]+", folder) for folder in family)


def test_a_single_study_has_the_folder_of_its_name_and_the_paper_s_has_none():
    assert list(read_family(str(CONFIG / "quick.yaml"))) == ["/quick"]
    assert list(read_family(str(CONFIG / "config.yaml"))) == [""]


@pytest.mark.parametrize(("change", "first"), CHANGES.values(), ids=CHANGES)
def test_what_a_change_does_not_touch_is_made_by_the_base(change, first):
    family = family_of(one=change)
    for stage in STAGES:
        home = family.home("/few/one", stage, "gaussian", None if stage in OF_NO_METHOD else "vae")
        assert (home == "/few/one") == (stage in AFTER[first]), stage


def test_a_change_touches_only_the_methods_that_read_it():
    family = family_of(slow={"training": {"annealing_share": 0.25}}, capped={"training": {"exponential_cap": 5.0}})
    homes = {
        (variant, method)
        for variant, method in itertools.product(family, family.base.methods("gaussian"))
        if family.home(variant, "posterior", "gaussian", method) == variant != "/few/base"
    }
    assert homes == {("/few/slow", "beta_vae_anneal"), ("/few/capped", "libi")}


def test_the_architecture_of_mobius_touches_mobius_alone_and_encoders_touch_no_data():
    family = family_of(wide={"architecture": {"decoder_units": 100}}, plain={"architecture": {"encoder_bias": False}})
    own = {
        (variant, dataset, stage)
        for variant, dataset in itertools.product(list(family)[1:], family.base.dataset_names())
        for stage in ("data", "training")
        if family.home(variant, stage, dataset, None if stage == "data" else "vae") == variant
    }
    wide = {("/few/wide", "mobius", "data"), ("/few/wide", "mobius", "training")}
    assert own == wide | {("/few/plain", dataset, "training") for dataset in family.base.dataset_names()}


def test_two_variants_share_what_they_have_in_common():
    batch = {"training": {"batch_size": 25}}
    family = family_of(small=batch, both=batch | {"evaluation": {"metrics": {"s_knn": {"neighbours": 2}}}})
    assert family.home("/few/both", "posterior", "gaussian", "vae") == "/few/small"
    assert family.home("/few/both", "metrics", "gaussian", "vae") == "/few/both"


def test_candidates_are_all_variants_unless_some_are_named():
    base = mapping()
    del base["name"]
    variants = {"one": {"seed": 1}, "two": {"seed": 2}}
    given = {"name": "few", "base": base, "variants": variants}
    assert load_family(given, "few.yaml").candidates == ("one", "two")
    assert load_family(given | {"candidates": ["two"]}, "few.yaml").candidates == ("two",)


def test_null_leaves_a_data_set_out():
    assert "mobius" not in family_of(one={"datasets": {"mobius": None}})["/few/one"].dataset_names()


def test_the_schema_that_is_printed_is_one():
    command = [sys.executable, "-m", "libi.study", "variants"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        (lambda given: None, True),
        (lambda given: given["variants"].update(x={"datasets": {"mobius": None}}), True),
        (lambda given: given["base"].pop("seed"), False),
        (lambda given: given["variants"].update(x={}), False),
        (lambda given: given["variants"].update(x={"sed": 1}), False),
        (lambda given: given["variants"].update(x={"training": {"batch_size": "a"}}), False),
    ],
)
def test_the_schema_accepts_variants_and_refuses_mistakes(change, sound):
    schema = variants_schema()
    given = yaml.safe_load((CONFIG / "sensitivity.yaml").read_text(encoding="utf-8"))
    change(given)
    found = jsonschema.Draft202012Validator(schema).is_valid(given)
    assert found == sound


def test_every_mistake_is_named_with_its_variant():
    def change(given):
        given["variants"] = {"one": {"training": {"batch_size": 7}}, "two": {"training": {"bach_size": 5}}}

    assert refusals(change) == [
        "few.yaml, variants.one: training.batch_size: given 7; allowed: a divisor of points.train, which is 100",
        "few.yaml, variants.two: training.bach_size: unknown key; did you mean 'batch_size'? "
        f"(allowed: {KEYS_OF['training']})",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda given: given.pop("base"), "few.yaml: base: missing"),
        (lambda given: given.update(bases=1), "few.yaml: bases: unknown key; did you mean 'base'?"),
        (lambda given: given.update(candidates="one"), "few.yaml: candidates: given 'one'; allowed: a list of some"),
        (
            lambda given: given.update(candidates=["ones"]),
            "few.yaml: candidates[0]: given 'ones'; allowed: one of the variants; did you mean 'one'?",
        ),
        (lambda given: given.update(name="a/b"), "few.yaml: name: given 'a/b'; allowed: a folder name"),
        (
            lambda given: given.update(variants={}),
            "few.yaml: variants: given {}; allowed: a mapping of one or more names",
        ),
        (
            lambda given: given["variants"].update(base={"seed": 2}),
            "few.yaml: variants: given 'base'; allowed: any name",
        ),
        (lambda given: given["variants"].update(two=None), "few.yaml: variants.two: given nothing; allowed: the keys"),
        (
            lambda given: given["variants"].update(two={"seed": 1}),
            "few.yaml: variants.two: the same study as one; change something or drop it",
        ),
        (
            lambda given: given["variants"].update(two={"seed": 0}),
            "few.yaml: variants.two: the same study as base; change something or drop it",
        ),
    ],
)
def test_refusals(change, words):
    (line,) = refusals(change)
    assert line.startswith(words)


WRITTEN = (CONFIG / "sensitivity.yaml").read_bytes()
BASE = yaml.safe_load(WRITTEN)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*BASE["base"], *BASE["base"]["training"], "datasets", "gaussian", "libi", "name", "x"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.dictionaries(KEYS, JSON, max_size=3) | JSON, max_size=3), JSON)
def test_whatever_stands_in_the_place_of_variants_is_read_or_refused(variants, candidates):
    with contextlib.suppress(StudyError):
        load_family({"name": "few", "base": BASE["base"], "variants": variants, "candidates": candidates}, "few.yaml")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(WRITTEN)), st.integers(0, 12), st.sampled_from([b"{", b"]", b": ", b"- ", b"\t", b"\xff", b""])
)
def test_a_file_of_variants_with_random_damage_is_read_or_refused(tmp_path_factory, place, cut, piece):
    file = tmp_path_factory.mktemp("damaged") / "few.yaml"
    file.write_bytes(WRITTEN[:place] + piece + WRITTEN[place + cut :])
    try:
        read_family(str(file))
    except StudyError as error:
        assert str(error).startswith(str(file))
