"""Contenders that fail, differ, are not installed or are computed are shown as such, and cost nobody else their turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import beside, endtoend, peers, table
from benchmarks.endtoend import Measured, computed, measure, run_peers
from benchmarks.outcome import Result
from benchmarks.service import World
from benchmarks.table import differs, row

ENDS = "import os\ndef main(**_): os._exit(3)\n"
RAISES = "def main(**_): raise ValueError('no')\n"
DIFFERS = "def main(**_): return {'overview': 'something else'}\n"
MISSING = "import nobody_has_this\n"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch):
    """Writes a version of map_reduce by a made-up library, for this interpreter."""
    path = peers.FOLDER / "map_reduce_pytest.py"
    monkeypatch.setattr(peers, "LIBRARIES", ("pytest",))
    monkeypatch.setattr(peers, "OWN", Path("nowhere"))
    yield path.write_text
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (DIFFERS, "pytest: overview = 'something else'; plain: 'so'"),
        (RAISES, "pytest: raised Failed('ValueError: no')"),
        (ENDS, "pytest: raised Failed('its process ended with 3')"),
    ],
)
def test_a_peer_that_fails_or_differs_is_shown(peer, source: str, said: str) -> None:
    peer(source)
    one = Measured("map_reduce", 0.0, poppy=[1.0], asyncio=[1.0])
    with World(0) as world:
        run_peers([one], world, {"map_reduce": Result({"overview": "so"})})
    assert one.differences == [said]
    assert one.same and differs(one, "pytest")
    assert bool(one.peers) == ("overview" in said)


def test_a_library_that_is_missing_is_reported_and_is_no_difference(peer) -> None:
    peer(MISSING)
    one = Measured("map_reduce", 0.0)
    with World(0) as world:
        run_peers([one], world, {})
    assert one.absent == {"pytest": "No module named 'nobody_has_this'"}
    assert one.differences == [] and table.absent(one, "pytest") == "not installed"


def test_the_peers_of_a_program_are_the_files_there_are() -> None:
    assert peers.libraries_of("map_reduce") == ("dask", "langgraph", "dspy")
    assert peers.libraries_of("crawler") == ()


def test_a_program_that_raises_under_poppy_has_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: object) -> Result:
        return Result({}, error=ValueError("broken"))

    monkeypatch.setattr(endtoend.Contest, "poppy", fails)
    with World(0) as world:
        one = measure("map_reduce", world, 1, beside.plain("map_reduce", 0), None)
    assert one.ratio is None and not one.same
    assert "poppy: raised ValueError('broken'); plain: None" in one.differences
    assert row(one)[3] == "failed" and row(one)[-1] == "NO"


def test_a_plain_run_elsewhere_compares_as_one_here() -> None:
    found = dict(beside.runs(beside.plain, ("map_reduce", "no_such_program"), 0))
    assert isinstance(found["no_such_program"], FileNotFoundError)
    plain = found["map_reduce"]
    assert isinstance(plain, beside.Plain) and plain.requests > 60
    with World(0) as world:
        one = measure("map_reduce", world, 1, plain, None)
    assert one.differences == [] and one.same and one.requests == plain.requests


def test_what_waits_for_long_is_computed_and_labelled() -> None:
    tenth = Measured("crawler", 0.1, requests=9, drawn=2.0, plain=2.2, poppy=[2.5], asyncio=[0.5], path=2.3)
    assert computed(tenth, 1.0) == pytest.approx(2.5 + 9 * 2.3)
    with World(0) as world:
        world.scale = 1.0
        one = measure("crawler", world, 1, None, tenth)
    assert one.computed and one.poppy == [pytest.approx(23.2)]
    assert one.plain == pytest.approx(20.2) and row(one)[3] == "≈ 23.20"


def test_lines_changed() -> None:
    assert peers.written_anew("a\nb\n\nc", "  a\n# new\nb2\n  c\nd") == 2
    lines = endtoend.lines_of("map_reduce")
    assert set(lines) == {"asyncio", "threads", "dask", "langgraph", "dspy"} and min(lines.values()) > 3


@pytest.mark.parametrize("library", peers.LIBRARIES)
def test_peers_that_are_installed_leave_what_plain_leaves(library: str) -> None:
    """In `.venv-peers` (`make bench`), or here; without the library its absence is what is reported."""
    name = next(name for name in endtoend.NAMES if library in peers.libraries_of(name))
    one = Measured(name, 0.0)
    with World(0) as world, pytest.MonkeyPatch.context() as patched:
        patched.setattr(peers, "LIBRARIES", (library,))
        run_peers([one], world, {})
        if one.absent:
            assert library in one.absent[library] and not one.peers
        else:
            run_peers([one], world, {name: beside.plain(name, 0).result})
    assert one.differences == []
