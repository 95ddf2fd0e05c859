"""From LaTeX to PDF: the same bytes whenever and wherever the same files are typeset."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from libi.runtime.seals import PathLike
from libi.runtime.storage import load_bytes, sealed

log = logging.getLogger(__name__)
PROGRAM = "latexmk"
PACKAGES = "latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended lmodern"
# No date of the day; and TeX breaks long lines of its log, names of missing files among them, unless told not to.
FIXED = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "TZ": "UTC", "max_print_line": "1000"}


class TypesettingError(Exception):
    """A document could not be typeset. Its text says why, or what to install."""


def typeset(source: PathLike, files: Iterable[PathLike], pdf: PathLike) -> None:
    """Typeset a LaTeX document by latexmk, in a folder of its own that has nothing but the given files.

    What latexmk and LaTeX say goes to this module's log.

    Args:
        source: the document.
        files: what it reads: bibliography, tables, figures. It finds each by its name alone, whatever folder it is in.
        pdf: where to write; untouched unless all went well.

    Raises:
        TypesettingError: if latexmk is not installed, naming the packages that have it; or if it fails, with the lines
            of its output that report errors.
        Damaged: if one of the files is a result that is not as it was written, naming it.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise TypesettingError(f"{PROGRAM} is not installed (Debian, Ubuntu: apt-get install {PACKAGES})")
    with tempfile.TemporaryDirectory() as folder:
        for path in (source, *files):
            Path(folder, Path(path).name).write_bytes(load_bytes(path))
        name = Path(source).stem
        options = ["-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
        run = subprocess.run(
            [program, *options, f"{name}.tex"],
            cwd=folder,
            env=os.environ | FIXED,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        log.info("%s of %s:\n%s", PROGRAM, source, run.stdout)
        if run.returncode != 0:
            raise TypesettingError(f"{source}: {PROGRAM} failed\n{errors_in(run.stdout)}")
        with sealed(pdf) as temporary:
            shutil.copyfile(Path(folder, f"{name}.pdf"), temporary)


def errors_in(output: str) -> str:
    """The lines of LaTeX's output that report errors, each with the line after it, which shows the place."""
    lines = output.splitlines()
    found = [index for index, line in enumerate(lines) if line.startswith("!") or is_error(line)]
    return "\n".join(line for index in found for line in lines[index : index + 2])


def is_error(line: str) -> bool:
    """Whether a line has the form file:line: message."""
    file, _, rest = line.partition(":")
    return file.endswith((".tex", ".bib", ".sty")) and rest.partition(":")[0].isdigit()
