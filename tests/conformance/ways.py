"""How a piece of code is executed: plainly, by poppy as shipped, by poppy under stress.

Each way executes a tree whose places are those of a real file, in a namespace, and raises what it raises.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from poppy_ipython import performing
from poppy_ipython.engine.run import run_simulated
from poppy_ipython.options import Options
from tests.fuzz.latency import latency

from .counts import count
from .stress import stress


class Way:
    """Plain: as Python does.

    A cell runs on an event loop, in a notebook as by `poppy_ipython.run`, so a cell that starts one of its own fails, plain or
    not. ``loop = False`` is for modules that use `asyncio`: their cells run without a loop, on the simulated clock.
    """

    loop = True

    def __init__(self) -> None:
        #: of the statements of cells: all, run as written, waited for what was older, issued while calls were in flight
        self.counts: Counter[str] = Counter()

    def execute(self, tree: ast.Module, source: str, filename: str, namespace: dict[str, Any], name: str) -> None:
        code = compile(tree, filename, "exec", dont_inherit=True)
        if self.loop:
            run_on_loop(lambda: exec(code, namespace))
        else:
            exec(code, namespace)

    async def execute_async(self, tree: ast.Module, source: str, filename: str, namespace: dict[str, Any], name: str) -> None:
        code = compile(tree, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        value = eval(code, namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            await value


def run_on_loop(function: Callable[[], Any]) -> None:
    """Call it in a coroutine of a loop of its own; its exception comes out as it is (`StopIteration` cannot leave a coroutine)."""
    errors: list[BaseException] = []

    async def main() -> None:
        try:
            value = function()
            if inspect.isawaitable(value):
                await value
        except BaseException as error:
            errors.append(error)

    loop = asyncio.new_event_loop()  # asyncio's Runner has a SIGINT handler of its own, which no kernel has
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
    if errors:
        raise errors.pop()


class Shipped(Way):
    """`poppy_ipython.run`, for a tree."""

    def execute(self, tree: ast.Module, source: str, filename: str, namespace: dict[str, Any], name: str) -> None:
        if not self.loop:
            self.simulated(tree, filename, namespace, name)
            return
        found: list[Any] = []

        async def main() -> None:
            found.append(await performing.perform(tree, source, filename, namespace, Options()))

        run_on_loop(main)
        self._end(tree, found.pop())

    async def execute_async(self, tree: ast.Module, source: str, filename: str, namespace: dict[str, Any], name: str) -> None:
        self._end(tree, await performing.perform(tree, source, filename, namespace, Options()))

    def _end(self, tree: ast.Module, run: Any) -> None:
        self.counts += count(tree.body, run.trace.calls, [wait.line for wait in run.trace.waits])
        if run.error is not None:
            raise run.error

    def simulated(self, tree: ast.Module, filename: str, namespace: dict[str, Any], name: str, **options: Any) -> None:
        lasting = latency(zlib.crc32(name.encode()))
        outcome = run_simulated(tree, namespace, filename=filename, latency=lasting, **options)  # type: ignore[arg-type]
        self.counts += count(tree.body, outcome.machine.records, [line for _, line, *_ in outcome.machine.waits])
        if outcome.error is not None:
            raise outcome.error


class Stress(Shipped):
    """On the simulated clock; see :mod:`.stress`. A coroutine of a test's own loop cannot run there and runs as shipped."""

    def execute(self, tree: ast.Module, source: str, filename: str, namespace: dict[str, Any], name: str) -> None:
        self.simulated(tree, filename, namespace, name, guards=False, mutate=stress)


WAYS: dict[str, type[Way]] = {"plain": Way, "shipped": Shipped, "stress": Stress}
