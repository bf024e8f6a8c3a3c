"""`notebooks/what_if.ipynb` in a real kernel: predicted, applied, confirmed, by its own assertions."""

from __future__ import annotations

from .executing import NOTEBOOKS, executed, said

WHAT_IF = NOTEBOOKS / "what_if.ipynb"


def test_predicted_applied_and_confirmed() -> None:
    code = executed(WHAT_IF)
    applied = [cell for cell in code if cell.source.startswith("%%poppy --max-calls 16")]
    assert len(applied) == 2
    assert all("predicted" in said(cell) and "measured" in said(cell) for cell in applied)
    pictures = [output.data for cell in code for output in cell.outputs if "image/svg+xml" in output.get("data", {})]
    assert any("recorded" in data["image/svg+xml"] for data in pictures)
