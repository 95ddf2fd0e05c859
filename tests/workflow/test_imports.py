"""What a rule says that it runs is what its jobs run, and imports only ever point downwards."""

import ast
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from libi.runtime.imports import import_closure

from .conftest import REPOSITORY, TYPESET

SOURCE, SCRIPTS = REPOSITORY / "src", sorted((REPOSITORY / "scripts").glob("*.py"))
# A single study runs none of the first two, and one without points of its own not the last.
NOT_RUN = {"gather_sensitivity", "render_sensitivity", "split_points"}
RUN = [script for script in SCRIPTS if script.stem not in NOT_RUN and (script.stem != "write_paper" or TYPESET)]
RULES = sorted((REPOSITORY / "workflow/rules").glob("*.smk"))
MODULES = sorted((SOURCE / "libi").rglob("*.py"))

# The rooms of the package, top layer first: the table of docs/architecture.md. A file may import from layers below its
# own and from its own room.
ROWS = re.findall(r"^\| (\d+) \| `(\w+)` \|", (REPOSITORY / "docs/architecture.md").read_text(), re.MULTILINE)
LAYER = {room: int(number) for number, room in ROWS}


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


def is_for_types_alone(statement):
    """Whether a statement is a block that runs for type checkers alone."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path):
    """The room of the package that a file is in; None for the package itself."""
    top = path.relative_to(SOURCE / "libi").parts[0].removesuffix(".py")
    return None if top == "__init__" else top


def test_the_map_names_every_program_of_the_workflow():
    page = (REPOSITORY / "docs/architecture.md").read_text()
    named = re.findall(r"`(\w+\.py)`", page[page.index("## Around the workflow") :])
    assert sorted(named) == sorted(path.name for path in (REPOSITORY / "workflow").glob("*.py"))


# ---------------------------------------------------------------------------- what jobs run


def test_what_jobs_run_is_what_their_rules_declare(tiny_run):
    """The modules of every job, noted as it ended, against the inputs that Snakemake noted of it."""
    source = tiny_run.root / "src"
    ran, declared = defaultdict(set), defaultdict(set)
    for note in map(json.loads, (path.read_text() for path in (tiny_run.root / "spy").glob("*.json"))):
        files = {
            str(Path(file).relative_to(tiny_run.root)) for file in note["files"] if Path(file).is_relative_to(source)
        }
        assert len(files) == len(note["files"]), "a job imports the package from elsewhere"
        ran[note["script"]].add(frozenset(files))
    assert sorted(ran) == [script.name for script in RUN]
    for record in tiny_run.records():
        name = Path(record["code"].strip().strip('"')).name
        code = {path for path in record["input"] if path.startswith(("src/", "scripts/")) and path.endswith(".py")}
        declared[name].add(frozenset(code - {f"scripts/{name}"}))
    # These read files of claims as text, for words and titles, and the first one metrics' files for its study.
    for name in ("write_numbers.py", "render_verdicts.py", "render_page.py"):
        (told,), (run,) = declared.pop(name), ran.pop(name)
        assert told > run, name
    assert declared == ran
    for files in ran["train_models.py"]:
        own = {path for path in files if path.startswith("src/libi/methods/")}
        assert len(own) == 2, "of the methods a job runs its own alone, and the package"


def test_the_import_closure_is_read_from_the_text(tiny_run):
    notes = [json.loads(path.read_text()) for path in (tiny_run.root / "spy").glob("*.json")]
    ran = {note["script"]: {Path(file).relative_to(tiny_run.root) for file in note["files"]} for note in notes}
    for script in RUN:
        closure = {path.relative_to(REPOSITORY) for path in import_closure(script) if path.suffix == ".py"}
        assert closure <= ran[script.name], script.name


def test_the_import_closure_of_a_made_up_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json\nfrom libi.runtime.seeding import stream\nimport libi.runtime.logs as logs\n")
    names = {str(path.relative_to(SOURCE / "libi")) for path in import_closure(script)}
    assert names == {"__init__.py", "runtime/__init__.py", "runtime/seeding.py", "runtime/logs.py"}


def test_kernels_belong_to_what_uses_them():
    kernels = set((SOURCE / "libi/native").glob("*.?pp"))
    assert kernels < set(import_closure(REPOSITORY / "scripts/train_models.py"))
    assert kernels < set(import_closure(SOURCE / "libi/metrics/s_knn.py"))
    assert not kernels & set(import_closure(REPOSITORY / "scripts/simulate_data.py"))


def test_every_script_belongs_to_one_rule_file():
    texts = [path.read_text(encoding="utf-8") for path in RULES]
    used = [re.findall(r'"\.\./\.\./scripts/(\w+\.py)"', text) for text in texts]
    assert sorted(name for names in used for name in set(names)) == [script.name for script in SCRIPTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_short(script):
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 30


# ---------------------------------------------------------------------------- the shape of the package


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_can_be_read_from_the_text(path):
    """No import of the package is relative, conditional, or by a name made at run time.

    A metric's functions may import, since a study that names it is read without PyTorch.
    """
    tree = parsed(path)
    plain = {statement for statement in tree.body}
    plain |= {inner for block in tree.body if is_for_types_alone(block) for inner in block.body}
    if path.stem == "__main__":  # a program says in a sentence which file cannot be imported
        plain |= {inner for block in tree.body if isinstance(block, ast.Try) for inner in block.body}
    if room_of(path) == "metrics":
        plain |= {inner for block in tree.body if isinstance(block, ast.FunctionDef) for inner in block.body}
    for statement, name in imports_of(tree):
        assert not name.startswith("."), f"line {statement.lineno}: relative import"
        assert statement in plain or path == SOURCE / "libi" / "__init__.py", f"line {statement.lineno}: hidden import"
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"__import__", "import_module"} or path == SOURCE / "libi/runtime/rooms.py"


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
        allowed = other == room or LAYER[other] > LAYER[room]
        assert allowed, f"line {statement.lineno}: {room} may not import {other}"


def test_the_architecture_s_rooms_are_the_folders_of_the_package():
    folders = {path.name for path in (SOURCE / "libi").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(LAYER) == folders and len(ROWS) == len(folders)
    assert [path.name for path in (SOURCE / "libi").glob("*.py")] == ["__init__.py"]


def test_the_architecture_names_rules_and_folders_that_exist():
    text = (REPOSITORY / "docs/architecture.md").read_text()
    rules = set(re.findall(r"^rule (\w+):", "\n".join(p.read_text() for p in RULES), re.MULTILINE)) | {"train_first"}
    stages = text.split("## How the data flow")[1].split("## ")[0]
    named = [
        name
        for row in stages.splitlines()
        if row.count("|") == 5
        for name in re.findall(r"`([\w*]+)`", row.split("|")[2])
    ]
    assert set(named) == rules
    rooms = {path.parent.name for path in (SOURCE / "libi").glob("*/__init__.py")}
    assert rooms == set(LAYER)
