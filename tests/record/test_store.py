from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from poppy_ipython.record import store
from poppy_ipython.record.errors import BadRecording, NoRecording, RecordError
from tests.record.cells import World

TWO = """
import sys
from poppy_ipython.record import store
who = sys.argv[1]
row = store.Row(0, who, "a", "", "", "[]", "ask", "In [1]", 1, "1", "unordered", "", "", 0.0, 0.1, 1, "value", '"x"', "")
for _ in range(40):
    store.write(store.About(store.FORMAT, "both", "c", "", who, 1.0), [row] * 50)
    about, rows = store.read("both")
    assert len(rows) == 50 and {r.callee for r in rows} == {about.made}, (about, len(rows))
"""


def about(name: str, made: str = "now") -> store.About:
    return store.About(store.FORMAT, name, "digest", "x = 1", made, 1.0)


def row(payload: str = '"x"') -> store.Row:
    return store.Row(0, "ask", "a", "", "", "[]", "ask", "In [1]", 1, "1", "unordered", "", "", 0.0, 0.1, 1, "value", payload, "")


def test_files_are_for_the_owner_only() -> None:
    store.write(about("mine"), [row()])
    path = store.file_of("mine")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    assert store.read("mine") == (about("mine"), [row()]) and store.names() == ["mine"]


def test_a_full_disk_costs_nothing_that_was_there() -> None:
    store.write(about("a", "first"), [row()])
    with pytest.raises(RecordError, match="not kept: the disk is full"):
        store.write(about("a", "second"), [row('"' + "x" * 100_000 + '"')] * 10, pages=8)
    assert store.read("a")[0].made == "first"
    assert [path.name for path in store.file_of("a").parent.iterdir()] == ["a.sqlite"]


def test_a_damaged_file_is_named_and_kept() -> None:
    path = store.file_of("bad")
    store.private(path)
    path.write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    with pytest.raises(BadRecording, match=r"'bad' cannot be read: .*left as it is"):
        store.read("bad")
    assert "bad.damaged-1" in store.write(about("bad"), [row()])
    assert store.read("bad")[1] == [row()]
    assert path.with_name("bad.damaged-1").read_bytes().startswith(b"SQLite format 3\0\1\1")


def test_a_file_cut_short() -> None:
    store.write(about("cut"), [row('"' + "y" * 2000 + '"')] * 50)
    path = store.file_of("cut")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadRecording, match="'cut' cannot be read"):
        store.read("cut")


def test_a_later_format_is_told_apart() -> None:
    store.write(about("new"), [])
    with sqlite3.connect(store.file_of("new")) as connection:
        connection.execute("update about set format = 2")
    with pytest.raises(BadRecording, match="of format 2"):
        store.read("new")


def test_a_name_that_is_not_there_names_those_that_are() -> None:
    store.write(about("one"), [])
    with pytest.raises(NoRecording, match=r"no recording 'two' \(there are one\)"):
        store.read("two")


@pytest.mark.parametrize("name", ["", "../up", "a b", "a/b", ".hidden", "x" * 101, "é"])
def test_names_that_are_no_file_names(name: str) -> None:
    world = World()
    run, _ = world.run("ask(1)", record=name)
    assert isinstance(run.error, RecordError) and not world.asked


def test_two_kernels_record_under_one_name(data: Path) -> None:
    """Each reads a whole recording every time: its own or the other's."""
    both = [subprocess.Popen([sys.executable, "-c", TWO, who]) for who in ("left", "right")]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(store.read("both")[1]) == 50 and store.names() == ["both"]
    assert [path.name for path in store.file_of("both").parent.iterdir()] == ["both.sqlite"]
