"""The garbage collector's threshold while runs overlap."""

from __future__ import annotations

import gc

from poppy_ipython.engine.collector import Collector


def test_the_last_of_overlapping_runs_sets_the_threshold_back() -> None:
    before = gc.get_threshold()
    one, two = Collector(), Collector()
    one.begin()
    two.begin()
    one.crowd(600)
    one.end()
    assert gc.get_threshold()[0] > before[0]
    two.end()
    assert gc.get_threshold() == before
    one.begin()
    one.end()
    assert gc.get_threshold() == before


def test_what_somebody_else_sets_meanwhile_stays() -> None:
    before = gc.get_threshold()
    collector = Collector()
    try:
        collector.begin()
        gc.set_threshold(1234, 5, 6)
        collector.crowd(600)
        collector.end()
        assert gc.get_threshold() == (1234, 5, 6)
    finally:
        gc.set_threshold(*before)
