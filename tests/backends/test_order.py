"""Which of the waiting calls goes first: oldest first, and what heads a long chain when it has to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

import poppy_ipython
from poppy_ipython import unordered
from poppy_ipython.backends.order import JUMPS, Chains, Queue, site_of
from poppy_ipython.backends.slots import Slots
from poppy_ipython.magic import parse
from poppy_ipython.trace.events import CallRecord
from tests.backends import order


def record(number, line, cause=None, stack=()):
    return CallRecord(number, "ask", line=line, cause=cause, stack=stack)


class Call:
    def __init__(self, position, line, followers=(), cause=None):
        self.position, self.record = (position, 1), record(position, line, cause)
        self.fn, self.args, self.kwargs = len, (), {}
        self._followers = followers

    def followers(self):
        return self._followers


def deferred(*followers):
    """An entry that is no external call: `answer.strip()`."""
    return SimpleNamespace(record=None, followers=lambda: followers)


# ------------------------------------------------------------------ what usually follows


def test_a_helper_is_another_site_for_each_place_that_calls_it():
    frames = [(("ask", "<cell>", line, (1,)),) for line in (3, 4)]
    assert site_of(record(1, 9, stack=frames[0])) != site_of(record(2, 9, stack=frames[1]))
    assert site_of(record(1, 9, stack=frames[0])) == site_of(record(5, 9, stack=frames[0]))


def learned(*chains):
    """Chains of sites, each call of one second."""
    found, number = Chains(), 0
    for chain in chains:
        before = None
        for line in chain:
            number += 1
            before = record(number, line, before)
            found.ready(before)
            found.ended(before, 1.0)
    return found


def test_tails_are_means_of_what_followed():
    #   1 ─▶ 2 ─▶ 3          1 alone
    chains = learned([1, 2, 3], [1, 2, 3], [1], [1])
    tails = {line: round(chains.tail(record(0, line)), 2) for line in (1, 2, 3)}
    assert tails == {1: 1.0, 2: 1.0, 3: 0.0}


def test_a_fan_counts_once_and_a_loop_by_its_mean_and_one_that_never_ended_as_all_that_was():
    fan = Chains()
    first = record(1, 1)
    fan.ended(first, 1.0)
    for number in range(2, 9):
        fan.ready(record(number, 2, first))
    assert fan.tail(first) == 1.0
    assert round(learned([1, 2, 2, 2], [1, 2, 2, 2]).tail(record(0, 1)), 2) == 3.0
    assert learned([1, 2]).tail(record(0, 1)) == 1.0
    endless = Chains()
    before = record(1, 5)
    endless.ended(before, 2.0)
    endless.ready(record(2, 5, before))
    assert endless.tail(before) == 2.0


def test_who_waits_for_it_already_is_followed_through_what_is_no_call():
    #   call ─▶ .strip() ─▶ call of line 2 ─▶ call of line 3          ─▶ call of line 2
    chains = learned([1], [2], [3])
    last = Call(30, 3)
    call = Call(10, 1, [deferred(Call(20, 2, [last])), Call(25, 2)])
    assert chains.rest(call) == 3.0 and chains.rest(last) == 1.0


def test_where_the_program_itself_waits_a_place_that_never_answered_is_taken_to_be_long():
    chains = learned([1], [1], [1])
    assert chains.rest(Call(10, 7, [None])) == 1.0 + 3.0
    assert chains.rest(Call(10, 1, [None])) == 1.0, "of this one it is known that nothing follows"


def test_a_chain_of_followers_without_end_is_looked_at_for_a_while_only():
    chains = learned([1])
    call = Call(1, 1)
    call._followers = [call]
    assert 1.0 < chains.rest(call) < 100.0


def test_sites_without_end_are_not_remembered_without_end():
    chains = Chains()
    for line in range(5_000):
        chains.ended(record(line + 1, line), 1.0)
    assert len(chains.sites) < 1_000 and chains.rest(Call(1, 4_999)) == 1.0


# ------------------------------------------------------------------ who goes


def queue(*calls, chains):
    waiting = {id(call) for call in calls}
    made = Queue(lambda call: id(call) in waiting, chains)
    for arrival, call in enumerate(calls):
        made.add((call.position, arrival, call, 0.0))

    def take(width, eligible=lambda entry: True):
        while id(made.heap[0][2]) not in waiting:
            made.heap.pop(0)
            made.heap.sort()
        call = made.take(width, eligible)[2]
        waiting.remove(id(call))
        return call.position[0]

    return take


def test_the_oldest_goes_first_until_the_longest_has_no_slack():
    #   0 … 5 of line 1, alone                9 of line 2, three follow: 4 s            two at once
    chains = learned([1], [1], [2, 3, 3, 3], [2, 3, 3, 3])
    take = queue(*[Call(n, 1) for n in range(6)], Call(9, 2), chains=chains)
    assert [take(2) for _ in range(7)] == [0, 1, 9, 2, 3, 4, 5], "10 s of work at two: 5 s; then 9 s, 8 s"


def test_equal_chains_go_in_program_order():
    take = queue(*[Call(n, 1 + n % 2) for n in (4, 1, 3, 2)], chains=learned([1, 3], [2, 3]))
    assert [take(100) for _ in range(4)] == [1, 2, 3, 4]


def test_who_may_not_go_is_not_let_pass():
    take = queue(Call(1, 1), Call(2, 2), Call(3, 3), chains=learned([1], [2, 3, 3], [3]))
    assert take(100, eligible=lambda entry: entry[0] < (2,)) == 1


def test_without_chains_it_is_program_order():
    take = queue(*[Call(n, n % 3) for n in range(9)], chains=None)
    assert [take(100) for _ in range(9)] == list(range(9))


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60), st.integers(1, 4))
def test_nobody_starves(arrivals, width):
    """Whoever waits is passed by at most `JUMPS` calls for each that is older, and itself; younger ones come all the time."""
    sent = []
    slots = Slots(width, lambda call, lane: sent.append(call))
    for chain in ([1, 2, 2, 2], [2, 3], [3], [0]):
        before = None
        for line in chain:
            before = record(len(sent) + line, line, before)
            slots.chains.ready(before)
            slots.chains.ended(before, 1.0)
    calls, passed, position = [], {}, 0
    for line, more in arrivals:
        position += 1
        calls.append(call := Call(position, line))
        slots.submit(call, "h")
        if not more and sent:
            seen = len(sent)
            slots.left(slots.lanes["h"])
            for gone in sent[seen:]:
                for other in calls:
                    if other not in sent and other.position < gone.position:
                        passed[other] = passed.get(other, 0) + 1
    while len(sent) < len(calls):
        seen = len(sent)
        slots.left(slots.lanes["h"])
        assert len(sent) > seen, "something waits although a place is free"
        for gone in sent[seen:]:
            for other in calls:
                if other not in sent and other.position < gone.position:
                    passed[other] = passed.get(other, 0) + 1
    assert sorted(call.position for call in sent) == [call.position for call in calls]
    for number, call in enumerate(calls):
        assert passed.get(call, 0) <= JUMPS * (number + 1)


# ------------------------------------------------------------------ what it gains


@pytest.mark.parametrize("name", order.PROGRAMS)
def test_longest_first_is_near_what_any_order_could_reach_and_never_later_than_program_order(name):
    one = order.gain(name)
    assert one.longest_first <= min(1.08 * one.at_best, one.in_program_order)
    if name in ("a chain behind a list", "a chain with decisions behind a list"):
        assert one.in_program_order >= 1.4 * one.longest_first


@pytest.mark.parametrize("first", ["chain", "program"])
def test_the_switch_reaches_a_live_run(first):
    sent = []

    @unordered
    def ask(question):
        sent.append(question)
        return f"{question}!"

    source = "xs = [ask(n) for n in range(24)]\ndraft = 'd'\nfor _ in range(40):\n    draft = ask(draft)"
    options = parse(f"--max-calls 4 --order {first}")
    assert poppy_ipython.run(source, {"ask": ask}, options=options).error is None
    assert len(sent) == 64 and (sent.index("d") < sent.index(16)) == (first == "chain")
