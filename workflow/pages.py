"""What the pages say of the published studies: every number in it is read from paper/reference/.

A page's words are in `page_texts/`, with names in braces where numbers and tables go.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import pandas as pd  # noqa: E402
from progress import spell  # noqa: E402
from second_run import FOLDER, THIRD, compared, conclusions_to_words, name_of  # noqa: E402

from benchmarks import commands, libi_failures, proposals, same_science, selection  # noqa: E402
from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED  # noqa: E402
from libi.paper.nearest import ALIKE, far_off, held_out, nearest  # noqa: E402
from libi.paper.sensitivity import split, stable_claims  # noqa: E402
from libi.paper.tables import account, choices, variants  # noqa: E402
from libi.paper.tables.conclusions import changed_later, conclude, to_list, to_markdown  # noqa: E402
from libi.paper.vocabulary import PAPERS_DATASETS  # noqa: E402
from libi.runtime.storage import load_table, save_text  # noqa: E402
from libi.study.reading import read_study  # noqa: E402
from libi.study.variants import read_family  # noqa: E402

BEGIN, END = "<!-- written by make publish -->", "<!-- end of what make publish writes -->"
TEXTS = Path(__file__).parent / "page_texts"
FORMER = "batch-100"  # the default of batch_size before this study was made


def page(name: str, **values: object) -> str:
    """The words of page_texts/{name}.md with these values in their places."""
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8").format(**values)


def shown(reference: Path) -> str:
    """What the README shows of a published study."""
    table, claims = (load_table(reference / f"{name}.csv") for name in ("table1", "claims"))
    return page(
        "readme",
        conclusions=to_list(load_table(reference / "conclusions.csv")),
        fresh=changed_by_fresh_replicates(reference),
        table=account.table1_to_markdown(table, account.SHORT),
        replicates=table["replicates"].max(),
        counts=account.counts_to_markdown(claims),
    )


def took(reference: Path) -> str:
    """How long the commands of the README take, and how much room."""
    study = read_study(ROOT / "config/config.yaml")
    run = json.loads((reference / "run.json").read_text())
    return page(
        "times",
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        processor=run["machine"]["processor"],
        runs=run.get("runs", ""),
        again=took_again(reference),
        models=len(list(study.models())),
        epochs=study.training.epochs,
        results=run["megabytes"]["results"],
        environment=round(run["megabytes"]["environment"] / 1000, 1),
        commands=commands.to_words(load_table(commands.RECORDED)),
    )


def took_again(reference: Path) -> str:
    """How long runs on other processors took, to follow upon the published one; nothing before one is published."""
    paths = [reference / folder / "run.json" for folder in (THIRD, FOLDER)]
    runs = [json.loads(path.read_text()) for path in paths if path.exists()]
    told = [
        f"{spell(run['wall_seconds'])} on {run['machine']['cores']} cores of an {name_of(run['machine'])}"
        for run in runs
    ]
    return f". On machines that did nothing else, it took {', and '.join(told)}" if told else ""


def with_fresh_replicates(reference: Path) -> tuple[pd.DataFrame | None, int]:
    """The conclusions by the study of fresh replicates, and how many there are; nothing before it is published."""
    path = reference / "power_claims.csv"
    if not path.exists():
        return None, 0
    return conclude(load_table(path)), load_table(reference / "power_table1.csv")["replicates"].max()


def changed_by_fresh_replicates(reference: Path) -> str:
    """What the fresh replicates change in the conclusions; nothing before they are published."""
    later, replicates = with_fresh_replicates(reference)
    if later is None:
        return ""
    words = changed_later(load_table(reference / "conclusions.csv"), later, replicates)
    if (reference / FOLDER / "power_claims.csv").exists():
        words += " " + changed_there(later, conclude(load_table(reference / FOLDER / "power_claims.csv")))
    return words


def changed_there(here: pd.DataFrame, there: pd.DataFrame) -> str:
    """Which conclusions by fresh replicates are others on another processor."""
    verdicts = dict(zip(here["conclusion"], here["verdict"], strict=True))
    rows = [row for row in there.itertuples(index=False) if row.verdict != verdicts[row.conclusion]]
    start = "We also ran the fresh replicates on another processor, with the configurations that were chosen there."
    if not rows:
        return f"{start} The conclusions are the same."
    told = "; ".join(f"“{row.sentence.rstrip('.')}” **{row.verdict}**" for row in rows)
    number = f"{len(rows)} of these conclusions differ" if len(rows) > 1 else "One of these conclusions differs"
    return f"{start} {number} there: {told}."


def undecided(reference: Path) -> pd.DataFrame:
    """The claims that the paper's study leaves open, by it and by fresh replicates, side by side."""
    few, many = load_table(reference / "claims.csv"), load_table(reference / "power_claims.csv")
    return variants.undecided_side_by_side(few, many, load_table(ROOT / "paper/published_table1.csv"))


def table_and_figures(reference: Path) -> str:
    """What docs/results.md shows of a published study."""
    table, chosen_both_ways = load_table(reference / "table1.csv"), load_table(selection.RECORDED)
    return page(
        "results",
        replicates=table["replicates"].max(),
        table=account.table1_to_markdown(table),
        errors=account.errors_to_markdown(table),
        proposals=proposals.to_markdown(load_table(ROOT / "benchmarks/results/proposals.csv")),
        selection=selection.to_words(chosen_both_ways),
        choices=selection.to_markdown(chosen_both_ways),
    )


def planned(reference: Path) -> str:
    """What docs/scale.md says of the study: what it took, and its wall time on other numbers of cores."""
    alone = reference / THIRD
    run = json.loads((alone / "run.json").read_text())
    rows = [f"| {row.cores} | {spell(row.wall_seconds)} |" for row in load_table(alone / "cores.csv").itertuples()]
    return page(
        "scale",
        jobs=run["jobs"],
        core_hours=round(run["core_seconds"] / 3600, 1),
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        runs=run.get("runs", ""),
        table="\n".join(["| cores | wall time |", "|---|---|", *rows]),
    )


def thousandfold(reference: Path) -> str:
    """What docs/scale.md says of a study a thousand times as large as the published one."""
    run = json.loads((reference / THIRD / "run.json").read_text())
    hours = round(run["core_seconds"] / 3600, 1)
    models = len(list(read_study(ROOT / "config/config.yaml").models()))
    counts = {"models": models, "millions": models / 1000, "jobs": run["jobs"]}
    return page("thousand", core_hours=hours, thousand=round(1000 * hours), **counts)


def chosen_by(reference: Path) -> str:
    """What docs/sensitivity.md says of the sensitivity study; nothing before it is published."""
    path = reference / "sensitivity.csv"
    if not path.exists():
        return ""
    family, (cells, claims) = read_family(str(ROOT / "config/sensitivity.yaml")), split(load_table(path))
    stable, run = stable_claims(claims), json.loads((reference / "sensitivity.json").read_text())
    published, candidates = set(cells["variant"]), candidates_among(cells)
    lacking = [name for name in (Path(folder).name for folder in family) if name not in published]
    return page(
        "sensitivity",
        variants=claims["variant"].nunique() - 1,
        lacking=f" The file has more, which are not published yet: {', '.join(lacking)}." if lacking else "",
        later=judged_later(reference, claims),
        expected=ALIKE,
        processor=name_of(run["machine"]),
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


def judged_later(reference: Path, claims: pd.DataFrame) -> str:
    """How many claims the published study and the variants do not share, because one was judged later; or nothing."""
    ours, theirs = set(load_table(reference / "claims.csv")["claim"]), set(claims["claim"])
    added, gone = len(ours - theirs), len(theirs - ours)
    words = f" {added} of the study's {len(ours)} claims were added later, and the variants do not judge them."
    left = f" The variants judge {gone} claims that the study no longer has, so the table counts {len(theirs)}."
    return (words if added else "") + (left if gone else "")


def candidates_among(cells: pd.DataFrame) -> list[str]:
    """The variants that could be the default instead, of those whose cells are published."""
    return [
        name for name in read_family(str(ROOT / "config/sensitivity.yaml")).candidates if name in set(cells["variant"])
    ]


def nearest_choices(reference: Path) -> str:
    """What REPLICATION.md says of the choices that are nearest to the paper; nothing before they are published."""
    cells = variants_of_cells(reference)
    if cells is None:
        return ""
    base, names = cells["variant"].iloc[0], candidates_among(cells)
    ranking, splits = nearest(cells, names), held_out(cells, names)
    first, own = ranking.iloc[0], ranking.set_index("variant").loc[base]
    better = splits["distance"] < splits["base_distance"]
    return page(
        "nearest",
        place=ranking["variant"].tolist().index(base) + 1,
        candidates=len(ranking),
        own_distance=round(own["distance_32"]),
        own_agree=int(own["agreeing_40"]),
        first=first["variant"],
        distance=round(first["distance_32"]),
        agree=first["agreeing_40"],
        whole_distance=round(first["distance_40"]),
        own_whole_distance=round(own["distance_40"]),
        splits=len(splits),
        better=better.sum(),
        fitted=round(splits["distance"].mean()),
        default=round(splits["base_distance"].mean()),
        decision="So a better fit does not carry over, and we keep the default."
        if splits["distance"].mean() >= splits["base_distance"].mean()
        else "So another choice would serve better than the default.",
    )


def left_out(far: list[str]) -> str:
    """Which variants Figure 7 leaves out, to follow upon its caption."""
    if not far:
        return ""
    return (
        f" It leaves out the variants that are more than ten times as far from the paper as the base: {', '.join(far)}."
    )


def decided_by(reference: Path) -> str:
    """What docs/verdicts.md says of the study of fresh replicates; nothing before it is published."""
    path = reference / "power_claims.csv"
    if not path.exists():
        return ""
    many = load_table(path)
    table, run = load_table(reference / "power_table1.csv"), json.loads((reference / "power.json").read_text())
    counts = many["verdict"].value_counts()
    return page(
        "fresh",
        replicates=table["replicates"].max(),
        few=load_table(reference / "table1.csv")["replicates"].max(),
        wall=spell(run["wall_seconds"]),
        cores=run["machine"]["cores"],
        runs=run.get("runs", ""),
        again=powered_again(reference),
        claims=len(many),
        reproduced=counts.get(REPRODUCED, 0),
        undecided=counts.get(NOT_DECIDABLE, 0),
        untestable=counts.get(NOT_TESTABLE, 0),
        failed=counts.get(NOT_REPRODUCED, 0),
        conclusions=to_markdown(conclude(many)),
        table=variants.undecided_to_markdown(undecided(reference)),
    )


def powered_again(reference: Path) -> str:
    """What the fresh replicates took on the other processor, and how many verdicts differ; nothing if not published."""
    folder = reference / FOLDER
    if not (folder / "power.json").exists():
        return ""
    run = json.loads((folder / "power.json").read_text())
    here, there = (load_table(path / "power_claims.csv").set_index("claim") for path in (reference, folder))
    here = here.loc[here.index.intersection(there.index)]  # the run there is older, and lacks later claims
    differ = here["verdict"] != there["verdict"].reindex(here.index)
    decided = [table["verdict"].isin((REPRODUCED, NOT_REPRODUCED)) for table in (here, there.reindex(here.index))]
    opposite = (differ & decided[0] & decided[1]).sum()
    machine = f"{run['machine']['cores']} cores of an {name_of(run['machine'])}"
    return (
        f". We also ran it on another processor, with the configurations that were chosen there: "
        f"{spell(run['wall_seconds'])} on {machine}. Of the {len(here)} verdicts that both runs have, {differ.sum()} "
        f"differ, and {opposite or 'none'} of these {'are' if opposite > 1 else 'is'} reversed. "
        f"{conclusions_to_words(reference, 'power_claims.csv').removesuffix('.')}"
    )


def iterates_to_markdown() -> str:
    """How far LiBI's final objectives move, in nats of Eq. 44, as a table in Markdown."""
    heads = [
        "data set",
        "one rounding moves a model by, nats",
        "the last iterate lies above the best snapshot by, nats",
    ]
    heads += ["by more than 20 nats", "one rounding moves the best restart by, nats"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in load_table(ROOT / "benchmarks/results/libi_iterates.csv").itertuples():
        lines.append(
            f"| {PAPERS_DATASETS[row.dataset]} | {row.rounding_moves:g} | {row.last_above_best:g} "
            f"| {row.last_far_above_best:.0%} of models | {row.best_of_restarts_moves:g} (best of {row.restarts}) |"
        )
    return "\n".join(lines)


def accounted(reference: Path) -> str:
    """What REPLICATION.md says of a published study."""
    table, claims = (load_table(reference / f"{name}.csv") for name in ("table1", "claims"))
    return page(
        "replication",
        counts=account.counts_to_markdown(claims),
        old_rule=account.old_rule(table),
        conclusions=to_markdown(load_table(reference / "conclusions.csv")),
        failed=account.claims_to_markdown(claims, NOT_REPRODUCED),
        nearest=nearest_choices(reference),
    )


def judged(reference: Path) -> str:
    """What docs/verdicts.md says of a published study."""
    table, claims = (load_table(reference / f"{name}.csv") for name in ("table1", "claims"))
    return page(
        "verdicts",
        undecided=account.claims_to_markdown(claims, NOT_DECIDABLE),
        untestable=account.claims_to_markdown(claims, NOT_TESTABLE),
        cells=account.cells_to_markdown(table, claims, variants_of_cells(reference)),
        fresh=decided_by(reference),
    )


def variants_of_cells(reference: Path) -> pd.DataFrame | None:
    """The cells of the sensitivity study; None before it is published."""
    path = reference / "sensitivity.csv"
    return split(load_table(path))[0] if path.exists() else None


def failing(reference: Path) -> str:
    """What docs/restarts.md says of LiBI's restarts."""
    restarts = load_table(reference / "restarts.csv")
    failures = load_table(ROOT / "benchmarks/results/libi_failures.csv")
    return page(
        "restarts",
        restarts=account.restarts_to_markdown(restarts),
        configurations=account.configurations_to_markdown(restarts),
        failures=libi_failures.to_markdown(failures),
        far_out=libi_failures.far_out(failures),
        failed=libi_failures.FAILED,
    )


def rounded(reference: Path) -> str:
    """What docs/rounding.md says of models that differ by rounding, and of a run on another processor, if any."""
    values = compared(reference)
    return page(
        "rounding",
        science=same_science.to_markdown(load_table(ROOT / "benchmarks/results/same_science.csv")),
        iterates=iterates_to_markdown(),
        elsewhere=page("elsewhere", **values) if values else "",
    )


def chosen(reference: Path) -> str:
    """The choices of the paper's study in REPLICATION.md; the published study is of these settings."""
    return choices.to_markdown(
        choices.read_choices(ROOT / "paper/choices.yaml", read_study(ROOT / "config/config.yaml"))
    )


PAGES = {
    "README.md": (shown, took),
    "REPLICATION.md": (accounted, chosen),
    "docs/results.md": (table_and_figures,),
    "docs/verdicts.md": (judged,),
    "docs/sensitivity.md": (chosen_by,),
    "docs/restarts.md": (failing,),
    "docs/rounding.md": (rounded,),
    "docs/scale.md": (planned, thousandfold),
}


def show(root: Path, reference: Path) -> None:
    """Write what the pages in a work tree show of the published studies."""
    for name, blocks in PAGES.items():
        path = root / name
        text, *parts = path.read_text(encoding="utf-8").split(BEGIN)
        for block, part in zip(blocks, parts, strict=True):
            text += f"{BEGIN}\n{block(reference)}\n{part[part.index(END) :]}"
        save_text(path, text)
