"""Slots: the limit, program order, holds. Pure bookkeeping, tested against a model."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from poppy_ipython.backends.slots import Slots


class Call:
    def __init__(self, *position):
        self.position = position


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Slots(0, lambda call, host: None)


def test_hosts_have_limits_of_their_own():
    sent = []
    slots = Slots(1, lambda call, host: sent.append((host.name, call.position)))
    for n in range(2):
        slots.submit(Call(n), "a")
        slots.submit(Call(n), "b")
    assert sent == [("a", (0,)), ("b", (0,))]


def test_a_refusal_holds_what_comes_after_it_and_not_what_comes_before():
    #     1      2 refused      3
    #     ▲ goes                ▲ held until 2 is handled
    sent = []
    slots = Slots(3, lambda call, host: sent.append(call.position))
    refused = Call(2)
    slots.submit(refused, "h")
    host = slots.hosts["h"]
    slots.refuse(host, refused, 401)
    slots.left(host)
    slots.submit(Call(3), "h")
    slots.submit(Call(1), "h")
    assert sent == [(2,), (1,)]
    slots.release(refused)
    assert sent == [(2,), (1,), (3,)]


@pytest.mark.parametrize(("status", "holds_again"), [(401, False), (403, False), (404, False), (429, True)])
def test_a_handled_refusal_does_not_hold_again_unless_the_server_asks_for_it(status, holds_again):
    sent = []
    slots = Slots(3, lambda call, host: sent.append(call.position))
    for n in (1, 2):
        call = Call(n)
        slots.submit(call, "h")
        slots.refuse(slots.hosts["h"], call, status)
        slots.left(slots.hosts["h"])
        if n == 1:
            slots.release(call)
    slots.submit(Call(3), "h")
    assert ((3,) not in sent) == holds_again


@pytest.mark.parametrize("status", [None, 200, 400, 500, 503])
def test_other_failures_hold_nothing(status):
    sent = []
    slots = Slots(3, lambda call, host: sent.append(call.position))
    slots.submit(call := Call(1), "h")
    slots.refuse(slots.hosts["h"], call, status)
    slots.submit(Call(2), "h")
    assert sent == [(1,), (2,)]


def test_lost_calls_keep_their_slots_but_never_stop_the_program():
    sent = []
    slots = Slots(2, lambda call, host: sent.append(call.position))
    for n in range(5):
        slots.submit(Call(n), "h")
    host = slots.hosts["h"]
    slots.lose(host)
    assert sent == [(0,), (1,)], "one of two is still wanted"
    slots.lose(host)
    assert sent == [(0,), (1,), (2,)], "both lost: one may go"
    slots.left(host)
    assert sent == [(0,), (1,), (2,), (3,)]
    slots.left(host, lost=True)
    assert sent == [(0,), (1,), (2,), (3,)], "(3,) and a lost one are out"
    slots.left(host, lost=True)
    assert sent == [(0,), (1,), (2,), (3,), (4,)]


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

    def send(call, host):
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
        host = slots.hosts.get("h")
        if what == "left" and out:
            out.remove(call := out[n % len(out)])
            slots.left(host)
        elif what == "withdraw" and waiting:
            waiting.remove(call := waiting[n % len(waiting)])
            assert slots.withdraw(call) and not slots.withdraw(call)
        elif what == "lose" and out:
            lost.append(out.pop(n % len(out)))
            slots.lose(host)
        elif what == "lost back" and lost:
            lost.pop()
            slots.left(host, lost=True)
        elif what == "refuse" and out:
            out.remove(call := out[n % len(out)])
            refused.append(call)
            slots.refuse(host, call, 429)
            slots.left(host)
        elif what == "release" and refused:
            call = refused.pop(n % len(refused))
            slots.release(call)
        assert set(slots.unsent) == set(waiting)
        if host is not None:
            assert (host.out, host.lost) == (len(out) + len(lost), len(lost))
    while refused:
        slots.release(refused.pop())
    while waiting or out:
        assert out, "something waits although nothing is out"
        out.pop()
        slots.left(slots.hosts["h"])
