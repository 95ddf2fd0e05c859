"""A room holds what has a file in it, and says at the start what is wrong with a file."""

import subprocess
import sys

import pytest

from libi.datasets import DATASETS, architecture_keys
from libi.methods import METHODS
from libi.runtime import rooms
from libi.runtime.rooms import Room, RoomError
from libi.study.grids import check_keys
from libi.study.jobs import JobArchitecture

from ..study.studies import ENVIRONMENT


@pytest.fixture
def room(tmp_path, monkeypatch):
    """An empty room in a package of its own."""
    package = tmp_path / "shop"
    (package / "fruit").mkdir(parents=True)
    (package / "fruit/__init__.py").touch()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(rooms, "PACKAGE", package)
    yield Room("fruit", "FRUIT")
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


def put(room, name, text):
    room.path(name).write_text(text)


def test_things_come_in_the_order_of_their_places_and_then_by_name(room):
    for name, place in (("pear", 2), ("fig", 1), ("plum", None), ("apple", None)):
        put(room, name, f"FRUIT = str({name!r})\n" + (f"PLACE = {place}\n" if place else ""))
    assert list(room) == ["fig", "pear", "apple", "plum"]
    assert dict(room) == {name: name for name in room}
    assert "cherry" not in room and len(room) == 4
    with pytest.raises(KeyError):
        room["cherry"]


def test_names_are_read_without_running_the_files(room):
    put(room, "fig", 'TITLE = "Fig"\nraise RuntimeError("run")\n')
    put(room, "plum", 'TITLE = "Plum"\nFRUIT = int()\nraise RuntimeError("run")\n')
    assert room.titles(["fig"]) == {"fig": "Fig"}
    with pytest.raises(RoomError, match="defines no FRUIT"):
        room["fig"]
    with pytest.raises(RoomError, match="plum.py: cannot be imported: RuntimeError: run"):
        room["plum"]


@pytest.mark.parametrize(
    ("text", "ask", "message"),
    [
        ("FRUIT = 1", lambda room: room.title("fig"), r'lacks its name as printed, a line such as TITLE = "My name"'),
        ('TITLE = ""', lambda room: room.title("fig"), "lacks its name as printed"),
        ("TITLE = str(1)", lambda room: room.title("fig"), "line 1: TITLE must be a literal"),
        ("FRUIT = (", list, "line 1: "),
        ("PLACE = 1", lambda room: room["fig"], "defines no FRUIT"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_name(room, text, ask, message):
    put(room, "fig", text)
    with pytest.raises(RoomError, match=rf"fig\.py: {message}"):
        ask(room)


@pytest.mark.parametrize(
    ("given", "section", "words"),
    [
        (("decoder_units", "units"), JobArchitecture, "'units' cannot.*allowed: decoder_units, decoder_activation"),
        (("encoder_bias",), JobArchitecture, "'encoder_bias' cannot be named here"),
        (("decoder_unit",), JobArchitecture, "'decoder_unit' cannot.*mean 'decoder_units'"),
    ],
)
def test_a_file_that_reads_a_key_which_no_study_has_is_refused(given, section, words):
    with pytest.raises(RoomError, match=f"toy.py: ARCHITECTURE: {words}"):
        check_keys("toy.py: ARCHITECTURE", given, section)


@pytest.mark.parametrize("said", ["decoder_units", ("decoder_units", 3), 5])
def test_architecture_that_is_no_tuple_of_keys_is_refused(monkeypatch, said):
    monkeypatch.setattr(DATASETS, "literal", lambda *_: said)
    with pytest.raises(RoomError, match=r"mobius.py: ARCHITECTURE must name keys, such as ARCHITECTURE = \("):
        architecture_keys("mobius")


@pytest.mark.parametrize("room", [DATASETS, METHODS], ids=["datasets", "methods"])
def test_every_data_set_and_method_has_a_name_as_printed(room):
    titles = list(room.titles(room).values())
    assert len(titles) == len(set(titles)) == len(room)


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_is_called_as_its_file(name):
    assert DATASETS[name].name == name


def test_a_study_is_read_without_pytorch():
    program = (
        "import sys; from libi.study.reading import read_study; study = read_study('config/config.yaml'); "
        "list(study.models()); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=ENVIRONMENT, timeout=60)
