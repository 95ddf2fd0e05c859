"""What the paper leaves open and what its study here chose, in Markdown and LaTeX: paper/choices.yaml with settings."""

from __future__ import annotations

import re
import string
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from libi import __version__
from libi.rendering.latex import code, text
from libi.study.study import Study


class Choice(NamedTuple):
    """A row of the table, in plain words; names of keys and files stand in backquotes.

    Attributes:
        paper: what the paper says, or leaves open.
        choice: what the paper's study here does.
        why: the reason.
    """

    paper: str
    choice: str
    why: str


class _Settings(string.Formatter):
    """Puts settings into a sentence as a reader writes them: 30,000; 0.9; 1e-8; "0.5, 0.8" for a list."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list | tuple):
            return ", ".join(self.format_field(each, format_spec) for each in value)
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        return re.sub(r"e-0*", "e-", f"{value:g}") if isinstance(value, float) else str(value)


def read_choices(path: Path, study: Study) -> list[Choice]:
    """The rows of a file such as paper/choices.yaml, with a study's settings in their places.

    Args:
        path: the file.
        study: the paper's study.

    Raises:
        ValueError: if a row is no choice, or names a setting that studies do not have; it names file and row.
    """
    choices = []
    for number, row in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or [], start=1):
        try:
            choices.append(Choice(**{name: _Settings().vformat(words, (), dict(study)) for name, words in row.items()}))
        except KeyError as error:
            raise ValueError(f"{path}: row {number}: studies have no setting {error}") from None
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: row {number}: {error}") from None
    return choices


def to_markdown(choices: list[Choice]) -> str:
    """The choices as a table in Markdown."""
    rows = [" | ".join(cell.replace("|", r"\|") for cell in choice) for choice in choices]
    return "\n".join(["| the paper | our choice | why |", "|---|---|---|", *(f"| {row} |" for row in rows)])


def to_latex(choices: list[Choice], *, study: str) -> str:
    """The choices as a longtable over the text's width, for booktabs and array.

    Args:
        choices: result of `read_choices`.
        study: name of the study, for the comment in the first line.
    """
    heads = r"\toprule The paper & Our choice & Why \\ \midrule"
    lines = [
        f"% Choices of the study {study}, made by libi {__version__}.",
        r"\begin{longtable}{>{\raggedright}p{0.3\linewidth}>{\raggedright}p{0.33\linewidth}"
        r">{\raggedright\arraybackslash}p{0.29\linewidth}}",
        r"\caption{The choices of the paper's own study. Most are named entries of its configuration.}",
        r"\label{tab:choices}\\",
        rf"{heads} \endfirsthead",
        rf"{heads} \endhead",
        r"\bottomrule \endfoot",
        *(rf"{' & '.join(map(_cell, choice))} \\ \addlinespace[2pt]" for choice in choices),
        r"\end{longtable}",
        "",
    ]
    return "\n".join(lines)


def _cell(words: str) -> str:
    """A cell in LaTeX, what stands in backquotes in a typewriter's letters."""
    pieces = words.split("`")
    names, plain = map(code, pieces[1::2]), map(text, pieces[::2])
    return "".join(part for pair in zip_longest(plain, names, fillvalue="") for part in pair)
