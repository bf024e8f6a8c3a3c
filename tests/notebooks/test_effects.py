"""`notebooks/effects.ipynb`, executed in a real kernel against the local service: the same twice, and what it claims."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .executing import NOTEBOOKS, at_once, by_demo, demo, kept_without_results, said

EFFECTS = NOTEBOOKS / "effects.ipynb"


@pytest.fixture(scope="module")
def executed() -> Any:
    return by_demo(EFFECTS)


def test_it_is_kept_without_results() -> None:
    assert kept_without_results(EFFECTS)


def test_every_pair_leaves_the_same(executed: Any) -> None:
    pairs = list(demo.pairs(executed))
    assert len(pairs) == 6
    assert [pair.difference for pair in pairs] == [[]] * 6


def test_calls_overlap_without_a_declaration(executed: Any) -> None:
    found = at_once(executed)
    assert [calls is not None for calls in found] == [True, True, True, True, False, True]
    assert all(calls > 2 for calls in found if calls is not None), found


def test_what_is_unknown_is_named_and_one_word_changes_it(executed: Any) -> None:
    table, word, mistake = (said(cell) for cell in executed.cells if "poppy effects" in cell.source or "run_line_magic" in cell.source)
    assert re.search(r"pathlib.Path.read_text +readonly\(…\) +library/stdlib.toml +8", table)
    assert word == "lookup is unordered from now on.\n"
    assert mistake == "lokup: the notebook has no 'lokup'; did you mean 'lookup'?\n"
    before = [said(pair.poppy) for pair in demo.pairs(executed)][4]
    assert "`lookup` ran in order 8× (unknown effect)" in before
