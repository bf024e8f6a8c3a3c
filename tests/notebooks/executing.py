"""A notebook of this project, executed in a real kernel."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def load_demo() -> ModuleType:
    """`notebooks/demo.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("demo", NOTEBOOKS / "demo.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


demo = load_demo()


def kept_without_results(path: Path) -> bool:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


def by_demo(path: Path) -> Any:
    """The notebook at `path` as `make demo` runs it."""
    notebook, error = demo.execute(path)
    assert not error, error
    return notebook


def at_once(executed: Any) -> list[float | None]:
    """How many calls each `%%poppy` cell says it had at once; None if it made none."""
    found = [re.search(r"\(([\d.]+) at once\)", demo.summary(pair.poppy)) for pair in demo.pairs(executed)]
    return [float(one[1]) if one else None for one in found]


def said(cell: Any) -> str:
    """The text below a cell."""
    return "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def executed(path: Path, timeout: int = 120) -> list[Any]:
    """The code cells of the notebook at ``path``, with what they showed; it has to be kept without results."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code), "it is kept without results"
    NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return code
