"""What the pages say of the published studies: every number in it is read from paper/reference/."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import pandas as pd  # noqa: E402
from progress import spell  # noqa: E402
from second_run import FOLDER, elsewhere, name_of  # noqa: E402

from benchmarks import commands, libi_failures, proposals, same_science  # noqa: E402
from libi.paper.nearest import far_off, held_out, nearest  # noqa: E402
from libi.paper.sensitivity import split, stable_claims  # noqa: E402
from libi.paper.tables import account, variants  # noqa: E402
from libi.paper.tables.conclusions import conclude, to_list, to_markdown  # noqa: E402
from libi.runtime.storage import load_table, save_text  # noqa: E402
from libi.study.variants import read_family  # noqa: E402

BEGIN, END = "<!-- written by make publish -->", "<!-- end of what make publish writes -->"
SHOWN = """## What came out

{conclusions}

*Open* means that {replicates} replicates cannot tell. [REPLICATION.md](REPLICATION.md) has the intervals behind these
lines, and every claim of the paper with its verdict: {counts}.

![Figure 6: what each model misses of the data and of its own posterior](paper/reference/figure6.png)

Table 1, with exact log-likelihoods: mean ± standard deviation over {replicates} replicates. Under each S-kNN stands
*the published one*. The best of the five methods is bold. The paper estimates log-likelihoods by its Eq. 48;
[docs/results.md](docs/results.md) has these estimates beside the published ones, and the other figures.

{table}

The study has {jobs} jobs. They took {wall} on {cores} cores ({processor}){again}. Other commands took, after the
installation: {commands}.
"""
RESULTS = """Ours over *the published*: mean ± standard deviation over {replicates} replicates. *Test-LL* is the paper's
estimate (Eq. 48), *exact* the log-likelihood that it estimates. The best of the five methods is bold, except in
CubicJTEx's Test-LL, which the paper calls unreliable.

{table}

## Figures

| | |
|---|---|
| ![Figure 1](../paper/reference/figure1.png) | ![Figure 2](../paper/reference/figure2.png) |
| ![Figure 3](../paper/reference/figure3.png) | ![Figure 4](../paper/reference/figure4.png) |
| ![Figure 5](../paper/reference/figure5.png) | ![Figure 6](../paper/reference/figure6.png) |
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

### What rounding decides

LiBI's first step is chaotic on these data sets. The same LiBI models were trained twice at full length from the same
seeds, in pairs of ways: by compiled PyTorch with the last bit of half of the initial parameters changed, with other
noise, and by the C++ kernels. Here a restart fails if it ends more than 20 nats of Eq. 44 (on the validation points)
above the best of its configuration and replicate in either run (`benchmarks/same_science.py`).

{science}

Two replicates and all configurations. Other noise cannot change R = 1, whose first step has none. The Hermite functions
of these runs have all 20 × 20 products; those of degree 20 and more were left out later.

* The kernels differ from PyTorch as much as PyTorch differs from itself after one rounding, and neither ranks nor
  failures differ. So we take the difference for chaos, not a fault.
* **A single LiBI model is not reproducible beyond its distribution.** One rounding moves its final objective by the
  medians below. The last iterate is worse still: with R = 1 it lies far above the best snapshot. We keep the best
  snapshot, and the method depends on that. Choosing the best of several restarts helps.

{iterates}
"""
SENSITIVITY = """
### What the choices decide

`make sensitivity` trains variants of a part of the study (`config/sensitivity.yaml`). A variant changes one choice
that the paper leaves open, or a few. {variants} are published here; they took {wall} on {cores} cores{runs}.{lacking}

Here a claim *stands* if it is reproduced under every variant that can judge it, *falls* if it is not under any, and
*turns* on a choice if a variant's verdict is the opposite of the base's. The others are open: undecided, or undecided
under some variant.

{counts}

Claims that turn on a choice:

{turning}

Encoders without biases (`plain-encoders`) are not what the paper had: on three data sets this variant is the farthest
from it. A verdict can move from or to *not decidable* by rounding alone (*What another processor decides*), so a
conclusion that a single variant changes may rest on that.

The main conclusions, and under how many variants each holds:

{conclusions}

![Figure 7](paper/reference/figure7.png)

**Figure 7.** For each cell of Table 1 the paper's mean with its 95 % interval, and what the variants span. The name
is that of the variant that moves the cell most.{far}

### Which choices are nearest to the paper

Variants that the paper's words allow, by the sum of squared Welch t over the 32 cells of Table 1 that are not LiBI's,
so that LiBI has no part in the choice. Two studies that do the same are about 43 apart. *Reliable* leaves CubicJTEx's
Test-LL out.

{ranking}

Does a choice that is fitted to two data sets serve the other two?

{held_out}

The default was batches of 100 before. Between the two alone:

{former}
"""
FORMER = "batch-100"  # the default of batch_size before this study was made
POWER = """
### More replicates

`make power` trains the chosen configurations alone on {replicates} fresh replicates (`config/power.yaml`), whose
number was fixed beforehand; it took {wall} on {cores} cores. Configurations were chosen on the replicates of the
study, 0 to 4, and none of these is among them. Of its {claims} claims {reproduced} are reproduced, {undecided} are
not decidable, {untestable} not testable and {failed} not reproduced. The main conclusions by them:

{conclusions}

These claims were not decidable with 5 replicates:

{table}

*Needed* is how many replicates would decide a claim that is still open, if difference and spread stay as they are.
"""


def shown(reference: Path) -> str:
    """What the README shows of a published study."""
    table, run = load_table(reference / "table1.csv"), json.loads((reference / "run.json").read_text())
    counts = load_table(reference / "claims.csv")["verdict"].value_counts()
    return SHOWN.format(
        conclusions=to_list(load_table(reference / "conclusions.csv"), *with_fresh_replicates(reference)),
        table=account.table1_to_markdown(table, account.SHORT),
        replicates=table["replicates"].max(),
        counts=", ".join(f"{number} {verdict}" for verdict, number in counts.items()),
        jobs=run["jobs"],
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        processor=run["machine"]["processor"],
        again=took_again(reference),
        commands=commands.to_words(load_table(commands.RECORDED)),
    )


def took_again(reference: Path) -> str:
    """How long the second run took, to follow upon the first; nothing before it is published."""
    path = reference / FOLDER / "run.json"
    if not path.exists():
        return ""
    run = json.loads(path.read_text())
    return f", and {spell(run['wall_seconds'])} on {run['machine']['cores']} cores of an {name_of(run['machine'])}"


def with_fresh_replicates(reference: Path) -> tuple[pd.DataFrame | None, int]:
    """The conclusions by the study of fresh replicates, and how many there are; nothing before it is published."""
    path = reference / "power_claims.csv"
    if not path.exists():
        return None, 0
    return conclude(load_table(path)), load_table(reference / "power_table1.csv")["replicates"].max()


def undecided(reference: Path) -> pd.DataFrame:
    """The claims that the paper's study leaves open, by it and by fresh replicates, side by side."""
    few, many = load_table(reference / "claims.csv"), load_table(reference / "power_claims.csv")
    return variants.undecided_side_by_side(few, many, load_table(ROOT / "config/published_table1.csv"))


def table_and_figures(reference: Path) -> str:
    """What docs/results.md shows of a published study."""
    table = load_table(reference / "table1.csv")
    return RESULTS.format(replicates=table["replicates"].max(), table=account.table1_to_markdown(table))


def planned(reference: Path) -> str:
    """What docs/scale.md shows of a published study: its wall time on other numbers of cores."""
    rows = [f"| {row.cores} | {spell(row.wall_seconds)} |" for row in load_table(reference / "cores.csv").itertuples()]
    return "\n".join(["| cores | wall time |", "|---|---|", *rows])


def chosen_by(reference: Path) -> str:
    """What REPLICATION.md says of the sensitivity study; nothing before it is published."""
    path = reference / "sensitivity.csv"
    if not path.exists():
        return ""
    family, (cells, claims) = read_family(str(ROOT / "config/sensitivity.yaml")), split(load_table(path))
    stable, run = stable_claims(claims), json.loads((reference / "sensitivity.json").read_text())
    published = set(cells["variant"])
    candidates = [name for name in family.candidates if name in published]
    lacking = [name for name in (Path(folder).name for folder in family) if name not in published]
    return SENSITIVITY.format(
        variants=claims["variant"].nunique() - 1,
        lacking=f" The file has more, which are not published yet: {', '.join(lacking)}." if lacking else "",
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        runs=run.get("runs", ""),
        counts=variants.counts_to_markdown(variants.count_by_family(stable)),
        turning=variants.turning_to_markdown(stable),
        conclusions=variants.conclusions_to_markdown(variants.stable_conclusions(claims)),
        ranking=variants.ranking_to_markdown(nearest(cells, candidates), base=cells["variant"].iloc[0]),
        held_out=variants.held_out_to_markdown(held_out(cells, candidates)),
        far=left_out(far_off(cells)),
        former=variants.held_out_to_markdown(held_out(cells, [FORMER])),
    )


def left_out(far: list[str]) -> str:
    """Which variants Figure 7 leaves out, to follow upon its caption."""
    if not far:
        return ""
    return f" It leaves out what is more than ten times as far from the paper as the base: {', '.join(far)}."


def decided_by(reference: Path) -> str:
    """What REPLICATION.md says of the study of fresh replicates; nothing before it is published."""
    path = reference / "power_claims.csv"
    if not path.exists():
        return ""
    many = load_table(path)
    table, run = load_table(reference / "power_table1.csv"), json.loads((reference / "power.json").read_text())
    counts = many["verdict"].value_counts()
    return POWER.format(
        replicates=table["replicates"].max(),
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        claims=len(many),
        reproduced=counts.get("reproduced", 0),
        undecided=counts.get("not decidable", 0),
        untestable=counts.get("not testable", 0),
        failed=counts.get("not reproduced", 0),
        conclusions=to_markdown(conclude(many)),
        table=variants.undecided_to_markdown(undecided(reference)),
    )


def iterates_to_markdown() -> str:
    """How far LiBI's final objectives move, in nats of Eq. 44, as a table in Markdown."""
    heads = ["data set", "one rounding moves a model by", "the last iterate lies above the best snapshot by"]
    heads += ["by more than 20 nats", "one rounding moves the best of some restarts by"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in load_table(ROOT / "benchmarks/results/libi_iterates.csv").itertuples():
        lines.append(
            f"| {row.dataset} | {row.rounding_moves:g} | {row.last_above_best:g} "
            f"| {row.last_far_above_best:.0%} of models | {row.best_of_restarts_moves:g} (of {row.restarts}) |"
        )
    return "\n".join(lines)


def accounted(reference: Path) -> str:
    """What REPLICATION.md says of a published study."""
    table, claims = (load_table(reference / f"{name}.csv") for name in ("table1", "claims"))
    failed, undecided, untestable = (
        account.claims_to_markdown(claims, verdict) for verdict in ("not reproduced", "not decidable", "not testable")
    )
    account_of_study = ACCOUNT.format(
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
        science=same_science.to_markdown(load_table(ROOT / "benchmarks/results/same_science.csv")),
        iterates=iterates_to_markdown(),
    )
    return account_of_study + elsewhere(reference) + chosen_by(reference) + decided_by(reference)


PAGES = {
    "README.md": shown,
    "docs/scale.md": planned,
    "docs/results.md": table_and_figures,
    "REPLICATION.md": accounted,
}


def show(root: Path, reference: Path) -> None:
    """Write what the pages in a work tree show of the published studies."""
    for name, block in PAGES.items():
        path = root / name
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        save_text(path, f"{before}{BEGIN}\n{block(reference)}\n{rest[rest.index(END) :]}")
