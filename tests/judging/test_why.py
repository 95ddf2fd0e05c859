"""What `make why` says of a claim."""

import pytest

from libi.judging.why import explain, main
from libi.runtime.storage import save_table

from .papers_study import evidence
from .test_verdict import judge


@pytest.fixture(scope="module")
def claims():
    return judge(evidence())


def test_a_claim_is_explained_by_its_own_numbers(claims):
    row = claims.set_index("claim", drop=False).loc["objective_at_truth"]
    told = " ".join(explain(row).split())
    assert '"L(θ_GT, ϕ_GT) = 0.532" (Section 1, Case 1; Figure 1C)' in told
    assert f"Verdict: {row['verdict']} Measured: {row['value']:.4g}" in told and "Published: 0.532" in told
    assert f"Margin: {row['margin']:.4g} Test: {row['test']}" in told
    assert "Decided by: gaps.csv, closed_form/optima.csv" in told


def test_every_claim_can_be_explained(claims):
    for _, row in claims.iterrows():
        assert "nan" not in explain(row).split()


def test_the_file_is_named_and_so_are_claims_of_a_like_name(claims, tmp_path, capsys):
    file = str(tmp_path / "claims.csv")
    assert main(["across_s_knn", file]) == 2
    assert capsys.readouterr().err == f"There is no {file} yet. Make it: make\n"
    save_table(file, claims)
    assert main(["across_s_knn", file]) == 0
    assert capsys.readouterr().out.endswith(f"\nFrom {file}\n")
    assert main(["across_aggregated", file]) == 1
    assert "there are across_aggregated-q, across_aggregated-p" in capsys.readouterr().err
    assert main(["acros_s_knn", file]) == 1
    assert "did you mean 'across_s_knn'?" in capsys.readouterr().err
    assert main(["", file]) == 1
    assert capsys.readouterr().err.startswith("Name a claim, for example: make why CLAIM=across_s_knn.")
