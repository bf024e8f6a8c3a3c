"""`notebooks/effects.ipynb`, executed in a real kernel against the local service: the same twice, and what it claims."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

import nbformat
import pytest

from .executing import NOTEBOOKS, said

EFFECTS = NOTEBOOKS / "effects.ipynb"


def load_demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_of_effects", NOTEBOOKS / "demo.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo_of_effects"] = module
    spec.loader.exec_module(module)
    return module


demo = load_demo()


@pytest.fixture(scope="module")
def executed() -> Any:
    notebook, error = demo.execute(EFFECTS)
    assert not error, error
    return notebook


def test_it_is_kept_without_results() -> None:
    notebook = nbformat.read(EFFECTS, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


def test_every_pair_leaves_the_same(executed: Any) -> None:
    pairs = list(demo.pairs(executed))
    assert len(pairs) == 6
    assert [pair.difference for pair in pairs] == [[]] * 6


def test_calls_overlap_without_a_declaration(executed: Any) -> None:
    at_once = [re.search(r"\(([\d.]+) at once\)", demo.summary(pair.poppy)) for pair in demo.pairs(executed)]
    assert [found is not None for found in at_once] == [True, True, True, True, False, True]
    assert all(float(found[1]) > 2 for found in at_once if found), at_once


def test_what_is_unknown_is_named_and_one_word_changes_it(executed: Any) -> None:
    table, word, mistake = (said(cell) for cell in executed.cells if "poppy effects" in cell.source or "run_line_magic" in cell.source)
    assert re.search(r"pathlib.Path.read_text +readonly\(…\) +library/stdlib.toml +8", table)
    assert word == "lookup is unordered from now on.\n"
    assert mistake == "lokup: the notebook has no 'lokup'; did you mean 'lookup'?\n"
    before = [said(pair.poppy) for pair in demo.pairs(executed)][4]
    assert "`lookup` ran in order 8× (unknown effect)" in before
