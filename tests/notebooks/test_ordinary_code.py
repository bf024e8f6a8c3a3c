"""`notebooks/ordinary_code.ipynb`, executed in a real kernel against the local service: the same twice, and several times sooner."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import pytest

from .executing import NOTEBOOKS
from .test_effects import load_demo

ORDINARY = NOTEBOOKS / "ordinary_code.ipynb"
demo = load_demo()


@pytest.fixture(scope="module")
def executed() -> Any:
    notebook, error = demo.execute(ORDINARY)
    assert not error, error
    return notebook


def test_it_is_kept_without_results() -> None:
    notebook = nbformat.read(ORDINARY, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


def test_every_pair_leaves_the_same(executed: Any) -> None:
    pairs = list(demo.pairs(executed))
    assert len(pairs) == 4
    assert [pair.difference for pair in pairs] == [[]] * 4


def test_calls_overlap(executed: Any) -> None:
    """Files by the ``open`` that IPython puts into a notebook, too."""
    at_once = [re.search(r"\(([\d.]+) at once\)", demo.summary(pair.poppy)) for pair in demo.pairs(executed)]
    assert all(found is not None and float(found[1]) > 2 for found in at_once), at_once
