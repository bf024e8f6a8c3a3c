"""The quickstart as a file, and the comparison that `make demo` makes: it must see every kind of difference."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.trace.perfetto import problems

from .executing import NOTEBOOKS, demo, kept_without_results

QUICKSTART = NOTEBOOKS / "quickstart.ipynb"


def stream(text: str, name: str = "stdout") -> Any:
    return new_output("stream", name=name, text=text)


def error(message: str, number: int = 1, line: int = 2) -> Any:
    trace = ["\x1b[31mValueError\x1b[39m Traceback", f"Cell In[{number}], line {line}", f"ValueError: {message}"]
    return new_output("error", ename="ValueError", evalue=message, traceback=trace)


def said(text: str = "12 calls · 6.7 s of calls in 0.94 s (7.1 at once) · critical path 0.88 s") -> Any:
    return new_output("display_data", {"text/plain": text})


def pair(plain: list[Any], poppy: list[Any]) -> Any:
    return demo.Pair("a cell", new_code_cell("", outputs=plain), new_code_cell("", outputs=poppy))


def test_the_notebook_is_kept_without_results_and_has_three_pairs() -> None:
    assert kept_without_results(QUICKSTART)
    notebook = nbformat.read(QUICKSTART, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    pairs = list(demo.pairs(notebook))
    assert len(pairs) == 3
    # Each is followed by a cell that asserts on what the plain one left.
    for one in pairs:
        after = code[code.index(one.poppy) + 1].source
        assert "assert" in after and "== plain" in after


def test_only_the_helper_is_the_users_no_async_nothing_of_ours() -> None:
    notebook = nbformat.read(QUICKSTART, as_version=4)
    for one in demo.pairs(notebook):
        assert not re.search(r"\b(async|await|gather|poppy_ipython|Future)\b", one.plain.source)


def test_a_poppy_cell_must_be_a_copy_of_the_plain_one() -> None:
    cells = [new_markdown_cell("# Title"), new_code_cell("# plain\nx = 1"), new_code_cell("%%poppy\nx = 2")]
    with pytest.raises(ValueError, match="Title"):
        list(demo.pairs(new_notebook(cells=cells)))


def test_the_same_results_in_other_pieces_with_a_summary_and_another_cell_number() -> None:
    plain = [stream("one\ntwo\n"), stream("oops\n", "stderr"), error("no", number=3)]
    poppy = [stream("one\nt"), stream("wo\n"), stream("oops\n", "stderr"), error("no", number=5), said()]
    assert pair(plain, poppy).difference == []
    assert demo.summary(pair(plain, poppy).poppy).startswith("12 calls")


def test_the_first_lines_differ_because_the_cells_do() -> None:
    def trace(first: str, second: str) -> Any:
        return new_output("error", ename="E", evalue="", traceback=[f"      1 {first}\n----> 2 {second}"])

    assert pair([trace("# plain", "x")], [trace("# %%poppy", "x")]).difference == []
    assert pair([trace("# plain", "x")], [trace("%%poppy -q", "x")]).difference == []
    assert pair([trace("# plain", "x")], [trace("# %%poppy", "y")]).difference


@pytest.mark.parametrize(
    ("plain", "poppy"),
    [
        ([stream("one\n")], [stream("two\n")]),
        ([stream("one\n")], [stream("one")]),
        ([stream("one\n")], [said()]),
        ([stream("a\n"), stream("b\n", "stderr")], [stream("b\n", "stderr"), stream("a\n")]),
        ([error("no")], []),
        ([error("no")], [error("yes")]),
        ([error("no")], [error("no", line=3)]),
        ([], [new_output("display_data", {"text/plain": "<Figure>"})]),
        ([], [new_output("execute_result", {"text/plain": "12 calls · mine"}, execution_count=1)]),
    ],
)
def test_every_kind_of_difference_is_seen(plain: list[Any], poppy: list[Any]) -> None:
    assert pair(plain, poppy).difference


def test_time_is_from_busy_to_idle() -> None:
    at = {
        "iopub.status.busy": "2026-01-01T00:00:01.000000+00:00",
        "iopub.status.idle": "2026-01-01T00:00:03.500000+00:00",
    }
    assert demo.seconds(new_code_cell("", metadata={"execution": at})) == 2.5


def test_the_perfetto_files_of_its_runs_follow_the_format(tmp_path: Path) -> None:
    """Each `%%poppy` cell, run in a real kernel, and its trace written to a file as the README says."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    cells: list[Any] = []
    for cell in notebook.cells:
        if cell.source.startswith("names ="):
            cells.append(new_code_cell("client.chat.completions"))  # the plain cells, left out here, have used it before
        if cell.cell_type == "code" and not cell.source.startswith(("# plain", "plain =", "assert")):
            cells.append(cell)
            if cell.source.startswith("%%poppy"):
                name = str(tmp_path / f"{len(cells)}.json")
                write = f"json.dump(poppy_ipython.last_run.trace.to_chrome_trace(), open({name!r}, 'w'))"
                cells.append(new_code_cell(f"import json, poppy_ipython\n{write}"))
    nbformat.write(new_notebook(cells=cells, metadata=notebook.metadata), tmp_path / "short.ipynb")
    assert demo.execute(tmp_path / "short.ipynb")[1] == ""
    files = sorted(tmp_path.glob("*.json"))
    assert len(files) == 3
    for file in files:
        data = json.loads(file.read_text())
        assert problems(data) == []
        assert sum(event["ph"] == "X" and event.get("cat") == "call" for event in data["traceEvents"]) > 20
