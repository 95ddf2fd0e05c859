"""Studies for the tests: the project's own, and ones that differ from them in one value."""

import json
import os
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
CONFIG = REPOSITORY / "config"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}  # for programs that a test runs
STUDIES = ("config", "quick", "smoke")


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
