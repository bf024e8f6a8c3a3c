"""Sent again, or not; given up after a while: on the simulated clock, and once each on a real loop."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from poppy_ipython.backends import LiveDispatcher, SimulatedDispatcher
from poppy_ipython.backends.retries import REFUSALS, retry_after
from poppy_ipython.effects import readonly, sequential, unordered
from tests.backends.calls import Call, Refused


def failing(*errors):
    """A function that raises one after the other, then says how often it was called."""
    left = list(errors)

    def ask():
        ask.sent += 1
        if left:
            raise left.pop(0)
        return ask.sent

    ask.sent = 0
    return ask


def simulated(*calls, **options):
    dispatcher = SimulatedDispatcher(options.pop("latency", 1.0), random=Random(5), **options)
    for call in calls:
        call.position = (*call.position, 1)  # each in a unit of its own: a failure dooms what follows in its unit
        dispatcher.submit(call)
    for call in calls:  # retire in program order, as the engine does
        while not call.outcomes and dispatcher.advance():
            pass
        dispatcher.release(call)
    assert all(len(call.outcomes) == 1 for call in calls) and dispatcher.idle
    return dispatcher


def outcome(call):
    ((value, error),) = call.outcomes
    return value if error is None else error


THREE = unordered(host="h", retry=3)


@pytest.mark.parametrize("passing", [Refused(500), Refused(503), Refused(429), Refused(408), ConnectionResetError(), TimeoutError()])
def test_what_passes_is_sent_again_as_often_as_was_said(passing):
    good, bad = Call(failing(passing, passing), effect=THREE), Call(failing(*[passing] * 9), at=1, effect=THREE)
    simulated(good, bad)
    assert outcome(good) == 3 and good.record.attempts == 3
    assert outcome(bad) is passing and bad.fn.sent == bad.record.attempts == 4
    assert bad.record.outcome == "error" and good.record.outcome == "ok" and good.record.started == 0.0
    assert good.record.ended > 3.5, "three attempts of 1 s, and the pauses"


@pytest.mark.parametrize("final", [ValueError("no"), Refused(400), Refused(401), Refused(404), KeyError(1)])
def test_what_does_not_pass_is_not(final):
    call = Call(failing(final), effect=THREE)
    simulated(call)
    assert outcome(call) is final and call.fn.sent == 1


def test_retry_on_decides():
    picky = Call(failing(KeyError(1), ValueError(2)), effect=unordered(host="h", retry=5, retry_on=KeyError))
    judged = Call(failing(KeyError("a"), KeyError("b")), effect=unordered(host="h", retry=5, retry_on=lambda e: e.args == ("a",)))
    simulated(picky, judged)
    assert repr(outcome(picky)) == "ValueError(2)" and repr(outcome(judged)) == "KeyError('b')"


def test_a_predicate_that_raises_leaves_the_calls_own_error(caplog):
    call = Call(failing(ConnectionError("mine")), effect=unordered(host="h", retry=5, retry_on=lambda error: 1 / 0))
    simulated(call)
    assert repr(outcome(call)) == "ConnectionError('mine')" and "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("effect", "sent"),
    [(readonly("db", host="h", retry=1), 2), (sequential("db", host="h", retry=1, idempotent=True), 2), (sequential("db", host="h"), 1)],
)
def test_only_where_sending_twice_does_no_harm(effect, sent):
    call = Call(failing(*[Refused(503)] * 5), effect=effect)
    simulated(call)
    assert call.fn.sent == sent


@pytest.mark.parametrize(
    "settings",
    [{"retry": -1}, {"retry": 1.5}, {"retry": True}, {"timeout": 0}, {"timeout": -1}, {"timeout": float("inf")}, {"idempotent": 1},
     {"retry": 1, "retry_on": 3}, {"retry": 1, "retry_on": int}, {"retry": 1, "retry_on": ()}, {"retry_on": KeyError}],
)  # fmt: skip
def test_bad_settings_are_refused(settings):
    with pytest.raises((TypeError, ValueError)):
        unordered(**settings)


def test_a_sequential_call_is_not_to_be_repeated_unless_somebody_says_that_it_may():
    with pytest.raises(TypeError, match="idempotent=True"):
        sequential("db", retry=2)


# ------------------------------------------------------------------ refused because of our own haste


def crowd(n, *errors, effect=unordered(host="h")):
    return [Call(failing(*errors), at=i, effect=effect) for i in range(n)]


def test_a_429_in_company_is_sent_again_with_nobody_asking():
    calls = crowd(8, Refused(429))
    simulated(*calls)
    assert [outcome(call) for call in calls] == [2] * 8


def test_a_429_that_comes_to_a_call_alone_is_the_programs():
    (alone,) = crowd(1, refused := Refused(429))
    simulated(alone)
    assert outcome(alone) is refused


@pytest.mark.parametrize("error", [Refused(500), Refused(503), ConnectionError()])
def test_nothing_else_is_sent_again_with_nobody_asking(error):
    calls = crowd(4, error)
    simulated(*calls)
    assert [outcome(call) for call in calls] == [error] * 4


def test_a_503_that_names_a_time_is_a_refusal():
    error = Refused(503)
    error.headers = {"Retry-After": "4"}
    calls = crowd(4, error)
    dispatcher = simulated(*calls)
    assert [outcome(call) for call in calls] == [2] * 4 and dispatcher.now >= 6.0


def test_refused_for_ever_comes_through_in_the_end():
    calls = crowd(3, *[Refused(429)] * 50)
    simulated(*calls)
    assert all(isinstance(outcome(call), Refused) for call in calls)
    assert max(call.fn.sent for call in calls) == REFUSALS + 1


def test_a_quota_that_is_used_up_does_not_pass():
    error = Refused(429)
    error.code = "insufficient_quota"
    calls = crowd(4, error)
    simulated(*calls)
    assert [outcome(call) for call in calls] == [error] * 4


@pytest.mark.parametrize("effect", [unordered(host="h", retry=0), sequential("db", host="h")])
def test_it_can_be_forbidden_and_is_for_what_changes_something(effect):
    calls = crowd(4, Refused(429), effect=effect)
    simulated(*calls)
    assert all(isinstance(outcome(call), Refused) for call in calls)


def test_not_on_top_of_a_client_that_repeats_by_itself():
    class Completions:
        def __init__(self, most):
            self._client = SimpleNamespace(max_retries=most)
            self.sent = 0

        def create(self):
            self.sent += 1
            raise Refused(429)

    patient, bare = Completions(2), Completions(0)
    calls = [Call(patient.create, at=0, effect=THREE), Call(bare.create, at=1, effect=THREE)]
    simulated(*calls)
    assert (patient.sent, bare.sent) == (1, 4)

    error = Refused(429)  # the same deep inside a function of the user's: the request says that it was repeated
    error.request = SimpleNamespace(headers={"x-stainless-retry-count": "2"})
    (call,) = crowd(1, error, effect=THREE)
    simulated(call)
    assert outcome(call) is error and call.fn.sent == 1


def said(**headers):
    error = Refused(429)
    error.response = SimpleNamespace(headers={name.replace("_", "-"): value for name, value in headers.items()})
    return error


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(said(retry_after="3"), 3.0), (said(retry_after_ms="250", retry_after="9"), 0.25), (said(Retry_After="-5"), -5.0),
     (said(retry_after="soon"), None), (said(retry_after="nan"), None), (said(), None), (Refused(429), None)],
)  # fmt: skip
def test_retry_after_in_its_forms(error, seconds):
    assert retry_after(error) == seconds


@pytest.mark.parametrize("days", [-1, 365])
def test_retry_after_as_a_date(days):
    found = retry_after(said(retry_after=format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True)))
    assert abs(found - days * 86400) < 60


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from([429, 503, 500, None]), st.integers(0, 3)), min_size=1, max_size=12), st.integers(1, 4))
def test_after_any_number_of_attempts_each_result_is_its_own_calls(plan, most):
    calls = []
    for n, (times, status, retry) in enumerate(plan):
        errors = [ConnectionError() if status is None else Refused(status)] * times
        calls.append(Call(failing(*errors), at=n, effect=unordered(host="h", retry=retry)))
    dispatcher = simulated(*calls, max_calls=most, latency=lambda call: 1.0 + call.position[0] / 7)
    assert dispatcher.most_in_flight <= most
    for call, (times, _, retry) in zip(calls, plan, strict=True):
        if times <= retry:
            assert outcome(call) == times + 1 == call.record.attempts
        assert call.fn.sent <= max(retry, REFUSALS) + 1


# ------------------------------------------------------------------ timeouts


def test_what_takes_too_long_fails_then_and_may_be_sent_again():
    slow = Call(failing(), effect=unordered(host="h", timeout=2.0))
    tried = Call(failing(), at=1, effect=unordered(host="h", timeout=2.0, retry=2))
    quick = Call(failing(), at=2, effect=unordered(host="h", timeout=2.0))
    took = {slow: [9.0], tried: [9.0, 1.0], quick: [1.0]}
    dispatcher = simulated(slow, tried, quick, latency=lambda call: took[call].pop(0))
    assert isinstance(outcome(slow), TimeoutError) and "test did not answer within 2 s" in str(outcome(slow))
    assert slow.record.ended == 2.0 and outcome(quick) == 1
    assert outcome(tried) == 1 and tried.record.attempts == 2 and dispatcher.may_be_billed == 2


def test_a_live_timeout_does_not_wait_for_those_who_will_not_go():
    async def main():
        hold, swallowed = threading.Event(), asyncio.Event()

        async def stubborn():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.set()
            await asyncio.Event().wait()

        dispatcher = LiveDispatcher(asyncio.get_running_loop(), max_calls=2)
        calls = [
            Call(stubborn, at=0, effect=unordered(host="h", timeout=0.01)),
            Call(hold.wait, at=1, effect=unordered(host="h", timeout=0.01, backend="threads")),
            Call(int, at=2),
        ]
        for call in calls:
            dispatcher.submit(call)
        for call in calls[:2]:
            with pytest.raises(TimeoutError):
                await call.answer()
            dispatcher.release(call)
        assert await calls[2].answer() == 0 and dispatcher.in_flight == 0
        await asyncio.wait_for(swallowed.wait(), 20)
        hold.set()

    asyncio.run(main())


def test_live_retries_come_back_once_and_cancelled_ones_never():
    async def main():
        dispatcher = LiveDispatcher(asyncio.get_running_loop(), random=Random(1))
        again = Call(failing(ConnectionError()), effect=THREE)
        dropped = Call(failing(ConnectionError()), at=1, effect=THREE)
        for call in (again, dropped):
            dispatcher.submit(call)
        while dropped.record.attempts == 1:
            await asyncio.sleep(0)
        dispatcher.cancel(dropped)
        assert await again.answer() == 2
        assert dropped.outcomes == [] and dropped.record.outcome == "cancelled"
        dispatcher.close()

    asyncio.run(main())
