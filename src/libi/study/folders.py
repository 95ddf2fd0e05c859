"""What the folders of results are called, so that no study is named like one of them."""

from __future__ import annotations

# The paper's study writes to results/ itself, and every other study to a folder of its name there.
FOLDERS_OF_THE_PAPER = (
    *("data", "training", "scores", "selection", "metrics", "posterior", "closed_form"),
    *("reference", "logs", "benchmarks"),
)
TABLES_OF_THE_PAPER = ("table1", "claims", "conclusions", "gaps", "restarts", "grid")  # variants write a table too


def is_paper_table(name: str) -> bool:
    """Whether the paper's study has a table of this name in results/: Table 1 of one data set is among them."""
    return name in TABLES_OF_THE_PAPER or name.startswith("table1_")
