"""What runs of the paper's study on other processors say: which verdicts and choices hang on rounding."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from progress import spell

from libi.judging.claims import NOT_REPRODUCED, REPRODUCED
from libi.paper.tables.conclusions import conclude
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS
from libi.rendering.latex import enumeration
from libi.runtime.storage import load_table

FOLDER, THIRD, FOURTH = "second_run", "third_run", "fourth_run"  # the last two have the published run's vectors


def compared(reference: Path) -> dict[str, object]:
    """What the words of page_texts/elsewhere.md need of that run; nothing before it is published."""
    folder = reference / FOLDER
    if not folder.exists():
        return {}
    here, there = (json.loads((place / "run.json").read_text())["machine"] for place in (reference, folder))
    claims = claims_side_by_side(reference)
    changed = claims[claims["verdict"] != claims["verdict there"]]
    return dict(
        here=name_of(here),
        there=name_of(there),
        wall=spell(json.loads((folder / "run.json").read_text())["wall_seconds"]),
        cores=there["cores"],
        claims=len(claims),
        changed=len(changed),
        verdicts=to_markdown(
            ("claim", "published", "other processor"),
            ((f"`{claim}`", first, second) for claim, first, second in changed.itertuples(index=False)),
        ),
        opposite=opposites_to_words(changed),
        conclusions=conclusions_to_words(reference),
        third=further_to_words(reference, THIRD),
        fourth=further_to_words(reference, FOURTH),
        choices=to_markdown(("data set", "method", "published", "other processor"), other_choices(reference)),
    )


def further_to_words(reference: Path, run: str) -> str:
    """On which data sets another run has the same digits in Table 1, and how many verdicts differ.

    Args:
        reference: paper/reference.
        run: the run's folder there.
    """
    folder, key = reference / run, ["dataset", "method", "metric"]
    first, other = (load_table(place / "table1.csv").set_index(key)[["mean", "sd"]] for place in (reference, folder))
    equal = (first.reindex(other.index).eq(other) | other.isna()).all(axis=1).groupby("dataset", sort=False).all()
    same, unlike = ([PAPERS_DATASETS[name] for name in equal.index[equal == kind]] for kind in (True, False))
    where = f"on {enumeration(same)}, but not on {enumeration(unlike)}" if unlike else "on all data sets"
    claims = claims_side_by_side(reference, run)
    differ = (claims["verdict"] != claims["verdict there"]).sum()
    there = json.loads((folder / "run.json").read_text())["machine"]
    return (
        f"On a {run.removesuffix('_run')} processor, {name_of(there)} (family and model {there['family and model']}), "
        f"all eight digits of every mean and standard deviation in Table 1 are the same {where}. Of the {len(claims)} "
        f"claims that both runs judge, {differ or 'none'} {'has' if differ <= 1 else 'have'} a different verdict."
    )


def name_of(machine: dict[str, object]) -> str:
    """A processor and what its vectors are, in words."""
    return f"{machine['processor']} {'with' if machine['avx512f'] else 'without'} AVX-512"


def claims_side_by_side(reference: Path, folder: str = FOLDER) -> pd.DataFrame:
    """Each claim that both judge, with its verdicts in the published study and in another run.

    The code of that run was older, so it lacks claims that were added since.
    """
    first, second = (
        load_table(place / "claims.csv")[["claim", "verdict"]] for place in (reference, reference / folder)
    )
    return first.merge(second, on="claim", suffixes=("", " there"), validate="one_to_one")


def opposites_to_words(changed: pd.DataFrame) -> str:
    """Which of the verdicts that differ turn from reproduced to not reproduced, or back."""
    decided = {REPRODUCED, NOT_REPRODUCED}
    turned = changed[changed["verdict"].isin(decided) & changed["verdict there"].isin(decided)]
    if turned.empty:
        return "No verdict turns into its opposite: each of these claims is not decidable in one of the two runs."
    return f"These turn into their opposites: {', '.join(turned['claim'])}."


def conclusions_to_words(reference: Path, claims: str = "claims.csv") -> str:
    """Which of the main conclusions differ in that run.

    Args:
        reference: paper/reference.
        claims: name of the table of verdicts, of the study or of its fresh replicates.
    """
    first, second = (conclude(load_table(place / claims)) for place in (reference, reference / FOLDER))
    pairs = list(zip(first["conclusion"], first["verdict"], second["verdict"], strict=True))
    other = [
        f"{name} ({before} on the processor of the published study, {now} on the other)"
        for name, before, now in pairs
        if before != now
    ]
    if other:
        verb = "differs" if len(other) == 1 else "differ"
        return f"{len(other)} of the {len(pairs)} main conclusions {verb}: {', '.join(other)}."
    return f"None of the {len(pairs)} main conclusions differs."


def other_choices(reference: Path) -> Iterable[tuple[str, str, str, str]]:
    """The data sets and methods whose configurations differ, with both."""
    first, second = (
        load_table(place / "table1.csv").groupby(["dataset", "method"], sort=False)["configuration"].first()
        for place in (reference, reference / FOLDER)
    )
    for key, configuration in first.items():
        dataset, method = key
        if isinstance(configuration, str) and second[key] != configuration:
            yield PAPERS_DATASETS[dataset], PAPERS_METHODS[method], f"`{configuration}`", f"`{second[key]}`"


def to_markdown(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
