"""LiveDispatcher on a real loop: once each, never inside submit, never after cancel; the limit; what may be billed."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given, settings, strategies as st

from poppy_ipython.backends import LiveDispatcher
from poppy_ipython.backends.loop import turn_until_quiet
from poppy_ipython.effects import unordered
from tests.backends.calls import Call, Refused


def live(**options):
    return LiveDispatcher(asyncio.get_running_loop(), **options)


def run(main):
    """Run a test's coroutine; what the loop's exception handler is told fails the test."""

    async def guarded():
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
        await main()
        assert told == []

    asyncio.run(guarded())


def test_async_and_blocking_calls_come_back_with_times():
    @run
    async def main():
        async def double(x):
            await asyncio.sleep(0)
            return x * 2

        def triple(x):
            return x * 3

        ticks = iter(range(100))
        dispatcher = live(clock=lambda: float(next(ticks)))
        first, second = Call(double, 2), Call(triple, 2)
        dispatcher.submit(first)
        dispatcher.submit(second)
        assert dispatcher.in_flight == 2 and first.record.outcome == "running"
        assert (await first.answer(), await second.answer()) == (4, 6)
        for call in (first, second):
            assert call.record.started < call.record.ended and call.record.outcome == "ok" and call.record.host == "h"
        assert dispatcher.in_flight == 0


def test_an_async_call_has_begun_when_submit_returns_and_finishes_only_later():
    @run
    async def main():
        begun = []

        async def at_once():
            begun.append(1)
            return "cached"

        dispatcher = live()
        call = Call(at_once)
        dispatcher.submit(call)
        assert begun == [1] and call.outcomes == []
        assert await call.answer() == "cached"


def test_finish_of_one_call_may_submit_the_next_and_still_nothing_finishes_inside_submit():
    @run
    async def main():
        async def at_once():
            return None

        dispatcher = live(max_calls=1)
        inside, last = [], Call(at_once, at=3)

        class Chained(Call):
            def finish(self, value, error):
                assert not inside
                super().finish(value, error)
                if self.position < (2,):
                    inside.append(1)
                    dispatcher.submit(Chained(at_once, at=self.position[0] + 1, back=self.back))
                    inside.pop()
                else:
                    dispatcher.submit(last)

        first = Chained(at_once, at=0)
        dispatcher.submit(first)
        await last.answer()
        assert [call.position for call in first.back] == [(0,), (1,), (2,)]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("waits", [False, True])
def test_no_exception_escapes_a_task(kind, waits):
    @run
    async def main():
        async def fails():
            if waits:
                await asyncio.sleep(0)
            raise kind("no")

        dispatcher = live()
        call = Call(fails)
        dispatcher.submit(call)
        await asyncio.wait_for(call.finished.wait(), 20)
        ((value, error),) = call.outcomes
        assert value is None and type(error) is kind
        assert error.__traceback__.tb_frame.f_code is fails.__code__, "frames of ours are not shown"
        assert call.record.outcome == "error"


def test_a_call_with_wrong_arguments_fails_like_any_other():
    @run
    async def main():
        async def ask(question): ...

        call = Call(ask)
        live().submit(call)
        await asyncio.wait_for(call.finished.wait(), 20)
        ((_, error),) = call.outcomes
        assert type(error) is TypeError and "question" in str(error)
        assert error.__traceback__ is None, "no frame but ours was reached"


def test_a_plain_function_that_returns_an_awaitable_can_be_sent_to_the_loop():
    @run
    async def main():
        async def inner():
            return "answer"

        call = Call(lambda: inner(), effect=unordered(backend="loop", host="h"))
        live().submit(call)
        assert await call.answer() == "answer"


def test_a_cancelled_async_call_is_cancelled_and_counted_and_never_finishes():
    @run
    async def main():
        cleaned = asyncio.Event()

        async def waits():
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                cleaned.set()

        dispatcher = live()
        call = Call(waits)
        dispatcher.submit(call)
        dispatcher.cancel(call)
        dispatcher.cancel(call)
        await asyncio.wait_for(cleaned.wait(), 20)
        await asyncio.sleep(0)
        assert call.outcomes == [] and call.record.outcome == "cancelled" and call.record.ended is not None
        assert dispatcher.may_be_billed == 1 and dispatcher.in_flight == 0


def test_cancelled_between_completion_and_finish():
    @run
    async def main():
        async def at_once():
            return "cached"

        dispatcher = live(max_calls=1)
        call, after = Call(at_once, at=1), Call(at_once, at=2)
        dispatcher.submit(call)
        dispatcher.cancel(call)
        dispatcher.submit(after)
        assert await after.answer() == "cached"
        assert call.outcomes == []


def test_a_blocking_call_is_abandoned_and_its_result_dropped():
    @run
    async def main():
        release, started, left = threading.Event(), threading.Event(), threading.Event()

        def hangs():
            started.set()
            release.wait(20)
            left.set()

        dispatcher = live(max_calls=1)
        hung, waiting = Call(hangs, at=1), Call(int, at=2)
        dispatcher.submit(hung)
        dispatcher.submit(waiting)
        started.wait(20)
        assert waiting.record.outcome == "waiting"
        dispatcher.cancel(hung)
        assert await waiting.answer() == 0, "a hung call does not stop the program"
        assert hung.record.outcome == "abandoned" and dispatcher.may_be_billed == 1
        release.set()
        left.wait(20)
        await Call_roundtrip(dispatcher)
        assert hung.outcomes == []


async def Call_roundtrip(dispatcher):
    call = Call(int, at=9)
    dispatcher.submit(call)
    await call.answer()


def test_an_unsent_call_is_never_sent():
    @run
    async def main():
        sent = []
        gate = asyncio.Event()

        async def waits(n):
            sent.append(n)
            await gate.wait()

        dispatcher = live(max_calls=1)
        calls = [Call(waits, n, at=n) for n in range(3)]
        for call in calls:
            dispatcher.submit(call)
        dispatcher.cancel(calls[1])
        gate.set()
        await calls[2].answer()
        assert sent == [0, 2] and calls[1].record.outcome == "unsent" and calls[1].record.started is None
        assert dispatcher.may_be_billed == 0


def test_at_most_sixteen_by_default_in_program_order():
    @run
    async def main():
        gate, sent = asyncio.Event(), []

        async def waits(n):
            sent.append(n)
            await gate.wait()

        dispatcher = live()
        calls = [Call(waits, n, at=n) for n in reversed(range(40))]
        for call in calls:
            dispatcher.submit(call)
        assert sent == list(range(39, 23, -1)) and dispatcher.waiting == 24
        gate.set()
        for call in calls:
            await call.answer()
        assert sent[16:] == list(range(24)), "of those that wait the oldest goes first"


def test_the_first_refusal_holds_a_host_until_it_is_handled():
    @run
    async def main():
        gate, sent = asyncio.Event(), []

        async def ask(n):
            sent.append(n)
            if n == 0:
                raise Refused(401)
            await gate.wait()

        dispatcher = live(max_calls=1)
        calls = [Call(ask, n, at=n) for n in range(4)]
        other = Call(ask, 9, at=9, effect=unordered(host="elsewhere"))
        for call in (*calls, other):
            dispatcher.submit(call)
        with pytest.raises(Refused):
            await calls[0].answer()
        await turn_until_quiet(dispatcher.loop)
        assert sorted(sent) == [0, 9] and dispatcher.waiting == 3
        dispatcher.release(calls[0])
        assert sorted(sent) == [0, 1, 9]
        gate.set()
        await calls[3].answer()


def test_cancelling_a_refused_call_releases_what_it_held():
    @run
    async def main():
        async def refuses():
            raise Refused(429)

        dispatcher = live()
        refused, held = Call(refuses, at=1), Call(int, at=2)
        dispatcher.submit(refused)
        await asyncio.wait_for(refused.finished.wait(), 20)
        dispatcher.submit(held)
        assert held.record.outcome == "waiting"
        dispatcher.cancel(refused)
        assert await held.answer() == 0


def test_close_cancels_everything():
    @run
    async def main():
        async def waits():
            await asyncio.get_running_loop().create_future()

        dispatcher = live(max_calls=2)
        calls = [Call(waits, at=n) for n in range(4)]
        for call in calls:
            dispatcher.submit(call)
        dispatcher.close()
        dispatcher.close()
        assert [c.record.outcome for c in calls] == ["cancelled", "cancelled", "unsent", "unsent"]
        with pytest.raises(RuntimeError, match="closed"):
            dispatcher.submit(Call(int))
        await turn_until_quiet(dispatcher.loop)
        assert all(call.outcomes == [] for call in calls)


def test_a_loop_whose_queue_is_unknown_starts_with_the_next_turn():
    @run
    async def main():
        begun = []

        async def work(n):
            begun.append(n)
            return n

        dispatcher = live()
        dispatcher._starter._eager, dispatcher._starter._ready = False, None
        kept, dropped = Call(work, 1, at=1), Call(work, 2, at=2)
        dispatcher.submit(kept)
        dispatcher.submit(dropped)
        assert begun == [] and dispatcher.flush_needed
        dispatcher.cancel(dropped)
        assert dropped.record.outcome == "unsent" and dispatcher.may_be_billed == 0
        await dispatcher.flush()
        assert begun == [1] and not dispatcher.flush_needed
        assert await kept.answer() == 1 and dropped.outcomes == []


def test_a_flush_gives_a_new_host_time_once_and_no_longer_than_it_needs():
    @run
    async def main():
        gate = threading.Event()

        async def connects():
            await asyncio.to_thread(gate.wait, 20)

        dispatcher = live()
        calls = [Call(connects, at=n, effect=unordered(host="a new host")) for n in range(2)]
        dispatcher.submit(calls[0])
        await dispatcher.flush()
        assert calls[0].outcomes == [] and not dispatcher.flush_needed

        dispatcher.submit(calls[1])
        dispatcher.loop.call_later(0.0, gate.set)
        await dispatcher.flush(patience=3600)  # ends with the answer
        await calls[0].answer()
        await calls[1].answer()

        gate.clear()
        again = Call(connects, at=3, effect=unordered(host="a new host"))
        dispatcher.submit(again)
        await dispatcher.flush(patience=3600)  # known by now: no time at all
        assert again.outcomes == []
        gate.set()
        await again.answer()


def test_what_finish_raises_is_reported_and_does_not_reach_the_loop():
    async def main():
        class Broken(Call):
            def finish(self, value, error):
                super().finish(value, error)
                raise KeyboardInterrupt

        failures = []
        dispatcher = live(max_calls=1, failed=failures.append)
        broken, after = Broken(int, at=1), Call(int, at=2)
        dispatcher.submit(broken)
        dispatcher.submit(after)
        assert await after.answer() == 0, "its slot is free"
        assert [type(error) for error in failures] == [KeyboardInterrupt]

    asyncio.run(main())


def test_a_dispatcher_says_when_a_call_is_really_sent():
    @run
    async def main():
        sent = []
        dispatcher = live(max_calls=1, started=sent.append)
        first, second = Call(int, at=1), Call(int, at=2)
        dispatcher.submit(first)
        dispatcher.submit(second)
        assert sent == [first]
        await second.answer()
        assert sent == [first, second]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["keep", "cancel", "fail"]), st.booleans()), max_size=25),
)
def test_any_mixture_comes_back_once_within_the_limit(limit, program):
    @run
    async def main():
        out, most = 0, 0
        lock = threading.Lock()

        def enter(step):
            nonlocal out, most
            with lock:
                out += step
                most = max(most, out)

        async def turns(n, what):
            enter(1)
            try:
                for _ in range(n):
                    await asyncio.sleep(0)
                if what == "fail":
                    raise Refused(404)
            finally:
                enter(-1)

        def blocks(n, what):
            enter(1)
            try:
                if what == "fail":
                    raise Refused(404)
            finally:
                enter(-1)

        dispatcher = live(max_calls=limit)
        calls = [Call(turns if is_async else blocks, n, what, at=(i, 1)) for i, (n, what, is_async) in enumerate(program)]  # each in a unit of its own
        for call in calls:
            dispatcher.submit(call)
            if call.args[1] == "cancel":
                dispatcher.cancel(call)
        for call in calls:  # retire in program order, as the engine does
            if call.args[1] != "cancel":
                await asyncio.wait_for(call.finished.wait(), 20)
                dispatcher.release(call)
        await turn_until_quiet(dispatcher.loop)
        assert most <= limit + 1  # one more than the limit only where all that is out was abandoned
        for call in calls:
            assert len(call.outcomes) == (call.args[1] != "cancel")
        assert (dispatcher.in_flight, dispatcher.waiting) == (0, 0)
