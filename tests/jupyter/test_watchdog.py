"""A run that cannot go on says so, and one whose loop is blocked is told by whom."""

from __future__ import annotations

import ast
import asyncio
import linecache
import threading
import time

import pytest

import poppy_ipython
from poppy_ipython import unordered
from poppy_ipython.engine.run import Session, Stuck
from poppy_ipython.host import bug, watchdog
from poppy_ipython.host.watchdog import Watchdog
from poppy_ipython.options import Options


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(watchdog, "BEAT", 0.01)


def of(source, namespace):
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    return Session(ast.parse(source), source, "<cell>", namespace, Options(), loop=asyncio.get_running_loop())


CELLS = {
    "data": (1, "x = ask(1)\nprint(x)\ny = x + 1"),
    "loop": (2, "for i in range(3):\n    if ask(i):\n        x = i"),
    "function": (2, "def f(n):\n    return ask(n) + 1\nx = f(1)\nx = [f(x) for _ in range(3)]"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_head_that_waits_for_nothing_ends_with_a_report(name):
    """The dispatcher loses a call: whatever the cell waits for, it is told and not left hanging."""

    @unordered
    def ask(n):
        return n

    async def main():
        (line, source), loop = CELLS[name], asyncio.get_running_loop()
        session = of(source, namespace := {"ask": ask, "before": 1})
        session.dispatcher.submit = lambda call: None
        with Watchdog(loop, session), pytest.raises(Stuck) as caught:
            await asyncio.wait_for(session.run(), 20)
        assert "nothing is in flight" in str(caught.value) and f"line {line}" in str(caught.value) and "ask" in str(caught.value)
        assert "x" not in namespace and namespace["before"] == 1
        report = str(bug.report(caught.value, source))
        assert source.splitlines()[0] in report and "Please send" in report

    asyncio.run(main())


def test_who_blocks_the_loop_is_named_with_the_line():
    source = "y = await ask(1)\nz = await ask(2)\nx = await rude()"

    async def main():
        going, gate = asyncio.Event(), threading.Event()

        @unordered
        async def ask(n):
            await going.wait()
            return n

        @unordered
        async def rude():
            gate.wait(20)
            going.set()

        session = of(source, {"ask": ask, "rude": rude})
        watch = Watchdog(asyncio.get_running_loop(), session, late=0.05)
        look = watch._where

        def seen(frame):  # the gate opens when the watchdog has looked
            gate.set()
            return look(frame)

        watch._where = seen
        with watch:
            assert await session.run() == (None, None)
            while watch._sent:
                await asyncio.sleep(0)
        return watch.starved

    starved = asyncio.run(main())
    assert starved is not None and (starved.calls, starved.line) == (2, 3) and starved.seconds > 0.05
    assert "by `threading.Condition.wait`, and 2 asynchronous calls with it (line 3: x = await rude())" in str(starved)


@pytest.mark.parametrize("source", ["x = [ask(n) for n in range(20)]", "import asyncio\nawait asyncio.sleep(0.1)\nx = ask(1)"])
def test_a_run_that_goes_on_is_left_alone(source):
    @unordered
    def ask(n):
        time.sleep(0.03)
        return n

    run = poppy_ipython.run(source, {"ask": ask})
    assert run.error is None and run.notices == ()


def test_one_thread_for_all_runs():
    poppy_ipython.run("1")
    before = [thread for thread in threading.enumerate() if thread.name == "poppy-watchdog"]
    poppy_ipython.run("2")
    after = [thread for thread in threading.enumerate() if thread.name == "poppy-watchdog"]
    assert before == after and len(after) == 1
