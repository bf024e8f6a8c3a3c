"""A notebook executed by nbclient, as CI and papermill do it."""

from __future__ import annotations

from typing import Any

import nbformat
from nbclient import NotebookClient


def executed(*cells: str, **options: Any) -> list[Any]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, **options).execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_notebook_with_an_interrupted_cell() -> None:
    """The time limit of nbclient interrupts the kernel, as the stop button does."""
    outputs = executed(
        "%load_ext poppy_ipython",
        "%%poppy\nprint('hello')\n6 * 7",
        "%%poppy --quiet\nimport asyncio\nawait asyncio.Event().wait()",
        "%%poppy --quiet\n1 / 0",
        "%%poppy --quiet\n'still here'",
        timeout=1,
        interrupt_on_timeout=True,
    )
    assert [output.output_type for output in outputs[1]] == ["stream", "execute_result", "display_data"]
    assert outputs[1][0].text == "hello\n"
    assert outputs[1][1].data["text/plain"] == "42"
    assert outputs[2][-1].ename == "KeyboardInterrupt"
    assert outputs[3][-1].ename == "ZeroDivisionError"
    assert outputs[4][0].data["text/plain"] == "'still here'"
