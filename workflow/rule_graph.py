"""Draw the graph of rules into README.md, in Mermaid, which GitHub renders.

    snakemake --rulegraph mermaid-js all paper/replication.pdf | python workflow/rule_graph.py README.md

An arrow says that a rule reads what another one makes. Arrows that a longer way implies are left out, and so is the
target `all`.
"""

import re
import sys
from pathlib import Path

Edges = set[tuple[str, str]]
BLOCK = re.compile(r"```mermaid\n.*?```", re.DOTALL)


def read_edges(mermaid: str) -> Edges:
    """The edges of Snakemake's own drawing, from rule to rule."""
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", mermaid, re.MULTILINE))
    return {(names[first], names[second]) for first, second in re.findall(r"(id\d+) --> (id\d+)", mermaid)}


def is_reached(start: str, end: str, edges: Edges) -> bool:
    """Whether edges lead from one rule to another."""
    return any(first == start and (second == end or is_reached(second, end, edges)) for first, second in edges)


def shorten(edges: Edges) -> Edges:
    """The edges that no longer way implies, without those to `all`."""
    kept = {edge for edge in edges if edge[1] != "all"}
    return {edge for edge in kept if not is_reached(*edge, kept - {edge})}


def draw(edges: Edges) -> str:
    """A Mermaid block, its arrows in alphabetical order."""
    arrows = "\n".join(f"    {first} --> {second}" for first, second in sorted(edges))
    return f"```mermaid\nflowchart TB\n{arrows}\n```"


if __name__ == "__main__":
    path, edges = Path(sys.argv[1]), read_edges(sys.stdin.read())
    if not edges:
        sys.exit("no arrow between rules was given, so nothing is drawn; call: make rulegraph")
    drawn, found = BLOCK.subn(draw(shorten(edges)), path.read_text(encoding="utf-8"))
    if found != 1:
        sys.exit(f"{path}: {found} blocks of Mermaid; expected the one to draw the graph in")
    path.write_text(drawn, encoding="utf-8")
