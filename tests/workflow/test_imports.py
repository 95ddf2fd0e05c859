"""What a rule says that it runs is what its jobs run, and imports only ever point downwards."""

import ast
import json
import re
from pathlib import Path

import pytest

from libi.imports import import_closure

from .conftest import REPOSITORY, TYPESET

SOURCE, SCRIPTS = REPOSITORY / "src", sorted((REPOSITORY / "scripts").glob("*.py"))
OF_VARIANTS = {"gather_sensitivity", "draw_figure7", "render_sensitivity"}  # a single study runs none of these
RUN = [script for script in SCRIPTS if script.stem not in OF_VARIANTS and (script.stem != "write_paper" or TYPESET)]
MODULES = sorted((SOURCE / "libi").rglob("*.py"))

# The rooms of the package, top floor first (DESIGN, section 2). A file may import from floors below its own and from
# its own room.
FLOORS = (
    ("rendering",),
    ("training", "selection", "evaluation", "judging", "loading"),
    ("trained",),
    ("study", "datasets"),
    ("statistics",),
    ("native",),
    ("layers", "seeding", "storage", "provenance", "logs", "device", "imports"),
    ("cache",),
)
# What stands for a method is decided in one place, which scores and `libi.load` both ask.
MAY_ALSO = {("evaluation", "selection"), ("loading", "selection")}


def imports_of(tree):
    """(statement, name) of everything that a tree imports from the package; names of relative imports have a dot."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            names = [f"{module}.{alias.name}" for alias in statement.names]
        else:
            continue
        yield from ((statement, name) for name in names if name.startswith((".", "libi")))


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path):
    """The room of the package that a file is in; None for the package itself."""
    top = path.relative_to(SOURCE / "libi").parts[0].removesuffix(".py")
    return None if top == "__init__" else top


def floor_of(room):
    (floor,) = (number for number, rooms in enumerate(FLOORS) if room in rooms)
    return floor


# ---------------------------------------------------------------------------- what jobs run


def test_what_jobs_run_is_what_their_rules_declare(tiny_run):
    """Every script's modules, noted as its jobs ended, against the inputs that Snakemake noted of the rule."""
    source = tiny_run.root / "src"
    ran = {}
    for note in map(json.loads, (path.read_text() for path in (tiny_run.root / "spy").glob("*.json"))):
        files = {
            str(Path(file).relative_to(tiny_run.root)) for file in note["files"] if Path(file).is_relative_to(source)
        }
        assert len(files) == len(note["files"]), "a job imports the package from elsewhere"
        assert ran.setdefault(note["script"], files) == files
    assert sorted(ran) == [script.name for script in RUN]
    declared = {}
    for record in tiny_run.records():
        name = Path(record["code"].strip().strip('"')).name
        code = {path for path in record["input"] if path.startswith(("src/", "scripts/")) and path.endswith(".py")}
        assert declared.setdefault(name, code) == code
    assert declared == {name: {f"scripts/{name}", *files} for name, files in ran.items()}


def test_the_import_closure_is_read_from_the_text(tiny_run):
    notes = [json.loads(path.read_text()) for path in (tiny_run.root / "spy").glob("*.json")]
    ran = {note["script"]: {Path(file).relative_to(tiny_run.root) for file in note["files"]} for note in notes}
    for script in RUN:
        closure = {path.relative_to(REPOSITORY) for path in import_closure(script) if path.suffix == ".py"}
        assert closure == ran[script.name], script.name


def test_the_import_closure_of_a_made_up_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json\nfrom libi.seeding import stream\nimport libi.logs as logs\n")
    names = {str(path.relative_to(SOURCE / "libi")) for path in import_closure(script)}
    assert names == {"__init__.py", "seeding.py", "logs.py"}


def test_kernels_belong_to_what_uses_them():
    kernels = set((SOURCE / "libi/native").glob("*.?pp"))
    assert kernels < set(import_closure(REPOSITORY / "scripts/train_models.py"))
    assert kernels < set(import_closure(REPOSITORY / "scripts/evaluate_models.py"))
    assert not kernels & set(import_closure(REPOSITORY / "scripts/simulate_data.py"))


def test_every_script_belongs_to_one_rule_file():
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "workflow" / "rules").glob("*.smk")]
    used = [re.findall(r'"\.\./\.\./scripts/(\w+\.py)"', text) for text in texts]
    assert sorted(name for names in used for name in set(names)) == [script.name for script in SCRIPTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_short(script):
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 30


# ---------------------------------------------------------------------------- the shape of the package


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_can_be_read_from_the_text(path):
    """No import of the package is relative, within a function, conditional, or by a name made at run time."""
    tree = parsed(path)
    plain = {statement for statement in tree.body}
    for statement, name in imports_of(tree):
        assert not name.startswith("."), f"line {statement.lineno}: relative import"
        assert statement in plain or path == SOURCE / "libi" / "__init__.py", f"line {statement.lineno}: hidden import"
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"__import__", "import_module"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_downwards(path):
    room = room_of(path)
    if room is None:
        return  # the package itself is the way to all rooms, and imports none of them at once: see above
    for statement, name in imports_of(parsed(path)):
        parts = name.split(".")
        inside = SOURCE / "libi" / parts[1]
        if not (inside.is_dir() or inside.with_suffix(".py").exists()):
            continue  # a name of the package itself, such as its version
        other = parts[1]
        allowed = other == room or (room, other) in MAY_ALSO or floor_of(other) > floor_of(room)
        assert allowed, f"line {statement.lineno}: {room} may not import {other}"
