"""`@parallel`: functions of ordinary programs, in scripts, threads and servers; runs that do not meet."""

from __future__ import annotations

import asyncio
import contextvars
import io
import sys
import threading
import time
import traceback
import warnings
from contextlib import redirect_stdout

import httpx
import pytest
from fastapi import FastAPI, HTTPException

import poppy_ipython
from poppy_ipython import parallel, sequential, unordered

who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


class Meeting:
    """A call that returns when as many are in it at once as there should be: overlap without a clock."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties, timeout=30)

    def wait(self, value):
        self.barrier.wait()
        return value


@unordered
def meet(meeting, value):
    return meeting.wait(value)


@parallel
def all_of(meeting, values):
    """What they say."""
    return [meet(meeting, value) for value in values]


def test_a_plain_program_calls_it_and_its_calls_overlap() -> None:
    assert all_of(Meeting(4), "abcd") == list("abcd")
    run = all_of.run(Meeting(3), values="xyz")
    assert run.value == list("xyz") and len(run.calls) == 3 and run.trace.peak == 3
    assert all_of.__doc__ == "What they say." and all_of.__name__ == "all_of"


@unordered
def halve(n):
    return 10 // n


def outer(n):
    return halve(n) + 1


@parallel
def wrong(n):
    return outer(n)


def test_an_exception_comes_out_with_the_functions_own_frames() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        wrong(0)
    frames = [(frame.name, frame.lineno) for frame in traceback.extract_tb(caught.tb)]
    names = [name for name, _ in frames if name not in ("__call__", "_result")]
    assert names[1:] == ["wrong", "outer", "halve"]
    assert "parallel>" not in "".join(traceback.format_tb(caught.tb))
    assert isinstance(wrong.run(0).error, ZeroDivisionError)


class Reader:
    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting

    @parallel(max_calls=8)
    def read(self, values):
        return [meet(self.meeting, value) for value in values]


def test_methods() -> None:
    assert Reader(Meeting(2)).read("ab") == ["a", "b"]


def test_inside_a_run_and_on_a_running_loop_it_is_the_plain_function() -> None:
    names = {"all_of": all_of, "meeting": Meeting(1)}
    assert poppy_ipython.run("found = all_of(meeting, 'ab')", names).error is None
    assert names["found"] == ["a", "b"]

    async def main():
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            value = all_of(Meeting(1), "ab")
        return value, [str(one.message) for one in said]

    value, said = asyncio.run(main())
    assert value == ["a", "b"] and "await all_of.aio(" in said[0]


def test_what_a_library_does_that_starts_its_own_loop() -> None:
    async def inner():
        await asyncio.sleep(0)
        return 7

    @parallel
    def program():
        return asyncio.run(inner()), meet(Meeting(1), 1), asyncio.run(inner())

    assert program() == (7, 1, 7)


@pytest.mark.parametrize("kind", ["async", "generator", "class", "option"])
def test_what_cannot_be_parallel_says_why(kind: str) -> None:
    async def coroutine(): ...
    def generator(): yield 1

    with pytest.raises(TypeError, match={"async": "plain `def`", "generator": "as a list", "class": "for functions", "option": "known are"}[kind]):
        if kind == "option":
            parallel(max_call=3)
        else:
            parallel({"async": coroutine, "generator": generator, "class": int}[kind])


# ---------------------------------------------------------------- runs that do not meet


def test_concurrent_runs_in_threads_keep_apart_and_leave_nothing_behind() -> None:
    meeting = Meeting(12)  # all calls of all four runs are out together
    written = io.StringIO()
    before = sys.stdout
    found: dict[int, object] = {}

    @unordered
    def ask(n):
        print(f"asked {n}")
        return meeting.wait((n, who.get()))

    @parallel
    def three(n):
        return [ask(n * 10 + k) for k in range(3)]

    def thread(n):
        who.set(f"thread {n}")
        run = three.run(n)
        found[n] = run.value, len(run.calls)

    with redirect_stdout(written):
        threads = [threading.Thread(target=thread, args=(n,)) for n in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
    assert found == {n: ([(n * 10 + k, f"thread {n}") for k in range(3)], 3) for n in range(4)}
    lines = written.getvalue().splitlines()
    for n in range(4):
        mine = [line for line in lines if len(line) > 6 and int(line.split()[1]) // 10 == n]
        assert mine == [f"asked {n * 10 + k}" for k in range(3)], "each run's output in its order"
    assert "write" not in vars(written) and sys.stdout is before


def test_a_failing_run_does_not_touch_another_one_on_the_same_loop() -> None:
    meeting = Meeting(2)

    @unordered
    def ask(n):
        meeting.wait(n)
        if n == 1:
            raise ValueError("one")
        return n

    @parallel
    def one(n):
        return ask(n)

    async def main():
        return await asyncio.gather(one.aio(0), one.aio(1), return_exceptions=True)

    fine, failed = asyncio.run(main())
    assert fine == 0 and isinstance(failed, ValueError)


def test_a_cancelled_task_cancels_its_run() -> None:
    began = threading.Event()

    @unordered

    @unordered
    def wait():
        began.wait(30)

    @parallel
    def program():
        return wait()

    async def main():
        task = asyncio.create_task(program.aio())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        began.set()
        return await program.aio()

    assert asyncio.run(main()) is None


def test_handlers_of_a_server_run_side_by_side() -> None:
    """Two requests to an async and two to a sync handler: each waits in its calls until all four runs are under way."""
    app = FastAPI()
    meeting = Meeting(8)
    log: list[str] = []

    @unordered
    def ask(name, part):
        return meeting.wait(f"{name}-{part}")

    @sequential("log")
    def note(text):
        log.append(text)

    @parallel
    def answer(name):
        parts = [ask(name, part) for part in range(2)]
        note(name)
        if name == "bad":
            raise KeyError(name)
        return " ".join(parts)

    @app.get("/async/{name}")
    async def in_a_coroutine(name: str):
        try:
            return {"text": await answer.aio(name)}
        except KeyError:
            raise HTTPException(404) from None

    @app.get("/sync/{name}")
    def in_a_thread(name: str):
        return {"text": answer(name)}

    async def main():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60) as client:
            return await asyncio.gather(*(client.get(f"/{path}") for path in ("async/a", "async/bad", "sync/c", "sync/d")))

    a, bad, c, d = asyncio.run(main())
    assert (a.json()["text"], c.json()["text"], d.json()["text"]) == ("a-0 a-1", "c-0 c-1", "d-0 d-1")
    assert bad.status_code == 404 and sorted(log) == ["a", "bad", "c", "d"]


def test_every_run_knows_itself_and_last_run_the_latest() -> None:
    first = all_of.run(Meeting(1), "a")
    second = all_of.run(Meeting(1), "b")
    assert (first.value, second.value) == (["a"], ["b"]) and poppy_ipython.last_run is second
    assert time.time() - second.trace.at < 60
