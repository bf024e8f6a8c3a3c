"""The notebook that shows the view, run in a real kernel without a front end: what its file keeps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FILE = Path(__file__).parents[2] / "notebooks" / "see_it_run.ipynb"


def test_it_is_kept_without_results() -> None:
    notebook = nbformat.read(FILE, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


@pytest.fixture(scope="module")
def ran() -> Any:
    notebook = nbformat.read(FILE, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook


def outputs(notebook: Any, beginning: str) -> list[Any]:
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith(beginning)]
    return list(cell.outputs)


def text(found: list[Any]) -> str:
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in found)


def test_it_runs(ran: Any) -> None:
    assert "16 summaries, 5 tags" in text(outputs(ran, "%%poppy\ndef"))
    assert re.search(r"search ×16 · In \[2\], line 2|search ×16 · line 3", text(outputs(ran, "run =")))
    assert "Traceback" not in nbformat.writes(ran)


def test_the_chain_of_causes_names_lines_and_variables(ran: Any) -> None:
    said = text(outputs(ran, "print(run.trace.why"))
    assert "#16" in said or "waited for" in said
    assert re.search(r"line \d+", said) and "through `" in said


def test_the_graph_and_the_files(ran: Any) -> None:
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs(ran, "run.graph()"))
    assert "'perfetto.json'" in text(outputs(ran, "folder ="))


def test_the_static_view_is_a_picture_and_the_file_has_no_widget(ran: Any) -> None:
    (picture,) = [o for o in outputs(ran, "%%poppy --view static") if "image/svg+xml" in o.get("data", {})]
    assert len(picture.data["image/svg+xml"]) <= 40_000
    assert any("image/svg+xml" in o.get("data", {}) for o in outputs(ran, "%poppy show"))
    assert "widget-view" not in nbformat.writes(ran)
    assert "widgets" not in ran.metadata


def test_streams_and_attempts(ran: Any) -> None:
    found = outputs(ran, "%%poppy\nrequest")
    assert "3 ideas, 4 pages" in text(found) and "sent again" in text(found)
