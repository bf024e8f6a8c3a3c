"""`notebooks/streaming.ipynb`, executed in a real kernel against the local service: the same twice, streams at once."""

from __future__ import annotations

import re

import nbformat

from .executing import NOTEBOOKS
from .test_effects import demo

STREAMING = NOTEBOOKS / "streaming.ipynb"


def test_it_is_kept_without_results_and_leaves_the_same() -> None:
    notebook = nbformat.read(STREAMING, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
    executed, error = demo.execute(STREAMING)
    assert not error, error
    pairs = list(demo.pairs(executed))
    assert [pair.difference for pair in pairs] == [[]] * 5
    for pair in pairs[1:4]:  # streams of blocking clients, of asynchronous ones in a helper, of a chain
        found = re.search(r"\(([\d.]+) at once\)", demo.summary(pair.poppy))
        assert found and float(found[1]) > 2, demo.summary(pair.poppy)
