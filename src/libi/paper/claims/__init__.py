"""The claims of the paper, in files of those that are judged together. A further one is a further file.

What the paper says stands in config/published_claims.csv, a row a claim. A file here defines `CLAIMS`, a function that
judges some of these rows by tables of a study, and in literals

* READS: the names of these tables, which are those of `FILES`;
* PLACE: where its claims come in results/claims.csv.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from libi.base.values import nearest
from libi.runtime.rooms import Room, RoomError

if TYPE_CHECKING:  # the rules need the literals alone
    from libi.judging.claims import Claim, PublishedClaim
    from libi.paper.evidence import Evidence

    Judge = Callable[[Mapping[str, PublishedClaim], Evidence], list[Claim]]

# Where each table is, in the folder of claims.csv; the closed forms are in that of the run's first study. Those with a
# star are of all data sets and methods together.
FILES = {
    "table1": "table1.csv",
    "metrics": "metrics/*/*.csv",  # a row a data set, method and replicate: test_ll, s_knn, share_below_100, ...
    "scores": "scores/*/*.csv",  # a row a configuration and replicate: log_likelihood on the split that chooses
    "points": "posterior/*/*_points.csv",  # a row a data set, method, replicate and training point
    "samples": "posterior/*/*_samples.csv",  # a row a data set, method, replicate, kind and draw
    "posterior": "posterior/*/*_summary.csv",  # a row a data set, method and replicate
    "grid": "grid.csv",
    "gaps": "gaps.csv",
    "restarts": "restarts.csv",  # of LiBI; empty without it
    "information": "closed_form/information.csv",  # Figure 1A and B, a row a B: libi.paper.examples.pedagogical
    "edge": "closed_form/edge.csv",  # the way from the paper's B to the end of its domain: likewise
    "optima": "closed_form/optima.csv",  # the truth and the β-VAE's optima on LinearJTEx, over the whole population
    "collapse": "closed_form/collapse.csv",  # Case 2: theta, mle_objective, posterior_matching, mutual_information
    "scaling": "closed_form/scaling.csv",  # what shrinking the codes does: libi.paper.examples.shrinkage
    "joint_map": "closed_form/joint_map_*.csv",  # a row a data set and restart; empty without such a data set
    "published": "config/published_table1.csv",  # the paper's Table 1
}

CLAIMS: Room[Judge] = Room("paper/claims", "CLAIMS")


def tables_read() -> list[str]:
    """The tables that the claims are judged by."""
    return list(dict.fromkeys(table for name in CLAIMS for table in CLAIMS.literal(name, "READS", ())))


def check_claims() -> None:
    """Refuse a file that is no claim, without running it.

    Raises:
        RoomError: naming the file.
    """
    for name in CLAIMS:
        CLAIMS.check(name)
        path, reads = CLAIMS.path(name), CLAIMS.literal(name, "READS", ())
        if not reads or not isinstance(reads, tuple) or not all(isinstance(table, str) for table in reads):
            raise RoomError(f'{path}: lacks the tables that it reads, a line such as READS = ("gaps",)')
        looked_at = _looked_at(path) - {"training_points"}
        for table in (*reads, *sorted(looked_at)):
            if table not in FILES:
                where = "READS has" if table in reads else "it reads"
                words = f"{where} {table!r}, which is no table of a study{nearest(table, FILES)}"
                raise RoomError(f"{path}: {words} (allowed: {', '.join(FILES)})")
        for table in sorted(looked_at - set(reads)):
            raise RoomError(f"{path}: it reads evidence.{table}; add {table!r} to its READS")


def _looked_at(path: Path) -> set[str]:
    """The attributes of `evidence` that stand in a file."""
    found = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute))
    return {node.attr for node in found if isinstance(node.value, ast.Name) and node.value.id == "evidence"}
