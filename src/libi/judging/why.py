"""`python -m libi.judging.why across_s_knn`: why a claim has its verdict."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from libi.base.values import nearest
from libi.judging.verifying import MissingVerdicts, read_verdicts

OWN, PUBLISHED = Path("results/claims.csv"), Path("paper/reference/claims.csv")
WIDTH = 100
NEEDED = ("statement", "where", "measure", "difference", "low", "high", "margin", "test", "note")


def explain(claim: pd.Series) -> str:
    """Everything that decides a claim, in words.

    Args:
        claim: a row of `libi.paper.verdict.judge`.
    """
    spread = "" if pd.isna(claim["uncertainty"]) else f" ± {claim['uncertainty']:.3g}"
    parts = {
        "The paper says": f"{claim['statement']} ({claim['where']})",
        "Verdict": claim["verdict"],
        "Measured": f"{claim['value']:.4g}{spread}: {claim['measure']}",
        "Published": "no number" if pd.isna(claim["published"]) else f"{claim['published']:g}",
        "Interval": _interval(claim),
        "Margin": "none" if pd.isna(claim["margin"]) else f"{claim['margin']:.4g}",
        "Test": claim["test"],
        "Note": "none" if pd.isna(claim["note"]) else claim["note"],
        "Decided by": f"{claim['files'] if isinstance(claim.get('files'), str) else 'no table'}",
    }
    indent = " " * 16
    lines = [textwrap.fill(f"{name + ':':16}{text}", WIDTH, subsequent_indent=indent) for name, text in parts.items()]
    return "\n".join(lines)


def _interval(claim: pd.Series) -> str:
    if pd.isna(claim["low"]):
        return "none"
    return f"{claim['low']:.4g} to {claim['high']:.4g}, for a difference of {claim['difference']:.4g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print why a claim has its verdict; return 1 if there is no such claim and 2 if there are no verdicts.

    Args:
        arguments: of the command line; None for those of this process.
    """
    parser = argparse.ArgumentParser(prog="python -m libi.judging.why", description=__doc__)
    parser.add_argument("claim", help="its name in claims.csv")
    parser.add_argument(
        "file", type=Path, nargs="?", help="left out: your study's verdicts, or else the published ones"
    )
    given = parser.parse_args(arguments)
    file = given.file or (OWN if OWN.exists() else PUBLISHED)
    try:
        claims = read_verdicts(file, "make", NEEDED).set_index("claim", drop=False)
    except (MissingVerdicts, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if not given.claim:
        print(f"Name a claim, for example: make why CLAIM=across_s_knn. {file} lists them all.", file=sys.stderr)
        return 1
    if given.claim not in claims.index:
        names = [name for name in claims.index if name.startswith(given.claim)]
        hint = f"; there are {', '.join(names)}" if names else nearest(given.claim, claims.index)
        print(f"{file} has no claim {given.claim!r}{hint}", file=sys.stderr)
        return 1
    print(explain(claims.loc[given.claim]))
    print(f"\nFrom {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
