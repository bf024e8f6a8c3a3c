"""The fast part of `make conformance`: bodies of a few small modules as cells, as shipped and under stress; and that the comparison
can tell."""

from __future__ import annotations

from .campaign import Part, campaign, compare
from .modules import FEW, excluded
from .outcome import Outcome


def test_language_tests_come_to_the_same() -> None:
    found = list(campaign(FEW, ["shipped", "stress"], "cell"))
    tests = sum(one.tests for one in found)
    assert tests > 160 and sum(one.passed for one in found) > 0.95 * tests
    different = [name for one in found for name, _, _ in one.differences]
    assert not different, [one.differences for one in found if one.differences]


def test_a_difference_is_seen() -> None:
    plain, poppy = Part(), Part()
    plain.add(Outcome("test_x.A.test_1", "passed"))
    plain.add(Outcome("test_x.A.test_2", "failed", "ValueError: 1"))
    poppy.add(Outcome("test_x.A.test_2", "failed", "ValueError: 2"))
    assert [name for name, _, _ in compare("test_x", "shipped", "cell", plain, poppy).differences] == ["test_x.A.test_1", "test_x.A.test_2"]


def test_an_exclusion_covers_what_is_below_it() -> None:
    assert excluded("test_frame.ClearTest.test_clear_locals", "cell")
    assert excluded("test_frame.ClearTest.test_clear_locals", "module") is None
    assert excluded("test_frame.ReprTest", "cell") is None
    assert excluded("test_exceptions.PEP626Tests.test_lineno_in_try", "cell") is None
    assert excluded("test_exceptions.PEP626Tests.test_lineno_in_try", "cell", "stress")
