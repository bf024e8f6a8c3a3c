"""Requests per minute: learned from a host that counts, on the simulated clock, and not from one that is only tired."""

from __future__ import annotations

from collections import deque
from random import Random
from types import SimpleNamespace

import pytest

from poppy_ipython.backends import SimulatedDispatcher
from poppy_ipython.backends.learned import Tally, named
from poppy_ipython.backends.limits import Book
from tests.backends.calls import Call, Refused


def refused(after=None, **headers):
    error = Refused(429)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    error.response = SimpleNamespace(status_code=429, headers=headers | ({} if after is None else {"retry-after": f"{after:.3f}"}))
    return error


class Counting:
    """A host that takes `most` calls in any 60 seconds, and so many at once; each takes a quarter of a second."""

    def __init__(self, most, at_once=16, naming=False):
        self.most, self.at_once, self.naming = most, at_once, naming
        self.admitted, self.inside = deque(), []
        self.refusals, self.crowded = [], 0  # by the count; for too many at once
        self.dispatcher = None

    def latency(self, call):
        now = self.dispatcher.now
        while self.admitted and self.admitted[0] <= now - 60.0:
            self.admitted.popleft()
        self.inside = [end for end in self.inside if end > now]
        call.error = None
        if len(self.inside) >= self.at_once:
            call.error = refused()
            self.crowded += 1
        elif len(self.admitted) >= self.most:
            named = {"x_ratelimit_limit_requests": str(self.most), "x_ratelimit_remaining_requests": "0"} if self.naming else {}
            call.error = refused(self.admitted[0] + 60.0 - now, **named)
            self.refusals.append(now)
        if call.error is not None:
            return 0.002
        self.admitted.append(now)
        self.inside.append(now + 0.25)
        return 0.25

    def body(self, call):
        if call.error is not None:
            raise call.error
        return call.position


def drive(host, count, **options):
    host.dispatcher = SimulatedDispatcher(host.latency, 16, adaptive=True, body="start", random=Random(3), **options)
    calls = []
    for n in range(count):
        call = Call(None, at=(n, 1))
        call.fn = lambda call=call: host.body(call)
        calls.append(call)
        host.dispatcher.submit(call)
    while host.dispatcher.advance():
        pass
    assert [call.outcomes for call in calls] == [[((n, 1), None)] for n in range(count)]
    return host.dispatcher.now


def test_a_host_that_counts_refuses_once_and_is_met_within_a_tenth_of_the_ideal():
    host = Counting(600)
    took = drive(host, 1500)
    assert took <= 1.1 * (120.0 + 300 / 64)
    assert len(host.refusals) <= 16, "those that were out together when it was reached"
    assert host.crowded <= 8, "one call more than it takes, now and then"
    assert not [when for when in host.refusals if when > 30.0], "and none after that"


def test_a_host_that_names_its_limit_is_believed():
    host = Counting(100, naming=True)
    took = drive(host, 250)
    assert took <= 1.1 * 121.0 and not [when for when in host.refusals if when > 30.0]


def test_what_is_declared_is_not_learned():
    book = Book(file=False)
    book.limit("h", per_minute=600, calls=16)
    host = Counting(600)
    took = drive(host, 700, book=book)
    assert host.refusals == [] and took <= 1.05 * (60.0 + 100 / 64)


def test_a_host_that_is_only_tired_is_waited_for_and_no_limit_is_learned():
    class Tired(Counting):
        def latency(self, call):
            self.seen = getattr(self, "seen", 0) + 1
            call.error = refused(10.0) if self.seen == 40 else None
            return 0.002 if call.error else 0.25

    host = Tired(10**6)
    took = drive(host, 400)
    assert took < 10.0 + 400 / 16 * 0.25 + 6.0, "thirty calls a minute would take a quarter of an hour"


def test_the_words_must_fit_the_count():
    tally = Tally()
    assert not tally.fits(100.0, 30.0)
    for n in range(50):
        tally.through(70.0 + n / 10)
    assert tally.fits(100.0, 30.0) and not tally.fits(100.0, 12.0) and not tally.fits(100.0, 50.0)
    assert tally.within(100.0) == 50 and tally.within(131.0) < 50


def test_a_tally_remembers_two_minutes_at_the_most():
    tally = Tally()
    for n in range(100_000):
        tally.through(float(n))
    assert len(tally.spent(0.0)) <= 200


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"x-ratelimit-limit-requests": "500"}, {"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "0"},
        {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499"},
        {"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"},
    ],
)  # fmt: skip
def test_headers_that_do_not_say_so_name_no_limit(headers):
    error = OSError()
    error.response = SimpleNamespace(headers=headers)
    assert named(error) is None and named(OSError()) is None
