"""Instruments: nothing to pay when nobody listens, and no listener kills a run."""

import logging

import pytest

from poppy_ipython.trace import CallRecord, Instrument, Instruments, Trace, Wait


class Listener(Instrument):
    def __init__(self):
        self.heard = []

    def call(self, record, what):
        self.heard.append((record.number, what))

    def wait(self, wait):
        self.heard.append(wait.reason)

    def finished(self, trace):
        self.heard.append(len(trace.calls))


class Failing(Instrument):
    def __init__(self, error):
        self.error, self.times = error, 0

    def call(self, record, what):
        self.times += 1
        raise self.error


WAIT = Wait("data", 3, None, 0.0, 0.5)


def test_every_listener_hears_everything_in_order():
    one, two = Listener(), Listener()
    instruments = Instruments([one, two])
    instruments.call(CallRecord(7, "ask"), "issued")
    instruments.wait(WAIT)
    instruments.finished(Trace(()))
    assert one.heard == two.heard == [(7, "issued"), "data", 0]


def test_it_is_false_until_somebody_listens():
    instruments = Instruments()
    assert not instruments
    instruments.call(CallRecord(1, "ask"), "issued")
    listener = Listener()
    instruments.add(listener)
    assert instruments and listener in instruments
    instruments.remove(listener)
    assert not instruments and listener.heard == []


def test_hooks_that_were_not_overridden_are_never_called(monkeypatch):
    class OnlyEnd(Instrument):
        ended = 0

        def finished(self, trace):
            self.ended += 1

    only = OnlyEnd()
    instruments = Instruments([only])
    monkeypatch.setattr(OnlyEnd, "call", lambda *_: pytest.fail("called"), raising=False)
    instruments.call(CallRecord(1, "ask"), "issued")
    instruments.finished(Trace(()))
    assert only.ended == 1


def test_any_object_with_some_of_the_hooks_will_do():
    class Duck:
        def __init__(self):
            self.heard = 0

        def wait(self, wait):
            self.heard += 1

    duck = Duck()
    instruments = Instruments([duck])
    instruments.call(CallRecord(1, "ask"), "issued")
    instruments.wait(WAIT)
    assert duck.heard == 1


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), GeneratorExit()])
def test_one_that_fails_is_dropped_and_logged_and_the_others_hear_on(error, caplog):
    failing, listener = Failing(error), Listener()
    instruments = Instruments([failing, listener])
    with caplog.at_level(logging.ERROR, "poppy_ipython.trace"):
        instruments.call(CallRecord(1, "ask"), "issued")
        instruments.call(CallRecord(1, "ask"), "started")
    assert failing.times == 1 and failing not in instruments
    assert listener.heard == [(1, "issued"), (1, "started")]
    assert len(caplog.records) == 1 and type(error).__name__ in caplog.text


def test_one_whose_repr_fails_too_is_dropped_all_the_same():
    class Hopeless(Failing):
        def __repr__(self):
            raise RuntimeError("no repr either")

    hopeless = Hopeless(ValueError())
    instruments = Instruments([hopeless])
    instruments.call(CallRecord(1, "ask"), "issued")
    assert hopeless not in instruments


def test_an_interrupt_is_the_users_and_goes_through():
    failing = Failing(KeyboardInterrupt())
    instruments = Instruments([failing])
    with pytest.raises(KeyboardInterrupt):
        instruments.call(CallRecord(1, "ask"), "issued")
    assert failing in instruments


def test_instruments_may_come_and_go_while_one_is_called():
    late = Listener()

    class Replacing(Listener):
        def call(self, record, what):
            super().call(record, what)
            instruments.remove(self)
            instruments.add(late)

    first = Replacing()
    instruments = Instruments([first])
    instruments.call(CallRecord(1, "ask"), "issued")
    instruments.call(CallRecord(1, "ask"), "ended")
    assert first.heard == [(1, "issued")] and late.heard == [(1, "ended")]


def test_adding_twice_is_adding_once():
    listener = Listener()
    instruments = Instruments([listener, listener])
    instruments.call(CallRecord(1, "ask"), "issued")
    assert listener.heard == [(1, "issued")]


def test_a_long_chain_of_causes_has_a_short_repr():
    record = None
    for number in range(5000):
        record = CallRecord(number, "ask", cause=record)
    assert len(repr(record)) < 600
