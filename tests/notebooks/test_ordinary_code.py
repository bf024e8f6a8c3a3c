"""`notebooks/ordinary_code.ipynb`, executed in a real kernel against the local service: the same twice, and several times sooner."""

from __future__ import annotations

from typing import Any

import pytest

from .executing import NOTEBOOKS, at_once, by_demo, demo, kept_without_results

ORDINARY = NOTEBOOKS / "ordinary_code.ipynb"


@pytest.fixture(scope="module")
def executed() -> Any:
    return by_demo(ORDINARY)


def test_it_is_kept_without_results() -> None:
    assert kept_without_results(ORDINARY)


def test_every_pair_leaves_the_same(executed: Any) -> None:
    pairs = list(demo.pairs(executed))
    assert len(pairs) == 4
    assert [pair.difference for pair in pairs] == [[]] * 4


def test_calls_overlap(executed: Any) -> None:
    """Files by the ``open`` that IPython puts into a notebook, too."""
    found = at_once(executed)
    assert all(calls is not None and calls > 2 for calls in found), found
