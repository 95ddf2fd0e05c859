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
