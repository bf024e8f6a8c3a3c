"""Starting Tasks at once: they are ordinary Tasks from their first instruction, and their first step has run."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

from poppy_ipython.backends.loop import Starter, turn_until_quiet

var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="outside")


def test_the_first_step_has_run_when_start_returns():
    async def main():
        loop = asyncio.get_running_loop()
        steps, gate = [], asyncio.Event()

        async def work():
            steps.append(asyncio.current_task())
            await gate.wait()
            steps.append(asyncio.current_task())
            return "done"

        before = asyncio.current_task()
        task = Starter(loop).start(work())
        assert steps == [task] and asyncio.current_task() is before is not task
        gate.set()
        assert await task == "done" and steps == [task, task]

    asyncio.run(main())


def test_from_a_callback_too_where_no_task_runs():
    async def main():
        loop = asyncio.get_running_loop()
        begun, answer = [], loop.create_future()

        async def work():
            begun.append(asyncio.current_task())

        def callback():
            task = Starter(loop).start(work())
            answer.set_result((begun == [task], asyncio.current_task()))

        loop.call_soon(callback)
        assert await answer == (True, None)

    asyncio.run(main())


def test_from_a_greenlet_as_the_engine_submits():
    import greenlet

    async def main():
        loop = asyncio.get_running_loop()
        gate, seen = asyncio.Event(), []

        async def work():
            seen.append((asyncio.current_task(), var.get()))
            await gate.wait()
            seen.append((asyncio.current_task(), var.get()))

        def unit():
            var.set("unit")
            return Starter(loop).start(work())

        mine, child = asyncio.current_task(), greenlet.greenlet(unit)
        child.gr_context = contextvars.copy_context()
        task = child.switch()
        assert seen == [(task, "unit")] and asyncio.current_task() is mine and var.get() == "outside"
        gate.set()
        await task
        assert seen == [(task, "unit")] * 2

    asyncio.run(main())


def test_in_a_nested_start_each_sees_its_own_task():
    async def main():
        starter = Starter(asyncio.get_running_loop())
        seen = {}

        async def inner():
            seen["inner"] = asyncio.current_task()

        async def outer():
            seen["outer"] = asyncio.current_task()
            seen["inner task"] = starter.start(inner())
            seen["outer again"] = asyncio.current_task()

        task = starter.start(outer())
        assert seen["inner"] is seen["inner task"] and seen["outer"] is seen["outer again"] is task

    asyncio.run(main())


def test_context_is_a_copy_of_the_starters():
    async def main():
        async def work():
            seen.append(var.get())
            var.set("inside")
            await asyncio.sleep(0)
            seen.append(var.get())

        seen = []
        var.set("starter")
        task = Starter(asyncio.get_running_loop()).start(work())
        var.set("later")
        await task
        assert seen == ["starter", "inside"] and var.get() == "later"

    asyncio.run(main())


def test_timeouts_and_cancellation_begun_in_the_first_step():
    async def main():
        loop = asyncio.get_running_loop()
        starter = Starter(loop)
        cleaned = []

        async def in_time():
            async with asyncio.timeout(30):
                try:
                    await loop.create_future()
                except asyncio.CancelledError:
                    cleaned.append(asyncio.current_task())
                    raise

        task = starter.start(in_time())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cleaned == [task]

        async def too_late():
            async with asyncio.timeout(0):
                await loop.create_future()

        with pytest.raises(TimeoutError):
            await starter.start(too_late())

    asyncio.run(main())


def test_anyio_scopes_begun_in_the_first_step():
    anyio = pytest.importorskip("anyio")

    async def main():
        async def work():
            with anyio.move_on_after(0) as scope:
                await anyio.sleep_forever()
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.lowlevel.checkpoint)
            return scope.cancelled_caught

        assert await Starter(asyncio.get_running_loop()).start(work())

    asyncio.run(main())


def test_a_task_factory_of_somebody_elses_is_respected():
    async def main():
        loop = asyncio.get_running_loop()
        made = []

        def factory(loop, coro, **kwargs):
            made.append(coro)
            task = asyncio.Task(coro, loop=loop, **kwargs)
            loop.call_soon(str)  # ours is no longer the last that is ready
            return task

        loop.set_task_factory(factory)
        starter = Starter(loop)
        starter._eager = False
        begun = []

        async def work():
            begun.append(1)

        task = starter.start(work())
        assert made and begun == [] and starter.pending
        await task
        assert begun == [1]

    asyncio.run(main())


def test_turning_until_quiet_lets_ready_work_run_and_stops():
    async def main():
        steps = []

        async def work():
            for n in range(5):
                steps.append(n)
                await asyncio.sleep(0)
            await asyncio.get_running_loop().create_future()

        task = asyncio.create_task(work())
        await turn_until_quiet(asyncio.get_running_loop())
        assert steps == [0, 1, 2, 3, 4] and not task.done()
        task.cancel()

        async def restless():
            while True:
                await asyncio.sleep(0)

        task = asyncio.create_task(restless())
        await turn_until_quiet(asyncio.get_running_loop())  # comes back all the same
        task.cancel()

    asyncio.run(main())
