"""`notebooks/what_if.ipynb` in a real kernel: predicted, applied, confirmed, by its own assertions."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

from tests.notebooks.test_effects import NOTEBOOKS, said

WHAT_IF = NOTEBOOKS / "what_if.ipynb"


def test_predicted_applied_and_confirmed() -> None:
    notebook = nbformat.read(WHAT_IF, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code), "it is kept without results"
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    applied = [cell for cell in code if cell.source.startswith("%%poppy --max-calls 16")]
    assert len(applied) == 2
    assert all("predicted" in said(cell) and "measured" in said(cell) for cell in applied)
    pictures = [output.data for cell in code for output in cell.outputs if "image/svg+xml" in output.get("data", {})]
    assert any("recorded" in data["image/svg+xml"] for data in pictures)
