"""A study's file with any damage is read, or refused by the project's own error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libi.study.reading import StudyError, read_study

from .studies import CONFIG

WRITTEN = (CONFIG / "smoke.yaml").read_bytes()
TAGS = (b"!!bool ", b"!!int ", b"!!timestamp ", b"!!set ", b"!!binary ", b"&a ", b"*a", b"<<: ")
VALUES = (b"010", b"1:30", b"~", b"1e999", b".nan", b"-1", b"1e30", b"true", b"''")
MARKS = (b"{", b"}", b"[", b"]", b": ", b"- ", b"\t", b"\n", b"\0", b"\xff", b"'", b'"', b"|", b"---", b"")
EDITS = st.lists(
    st.tuples(st.integers(0, len(WRITTEN)), st.integers(0, 12), st.sampled_from(TAGS + VALUES + MARKS)),
    min_size=1,
    max_size=3,
)


def read_or_refuse(file, edits):
    text = WRITTEN
    for place, cut, piece in edits:
        text = text[:place] + piece + text[place + cut :]
    file.write_bytes(text)
    try:
        read_study(file)
    except StudyError as error:
        assert str(error).startswith(str(file))


@pytest.mark.parametrize("examples", [150, pytest.param(4000, marks=pytest.mark.long)])
def test_a_file_with_random_damage_is_read_or_refused(tmp_path, examples):
    @settings(max_examples=examples, deadline=None)
    @given(EDITS)
    def try_one(edits):
        read_or_refuse(tmp_path / "mine.yaml", edits)

    try_one()
