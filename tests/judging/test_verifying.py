"""What `make verify` says and returns."""

import subprocess
import sys

import pandas as pd
import pytest

from libi.judging.__main__ import main
from libi.judging.verifying import changes, describe
from libi.runtime.storage import save_table

from .papers_study import REPOSITORY

BEST, MIDDLE, WORST = "reproduced", "not decidable", "not reproduced"


def table(**verdicts):
    rows = [{"claim": name, "family": name[0], "verdict": verdict} for name, verdict in verdicts.items()]
    return pd.DataFrame(rows).assign(value=0.25, uncertainty=0.01, published=0.5)


@pytest.fixture
def verify(tmp_path, capsys):
    """Compare two tables; the exit code and what was printed."""

    def call(claims, reference):
        paths = [tmp_path / "claims.csv", tmp_path / "reference.csv"]
        for path, verdicts in zip(paths, (claims, reference), strict=True):
            if verdicts is not None:
                save_table(path, verdicts)
        code = main(list(map(str, paths)))
        return code, "".join(capsys.readouterr())

    return call


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        *((verdict, verdict, None) for verdict in (BEST, MIDDLE, WORST)),
        *((BEST, MIDDLE, True), (BEST, WORST, True), (MIDDLE, WORST, True)),
        *((MIDDLE, BEST, False), (WORST, BEST, False), (WORST, MIDDLE, False)),
    ],
)
def test_reproduced_is_better_than_not_decidable_is_better_than_not_reproduced(before, now, worse):
    found = changes(table(a=now), table(a=before))
    assert found["worse"].tolist() == ([] if worse is None else [worse])


def test_a_verdict_that_got_worse_is_named(verify):
    code, printed = verify(table(a1=BEST, a2=MIDDLE, b=BEST), table(a1=BEST, a2=BEST, b=WORST))
    assert code == 1
    assert "WORSE: a2: reproduced" in printed and "now not decidable" in printed
    assert "better: b: not reproduced" in printed and "WORSE: b" not in printed and ": a1:" not in printed


@pytest.mark.parametrize("before", [BEST, MIDDLE, WORST])
def test_a_claim_that_vanished_is_worse_whatever_it_was(verify, before):
    code, printed = verify(table(a=BEST), table(a=BEST, gone=before))
    assert code == 1 and f"WORSE: gone: {before}" in printed and "now gone" in printed


def test_no_change_an_improvement_and_a_new_claim_are_well(verify):
    code, printed = verify(table(a=BEST, b=BEST, new=WORST), table(a=BEST, b=MIDDLE))
    assert code == 0 and "WORSE" not in printed and "No verdict is worse" in printed
    assert "so not compared: new\n" in printed


def test_a_reference_that_is_cut_is_nothing_to_compare_with(verify):
    code, printed = verify(table(a=BEST, b=BEST, c=WORST), table(a=BEST))
    assert code == 2 and "has too few claims to compare with: 1." in printed and "No verdict" not in printed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: pd.concat([found, found]), "claim 'a' is in it twice"),
        (lambda found: found.drop(columns="value"), "it lacks value"),
        (lambda found: found.assign(value=float("nan")), "claim 'a' is decided, and has no finite value"),
        (lambda found: found.assign(value="much"), "value of claim 'a' is not a number"),
        (lambda found: found.assign(published="little"), "published of claim 'a' is not a number"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(verify, change, said):
    code, printed = verify(change(table(a=BEST)), table(a=BEST))
    assert code == 2 and f"claims.csv: {said}" in printed


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b'"'])
def test_a_file_that_is_no_table_is_refused_in_a_sentence(tmp_path, capsys, content):
    path = tmp_path / "claims.csv"
    path.mkdir() if content is None else path.write_bytes(content)
    assert main([str(path), str(path)]) == 2
    assert f"{path}: " in (said := capsys.readouterr().err) and "make" in said


@pytest.mark.parametrize("name", ["{root}/results/claims.csv", "../{run}/results/claims.csv", "results/claims.csv"])
def test_an_edited_table_is_refused_by_any_spelling_of_its_path(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    save_table("results/claims.csv", table(a=WORST))
    given = name.format(root=tmp_path, run=tmp_path.name)
    save_table("reference.csv", table(a=WORST))
    assert main([given, "reference.csv"]) == 0
    path = tmp_path / "results/claims.csv"
    path.write_text(path.read_text().replace(WORST, BEST))
    assert main([given, "reference.csv"]) == 2 and "changed since it was written" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named_with_its_remedy(verify):
    code, printed = verify(None, table(a=BEST))
    assert code == 2 and "claims.csv yet" in printed and "Make it: make\n" in printed


def test_only_the_papers_study_can_be_verified(verify, tmp_path):
    (tmp_path / "quick").mkdir()
    save_table(tmp_path / "quick/claims.csv", table(a=BEST))
    code, printed = verify(None, table(a=BEST))
    assert code == 2 and "Only the paper's study can be verified. Others are finished here: quick" in printed


def test_a_reference_that_is_not_there_is_named_with_its_remedy(verify):
    code, printed = verify(table(a=BEST), None)
    assert code == 2 and "reference.csv yet" in printed and "make publish" in printed


def test_an_unknown_verdict_is_refused(verify):
    code, printed = verify(table(a="maybe"), table(a=BEST))
    assert code == 2 and "claims.csv: claim 'a' has the verdict 'maybe'" in printed


@pytest.mark.parametrize("place", [0, 1])
def test_a_table_without_a_verdict_is_refused(verify, place):
    tables = [table(a=BEST), table(a=BEST)]
    tables[place] = tables[place].head(0)
    code, printed = verify(*tables)
    assert code == 2 and f"{('claims', 'reference')[place]}.csv: there is no verdict in it" in printed


def test_the_counts_of_each_family_and_the_claims_not_reproduced_are_printed():
    lines = describe(table(b1=BEST, b2=WORST, a=MIDDLE, b3=BEST)).splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["b", "2", "0", "0", "1"],
        ["a", "0", "1", "0", "0"],
        ["all", "2", "1", "0", "1"],
    ]
    assert lines[5:] == ["Not reproduced:", "  b2: 0.25 ± 0.01 (published 0.5)"]
    alone = table(b=WORST).assign(uncertainty=float("nan"), published=float("nan"))
    assert describe(alone).splitlines()[-1] == "  b: 0.25"


def test_the_command_ends_with_the_code(tmp_path):
    save_table(tmp_path / "claims.csv", table(a=WORST))
    save_table(tmp_path / "reference.csv", table(a=BEST))
    command = [sys.executable, "-m", "libi.judging", tmp_path / "claims.csv", tmp_path / "reference.csv"]
    run = subprocess.run(
        command, cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY / "src")}, text=True, capture_output=True
    )
    assert (run.returncode, run.stderr) == (1, "")
    assert "WORSE: a" in run.stdout
