"""The table of a run: ratios, the best stack size of each way, and what was asked for."""

from __future__ import annotations

import pandas as pd

CONVENTIONAL, ENGINE, COMPILED, JAX, FLOOR = "conventional", "engine", "compiled", "jax", "floor"
ROW = ["dataset", "objective", "unit"]


def with_ratios(timings: pd.DataFrame) -> pd.DataFrame:
    """Add what a run's rows mean for each other.

    Args:
        timings: columns dataset, objective, unit, way, models, median_us, minimum_us, rounds, where the
            microseconds are of one model.

    Returns:
        the same with `ratio` (how many times faster than the conventional way, by medians; not for floors) and `best`
        (whether this is the way's best stack size).
    """
    table = timings.copy()
    reference = table[table["way"] == CONVENTIONAL].set_index(ROW)["median_us"]
    slow = pd.MultiIndex.from_frame(table[ROW]).map(reference)
    table["ratio"] = (slow / table["median_us"]).where(table["way"] != FLOOR)
    table["best"] = table["median_us"] == table.groupby([*ROW, "way"])["median_us"].transform("min")
    return table


def _cell(row: pd.Series) -> str:
    ratio = "" if pd.isna(row["ratio"]) else f" ({row['ratio']:.1f}x)"
    return f"{row['median_us']:.1f}{ratio} @{row['models']}"


def best_sizes(table: pd.DataFrame) -> str:
    """Markdown: a line a task, each way at its best stack size."""
    rows = table[table["best"] & (table["way"] != FLOOR)]
    cells = rows.assign(cell=rows.apply(_cell, axis=1)).pivot_table(
        index=ROW, columns="way", values="cell", aggfunc="first", sort=False
    )
    return markdown(cells.fillna("").reset_index())


def every_size(table: pd.DataFrame) -> str:
    """Markdown: a line for everything timed."""
    numbers = table.assign(
        median_us=table["median_us"].map("{:.2f}".format),
        minimum_us=table["minimum_us"].map("{:.2f}".format),
        ratio=table["ratio"].map(lambda ratio: "" if pd.isna(ratio) else f"{ratio:.1f}"),
        best=table["best"].map({True: "*", False: ""}),
    )
    return markdown(numbers)


def floors_beside(table: pd.DataFrame) -> str:
    """Markdown: a line a task: the engine by kernels and in compiled PyTorch at their best, and the floor."""
    best = table[table["best"] & table["way"].isin([ENGINE, COMPILED, FLOOR])]
    times = best.pivot_table(index=ROW, columns="way", values="median_us", sort=False)
    shown = times[[COMPILED, ENGINE, FLOOR]].map("{:.2f}".format)
    shown["faster than compiled"] = (times[COMPILED] / times[ENGINE]).map("{:.2f}x".format)
    shown["times the floor"] = (times[ENGINE] / times[FLOOR]).map("{:.1f}".format)
    return markdown(shown.reset_index())


def markdown(frame: pd.DataFrame) -> str:
    """A table in Markdown, its columns aligned."""
    lines = [list(frame.columns), *([str(cell) for cell in row] for row in frame.itertuples(index=False))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(frame.columns))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]])


def verdicts(table: pd.DataFrame, asked: dict[tuple[str, str], float]) -> list[str]:
    """One line for everything asked for: met or missed, and by how much.

    Args:
        table: from `with_ratios`.
        asked: (dataset, objective) to how many times faster than in compiled PyTorch the kernels should be.
    """
    lines = []
    for row, group in table[table["best"]].groupby(ROW, sort=False):
        times = group.set_index("way")["median_us"]
        ratio, least = times[COMPILED] / times[ENGINE], asked[row[:2]]
        lines.append(f"{_verdict(ratio >= least)}  {' '.join(row)}: {ratio:.2f}x, asked >= {least:g}x")
        if JAX in times.index:
            lines.append(f"{_verdict(times[ENGINE] < times[JAX])}  {' '.join(row)}: JAX {times[JAX]:.1f} us")
    return lines


def _verdict(met: bool) -> str:
    return "met   " if met else "MISSED"
