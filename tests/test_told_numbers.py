"""The numbers that REPLICATION.md tells of how verdicts and likelihoods come about are those of the code."""

import re

import pytest

from libi.judging.closed_forms import EDGE, MISFIT
from libi.judging.comparisons import LEVEL
from libi.judging.shares import A_TENTH
from libi.paper.claims.likelihood import FEW_DRAWS
from libi.paper.vocabulary import NEGLIGIBLE, PAPERS_REPLICATES
from libi.posterior.refinement import LEVELS, TOLERANCE
from libi.statistics import TRUSTED
from libi.statistics.gaussianity import FUNCTIONS
from libi.study.reading import MOST_CONFIGURATIONS, MOST_DRAWS, MOST_MODELS

from .test_packaging import REPOSITORY

PAGE = " ".join((REPOSITORY / "REPLICATION.md").read_text(encoding="utf-8").split())
WORDS = {"eight": 8, "twenty": 20}
# What the page says, with its numbers in groups, and what they are.
SAID = [
    (r"\(n = (\d+) for the paper\)", [PAPERS_REPLICATES]),
    (r"one-sided p below ([\d.]+)\)", [LEVEL]),
    (r"fewer than (\d+) effective draws at one point in (\w+),", [TRUSTED, 1 / FEW_DRAWS]),
    (r"a distance, ([\d.]+) and ([\d.]+) nats", [NEGLIGIBLE, MISFIT]),
    (r"at most ([\d.e-]+) nats twice in a row, but for no more than (\w+) levels", [TOLERANCE, LEVELS]),
    (r"functions up to degree (\d+)\.", [FUNCTIONS - 1]),
]


@pytest.mark.parametrize(("pattern", "numbers"), SAID)
def test_a_number_of_the_page_is_that_of_the_code(pattern, numbers):
    (found,) = re.findall(pattern, PAGE)
    told = [found] if isinstance(found, str) else found
    assert [float(WORDS.get(each) or each.replace(",", "")) for each in told] == numbers


def test_words_that_are_numbers():
    assert "a tenth of an axis or a distance" in PAGE and EDGE == A_TENTH == 0.1


def test_the_limits_on_several_keys_together_are_told():
    text = " ".join((REPOSITORY / "config/README.md").read_text(encoding="utf-8").split())
    told = [10 ** int(power) for power in re.findall(r"at most 10\^(\d)", text[text.index("Besides the limits") :])[:3]]
    assert told == [MOST_DRAWS, MOST_CONFIGURATIONS, MOST_MODELS]
