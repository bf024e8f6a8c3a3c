"""The simulated dispatcher: virtual time, any order of completion, the same limits as live runs."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from poppy_ipython.backends import SimulatedDispatcher
from poppy_ipython.effects import unordered
from tests.backends.calls import Call, Refused


def run_out(dispatcher):
    while dispatcher.advance():
        pass


def test_calls_overlap_in_virtual_time():
    back = []
    dispatcher = SimulatedDispatcher(latency=lambda call: call.args[0])
    for seconds in (3.0, 1.0, 2.0):
        dispatcher.submit(Call(lambda s: s, seconds, back=back))
    assert back == [] and dispatcher.in_flight == 3
    run_out(dispatcher)
    assert [call.outcomes for call in back] == [[(1.0, None)], [(2.0, None)], [(3.0, None)]]
    assert dispatcher.now == 3.0 and not dispatcher.advance()
    assert [(c.record.started, c.record.ended, c.record.outcome) for c in back] == [
        (0.0, 1.0, "ok"), (0.0, 2.0, "ok"), (0.0, 3.0, "ok"),
    ]  # fmt: skip


@pytest.mark.parametrize(("body", "seen"), [("end", ["late"]), ("start", [])])
def test_the_body_runs_when_the_call_is_back_or_when_it_is_sent(body, seen):
    argument = []
    dispatcher = SimulatedDispatcher(body=body)
    call = Call(list, argument)
    dispatcher.submit(call)
    argument.append("late")
    run_out(dispatcher)
    assert call.outcomes == [(seen, None)]


def test_coroutine_functions_run_to_their_end():
    async def inner(x):
        return x + 1

    async def outer(x):
        return await inner(x) * 2

    call = Call(outer, 1)
    dispatcher = SimulatedDispatcher()
    dispatcher.submit(call)
    run_out(dispatcher)
    assert call.outcomes == [(4, None)]


def test_a_coroutine_that_waits_for_something_real_is_told_so():
    import asyncio

    async def waits():
        await asyncio.sleep(0)

    call = Call(waits)
    dispatcher = SimulatedDispatcher()
    dispatcher.submit(call)
    run_out(dispatcher)
    ((_, error),) = call.outcomes
    assert isinstance(error, RuntimeError) and "virtual clock" in str(error)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_exceptions_come_back_with_the_callees_frames_only(kind):
    def fails():
        raise kind("no")

    async def fails_later():
        raise kind("no")

    for fn in (fails, fails_later):
        call = Call(fn)
        dispatcher = SimulatedDispatcher()
        dispatcher.submit(call)
        run_out(dispatcher)
        ((value, error),) = call.outcomes
        assert value is None and type(error) is kind
        assert error.__traceback__.tb_frame.f_code is fn.__code__
        assert call.record.outcome == "error" and "no" in call.record.error


def test_cancelled_calls_are_counted_if_they_were_sent():
    dispatcher = SimulatedDispatcher(max_calls=1)
    sent, unsent, last = Call(int, at=1), Call(int, at=2), Call(int, at=3)
    for call in (sent, unsent, last):
        dispatcher.submit(call)
    dispatcher.cancel(unsent)
    dispatcher.cancel(sent)
    run_out(dispatcher)
    assert [c.record.outcome for c in (sent, unsent, last)] == ["cancelled", "unsent", "ok"]
    assert sent.outcomes == unsent.outcomes == [] and dispatcher.may_be_billed == 1


def test_a_refusal_holds_younger_calls_until_it_is_released():
    def refuses():
        raise Refused(429)

    dispatcher = SimulatedDispatcher(latency=lambda call: 1.0 if call.fn is refuses else 2.0, max_calls=2)
    refused = Call(refuses, at=2, effect=unordered(host="h", retry=0))
    older, younger = Call(int, at=1), Call(int, at=3)
    dispatcher.submit(refused)
    dispatcher.submit(older)
    dispatcher.submit(younger)
    run_out(dispatcher)
    assert older.outcomes and not younger.outcomes and dispatcher.waiting == 1
    dispatcher.release(refused)
    run_out(dispatcher)
    assert younger.outcomes == [(0, None)]


def test_close_cancels_everything_and_refuses_more():
    dispatcher = SimulatedDispatcher(max_calls=1)
    calls = [Call(int, at=n) for n in range(3)]
    for call in calls:
        dispatcher.submit(call)
    dispatcher.close()
    dispatcher.close()
    assert not dispatcher.advance()
    assert [c.record.outcome for c in calls] == ["cancelled", "unsent", "unsent"]
    with pytest.raises(RuntimeError, match="closed"):
        dispatcher.submit(Call(int))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), min_size=1, max_size=40),
    st.one_of(st.none(), st.integers(1, 4)),
    st.data(),
)
def test_any_latency_gives_each_call_back_once_within_the_limit(program, limit, data):
    def run(latencies, cancel):
        back, begun, out = [], [], {"a": 0, "b": 0}

        def begins(call):
            begun.append(call.position)
            out[call.record.host] += 1
            assert limit is None or out[call.record.host] <= limit

        class Counted(Call):
            def finish(self, value, error):
                out[self.record.host] -= 1
                super().finish(value, error)

        dispatcher = SimulatedDispatcher(lambda call: latencies[call.position[0]], limit, started=begins)
        calls = [Counted(int, n, at=n, effect=unordered(host=host), back=back) for n, (_, host) in enumerate(program)]
        for call in calls:
            dispatcher.submit(call)
            if call.position[0] in cancel:
                if call.record.outcome == "running":
                    out[call.record.host] -= 1
                dispatcher.cancel(call)
        times = []
        while dispatcher.advance():
            times.append(dispatcher.now)
        assert times == sorted(times)
        for call in calls:
            assert len(call.outcomes) == (0 if call.position[0] in cancel else 1)
        return [(call.position, call.record.started, call.record.ended) for call in back], begun, dispatcher.now

    latencies = [seconds for seconds, _ in program]
    cancel = data.draw(st.sets(st.integers(0, len(program) - 1), max_size=3))
    first = run(latencies, cancel)
    assert first == run(latencies, cancel), "deterministic"
    for host in "ab":
        of_host = [position for position in first[1] if program[position[0]][1] == host]
        assert of_host == sorted(of_host), "sent in program order"
