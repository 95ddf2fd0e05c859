"""The JSON schemas that editors check a study's file, and a file of variants, against."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from libi.study.settings import VariantName
from libi.study.study import Study

DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
PARTIAL = "Changed"


def study_schema() -> dict[str, Any]:
    """The schema of a study's file."""
    return {**DIALECT, **Study.model_json_schema()}


def variants_schema() -> dict[str, Any]:
    """The schema of a file of variants: in `base` no key may be left out, in `variants` any may, or be null."""
    whole = Study.model_json_schema()
    sections = whole.pop("$defs")
    names = whole["properties"].pop("name")
    variant_names = TypeAdapter(VariantName).json_schema()
    whole["required"].remove("name")
    changed = _partial({**whole, "minProperties": 1})
    variants = {"type": "object", "minProperties": 1, "propertyNames": variant_names, "additionalProperties": changed}
    candidates = {"type": "array", "items": variant_names, "uniqueItems": True}
    return {
        **DIALECT,
        "title": "Variants",
        "type": "object",
        "required": ["name", "base", "variants"],
        "additionalProperties": False,
        "properties": {"name": names, "base": whole, "variants": variants, "candidates": candidates},
        "$defs": sections | {f"{PARTIAL}{name}": _partial(section) for name, section in sections.items()},
    }


def _partial(section: dict[str, Any]) -> dict[str, Any]:
    """A section of which any key may be left out, or be null."""
    copied = json.loads(json.dumps(section).replace("#/$defs/", f"#/$defs/{PARTIAL}"))
    copied.pop("required", None)
    if "properties" in copied:
        copied["properties"] = {
            key: {"anyOf": [value, {"type": "null"}]} for key, value in copied["properties"].items()
        }
    return copied
