"""Reading what a run is asked for: one study, or a base study with variants of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from libi.base.values import StudyError, nearest
from libi.study.family import Family
from libi.study.machine import GPU_FILES, has_gpu
from libi.study.reading import load_study, read_mapping, refuse
from libi.study.settings import Folder, VariantName

BASE = "base"
CANDIDATES = "candidates"
KEYS = ("name", BASE, "variants", CANDIDATES)


def family_of_run(files: list[str], default: str, changes: dict[str, Any], *, here: bool = False) -> Family:
    """The study that a command line asks for, or the variants of one.

    Args:
        files: the study files it names.
        default: the file to read if it names none.
        changes: values that it gives beside them (`--config`), merged with the files by Snakemake.
        here: whether the jobs run on this machine, which must then have what the study asks for.

    Raises:
        StudyError: if the study is wrong or needs what is not here, or if it is not one file and nothing else.
    """
    if len(files) > 1:
        raise StudyError(
            f"--configfile: given {', '.join(files)}; allowed: one file, since a study is one complete file"
        )
    file = files[0] if files else default
    family = read_family(file)
    if here and family.base.device == "cuda" and not has_gpu():
        words = f"auto or cpu; there is no GPU here (none of {', '.join(GPU_FILES)}), or CUDA_VISIBLE_DEVICES hides it"
        raise StudyError(f"{file}: {refuse(('device',), family.base.device, words)}")
    written = _as_snakemake_reads(files[0]) if files else {}
    extra = [key for key, value in changes.items() if not files or value != written.get(key, ...)]
    if extra:
        raise StudyError(
            f"--config: given {', '.join(extra)}; write it into a study file and name that by --configfile"
        )
    return family


def _as_snakemake_reads(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        return yaml.safe_load(file)


def read_family(path: str) -> Family:
    """Read and check a file that holds a study, or a base study and variants of it.

    Raises:
        StudyError: if it is neither, naming file, key and remedy.
    """
    mapping = read_mapping(path)
    if not isinstance(mapping, dict) or "variants" not in mapping:
        return Family.of_one(load_study(mapping, path))
    return load_family(mapping, path)


def load_family(mapping: Mapping[str, Any], file: str) -> Family:
    """Check a base study and its variants, and type them.

    Args:
        mapping: name; base: a complete study but for its name; variants: by name, the keys that each changes, where a
            key that is changed to null is left out; and, if not all of them, the candidates: variants that may take
            the base's place.
        file: where it comes from, for the messages.

    Raises:
        StudyError: naming, for every problem, file, variant, key, what was given and what is allowed.
    """
    _raise(file, _problems(mapping))
    base, folder = mapping[BASE], f"/{mapping['name']}"
    studies = {f"{folder}/{BASE}": load_study({"name": mapping["name"], **base}, f"{file}, base")}
    problems = []
    for name, changes in mapping["variants"].items():
        try:
            study = load_study({"name": mapping["name"], **_changed(base, changes)}, f"{file}, variants.{name}")
        except StudyError as error:
            problems.append(str(error))
            continue
        for other in (place for place, known in studies.items() if known == study):
            same = other.rpartition("/")[2]
            problems.append(f"{file}: variants.{name}: the same study as {same}; change something or drop it")
        studies[f"{folder}/{name}"] = study
    if problems:
        raise StudyError("\n".join(problems))
    return Family(mapping["name"], studies, mapping.get(CANDIDATES, list(mapping["variants"])))


def _raise(file: str, problems: Iterator[str]) -> None:
    if lines := [f"{file}: {problem}" for problem in problems]:
        raise StudyError("\n".join(lines))


def _problems(mapping: Mapping[str, Any]) -> Iterator[str]:
    """Describe what is wrong with a file of variants, apart from the studies themselves."""
    for key in mapping:
        if key not in KEYS:
            yield f"{key}: unknown key{nearest(key, KEYS)} (allowed: {', '.join(KEYS)})"
    for key in KEYS:
        if key not in mapping and key != CANDIDATES:
            yield f"{key}: missing"
    if "name" in mapping:
        yield from _name_problems(Folder, ("name",), mapping["name"])
    if BASE in mapping and not isinstance(mapping[BASE], dict):
        yield refuse((BASE,), mapping[BASE], "a complete study but for its name")
    variants = mapping.get("variants", {})
    if not isinstance(variants, dict) or not variants:
        yield refuse(("variants",), variants, "a mapping of one or more names, each to the keys that it changes")
        return
    candidates = mapping.get(CANDIDATES, [])
    if not isinstance(candidates, list):
        yield refuse((CANDIDATES,), candidates, "a list of some of the variants")
        return
    for number, name in enumerate(candidates):
        if not isinstance(name, str) or name not in variants:
            yield refuse((CANDIDATES, number), name, "one of the variants") + nearest(name, list(variants))
    for name, changes in variants.items():
        yield from _name_problems(VariantName, ("variants",), name)
        if name == BASE:
            yield refuse(("variants",), name, "any name but that of the base itself")
        if not isinstance(changes, dict) or not changes or "name" in changes:
            yield refuse(
                ("variants", name), changes, "the keys of a study that it changes; its name stands before them"
            )


def _name_problems(kind: Any, path: tuple[str, ...], name: object) -> Iterator[str]:
    try:
        TypeAdapter(kind).validate_python(name, strict=True)
    except ValidationError as error:
        yield refuse(path, name, error.errors()[0]["msg"])


def _changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A study with some keys changed, section by section; what is null is left out."""
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _changed(merged[key], value)
        else:
            merged[key] = value
    return merged
