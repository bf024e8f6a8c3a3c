"""Slots: limits, program order, holds, time. Pure bookkeeping, tested against models."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from poppy_ipython.backends.limits import Book
from poppy_ipython.backends.order import JUMPS
from poppy_ipython.backends.slots import Slots
from poppy_ipython.trace.events import CallRecord


class Call:
    def __init__(self, *position, fn=len, tokens=0, line=0, cause=None):
        self.position = position
        self.fn = fn
        self.args, self.kwargs = ("x" * 4 * tokens,), {}
        self.record = CallRecord(position[-1], "ask", line=line, cause=cause)
        self.earliest = 0.0


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Slots(0, lambda call, lane: None)


def test_hosts_have_limits_of_their_own():
    sent = []
    slots = Slots(1, lambda call, lane: sent.append((lane.host.name, call.position)))
    for n in range(2):
        slots.submit(Call(n), "a")
        slots.submit(Call(n), "b")
    assert sent == [("a", (0,)), ("b", (0,))]


def test_a_refusal_holds_what_comes_after_it_and_not_what_comes_before():
    #     1      2 refused      3
    #     ▲ goes                ▲ held until 2 is handled
    sent = []
    slots = Slots(3, lambda call, lane: sent.append(call.position))
    refused = Call(2)
    slots.submit(refused, "h")
    lane = slots.lanes["h"]
    slots.refuse(lane, refused, 401)
    slots.left(lane)
    slots.submit(Call(3), "h")
    slots.submit(Call(1), "h")
    assert sent == [(2,), (1,)]
    slots.release(refused)
    assert sent == [(2,), (1,), (3,)]


@pytest.mark.parametrize(("status", "holds_again"), [(401, False), (403, False), (404, False), (429, True)])
def test_a_handled_refusal_does_not_hold_again_unless_the_server_asks_for_it(status, holds_again):
    sent = []
    slots = Slots(3, lambda call, lane: sent.append(call.position))
    for n in (1, 2):
        call = Call(n, 1)
        slots.submit(call, "h")
        slots.refuse(slots.lanes["h"], call, status)
        slots.left(slots.lanes["h"])
        if n == 1:
            slots.release(call)
    slots.submit(Call(3, 1), "h")
    assert ((3, 1) not in sent) == holds_again


@pytest.mark.parametrize("status", [None, 200, 400, 500, 503])
def test_other_failures_hold_nothing_of_other_units(status):
    sent = []
    slots = Slots(3, lambda call, lane: sent.append(call.position))
    slots.submit(call := Call(1, 1), "h")
    slots.refuse(slots.lanes["h"], call, status)
    slots.submit(Call(2, 1), "h")
    slots.submit(Call(2), "h")
    assert sent == [(1, 1), (2, 1), (2,)]


def test_lost_calls_keep_their_slots_but_never_stop_the_program():
    sent = []
    slots = Slots(2, lambda call, lane: sent.append(call.position))
    for n in range(5):
        slots.submit(Call(n), "h")
    lane = slots.lanes["h"]
    slots.lose(lane)
    assert sent == [(0,), (1,)], "one of two is still wanted"
    slots.lose(lane)
    assert sent == [(0,), (1,), (2,)], "both lost: one may go"
    slots.left(lane)
    assert sent == [(0,), (1,), (2,), (3,)]
    slots.left(lane, lost=True)
    assert sent == [(0,), (1,), (2,), (3,)], "(3,) and a lost one are out"
    slots.left(lane, lost=True)
    assert sent == [(0,), (1,), (2,), (3,), (4,)]


def test_what_a_failed_calls_unit_issued_after_it_is_not_sent():
    #   (1, 2) failed      (1, 1) older      (1, 3), (1, 4, 7) doomed      (2,) of the unit around, which may handle it
    sent = []
    slots = Slots(1, lambda call, lane: sent.append(call.position))
    slots.submit(failed := Call(1, 2), "h")
    for position in ((1, 3), (1, 4, 7), (2,), (1, 1)):
        slots.submit(Call(*position), "h")
    lane = slots.lanes["h"]
    slots.refuse(lane, failed, 500)
    for _ in range(3):
        slots.left(lane)
    assert sent == [(1, 2), (1, 1), (2,)]
    slots.submit(Call(1, 5), "elsewhere")
    assert len(sent) == 3
    slots.release(failed)
    assert sent[3:] == [(1, 5), (1, 3)] or sent[3:] == [(1, 3), (1, 5)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(0, 30)),
        st.tuples(st.sampled_from(["left", "withdraw", "lose", "lost back", "refuse", "release"]), st.integers(0, 100)),
    ),
    max_size=80,
)


@given(st.integers(1, 4), STEPS)
def test_never_above_the_limit_in_program_order_and_nothing_is_forgotten(limit, steps):
    out, lost, waiting, refused = [], [], [], []

    def send(call, lane):
        holds = [r.position for r in refused]
        eligible = [c for c in waiting if not holds or c.position <= min(holds)]
        assert call in eligible and call.position == min(c.position for c in eligible)
        waiting.remove(call)
        out.append(call)
        assert len(out) <= limit
        assert len(out) + len(lost) <= limit or len(out) == 1

    slots = Slots(limit, send)
    made = 0
    for what, n in steps:
        if what == "submit":
            made += 1
            call = Call(n, made)
            waiting.append(call)
            slots.submit(call, "h")
            continue
        lane = slots.lanes.get("h")
        if what == "left" and out:
            out.remove(call := out[n % len(out)])
            slots.left(lane)
        elif what == "withdraw" and waiting:
            waiting.remove(call := waiting[n % len(waiting)])
            assert slots.withdraw(call) and not slots.withdraw(call)
        elif what == "lose" and out:
            lost.append(out.pop(n % len(out)))
            slots.lose(lane)
        elif what == "lost back" and lost:
            lost.pop()
            slots.left(lane, lost=True)
        elif what == "refuse" and out:
            out.remove(call := out[n % len(out)])
            refused.append(call)
            slots.refuse(lane, call, 429)
            slots.left(lane)
        elif what == "release" and refused:
            call = refused.pop(n % len(refused))
            slots.release(call)
        assert set(slots.unsent) == set(waiting)
        if lane is not None:
            assert (lane.host.out, lane.host.lost, lane.host.waiting) == (len(out) + len(lost), len(lost), len(waiting))
    while refused:
        slots.release(refused.pop())
    while waiting or out:
        assert out, "something waits although nothing is out"
        out.pop()
        slots.left(slots.lanes["h"])


# ------------------------------------------------------------------ declared limits


def bounded(*limits, start=100):
    """Slots with limits, what was sent and a clock to turn."""
    book = Book(file=False)
    for targets, figures in limits:
        book.limit(*targets, **figures)
    sent, now, wakes = [], [0.0], []
    slots = Slots(
        start, lambda call, lane: sent.append((call, lane)), clock=lambda: now[0], wake=wakes.append, book=book
    )
    return slots, sent, now, wakes


def test_one_limit_bounds_all_the_calls_that_it_names():
    def ask(): ...
    def search(): ...
    def other(): ...

    slots, sent, _, _ = bounded(((ask, search), {"calls": 2}))
    for n, fn in enumerate((ask, search, ask, other)):
        slots.submit(Call(n, fn=fn), fn.__name__)
    assert [call.position[0] for call, _ in sent] == [0, 1, 3]
    slots.left(sent[0][1])
    assert sent[-1][0].position == (2,)


def test_while_the_oldest_waits_for_one_limit_its_place_in_the_others_is_kept():
    #   host "h": 2 at once      1, 2: only the host      3: the host and `slow`, which is taken      4, 5: only the host
    def slow(): ...

    slots, sent, _, _ = bounded(((slow,), {"calls": 1}), ((("h"),), {"calls": 2}))
    slots.submit(Call(0, fn=slow), "elsewhere")
    for n in (1, 2):
        slots.submit(Call(n), "h")
    slots.submit(Call(3, fn=slow), "h")
    for n in (4, 5, 6):
        slots.submit(Call(n), "h")
    lanes = {call.position[0]: lane for call, lane in sent}
    assert sorted(lanes) == [0, 1, 2]
    slots.left(lanes[1])
    assert len(sent) == 3, "the free place is kept for 3"
    slots.left(lanes[2])
    assert [call.position[0] for call, _ in sent[3:]] == [4], "one is kept, the other one is not"
    slots.left(lanes[0])
    assert [call.position[0] for call, _ in sent[3:]] == [4, 3]


def test_a_rate_lets_through_within_any_minute_and_says_when_it_opens():
    slots, sent, now, wakes = bounded((("h",), {"per_minute": 2}))
    for n in range(5):
        slots.submit(Call(n), "h")
        now[0] += 10
    assert [call.position[0] for call, _ in sent] == [0, 1] and wakes[-1] == 60.25
    now[0] = 60.25
    slots.pump()
    assert len(sent) == 3 and wakes[-1] == 70.25
    now[0] = 1000.0
    slots.pump()
    assert len(sent) == 5


def test_tokens_are_estimated_before_and_corrected_after():
    slots, sent, now, wakes = bounded((("h",), {"tokens_per_minute": 100}))
    slots.submit(Call(0, tokens=80), "h")
    slots.submit(Call(1, tokens=40), "h")
    assert len(sent) == 1
    call, lane = sent[0]
    slots.answered(lane, call, 0.0, 1.0, {"usage": {"total_tokens": 50}})
    slots.left(lane)
    assert len(sent) == 2, "it took 50, not 80"
    slots.submit(Call(2, tokens=1000), "h")
    assert len(sent) == 2
    now[0] = 61.0
    slots.pump()
    assert len(sent) == 3, "what no minute could hold goes when the minute is empty"


def test_what_was_counted_outlasts_a_limit_that_is_said_again():
    book, windows, sent = Book(file=False), {}, []
    for _ in range(2):
        book.limit("h", per_minute=2)
        slots = Slots(9, lambda call, lane: sent.append(call), book=book, windows=windows)
        for n in range(2):
            slots.submit(Call(n), "h")
    assert len(sent) == 2


class Together(RuleBasedStateMachine):
    """Several limits over several functions and hosts, under a clock: never above one, oldest first, nobody starves."""

    FUNCTIONS = (len, sum, min)
    HOSTS = ("a", "b")

    @initialize(data=st.data())
    def begin(self, data):
        self.book = Book(file=False)
        figures = st.fixed_dictionaries(
            {},
            optional={
                "calls": st.integers(1, 3), "per_minute": st.integers(1, 6), "tokens_per_minute": st.integers(1, 30),
            },
        ).filter(bool)  # fmt: skip
        self.limits = []
        for targets in ((len, sum), (min,), ("a",), ("b",)):
            if data.draw(st.booleans()):
                self.limits.append((targets, self.book.limit(*targets, **data.draw(figures), tokens=None)))
        self.now = 0.0
        self.alarm = None
        self.waiting, self.out, self.log, self.jumps = [], [], [], {}
        self.most = data.draw(st.integers(1, 4))
        self.slots = Slots(self.most, self.send, clock=lambda: self.now, wake=self.wake, book=self.book, random=Random(1))
        self.made, self.last = 0, None

    def wake(self, when):
        assert when > self.now
        self.alarm = when if self.alarm is None else min(self.alarm, when)

    def bounding(self, call, host):
        return [limit for targets, limit in self.limits if call.fn in targets or host in targets]

    def send(self, call, lane):
        assert (call, lane.host.name) in self.waiting
        self.waiting.remove((call, lane.host.name))
        self.out.append((call, lane))
        self.log.append((self.now, call, lane.host.name))
        assert self.now >= call.earliest
        older = [c for c, host in self.waiting if self.now >= c.earliest and c.position < call.position and (c.fn, host) == (call.fn, lane.host.name)]
        assert not any(c.record.line == call.record.line for c in older), "of equal calls the oldest goes first"
        for c in older:  # one of another place may pass it, if it heads a longer chain
            assert self.slots.chains.rest(call) >= self.slots.chains.rest(c)
            self.jumps[lane] = self.jumps.get(lane, 0) + 1
            assert self.jumps[lane] <= JUMPS, "then the oldest goes"
            break
        else:
            self.jumps[lane] = 0

    @rule(
        position=st.integers(0, 9), fn=st.sampled_from(FUNCTIONS), host=st.sampled_from(HOSTS), tokens=st.integers(0, 12),
        line=st.integers(0, 3), follows=st.booleans(),
    )  # fmt: skip
    def submit(self, position, fn, host, tokens, line, follows):
        self.made += 1
        call = Call(position, self.made, fn=fn, tokens=tokens, line=line, cause=self.last if follows else None)
        self.waiting.append((call, host))
        self.slots.submit(call, host)

    @rule(position=st.integers(0, 9), fn=st.sampled_from(FUNCTIONS), host=st.sampled_from(HOSTS), pause=st.floats(0.1, 20))
    def submit_later(self, position, fn, host, pause):
        """A call that pauses before it is sent again."""
        self.made += 1
        call = Call(position, self.made, fn=fn)
        call.earliest = self.now + pause
        self.waiting.append((call, host))
        self.slots.submit(call, host, call.earliest)

    @precondition(lambda self: self.out)
    @rule(n=st.integers(0, 99), seconds=st.integers(1, 5))
    def back(self, n, seconds):
        call, lane = self.out.pop(n % len(self.out))
        self.last = call.record
        self.slots.answered(lane, call, self.now - seconds, seconds, None)
        self.slots.left(lane)

    @precondition(lambda self: self.waiting)
    @rule(n=st.integers(0, 99))
    def withdraw(self, n):
        call, _ = self.waiting.pop(n % len(self.waiting))
        assert self.slots.withdraw(call)

    @precondition(lambda self: self.alarm is not None)
    @rule()
    def later(self):
        self.now, self.alarm = max(self.now, self.alarm), None
        self.slots.pump()

    @rule(seconds=st.floats(0.1, 30))
    def tick(self, seconds):
        self.now = self.now + seconds if self.alarm is None else min(self.now + seconds, self.alarm)

    @invariant()
    def never_above_a_limit(self):
        for host in self.HOSTS:
            assert sum(lane.host.name == host for _, lane in self.out) <= self.most
        for _, limit in self.limits:
            mine = [(when, call) for when, call, host in self.log if limit in self.bounding(call, host)]
            if limit.calls is not None:
                assert sum(limit in self.bounding(call, lane.host.name) for call, lane in self.out) <= limit.calls
            for n, (when, _) in enumerate(mine):
                within = [call for then, call in mine[: n + 1] if then > when - 60.0]
                if limit.per_minute is not None:
                    assert len(within) <= limit.per_minute
                taken = [tokens for call in within if (tokens := len(call.args[0]) // 4)]
                if limit.tokens_per_minute is not None and len(taken) > 1:  # what no minute could hold goes alone
                    assert sum(taken) <= limit.tokens_per_minute

    def teardown(self):
        """Nobody starves: with answers and time, everything is sent; and until then younger ones come in all the time."""
        if not hasattr(self, "slots"):
            return
        oldest = min(self.waiting, key=lambda one: one[0].position, default=None)
        for _ in range(100):
            if oldest is None or oldest not in self.waiting:
                break
            self.submit(50, len, "a", 1, 3, True)
            if self.out:
                self.back(0, 1)
            if self.alarm is not None:
                self.later()
            self.never_above_a_limit()
        assert oldest is None or oldest not in self.waiting, "the oldest call starves"
        while self.waiting:
            if self.out:
                self.back(0, 1)
            else:
                assert self.alarm is not None, "something waits, nothing is out, and no time is waited for"
                self.later()
        assert not self.slots.unsent


TestTogether = Together.TestCase
TestTogether.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
