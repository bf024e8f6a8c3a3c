from __future__ import annotations

import pytest

from poppy_ipython import unordered
from poppy_ipython.record import cache
from poppy_ipython.record.reading import class_named
from tests.record.cells import World

LOOP = "out = [ask(n) for n in range(4)]\nsame = [ask('joke') for _ in range(3)]"


def test_an_edited_cell_asks_only_what_is_new() -> None:
    world = World()
    run, first = world.run(LOOP, cache=True)
    assert run.notices == ("poppy: 0 calls answered from the call cache, 7 asked",)
    run, second = world.run(LOOP.replace("range(4)", "range(5)"), cache=True)
    assert run.notices == ("poppy: 7 calls answered from the call cache, 1 asked",)
    assert second["out"][:4] == first["out"] and second["same"] == first["same"] and world.asked.count("joke") == 3
    assert len({answer["number"] for answer in second["same"]}) == 3
    assert sorted({call.callee for call in run.calls}) == ["ask", "ask (cached)"] and "ask (cached)" in run.to_text(80)


def test_a_fourth_joke_is_a_new_one() -> None:
    world = World()
    world.run(LOOP, cache=True)
    run, names = world.run(LOOP.replace("range(3)", "range(4)"), cache=True)
    assert len({answer["number"] for answer in names["same"]}) == 4 and world.asked.count("joke") == 4


def test_what_is_ordered_and_what_failed_is_asked_again() -> None:
    world = World()
    source = "save(ask(1))\ntry:\n    ask('fail')\nexcept ValueError:\n    pass"
    world.run(source, cache=True)
    world.run(source, cache=True)
    assert len(world.saved) == 2 and sorted(map(str, world.asked)) == ["1", "fail", "fail"]


def test_an_edited_function_is_asked_again() -> None:
    world = World()
    for factor, expected in ((1, 3), (2, 6), (1, 3)):
        times = unordered(lambda n, factor=factor: n * factor)
        _, names = world.run("x = times(3)", {"times": times}, cache=True)
        assert names["x"] == expected


def test_clear() -> None:
    world = World()
    world.run(LOOP, cache=True)
    assert cache.clear() == 7 and cache.clear() == 0
    world.run(LOOP, cache=True)
    assert len(world.asked) == 14


def test_a_full_disk_costs_the_run_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.run("x = ask(1)", cache=True)
    small = cache.Cache.__init__

    def full(self: cache.Cache, resolve: object = class_named, pages: int | None = None) -> None:
        small(self, class_named, 5)

    with monkeypatch.context() as patch:
        patch.setattr(cache.Cache, "__init__", full)
        run, names = world.run("y = [ask('z' * 5000 + str(n)) for n in range(20)]", cache=True)
    assert run.error is None and len(names["y"]) == 20 and "did not take 20 new answers: the disk is full" in run.notices[0]
    run, _ = world.run("x = ask(1)", cache=True)
    assert "1 call answered" in run.notices[0]


def test_a_damaged_cache_is_put_aside() -> None:
    world = World()
    world.run("x = ask(1)", cache=True)
    cache.file().write_bytes(b"no database, but long enough to be looked at by somebody who knows one" * 50)
    run, _ = world.run("x = ask(1)", cache=True)
    assert run.error is None and "put aside as cache.damaged-" in run.notices[0] and len(world.asked) == 2
    run, _ = world.run("x = ask(1)", cache=True)
    assert len(world.asked) == 2
