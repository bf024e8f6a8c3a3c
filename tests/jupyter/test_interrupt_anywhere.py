"""A signal at every so-many-th line that runs, in the engine and below it: the cell ends with KeyboardInterrupt, always.

No kernel and no real signals here: a trace function counts lines and calls the handler in the middle of one, as a signal
does. So each position is tried exactly, and a failure names it. The cells never end by themselves; where the count is
not reached, the last call of the cell interrupts.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import linecache
import signal
import sys
import threading
from types import FrameType
from typing import Any

import greenlet
import pytest

from poppy_ipython import sequential, unordered
from poppy_ipython.engine.run import Session
from poppy_ipython.host.interrupt import Interrupt
from poppy_ipython.options import Options

CELLS = {
    "run ahead": "x = blocks(1)\ny = quick(2)\nz = quick(3)\nundeclared()\nafter = 1",
    "branches in functions": """
def f(n):
    if quick(n):
        return quick(n) + 1
    return 0
xs = [f(i) for i in range(3)]
f(blocks(1))
after = 1""",
    "own handler": """
try:
    a = quick(1)
    if a:
        b = blocks(a)
    undeclared()
except KeyboardInterrupt:
    caught = quick(1) + put(1)""",
    "ordered": "c = put(quick(2))\nfor i in range(3):\n    c += put(i)\n    l[i] = await slow(i)\nput(blocks(c))\nafter = 1",
    "await": "try:\n    a = await slow(1)\n    await asyncio.sleep(0)\n    await never()\nfinally:\n    q = quick(2)\nafter = 1",
}


class Signal:
    """Calls the handler at line number `at`, or when `now` is called before."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.where = ""
        self.interrupt: Any = None

    def line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if self.where:
            return None
        if event == "line":
            self.at -= 1
            if not self.at:
                self.off()
                self.where = f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}:{frame.f_lineno}"
                self.interrupt._handle(signal.SIGINT, frame)
        return self.line

    def on(self, *_switch: Any) -> None:
        if not self.where:
            sys.settrace(self.line)

    def off(self) -> None:
        greenlet.settrace(None)
        sys.settrace(None)

    def now(self) -> None:
        if not self.where:
            self.off()
            self.where = "at the end"
            self.interrupt._handle(signal.SIGINT, None)


def interrupted(source: str, at: int) -> tuple[BaseException | None, dict[str, Any], str]:
    """Run the cell with a signal at line `at`: its error, its variables, where that was."""
    given = Signal(at)
    gate = threading.Event()

    async def perform() -> BaseException | None:
        loop = asyncio.get_running_loop()

        @unordered
        def blocks(n: int) -> int:
            loop.call_soon_threadsafe(given.now)
            gate.wait()
            return n

        @unordered
        def quick(n: int) -> int:
            return n

        @unordered
        async def slow(n: int) -> int:
            await asyncio.sleep(0)
            return n

        async def never() -> None:
            loop.call_soon(given.now)
            await asyncio.Event().wait()

        @sequential("db")
        def put(n: int) -> int:
            return 1

        namespace.update(blocks=blocks, quick=quick, slow=slow, never=never, put=put, undeclared=lambda: None)
        session = Session(ast.parse(source), source, "<sweep>", namespace, Options(), loop=loop)
        with Interrupt(loop, session) as given.interrupt:
            loop.call_soon(given.on)
            greenlet.settrace(given.on)
            try:
                error, _ = await asyncio.wait_for(asyncio.create_task(session.run()), 5)
            finally:
                given.off()
                gate.set()
        return error

    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__, "asyncio": asyncio, "after": 0, "l": {}}
    linecache.cache["<sweep>"] = (len(source), None, source.splitlines(True), "<sweep>")
    return asyncio.run(perform()), namespace, given.where


@pytest.mark.parametrize("name", CELLS)
def test_anywhere(name: str) -> None:
    interrupted(CELLS[name], 0)  # what is loaded and remembered once is no part of the count
    gc.collect()
    at = 1
    where = ""
    tried = 0
    while where != "at the end":
        error, left, where = interrupted(CELLS[name], at)
        tried += 1
        if not (name == "own handler" and error is None and "caught" in left):
            assert isinstance(error, KeyboardInterrupt), f"{error!r} with a signal at {where} (line {at})"
        assert not left["after"], where
        at += STRIDE
    assert tried > 10


#: a prime: successive runs of one loop are met at different lines
STRIDE = 97
