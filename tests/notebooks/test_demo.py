"""`make demo` itself, in a real kernel against the local service: every pair the same, and the calls overlapped."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    executed = tmp_path_factory.mktemp("demo") / "executed.ipynb"
    command = [sys.executable, "notebooks/demo.py", "--output", str(executed)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300), executed


def test_it_succeeds_and_every_cell_leaves_the_same(ran: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    process, _ = ran
    assert process.returncode == 0, process.stdout + process.stderr
    rows = re.findall(r"^.+ +[\d.]+ +[\d.]+ +[\d.]+x +(yes|no)$", process.stdout, re.M)
    assert rows == ["yes", "yes", "yes"]


def test_the_calls_were_in_flight_together(ran: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """By the summary of each cell, which counts calls, not seconds of this machine."""
    process, _ = ran
    at_once = [float(number) for number in re.findall(r"\(([\d.]+) at once\)", process.stdout)]
    assert len(at_once) == 3
    assert min(at_once) > 3


def test_the_executed_notebook_has_the_results(ran: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, executed = ran
    notebook = nbformat.read(executed, as_version=4)
    kinds = {output.output_type for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs}
    assert {"stream", "error", "display_data"} <= kinds
