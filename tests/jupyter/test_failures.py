"""A call that fails for good: what is older completes, what is younger is not sent, siblings are not forgotten."""

from __future__ import annotations

import asyncio
import threading

import pytest

import poppy_ipython
from poppy_ipython import Options, sequential, unordered
from poppy_ipython.cell import run_async


def test_siblings_that_failed_too_are_listed_in_program_order():
    gate = threading.Event()

    @unordered
    def ask(n):
        if n == 3:
            gate.set()
            raise KeyError(n)
        if n == 1:
            gate.wait(20)
            raise ValueError(n)
        return n

    run = poppy_ipython.run("xs = [ask(n) for n in range(5)]", {"ask": ask})
    assert repr(run.error) == "ValueError(1)"
    assert [call.error for call in run.failures] == ["ValueError(1)", "KeyError(3)"]


def test_what_follows_a_failed_call_is_not_sent_although_older_ones_are_still_under_way():
    sent = []

    @unordered
    def ask(n):
        sent.append(n)
        if n == 0:
            gate.wait(20)
        if n == 1:
            threading.Timer(0.05, gate.set).start()
            raise ValueError(n)
        return n

    gate = threading.Event()
    run = poppy_ipython.run("xs = [ask(n) for n in range(40)]", {"ask": ask}, options=Options(max_calls=2))
    assert repr(run.error) == "ValueError(1)" and sorted(sent) == [0, 1]
    assert [call.outcome for call in run.calls] == ["ok", "error"] + ["unsent"] * 38


def test_what_follows_is_cancelled_and_what_precedes_is_done():
    cancelled, done = [], []

    @unordered
    async def ask(n):
        if n == 2:
            await others.wait()
            raise ValueError(n)
        if n == 4:
            others.set()
        if n > 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(n)
                raise
        return n

    @sequential("sink")
    def put(n):
        done.append(n)

    async def main():
        nonlocal others
        others = asyncio.Event()
        source = "for n in range(5):\n    put(await ask(n))\nafter = 1"
        return await run_async(source, namespace)

    others, namespace = asyncio.Event(), {"ask": ask, "put": put}
    run = asyncio.run(main())
    assert repr(run.error) == "ValueError(2)"
    assert done == [0, 1] and sorted(cancelled) == [3, 4] and "after" not in namespace and namespace["n"] == 2


@pytest.mark.parametrize("afterwards", ["wait", "answer", "raise"])
def test_a_callee_that_swallows_its_cancellation_is_not_waited_for_and_leaves_nothing(afterwards):
    swallowed, seen = [], []

    @unordered
    async def ask(n):
        if n == 1:
            await asyncio.sleep(0)
            raise ValueError(n)
        if n == 0:
            return n
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.append(n)
        if afterwards == "wait":
            await released.wait()
        elif afterwards == "raise":
            raise KeyError(n)
        return n

    async def main():
        nonlocal released
        released = asyncio.Event()
        namespace = {"ask": ask, "seen": seen}
        run = await asyncio.wait_for(run_async("for n in range(9):\n    seen.append(await ask(n))", namespace), 20)
        assert repr(run.error) == "ValueError(1)" and seen == [0] and namespace["n"] == 1
        released.set()
        again = await run_async("xs = [await ask(0) for _ in range(3)]", namespace)
        assert again.error is None and namespace["xs"] == [0, 0, 0]
        while asyncio.all_tasks() != {asyncio.current_task()}:
            await asyncio.sleep(0)

    released = None
    asyncio.run(main())
    assert swallowed == list(range(2, 9)) and seen == [0]


def test_a_handler_for_one_of_a_thousand():
    @unordered
    async def ask(n):
        await asyncio.sleep(0)
        if n == 617:
            raise ConnectionError(n)
        return n

    source = """
kept = []
for n in range(1000):
    try:
        kept.append(await ask(n))
    except ConnectionError as error:
        kept.append(str(error))
"""
    run = poppy_ipython.run(source, namespace := {"ask": ask})
    assert run.error is None and namespace["kept"] == [*range(617), "617", *range(618, 1000)]
    assert [call.error for call in run.failures] == ["ConnectionError(617)"]


def test_the_result_is_in_its_slot_after_any_number_of_attempts():
    tries = dict.fromkeys(range(12), 0)

    @unordered(retry=4)
    def ask(n):
        tries[n] += 1
        if tries[n] <= n % 3:
            raise ConnectionError(n)
        return n * n

    run = poppy_ipython.run("xs = [ask(n) for n in range(12)]", namespace := {"ask": ask})
    assert run.error is None and namespace["xs"] == [n * n for n in range(12)]
    assert [call.attempts for call in run.calls] == [n % 3 + 1 for n in range(12)]


def test_a_timeout_of_a_declaration_is_the_exception_of_the_call():
    @unordered(timeout=0.05)
    def ask(n):
        gate.wait(20)

    gate = threading.Event()
    source = "try:\n    ask(1)\nexcept TimeoutError as error:\n    said = str(error)"
    run = poppy_ipython.run(source, namespace := {"ask": ask})
    gate.set()
    assert run.error is None and namespace["said"] == "ask did not answer within 0.05 s"


@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
def test_an_exit_from_a_call_ends_the_cell_as_it_does_in_a_plain_run(stop):
    @unordered
    def ask(n):
        if n == 3:
            raise stop("enough")
        return n

    run = poppy_ipython.run("xs = [ask(n) for n in range(9)]\nafter = 1", namespace := {"ask": ask})
    assert type(run.error) is stop and run.error.args == ("enough",) and "after" not in namespace


def test_the_line_below_the_cell_counts_what_was_sent_again():
    left = [ConnectionError(), ConnectionError()]

    @unordered(retry=3)
    def ask(n):
        if left:
            raise left.pop()
        return n

    run = poppy_ipython.run("x = ask(1)", {"ask": ask})
    assert run.error is None and " · 2 sent again" in str(run)
