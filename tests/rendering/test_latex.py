"""Numbers and text in LaTeX, against what a reader expects to see and what TeX can read."""

from math import inf, nan
from pathlib import Path

import pytest

from libi.rendering.latex import count, enumeration, macros, mean_and_sd, measured, printed, probability, text

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "uncertainty", "expected"),
    [
        (0.5323485, nan, "$0.5323$"),
        (-3.13284, nan, "$-3.133$"),
        (-3.1395, 0.0703, r"$-3.139 \pm 0.070$"),
        (-275.27, 203.7, r"$-275 \pm 204$"),
        (12345.6, 12.0, r"$12346 \pm 12$"),
        (0.196177, 1e-9, r"$0.1962 \pm 1.0 \times 10^{-9}$"),
        (-2e-16, 1e-10, r"$-2.0 \times 10^{-16} \pm 1.0 \times 10^{-10}$"),
        (-0.0, 0.2, r"$0.00 \pm 0.20$"),
        (-0.0001, 0.2, r"$-1.0 \times 10^{-4} \pm 0.20$"),
        (1.2e6, 3e5, r"$1.2 \times 10^{6} \pm 3.0 \times 10^{5}$"),
        (5.0, 0.0, r"$5.00 \pm 0.00$"),
        (inf, nan, r"$\infty$"),
        (-inf, 1.0, r"$-\infty$"),
        (nan, 0.1, "--"),
    ],
)
def test_measured(value, uncertainty, expected):
    assert measured(value, uncertainty) == expected


def test_published_numbers_keep_the_papers_digits():
    assert [printed(value) for value in (0.532, 0.196, -3.15, nan)] == ["$0.532$", "$0.196$", "$-3.15$", "--"]


def test_p_values():
    assert [probability(p) for p in (1.0, 0.0476, 0.0001, 0.00005)] == [
        "$1$",
        "$0.048$",
        "$0.0001$",
        "$< 0.0001$",
    ]


def test_cells_without_an_sd_or_a_mean():
    assert [mean_and_sd(1.0, 0.25), mean_and_sd(1.0, nan), mean_and_sd(nan, nan)] == [
        r"$1.00 \pm 0.25$",
        "$1.00$",
        "--",
    ]


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("100% of A_B & {C}", r"100\% of A\textsubscript{B} \& \{C\}"),
        ('"L(θ_GT, ϕ_GT)"', r"``L($\theta$\textsubscript{GT}, $\phi$\textsubscript{GT})''"),
        ("σ_ε²", r"$\sigma$\textsubscript{$\varepsilon$}$^2$"),
        ("epsilon_hz=1", r"epsilon\_hz=1"),
        ("p_θ*(z|x)", r"p\textsubscript{$\theta$}*(z|x)"),
        ("a\\b^c~d", r"a\textbackslash{}b\textasciicircum{}c\textasciitilde{}d"),
        ('an odd "quote', 'an odd "quote'),
    ],
)
def test_plain_text(plain, expected):
    assert text(plain) == expected


def test_a_character_without_latex_is_named():
    with pytest.raises(ValueError, match="no LaTeX for '☃' in 'a ☃ in May'; add it to SYMBOLS"):
        text("a ☃ in May")


def test_all_that_claims_may_say_has_latex():
    """Every character of the files that say what the paper says, and that write measures and notes."""
    rooms = [REPOSITORY / "src/libi" / room for room in ("judging", "paper/claims")]
    sources = [path.read_text(encoding="utf-8") for room in rooms for path in room.glob("*.py")]
    characters = {character for words in sources for character in words} - {"\n"}
    assert len(characters) > 80
    for character in characters:
        assert text(character).isascii()


def test_counts_and_enumerations():
    assert [count(1, "restart"), count(10, "restart"), count(8400, "model")] == [
        "1 restart",
        "10 restarts",
        "8,400 models",
    ]
    lists = [[], ["A"], ["A", "B"], ["A", "B", "C"]]
    assert [enumeration(words) for words in lists] == ["--", "A", "A and B", "A, B and C"]


def test_macros_are_commands_that_tex_can_read():
    written = macros({"Epochs": "30,000 epochs", "Nothing": ""}, comment="Numbers.")
    assert written == "% Numbers.\n\\newcommand{\\Epochs}{30,000 epochs}\n\\newcommand{\\Nothing}{--}\n"
    for name in ("Table1", "s_knn", ""):
        with pytest.raises(ValueError, match="letters only"):
            macros({name: "0"}, comment="Numbers.")
