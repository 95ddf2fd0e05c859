"""Publish finished studies: small files in paper/reference/, and numbers in README.md, REPLICATION.md and docs/.

    python workflow/publish.py                  # paper, sensitivity and power, as far as they are there
    python workflow/publish.py sensitivity      # one of them
    python workflow/publish.py second_run       # the paper's study, run again on another processor
    python workflow/publish.py power_second_run # the fresh replicates, run there too

Nothing is published of a study that is not finished, or of which `make audit` finds a file that is not whole or not up
to date. The tensors stay where they are.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import audit  # noqa: E402
import inventory  # noqa: E402
import pandas as pd  # noqa: E402
from notes import check_times, notes  # noqa: E402
from pages import PAGES, show, undecided, with_fresh_replicates  # noqa: E402
from plan import CORES, Job, jobs_of, wall_seconds  # noqa: E402
from published_models import publish_models  # noqa: E402
from second_run import FOLDER  # noqa: E402

from benchmarks import proposals, selection  # noqa: E402
from libi.paper.tables.conclusions import to_latex  # noqa: E402
from libi.paper.tables.variants import undecided_to_latex  # noqa: E402
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS  # noqa: E402
from libi.runtime.storage import READABLE, atomic, load_table, save_table, save_text  # noqa: E402
from libi.study.reading import read_study  # noqa: E402
from libi.study.variants import family_of_run  # noqa: E402

FIGURES = [f"figures/figure{number}.{kind}" for number in range(1, 7) for kind in ("png", "pdf")]
COPIED = [f"results/{name}.csv" for name in ("table1", "claims", "conclusions", "gaps", "restarts", "grid")]
COPIED += ["paper/table1.tex", "paper/table1_exact.tex", "paper/replication.pdf", *FIGURES]


def models(root: Path) -> pd.DataFrame:
    """The records of all models, one row each."""
    files = sorted((root / "results/training").rglob("*.csv"))
    return pd.concat(map(load_table, files), ignore_index=True)


def leftovers(root: Path) -> list[Path]:
    """Records of jobs that the study does not have: of other methods, or of another number of replicates in a job."""
    study, own = read_study(root / "config/config.yaml"), set()
    for dataset in study.dataset_names():
        folder = root / "results/training" / dataset
        own |= {folder / method / f"{pack}.csv" for method in study.methods(dataset) for pack in study.packs()}
        own |= {folder / method / f"{study.first_replicate}.csv" for method in study.demonstrations(dataset)}
    return [path for path in sorted((root / "results/training").rglob("*.csv")) if path not in own]


def save_compressed(path: Path, text: str) -> None:
    """Write a text, gzipped: the same bytes each time."""
    with atomic(path) as temporary, open(temporary, "wb") as file:
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            packed.write(text.encode())


def publish_inventory(root: Path, folder: str, path: Path) -> None:
    """Publish what every file of a study was made from, by which code and on what machine."""
    save_compressed(path, (root / f"results{folder}" / inventory.NAME).read_text(encoding="utf-8"))


def budget(root: Path) -> pd.DataFrame:
    """What a study took: for each rule, and for training each method on each data set, its jobs, seconds and memory."""
    folder, rows = root / "results/benchmarks", []
    for path in sorted(folder.rglob("*.tsv")):
        rule, *wildcards = path.relative_to(folder).with_suffix("").parts
        what = " ".join([rule, *wildcards[:-1]]) if rule == "train" else rule
        try:
            measured = pd.read_csv(path, sep="\t", na_values=["-"]).astype({"s": float, "max_rss": float}).iloc[0]
            if not 0 <= measured["s"] < float("inf"):
                raise ValueError("no time")
        except (ValueError, KeyError, IndexError, TypeError, OSError):
            raise SystemExit(f"{path.relative_to(root)} is not what Snakemake measured; run its job again") from None
        rows.append({"what": what, "seconds": measured["s"], "mib": measured["max_rss"]})
    if not rows:
        raise SystemExit(f"There are no measurements of jobs in {folder.relative_to(root)}; make the study again")
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


def folders_of(study: str | None) -> list[str]:
    """The folders in results/ of a study, or of variants of one; the last has their inventory.

    Args:
        study: its file; None for the paper's.
    """
    if study is None:
        return [""]
    family = family_of_run([study], "config/config.yaml", {})
    return [*family, *([f"/{family.name}"] if family.varied else [])]


def run_of(root: Path, *folders: str) -> dict[str, object]:
    """When, where and from what commit the jobs of some studies ran.

    Args:
        root: the work tree.
        folders: of the studies in results/; the last one has their inventory.

    Raises:
        SystemExit: if they ran on different machines, or if their times are not known.
    """
    noted = {file: note for folder in folders for file, note in notes(root, folder).items()}
    told = inventory.read(root / "results" / folders[-1].removeprefix("/") / inventory.NAME)
    runs, files = told["runs"], told["files"]
    where = [{key: run[key] for key in ("machine", "python", "packages")} for run in runs]
    if not where or where != [where[0]] * len(where):
        words = "on different machines or with different packages" if where else "without an inventory"
        raise SystemExit(f"The jobs ran {words}, so their times cannot be published together.")
    last = runs[max(files.values(), key=lambda entry: str(entry["ended"]))["run"]]
    check_times(root, noted, files)
    spans = {note["log"][0]: (note["starttime"], note["endtime"]) for note in noted.values()}
    return {
        "wall_seconds": round(busy_seconds(spans.values())),
        "core_seconds": round(sum(end - start for start, end in spans.values())),
        "jobs": len(spans),
        "commit": last["commit"],
        "machine": last["machine"] | {"python": last["python"], "torch": last["packages"]["torch"]},
    }


def publish_paper(root: Path, reference: Path) -> None:
    """Publish what is made of the paper's study beside its files: records, times, and what other cores would take."""
    if old := leftovers(root):
        names = ", ".join(map(str, old))
        raise SystemExit(f"No jobs of this study wrote these; remove them and their benchmarks: {names}")
    save_compressed(
        reference / "models.csv.gz",
        models(root).to_csv(index=False, lineterminator="\n", float_format=f"%.{READABLE}g"),
    )
    publish_inventory(root, "", reference / "inventory.json.gz")
    save_table(reference / "budget.csv", budget(root))
    publish_models(root, "", read_study(root / "config/config.yaml"), reference / "models")
    save_table(reference / "cores.csv", planned(jobs_of(notes(root, ""))))
    for bench in (selection, proposals):
        name = bench.__name__.rpartition(".")[2]
        save_text(reference / f"{name}.tex", bench.to_latex(load_table(root / f"benchmarks/results/{name}.csv")))
    studies = [path.parent for path in (root / "results").glob("*/inventory.json")]
    others = sum(map(megabytes, studies))
    taken = {"results": megabytes(root / "results") - others, "environment": megabytes(Path(sys.prefix))}
    save_run(reference / "run.json", run_of(root, "") | {"megabytes": taken})


def megabytes(folder: Path) -> int:
    """What the files in a folder take."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def publish_second_run(root: Path, reference: Path) -> None:
    """Publish what this run's jobs took, and when and where it ran."""
    publish_inventory(root, "", reference / FOLDER / "inventory.json.gz")
    save_table(reference / FOLDER / "budget.csv", budget(root))
    save_run(reference / FOLDER / "run.json", run_of(root, ""))


def publish_sensitivity(root: Path, reference: Path) -> None:
    """Publish the time that the sensitivity study took."""
    folders = folders_of("config/sensitivity.yaml")
    publish_inventory(root, folders[-1], reference / "sensitivity_inventory.json.gz")
    save_run(reference / "sensitivity.json", run_of(root, *folders))


def publish_power(root: Path, reference: Path) -> None:
    """Publish what the replication paper shows of the study of fresh replicates, and the time that it took."""
    conclusions, replicates = with_fresh_replicates(reference)
    assert conclusions is not None, "its claims have just been copied"
    save_text(reference / "power_conclusions.tex", to_latex(conclusions, study="power"))
    save_text(reference / "power_undecided.tex", undecided_to_latex(undecided(reference), study="power"))
    save_text(reference / "power_replicates.tex", f"{replicates}%\n")
    publish_inventory(root, "/power", reference / "power_inventory.json.gz")
    save_run(reference / "power.json", run_of(root, "/power"))


def save_run(path: Path, run: Mapping[str, object]) -> None:
    """Write when and where a study ran."""
    save_text(path, json.dumps(run, indent=2) + "\n")


class Part(NamedTuple):
    """A study that can be published.

    Attributes:
        command: what makes it.
        study: its file; None for the paper's.
        files: what is copied: path in the work tree to name in paper/reference/.
        publish: what is made besides, given the work tree and paper/reference/.
        on_demand: whether it is published only if it is named.
    """

    command: str
    study: str | None
    files: dict[str, str]
    publish: Callable[[Path, Path], None]
    on_demand: bool = False


RENDERED = ("ranking", "held_out", "counts", "turning", "stable")
PARTS = {
    "paper": Part("make", None, {name: Path(name).name for name in COPIED}, publish_paper),
    "sensitivity": Part(
        "make sensitivity",
        "config/sensitivity.yaml",
        {"results/sensitivity.csv": "sensitivity.csv"}
        | {f"figures/sensitivity/figure7.{kind}": f"figure7.{kind}" for kind in ("png", "pdf")}
        | {f"paper/sensitivity/{name}.tex": f"sensitivity_{name}.tex" for name in RENDERED},
        publish_sensitivity,
    ),
    "power": Part(
        "make power",
        "config/power.yaml",
        {f"results/power/{name}.csv": f"power_{name}.csv" for name in ("table1", "claims")},
        publish_power,
    ),
    "power_second_run": Part(
        "make power",
        "config/power.yaml",
        {"results/power/claims.csv": f"{FOLDER}/power_claims.csv"},
        lambda root, reference: save_run(reference / FOLDER / "power.json", run_of(root, "/power")),
        on_demand=True,
    ),
    "second_run": Part(
        "make, on another processor",
        None,
        {f"results/{name}.csv": f"{FOLDER}/{name}.csv" for name in ("table1", "claims")},
        publish_second_run,
        on_demand=True,
    ),
}


def check_whole(root: Path, name: str) -> None:
    """Make sure that all files of a study are what its jobs made, and up to date.

    Raises:
        SystemExit: if they are not, with what the audit says.
    """
    study = PARTS[name].study
    findings, changed = audit.examine(root, study)
    if not audit.is_clean(findings, changed):
        said = "\n".join([audit.describe(findings), *changed])
        command = f"make audit{f' STUDY={study}' if study else ''}"
        problem = f"files of the study {name} are missing, changed or out of date"
        raise SystemExit(f"Nothing is published: {problem}. {command} says:\n{said}")


def check_cells(root: Path) -> None:
    """Make sure that the paper's study has all data sets and methods of the paper, which the pages show.

    Raises:
        SystemExit: if it does not, naming the first that it lacks.
    """
    table = load_table(root / "results/table1.csv")
    there = set(zip(table["dataset"], table["method"], strict=True))
    for dataset, method in itertools.product(PAPERS_DATASETS, PAPERS_METHODS):
        if (dataset, method) not in there:
            lacking = f"config/config.yaml has no {method} on {dataset}, which the pages show"
            raise SystemExit(f"Nothing is published: {lacking}. Add it to `datasets`, and run: make")


def publish(root: Path, names: Iterable[str] = ()) -> list[str]:
    """Publish the finished studies in a work tree.

    Args:
        root: the work tree.
        names: those to publish, of `PARTS`; left out, all that are finished, but those on demand.

    Returns:
        the names of those that were published.

    Raises:
        SystemExit: if one that is named is not finished, or none is, or a file is not what its job wrote, naming it.
    """
    missing = {name: [file for file in part.files if not (root / file).exists()] for name, part in PARTS.items()}
    finished = [name for name, files in missing.items() if not files and not PARTS[name].on_demand]
    wanted = list(names) or finished or ["paper"]
    for name in wanted:
        if files := missing[name]:
            made = f"Run: {PARTS[name].command}"
            raise SystemExit(f"The study {name} is not finished: no {', '.join(files)}. {made}")
    for name in wanted:
        check_whole(root, name)
        run_of(root, *folders_of(PARTS[name].study))
        if name == "paper":
            check_cells(root)
            budget(root)
    reference = root / "paper/reference"
    for name in wanted:
        for file, copy in PARTS[name].files.items():
            (reference / copy).parent.mkdir(parents=True, exist_ok=True)
            with atomic(reference / copy) as temporary:
                shutil.copyfile(root / file, temporary)
        PARTS[name].publish(root, reference)
    show(root, reference)
    return wanted


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", choices=[[], *PARTS], help="left out: all that are finished")
    published = publish(Path.cwd(), parser.parse_args().studies)
    print(f"Published: {', '.join(published)}, in paper/reference/, {', '.join(PAGES)}")
