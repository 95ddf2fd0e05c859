"""What a second run of the paper's study on another processor says: which verdicts and choices hang on rounding."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from progress import spell

from libi.paper.tables.conclusions import conclude
from libi.paper.vocabulary import DATASETS, METHODS
from libi.runtime.storage import load_table

FOLDER = "second_run"
ELSEWHERE = """
### What another processor decides

The same study ran a second time, with the same seeds, points and noise, on another processor: {there} instead of
{here}. It took {wall} on {cores} cores. Rounding is all that differs: the code is a later one, but trains and judges
alike. Of {claims} claims {changed} have another verdict:

{verdicts}

{conclusions} These configurations were chosen otherwise:

{choices}

So a verdict of these lists hangs on rounding, and might as well on a seed. The published numbers stay those of the
first run. Table 1, the verdicts and the models of the second are in `paper/reference/second_run/`: `libi.load` opens
its `models/{{data set}}/{{method}}.safetensors`, which hold a model for each replicate.
"""


def elsewhere(reference: Path) -> str:
    """What REPLICATION.md says of the second run; nothing before it is published."""
    folder = reference / FOLDER
    if not folder.exists():
        return ""
    here, there = (json.loads((place / "run.json").read_text())["machine"] for place in (reference, folder))
    claims = claims_side_by_side(reference)
    changed = claims[claims["verdict"] != claims["verdict there"]]
    return ELSEWHERE.format(
        here=name_of(here),
        there=name_of(there),
        wall=spell(json.loads((folder / "run.json").read_text())["wall_seconds"]),
        cores=there["cores"],
        claims=len(claims),
        changed=len(changed),
        verdicts=to_markdown(
            ("claim", "published", "second run"),
            ((f"`{claim}`", first, second) for claim, first, second in changed.itertuples(index=False)),
        ),
        conclusions=conclusions_to_words(reference),
        choices=to_markdown(("data set", "method", "published", "second run"), other_choices(reference)),
    )


def name_of(machine: dict[str, object]) -> str:
    """A processor and what its vectors are, in words."""
    return f"{machine['processor']} {'with' if machine['avx512f'] else 'without'} AVX-512"


def claims_side_by_side(reference: Path) -> pd.DataFrame:
    """Each claim with its verdicts in the published study and in the second run."""
    first, second = (
        load_table(place / "claims.csv")[["claim", "verdict"]] for place in (reference, reference / FOLDER)
    )
    return first.merge(second, on="claim", suffixes=("", " there"), validate="one_to_one")


def conclusions_to_words(reference: Path) -> str:
    """Which of the main conclusions the second run judges otherwise."""
    first, second = (conclude(load_table(place / "claims.csv")) for place in (reference, reference / FOLDER))
    pairs = list(zip(first["conclusion"], first["verdict"], second["verdict"], strict=True))
    other = [f"{name} ({before}; second run: {now})" for name, before, now in pairs if before != now]
    if other:
        return f"These main conclusions are judged otherwise: {', '.join(other)}."
    return f"None of the {len(pairs)} main conclusions is judged otherwise."


def other_choices(reference: Path) -> Iterable[tuple[str, str, str, str]]:
    """The data sets and methods whose configurations differ, with both."""
    first, second = (
        load_table(place / "table1.csv").groupby(["dataset", "method"], sort=False)["configuration"].first()
        for place in (reference, reference / FOLDER)
    )
    for key, configuration in first.items():
        dataset, method = key
        if isinstance(configuration, str) and second[key] != configuration:
            yield DATASETS[dataset], METHODS[method], f"`{configuration}`", f"`{second[key]}`"


def to_markdown(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
