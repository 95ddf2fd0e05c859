"""Numbers and plain text in LaTeX, the same in all tables and in the text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

MISSING = "--"

# What the tables of claims write in Unicode.
SYMBOLS = {
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "ε": r"$\varepsilon$",
    "θ": r"$\theta$",
    "μ": r"$\mu$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "χ": r"$\chi$",
    "ϕ": r"$\phi$",
    "φ": r"$\varphi$",
    "Σ": r"$\Sigma$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "−": "$-$",
    "√": r"$\surd$",
    "∞": r"$\infty$",
    "≈": r"$\approx$",
    "≠": r"$\neq$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\to$",
    "‖": r"$\|$",
    "½": r"$\frac12$",
    "²": "$^2$",
    "₂": "$_2$",
    "₃": "$_3$",
    "–": "--",
    "“": "``",
    "”": "''",
}
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {character: rf"\{character}" for character in "{}$&#%_"}
# A subscript as plain text has it: one letter, then _ and a word, as in B_11, θ_GT or ε_HZ.
SUBSCRIPT = re.compile(r"(?<![^\W_])([^\W\d_])_([A-Za-z0-9Α-Ωα-ωϕ]+)")


def number(value: float) -> str:
    """Two decimals as in the paper; none from a thousand on, a power of ten from a million on: columns stay narrow."""
    if abs(value) < 999.995:
        return f"{value:z.2f}"
    if abs(value) < 999_999.5:
        return f"{value:,.0f}".replace(",", "{,}")
    return _scientific(value, 2)


def mean_and_sd(mean: float, sd: float) -> str:
    """A cell of Table 1: mean ± sd, the mean alone if there is no sd, a dash if there is no mean."""
    if math.isnan(mean):
        return MISSING
    return f"${number(mean)}$" if math.isnan(sd) else rf"${number(mean)} \pm {number(sd)}$"


def measured(value: float, uncertainty: float = math.nan) -> str:
    """A value ± its uncertainty in math mode: two digits of the uncertainty, four decimals at most.

    Without an uncertainty the value has four significant digits, at least two of them decimals. What would print as
    zero without being zero is a power of ten. A dash if the value is missing.
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
    scale = abs(value) / 100 if math.isnan(uncertainty) else uncertainty
    decimals = min(max(1 - math.floor(math.log10(scale)), 0), 4) if 0 < scale < math.inf else 2
    numbers = [_fixed(value, decimals), *([] if math.isnan(uncertainty) else [_fixed(uncertainty, decimals)])]
    return "$" + r" \pm ".join(numbers) + "$"


def printed(value: float) -> str:
    """A published number with the digits that the paper prints; a dash if it is missing."""
    return MISSING if math.isnan(value) else f"${value:g}$"


def probability(p: float) -> str:
    """A p-value with two significant digits, or a bound below which it is."""
    return f"${p:.2g}$" if p >= 1e-4 else "$< 0.0001$"


def _fixed(value: float, decimals: int) -> str:
    if value == 0 or 0.5 * 10.0**-decimals <= abs(value) < 1e5:
        return f"{value:z.{decimals}f}"
    return _scientific(value, 2)


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


def text(plain: str) -> str:
    """Plain text in LaTeX: special characters escaped, Greek letters and symbols in math mode, quotes paired.

    Raises:
        ValueError: for a character that LaTeX would not print, naming it.
    """
    paired = re.sub(r'"([^"]*)"', r"“\1”", plain)
    pieces = re.split(SUBSCRIPT, paired)  # text, letter, subscript, text, letter, subscript, ..., text
    latex = [_characters(pieces[0])]
    for letter, subscript, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        latex.append(rf"{_characters(letter)}\textsubscript{{{_characters(subscript)}}}{_characters(after)}")
    return "".join(latex)


def code(name: str) -> str:
    """A name of a file or key in LaTeX, in a typewriter's letters; a line may break after a slash."""
    return rf"\texttt{{{_characters(name)}}}".replace("/", r"\slash ")


def _characters(plain: str) -> str:
    known = SPECIAL | SYMBOLS
    for character in plain:
        if character not in known and not (character.isascii() and character.isprintable()):
            raise ValueError(f"no LaTeX for {character!r} in {plain!r}; add it to SYMBOLS of libi.rendering.latex")
    return "".join(known.get(character, character) for character in plain)


def count(number_of: int, noun: str) -> str:
    """A number of things: "1 restart", "8,400 models"; the plural is formed by -s."""
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"


def enumeration(words: list[str]) -> str:
    """Words with commas, and "and" before the last: "A, B and C"; a dash if there are none."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) or MISSING


def macros(values: Mapping[str, str], *, comment: str) -> str:
    r"""Definitions by \\newcommand, one a line, below a comment.

    Args:
        values: what each macro prints, in LaTeX; an empty text prints a dash.
        comment: for the first line.

    Raises:
        ValueError: if a name has anything but letters, which TeX would not read as one command.
    """
    for name in values:
        if not re.fullmatch("[A-Za-z]+", name):
            raise ValueError(f"macro {name!r}: expected letters only")
    lines = [rf"\newcommand{{\{name}}}{{{value or MISSING}}}" for name, value in values.items()]
    return "\n".join([f"% {comment}", *lines, ""])
