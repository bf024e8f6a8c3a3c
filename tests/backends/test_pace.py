"""How many calls at once a host takes: learned on the simulated clock, against hosts of known kinds."""

from __future__ import annotations

from random import Random

import pytest

from poppy_ipython.backends import SimulatedDispatcher
from poppy_ipython.backends.limits import Book
from poppy_ipython.backends.pace import LONGEST, Pace
from tests.backends.calls import Call, Refused


class Server:
    """Takes `capacity` calls at once at full speed; more make all slower (`elastic`) or are refused."""

    def __init__(self, capacity, elastic):
        self.capacity, self.elastic = capacity, elastic
        self.now = self.most = self.refused = 0
        self.dispatcher = None

    def latency(self, call):
        self.now = self.dispatcher.in_flight
        self.most = max(self.most, self.now)
        call.refused = not self.elastic and self.now > self.capacity
        if call.refused:
            return 0.01
        return max(1.0, self.now / self.capacity) if self.elastic else 1.0

    def body(self, call):
        if call.refused:
            self.refused += 1
            raise Refused(429)
        return call.position


def drive(server, count, **options):
    server.dispatcher = SimulatedDispatcher(server.latency, 16, adaptive=True, random=Random(3), **options)
    calls = []
    for n in range(count):
        call = Call(None, at=n)
        call.fn = lambda call=call: server.body(call)
        calls.append(call)
        server.dispatcher.submit(call)
    while server.dispatcher.advance():
        pass
    assert [call.outcomes for call in calls] == [[((n,), None)] for n in range(count)]
    return server.dispatcher.now


def test_a_host_with_room_gets_more_and_more():
    server = Server(10_000, elastic=True)
    took = drive(server, 2000)
    assert server.most >= 200 and took < 2000 / 16 / 4


def test_a_host_that_gets_slower_is_not_pushed_on():
    server = Server(20, elastic=True)
    took = drive(server, 2000)
    assert server.most <= 40
    assert took <= 1.1 * 2000 / 20, "and is used"


def test_a_host_that_refuses_is_backed_off_from_and_everything_arrives():
    server = Server(24, elastic=False)
    took = drive(server, 3000)
    assert server.refused < 0.03 * 3000
    assert took < 1.5 * 3000 / 24


def test_a_declared_limit_knows_better_than_learning():
    book = Book(file=False)
    book.limit("h", calls=64)
    server = Server(64, elastic=False)
    took = drive(server, 3000, book=book)
    assert server.refused == 0 and took <= 1.05 * 3000 / 64


@pytest.mark.parametrize(("after", "least", "most"), [(None, 0.5, 1.0), (7.0, 7.0, 8.1), (-400.0, 0.0, 0.1), (3000.0, LONGEST, LONGEST + 1), (3e7, 0.5, 1.0)])
def test_retry_after_is_honoured_within_bounds_and_never_early(after, least, most):
    for seed in range(20):
        pace = Pace(Random(seed))
        pace.refused(100.0, 99.0, after)
        assert 100.0 + least <= pace.until <= 100.0 + most


def test_refused_together_counts_once_and_in_a_row_waits_longer():
    pace = Pace(Random(1), start=64)
    for n in range(10):
        pace.refused(now=1.0 + n / 100, started=0.5, after=None)
    assert pace.calls == 32
    first = pace.until
    pace.refused(now=5.0, started=4.0, after=None)
    assert pace.calls == 16 and pace.until - 5.0 > first - 1.0
    for n in range(12):
        pace.refused(now=100.0 * (n + 1), started=100.0 * (n + 1) - 1, after=None)
    assert pace.calls == 1


def test_those_who_were_refused_together_do_not_come_back_together():
    pauses = {Pace(Random(seed)).pause(1, 2.0) for seed in range(30)}
    assert len(pauses) == 30 and all(2.0 <= pause <= 2.6 for pause in pauses)
