"""What is published of a finished study, and that nothing is of an unfinished one."""

import base64
import gzip
import json
import shutil

import audit
import pages
import pandas as pd
import publish
import pytest

from libi.runtime.storage import save_table

from .conftest import REPOSITORY


def test_wall_time_is_the_length_of_the_union_of_the_jobs_times():
    assert publish.busy_seconds([]) == 0
    # 0 to 10, a break, and 20 to 35 by two jobs and one within them.
    assert publish.busy_seconds([(20, 30), (0, 10), (25, 35), (26, 27)]) == 25


def test_what_is_compressed_is_the_same_bytes_each_time(tmp_path):
    for name in ("first.gz", "second.gz"):
        publish.save_compressed(tmp_path / name, "a,b\n1,ε\n")
    first, second = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert first == second and gzip.decompress(first).decode() == "a,b\n1,ε\n"


def test_the_inventory_is_published_as_it_is(tmp_path):
    (tmp_path / "results/power").mkdir(parents=True)
    (tmp_path / "results/power/inventory.json").write_text('{"files": {}}\n')
    publish.publish_inventory(tmp_path, "/power", tmp_path / "power_inventory.json.gz")
    assert gzip.decompress((tmp_path / "power_inventory.json.gz").read_bytes()) == b'{"files": {}}\n'


def test_a_budget_has_a_line_a_rule_and_for_training_a_method_and_data_set(tmp_path):
    head = "s\th:m:s\tmax_rss\n"
    measured = {
        "judge": (1, 50),
        "select/gaussian/vae": (2, 60),
        "train/gaussian/vae/0": (3, 70),
        "train/gaussian/vae/1": (4, 80),
    }
    for name, (seconds, memory) in measured.items():
        path = tmp_path / "results/benchmarks" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{head}{seconds}\t0:00:0{seconds}\t{memory}\n")
    table = publish.budget(tmp_path).set_index("what")
    assert table["jobs"].to_dict() == {"train gaussian vae": 2, "select": 1, "judge": 1}
    assert table.loc["train gaussian vae", ["seconds", "most_mib", "share"]].tolist() == [7, 80, 0.7]


def told(root, machines, times):
    """What is published of a run of three jobs, by an inventory and Snakemake's notes."""
    (root / "results/power").mkdir(parents=True)
    (root / ".snakemake/metadata").mkdir(parents=True)
    packages = {"torch": "2.13.0", "numpy": "2", "scipy": "1"}
    told = {"python": "3.11.7", "packages": packages}
    runs = [told | {"commit": f"of run {i}", "machine": machine} for i, machine in enumerate(machines)]
    # In the inventory, runs are in the order of files: the last one here is not the one that ended last.
    ended = {f"results/power/scores/{i}.csv": f"2026-11-29T0{9 - i}" for i in range(len(times))}
    entry = {"sha256": "", "rule": "select", "from": {}}
    files = {file: entry | {"ended": at, "run": i % len(runs)} for i, (file, at) in enumerate(ended.items())}
    (root / "results/power/inventory.json").write_text(
        json.dumps({"studies": {}, "runs": runs, "sources": {}, "files": files})
    )
    for number, (start, end) in enumerate(times):
        file = f"results/power/scores/{number}.csv"
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).touch()
        note = {"rule": "select", "log": [f"logs/{number}.log"], "input": [], "starttime": start, "endtime": end}
        (root / ".snakemake/metadata" / base64.urlsafe_b64encode(file.encode()).decode()).write_text(json.dumps(note))
    return publish.run_of(root, "/power")


def test_times_are_published_with_the_machine_and_the_commit_of_the_run(tmp_path):
    """Not those of where they are published."""
    run = told(tmp_path, 2 * [{"processor": "of the run", "cores": 3}], [(0, 10), (5, 15), (20, 21)])
    assert (run["wall_seconds"], run["core_seconds"], run["jobs"], run["commit"]) == (16, 21, 3, "of run 0")
    assert run["machine"] == {"processor": "of the run", "cores": 3, "python": "3.11.7", "torch": "2.13.0"}


@pytest.mark.parametrize(
    ("machines", "times", "said"),
    [
        ([{"cores": 1}, {"cores": 2}], [(0, 10)], "ran on different machines"),
        ([{"cores": 1}], [(5, 5.001), (5, 5.002), (6, 16)], "are those of `snakemake --touch`"),
    ],
)
def test_times_that_say_nothing_are_not_published(tmp_path, machines, times, said):
    with pytest.raises(SystemExit, match=said):
        told(tmp_path, machines, times)


@pytest.mark.parametrize("text", ["", "s\th:m:s\tmax_rss\n", "s\tmax_rss\n-\t1\n", "a\n1\n"])
def test_a_measurement_that_is_damaged_is_named(tmp_path, text):
    (tmp_path / "results/benchmarks").mkdir(parents=True)
    (tmp_path / "results/benchmarks/judge.tsv").write_text(text)
    with pytest.raises(SystemExit, match=r"^results/benchmarks/judge.tsv is not what Snakemake measured"):
        publish.budget(tmp_path)


def test_an_unfinished_study_is_not_published(tmp_path):
    (tmp_path / "results").mkdir()
    with pytest.raises(SystemExit, match=r"paper is not finished: no results/table1.csv, .*Run: make"):
        publish.publish(tmp_path)
    with pytest.raises(SystemExit, match=r"sensitivity is not finished: .*Run: make sensitivity"):
        publish.publish(tmp_path, ["sensitivity"])
    assert not (tmp_path / "paper").exists()


@pytest.mark.parametrize("kind", ["changed", "stale", "outdated", "missing", "unknown"])
def test_a_study_that_is_not_whole_is_not_published(tmp_path, monkeypatch, kind):
    for file in publish.PARTS["power"].files:
        save_table(tmp_path / file, pd.DataFrame({"claim": ["a"]}))
    findings = [audit.Finding("whole", "results/power/table1.csv"), audit.Finding(kind, "results/power/claims.csv")]
    asked = []
    monkeypatch.setattr(audit, "examine", lambda root, study: asked.append(study) or (findings, []))
    words = rf"(?s)study power are missing.* make audit STUDY=config/power.yaml says:.*1 {kind}: .*power/claims.csv"
    with pytest.raises(SystemExit, match=words):
        publish.publish(tmp_path, ["power"])
    assert asked == ["config/power.yaml"] and not (tmp_path / "paper").exists()


def test_a_study_of_other_settings_is_not_published(tmp_path, monkeypatch):
    for file in publish.PARTS["power"].files:
        save_table(tmp_path / file, pd.DataFrame({"claim": ["a"]}))
    said = ["seed was 0 when the files were made; the study now has 1"]
    monkeypatch.setattr(audit, "examine", lambda root, study: ([audit.Finding("whole", "a")], said))
    with pytest.raises(SystemExit, match="(?s)Nothing is published.*seed was 0"):
        publish.publish(tmp_path, ["power"])


def test_a_study_without_a_method_of_the_paper_is_not_published(tmp_path):
    """The pages have a row for it."""
    published = pd.read_csv(REPOSITORY / "paper/reference/table1.csv")
    save_table(tmp_path / "results/table1.csv", published)
    publish.check_cells(tmp_path)
    lacking = published[(published["dataset"] != "mobius") | (published["method"] != "lagging")]
    save_table(tmp_path / "results/table1.csv", lacking)
    with pytest.raises(
        SystemExit, match=r"config.yaml has no lagging on mobius, .* Add it to `datasets`, and run: make"
    ):
        publish.check_cells(tmp_path)


def test_the_pages_show_the_published_study():
    """What the pages say in numbers is what the published files say."""
    reference = REPOSITORY / "paper/reference"
    if not reference.exists():
        pytest.skip("nothing is published yet")
    for name, blocks in pages.PAGES.items():
        for block in blocks:
            assert block(reference) in (REPOSITORY / name).read_text(encoding="utf-8")


def test_records_that_no_job_of_the_study_wrote_are_found(tmp_path):
    """Of a method that has left the study, and of another number of replicates in a job."""
    (tmp_path / "config").mkdir()
    shutil.copy(REPOSITORY / "config/config.yaml", tmp_path / "config")
    own = ["gaussian/vae/0", "gaussian/truth/4", "gaussian/joint_map/0"]
    others = ["gaussian/iwae/0", "gaussian/vae/0-4", "mobius/joint_map/0"]
    for name in own + others:
        save_table(tmp_path / f"results/training/{name}.csv", pd.DataFrame({"a": [1]}))
    found = [
        path.relative_to(tmp_path / "results/training").with_suffix("").as_posix()
        for path in publish.leftovers(tmp_path)
    ]
    assert found == others
