"""Put what a finished study of the paper has made that is small into paper/reference/, and its numbers into README.md
and REPLICATION.md.

    python workflow/publish.py

Nothing is published of a study that is not finished. The tensors stay where they are.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import pandas as pd  # noqa: E402
from plan import CORES, Job, jobs_of, notes, wall_seconds  # noqa: E402
from progress import spell  # noqa: E402

from benchmarks import libi_failures, proposals  # noqa: E402
from benchmarks.machine import describe_machine  # noqa: E402
from libi.rendering import account  # noqa: E402
from libi.rendering.conclusions import to_markdown  # noqa: E402
from libi.storage import atomic, load_table, save_table, save_text  # noqa: E402
from libi.study.reading import read_study  # noqa: E402
from libi.study.sections import DEMONSTRATIONS  # noqa: E402

FIGURES = [f"figures/figure{number}.{kind}" for number in range(1, 7) for kind in ("png", "pdf")]
COPIED = [f"results/{name}.csv" for name in ("table1", "claims", "conclusions", "gaps", "restarts", "grid")]
COPIED += ["paper/table1.tex", "paper/table1_exact.tex", "paper/replication.pdf", *FIGURES]
BEGIN, END = "<!-- written by make publish -->", "<!-- end of what make publish writes -->"
SHOWN = """## What came out

{conclusions}

Table 1, ours over *the published*: mean ± standard deviation over {replicates} replicates. *Test-LL* is the paper's
estimate (Eq. 48), *exact* the log-likelihood that it estimates. The best of the five methods is bold, but for
CubicJTEx's Test-LL, which the paper calls unreliable.

{table}

{jobs} jobs took {wall} of wall time on {cores} cores ({processor}). All of it is in `paper/reference/`: the table, the
verdicts on {claims} claims, the two gaps of every model in the table, every configuration, a record of every model, the
figures, the paper, what each stage took.

![Figure 6](paper/reference/figure6.png)

| | |
|---|---|
| ![Figure 1](paper/reference/figure1.png) | ![Figure 2](paper/reference/figure2.png) |
| ![Figure 3](paper/reference/figure3.png) | ![Figure 4](paper/reference/figure4.png) |
| ![Figure 5](paper/reference/figure5.png) | |
"""
ACCOUNT = """{counts} {old_rule}

### Conclusions

{conclusions}

### Claims that are not reproduced

{failed}

### Claims that are not decidable

{undecided}

### Claims that cannot be tested

{untestable}

### Cells of Table 1

{cells}

### What Eq. 48 misses

{errors}

A proposal that works, by as many draws: Gaussians with full covariance at the modes of the posterior, and a tenth of
the draws from the prior. Against the exact values, on the ground truth, VAE and LiBI of two replicates
(`benchmarks/proposals.py`):

{proposals}

### How often LiBI's restarts fail

A restart fails if it ends more than 20 nats of Eq. 44 (on the validation points) above the best that was found for its
configuration on any replicate, so a replicate that is harder counts as failure too. The excess is that of the best
restart of a configuration and replicate, which stands for it.

{restarts}

### Why they fail on CubicJTEx

`benchmarks/libi_failures.py` trains one configuration with one thing changed at a time. Here a restart fails if it ends
more than 20 nats of Eq. 44, on fresh points, above the best that any variant found.

{failures}

So it is optimisation that fails, more than the objective: with four times the epochs fewer restarts fail. Where one
fails, most of its reconstruction comes from a few points far out, where the cube is steep. The whitened start, a choice
of ours, makes R = 1 fail more often. A softer cube root in the encoder makes everything fail. With a higher cap of the
exponentials R = 1 fails altogether. The study keeps our reading of the method.
"""


def models(root: Path) -> pd.DataFrame:
    """The records of all models, one row each."""
    files = sorted((root / "results/training").rglob("*.csv"))
    return pd.concat(map(load_table, files), ignore_index=True)


def leftovers(root: Path) -> list[Path]:
    """Records of jobs that the study does not have, left from when its jobs had another number of replicates."""
    study = read_study(root / "config/config.yaml")
    packs = set(map(study.pack_of, study.replicate_names()))
    names = {method: {"0"} for method in DEMONSTRATIONS}  # on the first replicate alone
    files = sorted((root / "results/training").rglob("*.csv"))
    return [path for path in files if path.stem not in names.get(path.parent.name, packs)]


def save_compressed(path: Path, table: pd.DataFrame) -> None:
    """Write a table as gzipped CSV, the same bytes each time."""
    with atomic(path) as temporary, open(temporary, "wb") as file:
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            packed.write(table.to_csv(index=False, lineterminator="\n").encode())


def budget(root: Path) -> pd.DataFrame:
    """What a study took: for each rule, and for training each method on each data set, its jobs, seconds and memory."""
    folder, rows = root / "results/benchmarks", []
    for path in sorted(folder.rglob("*.tsv")):
        rule, *wildcards = path.relative_to(folder).with_suffix("").parts
        what = " ".join([rule, *wildcards[:-1]]) if rule == "train" else rule
        measured = pd.read_csv(path, sep="\t").iloc[0]
        rows.append({"what": what, "seconds": measured["s"], "mib": measured["max_rss"]})
    groups = pd.DataFrame(rows).groupby("what")
    table = groups.agg(jobs=("seconds", "size"), seconds=("seconds", "sum"), most_mib=("mib", "max"))
    table["share"] = table["seconds"] / table["seconds"].sum()
    return table.sort_values("seconds", ascending=False).round(4).reset_index()


def busy_seconds(spans: Iterable[tuple[float, float]]) -> float:
    """How long at least one of some spans of time lasted: a study's wall time, without the breaks between its runs."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def planned(jobs: Mapping[str, Job]) -> pd.DataFrame:
    """What the study would take on other numbers of cores, by its jobs' times."""
    return pd.DataFrame([{"cores": cores, "wall_seconds": round(wall_seconds(jobs, cores))} for cores in CORES])


def shown(reference: Path) -> str:
    """What the README shows of a published study."""
    table, run = load_table(reference / "table1.csv"), json.loads((reference / "run.json").read_text())
    return SHOWN.format(
        conclusions=to_markdown(load_table(reference / "conclusions.csv")),
        table=account.table1_to_markdown(table),
        replicates=table["replicates"].max(),
        claims=len(load_table(reference / "claims.csv")),
        jobs=run["jobs"],
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        processor=run["machine"]["processor"],
    )


def accounted(reference: Path) -> str:
    """What REPLICATION.md says of a published study."""
    table, claims = (load_table(reference / f"{name}.csv") for name in ("table1", "claims"))
    failed, undecided, untestable = (
        account.claims_to_markdown(claims, verdict) for verdict in ("not reproduced", "not decidable", "not testable")
    )
    return ACCOUNT.format(
        counts=account.counts_to_words(claims),
        old_rule=account.old_rule(table),
        conclusions=to_markdown(load_table(reference / "conclusions.csv")),
        failed=failed,
        undecided=undecided,
        untestable=untestable,
        cells=account.cells_to_markdown(table, claims),
        errors=account.errors_to_markdown(table),
        proposals=proposals.to_markdown(load_table(ROOT / "benchmarks/results/proposals.csv")),
        restarts=account.restarts_to_markdown(load_table(reference / "restarts.csv")),
        failures=libi_failures.to_markdown(load_table(ROOT / "benchmarks/results/libi_failures.csv")),
    )


def show_in(path: Path, block: str) -> None:
    """Replace what a page shows of the study."""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    save_text(path, f"{before}{BEGIN}\n{block}\n{rest[rest.index(END) :]}")


def publish(root: Path) -> None:
    """Publish the study in a work tree.

    Raises:
        SystemExit: if the study is not finished, naming what is missing.
    """
    missing = [name for name in COPIED if not (root / name).exists()]
    if missing:
        raise SystemExit(f"The paper's study is not finished: no {', '.join(missing)}. Make it by: make")
    if old := leftovers(root):
        names = ", ".join(map(str, old))
        raise SystemExit(f"Left from another replicates_per_job, to be removed with their benchmarks: {names}")
    reference = root / "paper/reference"
    reference.mkdir(exist_ok=True)
    for name in COPIED:
        with atomic(reference / Path(name).name) as temporary:
            shutil.copyfile(root / name, temporary)
    save_compressed(reference / "models.csv.gz", models(root))
    table = budget(root)
    save_table(reference / "budget.csv", table)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip()
    noted = notes(root, "")
    save_table(reference / "cores.csv", planned(jobs_of(noted)))
    run = {
        "wall_seconds": round(busy_seconds((note["starttime"], note["endtime"]) for note in noted.values())),
        "core_seconds": round(table["seconds"].sum()),
        "jobs": int(table["jobs"].sum()),
        "commit": commit or None,
        "machine": {key: value for key, value in describe_machine().items() if key != "jax"},
    }
    save_text(reference / "run.json", json.dumps(run, indent=2) + "\n")
    show_in(root / "README.md", shown(reference))
    show_in(root / "REPLICATION.md", accounted(reference))


if __name__ == "__main__":
    publish(Path.cwd())
    print("Published: paper/reference/, and what README.md and REPLICATION.md say of it")
