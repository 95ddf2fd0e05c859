"""What `python -m libi.study` prints: what is wrong with a file, or what it is."""

import pytest

from libi.study.__main__ import USAGE, main

from .studies import CONFIG


def checked(*arguments):
    """What `python -m libi.study` prints, or the words that it ends with."""
    try:
        return main([*map(str, arguments)])
    except SystemExit as error:
        return f"refused: {error}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "allowed: a mapping"),
        ("seed: 1 # \u00e9".encode("latin-1"), "not readable as YAML"),
        ("seed: 1".encode("utf-16"), "name: missing"),
        (b"seed:\n\t1", "found character '\\t'"),
    ],
    ids=["missing", "empty", "latin-1", "utf-16", "tab"],
)
def test_a_file_that_snakemake_refuses_in_its_own_words_can_be_checked(tmp_path, content, said):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    assert checked("check", path).startswith(f"refused: {path}: ")
    assert said in checked("check", path)


def test_a_study_that_is_right_is_counted():
    """8,400 models, as the paper says: (1 + 3 + 4 + 4) · 4 + 32 · 3 + 24 configurations, 5 replicates, 10 restarts."""
    assert checked("check", CONFIG / "config.yaml").endswith(
        ": the study paper, with 8,400 models on linear_jtex, cubic_jtex, gaussian, mobius"
    )
    assert "35 studies, sensitivity and its variants" in checked("check", CONFIG / "sensitivity.yaml")
    assert checked("chek") == f"refused: {USAGE}"
