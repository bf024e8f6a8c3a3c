"""`notebooks/limits_and_failures.ipynb` runs in a real kernel, and its own assertions hold."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "limits_and_failures.ipynb"


def test_the_notebook_of_limits_and_failures() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code), "it is kept without results"
    assert sum("assert" in cell.source for cell in code) >= 5
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    failed = [cell for cell in code if any(output.output_type == "error" for output in cell.outputs)]
    assert ["put(work(n))" in cell.source for cell in failed] == [True]
    (error,) = [output for output in failed[0].outputs if output.output_type == "error"]
    assert (error.ename, error.evalue) == ("ValueError", "item 5 cannot be worked on")
    blocked = next(cell for cell in code if "await rude()" in cell.source)
    assert any("the event loop was blocked for" in str(output) for output in blocked.outputs)
