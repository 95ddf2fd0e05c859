"""`python -m libi.judging results/claims.csv paper/reference/claims.csv`: is a verdict worse than the published one?"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from libi.judging.verifying import MissingVerdicts, changes, describe, read_verdicts


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdicts and what has changed; return 1 if a verdict got worse and 2 if there is nothing to compare.

    Args:
        arguments: of the command line; None for those of this process.
    """
    parser = argparse.ArgumentParser(prog="python -m libi.judging", description=__doc__)
    parser.add_argument("claims", type=Path, help="the study's verdicts")
    parser.add_argument("reference", type=Path, help="the published verdicts")
    given = parser.parse_args(arguments)
    try:
        claims = read_verdicts(given.claims, "make")
        print(describe(claims))
        reference = read_verdicts(given.reference, "make publish")
    except (MissingVerdicts, ValueError) as error:
        print(error, file=sys.stderr)
        others = sorted(path.parent.name for path in given.claims.parent.glob("*/claims.csv"))
        if others:
            print(
                f"Only the paper's study can be verified. Others are finished here: {', '.join(others)}",
                file=sys.stderr,
            )
        return 2
    further = sorted(set(claims["claim"]) - set(reference["claim"]))
    if 2 * len(further) > len(claims):
        print(f"{given.reference} has too few claims to compare with: {len(reference)}.", file=sys.stderr)
        return 2
    if further:
        print(f"Not in {given.reference}, so not compared: {', '.join(further)}")
    changed = changes(claims, reference)
    for row in changed.itertuples():
        print(f"{'WORSE' if row.worse else 'better'}: {row.claim}: {row.before} in {given.reference}, now {row.now}")
    if changed["worse"].any():
        print("Rounding decides some verdicts: docs/rounding.md lists those that another processor changed.")
        return 1
    print(f"No verdict is worse than in {given.reference}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
