"""CPU of one call through the dispatcher, against asyncio's own. Run: `python -m tests.backends.measure`."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from poppy_ipython.backends import LiveDispatcher
from poppy_ipython.backends.loop import Starter
from poppy_ipython.effects import effect_of, unordered
from poppy_ipython.trace.events import CallRecord

N = 5000


class Call:
    __slots__ = ("args", "effect", "fn", "kwargs", "position", "record", "done", "all_done")

    def __init__(self, fn: object, args: tuple[object, ...], position: int, done: list[object], all_done: asyncio.Event) -> None:
        self.fn, self.args, self.kwargs, self.effect = fn, args, {}, effect_of(fn)
        self.position, self.done, self.all_done = (position,), done, all_done
        self.record = CallRecord(position, "measured")

    def finish(self, value: object, error: BaseException | None) -> None:
        self.done.append(value)
        if len(self.done) == N:
            self.all_done.set()


@unordered(host="measured")
async def waits_once(future: asyncio.Future[None]) -> None:
    await future


@unordered(host="measured")
def returns() -> None:
    return None


async def bare() -> float:
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(N)]
    begin = time.process_time()
    tasks = [loop.create_task(waits_once(future)) for future in futures]
    await asyncio.sleep(0)
    for future in futures:
        future.set_result(None)
    for task in tasks:
        await task
    return time.process_time() - begin


async def started() -> float:
    loop = asyncio.get_running_loop()
    starter = Starter(loop)
    futures = [loop.create_future() for _ in range(N)]
    begin = time.process_time()
    tasks = [starter.start(waits_once(future)) for future in futures]
    for future in futures:
        future.set_result(None)
    for task in tasks:
        await task
    return time.process_time() - begin


async def dispatched() -> float:
    loop = asyncio.get_running_loop()
    dispatcher = LiveDispatcher(loop, max_calls=N)
    done: list[object] = []
    all_done = asyncio.Event()
    futures = [loop.create_future() for _ in range(N)]
    calls = [Call(waits_once, (future,), n, done, all_done) for n, future in enumerate(futures)]
    begin = time.process_time()
    for call in calls:
        dispatcher.submit(call)
    for future in futures:
        future.set_result(None)
    await all_done.wait()
    return time.process_time() - begin


async def threaded() -> float:
    dispatcher = LiveDispatcher(asyncio.get_running_loop(), max_calls=1)
    done: list[object] = []
    all_done = asyncio.Event()
    calls = [Call(returns, (), n, done, all_done) for n in range(N)]
    begin = time.process_time()
    for call in calls:
        dispatcher.submit(call)
    await all_done.wait()
    return time.process_time() - begin


def main() -> None:
    measured: list[tuple[str, Callable[[], Awaitable[float]]]] = [
        ("loop.create_task, one wait", bare),
        ("Starter.start, one wait", started),
        ("LiveDispatcher.submit, async", dispatched),
        ("LiveDispatcher.submit, thread, one at a time", threaded),
    ]
    for name, run in measured:
        seconds = statistics.median(asyncio.run(run()) for _ in range(9))  # type: ignore[arg-type]
        print(f"{name:45} {seconds / N * 1e6:6.2f} µs CPU per call")


if __name__ == "__main__":
    main()
