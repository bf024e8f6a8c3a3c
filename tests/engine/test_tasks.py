"""Cells that deal with asyncio's tasks themselves, on a real loop beside a plain run: the task that runs the cell, its cancellation,
turns of other tasks, `gather` and its like. What is left, and the text of a traceback, must be the same; no cell waits for time."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import traceback
from types import TracebackType
from typing import Any

import pytest

import poppy_ipython
from poppy_ipython import cell
from poppy_ipython.effects import declare, unordered


@unordered
async def ask(q: object) -> str:
    await asyncio.sleep(0)
    return f"r{q}"


@unordered
async def bad(q: object) -> None:
    raise ValueError(q)


@unordered
async def never(q: object) -> None:
    await asyncio.get_running_loop().create_future()


CELLS = {
    "the task of the cell": """
        task = asyncio.current_task()
        async def f(q):
            await ask(q)
            return asyncio.current_task() is task
        out = [task is not None, await f(1), asyncio.current_task() is task, len(asyncio.all_tasks())]
        out.append([(await ask(q), asyncio.current_task() is task) for q in range(3)])
        del task
        """,
    "cancels itself before it awaits": """
        async def f(q):
            a = await ask(q)
            asyncio.current_task().cancel()
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                log.append(asyncio.current_task().uncancel())
            return a
        out = await f(1)
        """,
    "cancels itself before a call": """
        asyncio.current_task().cancel("enough")
        try:
            await never(1)
        except asyncio.CancelledError as error:
            out.append(str(error))
        asyncio.current_task().uncancel()
        out.append(await ask(2))
        """,
    "cancels itself": """
        async def f(q):
            await ask(q)
            asyncio.current_task().cancel()
            await asyncio.sleep(0)
            log.append("never")
        await f(1)
        """,
    "is cancelled while it waits for a call": """
        task = asyncio.current_task()
        async def f(q):
            try:
                await never(q)
            finally:
                log.append(await ask(q))
        asyncio.get_running_loop().call_soon(task.cancel)
        try:
            out = [await f(q) for q in range(3)]
        except asyncio.CancelledError:
            out.append(task.uncancel())
        del task
        """,
    "a timeout that is entered by hand": """
        manager = asyncio.timeout(0)
        await manager.__aenter__()
        try:
            await never(1)
        except asyncio.CancelledError as error:
            try:
                await manager.__aexit__(type(error), error, error.__traceback__)
            except TimeoutError:
                out.append("late")
        out.append(asyncio.current_task().cancelling())
        del manager
        """,
    "a cancellation arrives inside the call, which may have its own opinion": """
        @unordered
        async def stubborn(q):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError as error:
                return q, str(error)
        task = asyncio.current_task()
        asyncio.get_running_loop().call_soon(task.cancel, "why")
        out += [await stubborn(1), task.uncancel(), await ask(2)]
        manager = asyncio.timeout(0)
        await manager.__aenter__()
        try:
            await never(1)
        except asyncio.CancelledError as error:
            await manager.__aexit__(type(error), error, error.__traceback__)
        """,
    "plain functions that are declared, awaited": """
        @unordered
        def later(q): return ask(q)
        @unordered
        def now(q): return q
        out += [await later(q) for q in range(3)]
        class Called:
            async def __call__(self, q): return await ask(q)
        called = Called()
        declare(called, unordered)
        out.append(await called(4))
        x = await now(5)
        """,
    "a timeout around a block": """
        async def f(q):
            try:
                async with asyncio.timeout(0 if q % 2 else None):
                    return await (never if q % 2 else ask)(q)
            except TimeoutError:
                return "late"
        out = [await f(q) for q in range(4)], await asyncio.gather(*[f(q) for q in range(4)])
        """,
    "turns": """
        async def other():
            for i in range(3):
                log.append(("other", i))
                await asyncio.sleep(0)
        async def main():
            task = asyncio.create_task(other())
            for i in range(3):
                log.append(("main", i))
                await asyncio.sleep(0)
            await task
        await main()
        """,
    "gather, tasks, a group, in the order in which they end": """
        sem = asyncio.Semaphore(2)
        async def f(q):
            async with sem:
                log.append(q)
                return await ask(await ask(q))
        out.append(await asyncio.gather(*[f(q) for q in range(5)]))
        tasks = [asyncio.create_task(f(q)) for q in range(5)]
        out.append([await one for one in tasks])
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(f(q)) for q in range(3)]
        out += [one.result() for one in tasks]
        for one in asyncio.as_completed([f(5)]):
            out.append(await one)
        del tasks, group, one, sem
        """,
    "cancel scopes of anyio": """
        import anyio
        with anyio.move_on_after(0) as scope:
            await never(1)
        out.append(scope.cancelled_caught)
        async def late(q):
            try:
                with anyio.fail_after(0):
                    return await never(q)
            except TimeoutError:
                return "late"
        out.append([await late(q) for q in range(2)])
        async def fails(): raise ValueError("child")
        async def main():
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(fails)
                    await never(1)
            except* ValueError as failed:
                out.append([repr(one) for one in failed.exceptions])
            async with anyio.create_task_group() as group:
                with anyio.CancelScope() as scope:
                    scope.cancel()
                    await never(2)
                out.append((scope.cancelled_caught, await ask(3)))
        await main()
        del scope
        """,
    "managers that are awaited, and the exception that they see": """
        import sys, traceback
        class M:
            async def __aenter__(self):
                return await ask("in")
            async def __aexit__(self, kind, error, found):
                await asyncio.sleep(0)
                log.append((repr(error), sys.exc_info()[1] is error, "".join(traceback.format_tb(found))))
                try: {}["x"]
                except KeyError:
                    if self.fails: raise RuntimeError("out")
            def __init__(self, fails): self.fails = fails
        async def f(fails):
            async with M(False) as a, M(fails) as b:
                out.append((a, b, await ask(1)))
                await bad(2)
        try: await f(False)
        except ValueError: pass
        await f(True)
        """,
    "a manager that fails to begin": """
        class M:
            async def __aenter__(self):
                await ask(1)
                raise ValueError("in")
            async def __aexit__(self, *error): log.append("never")
        async def f():
            async with M() as a:
                log.append("never")
        await f()
        """,
    "what is no manager": """
        async def f(q):
            a = await ask(q)
            async with a as b, f(1):
                pass
        await f(1)
        """,
    "a group that fails": """
        async def f(q):
            if q == 2: raise ValueError(q)
            return await ask(q)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(f(q)) for q in range(4)]
        """,
    "what a handler awaits knows what is handled": """
        import sys, traceback
        async def helper():
            await asyncio.sleep(0)
            return repr(sys.exc_info()[1]), traceback.format_exc().splitlines()[-1]
        async def f(q):
            try: await bad(q)
            except ValueError: return await helper()
        out = [await f(q) for q in range(2)]
        try: 1 / 0
        except ZeroDivisionError: out.append(await helper())
        finally: out.append(await helper())
        """,
    "what it raises has that for its context, below its own": """
        async def helper():
            await asyncio.sleep(0)
            try: {}["x"]
            except KeyError: raise RuntimeError("inner")
        async def f(q):
            try: await bad(q)
            except ValueError: return await helper()
        await f(1)
        """,
    "it raises that again": """
        async def helper():
            await asyncio.sleep(0)
            raise
        async def f(q):
            try: await bad(q)
            except ValueError: return await helper()
        await f(1)
        """,
    "a handler in a handler": """
        async def helper(q):
            await asyncio.sleep(0)
            raise RuntimeError(q)
        try:
            try: 1 / 0
            except ZeroDivisionError:
                try: await helper(1)
                except RuntimeError: await helper(2)
                finally: await asyncio.sleep(0)
        finally:
            await helper(3)
        """,
    "a StopIteration that leaves a coroutine": """
        async def f(q):
            return next(iter(())) + await ask(q)
        async def g(q):
            return await f(q)
        await g(1)
        """,
    "one that leaves a comprehension": """
        async def f(n):
            i = iter(range(n))
            return [[next(i), await ask(q)] for q in range(2)]
        out.append(await f(2))
        await f(1)
        """,
    "one that leaves a generator, and what is no iterable": """
        async def g(n):
            yield await ask(n)
            next(iter(()))
        async def f(n):
            try: return [x async for x in g(n)]
            except RuntimeError as error: out.append((str(error), repr(error.__cause__)))
            return [x async for x in n]
        try: await f(1)
        except TypeError as error: out.append(str(error))
        async for x in g(2): out.append(x)
        """,
    "one that comes when the coroutine has ended": """
        def stop(q): raise StopIteration(q)
        stop = unordered(stop)
        async def f(q):
            await ask(q)
            stop(q)
        async def g(q):
            try:
                await f(q)
            except RuntimeError as error:
                return repr(error.__cause__)
        out += [await g(q) for q in range(3)]
        await f(3)
        """,
}


def shown(error: BaseException | None, filename: str) -> list[str]:
    """Its traceback from the cell on, and those of its causes."""
    if error is None:
        return []
    step: TracebackType | None = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != filename:
        step = step.tb_next
    before = shown(error.__cause__ or error.__context__, filename)
    inside = [shown(one, filename) for one in error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    return [*before, *traceback.format_tb(step), *traceback.format_exception_only(error), str(inside)]


def names() -> dict[str, Any]:
    return {"__name__": "__main__", "asyncio": asyncio, "ask": ask, "bad": bad, "never": never, "unordered": unordered, "declare": declare, "out": [], "log": []}


@pytest.mark.parametrize("name", CELLS)
def test_as_a_plain_cell(name: str) -> None:
    source, filename = inspect.cleandoc(CELLS[name]) + "\n", f"<tasks: {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    plain, ours = names(), names()

    async def main() -> None:
        await eval(compile(source, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), plain)

    error: BaseException | None = None
    try:
        asyncio.run(main())
    except BaseException as raised:
        error = raised
    run = cell.run(source, ours, filename=filename)
    assert (ours["out"], ours["log"]) == (plain["out"], plain["log"])
    assert shown(run.error, filename) == shown(error, filename)


def test_a_cancelled_task_cancels_the_run_that_it_awaits() -> None:
    said: list[str] = []
    source = "try:\n    await never(1)\nfinally:\n    say('end')\nsay('never')"

    async def main() -> None:
        begun = {**names(), "say": said.append}
        async with asyncio.timeout(0):
            await poppy_ipython.cell.run_async(source, begun)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert said == ["end"]
