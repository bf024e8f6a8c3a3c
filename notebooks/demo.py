"""`make demo`: run the quickstart in a real kernel and show each cell plain and under `%%poppy`, side by side.

    python notebooks/demo.py [notebook.ipynb] [--output executed.ipynb]

A pair is a code cell that starts with the line `# plain` and the next one that has the same lines under `%%poppy`. The same
results means: the same printed text, displays and exception with its traceback, as the notebook file records them, and no
error in the notebook's own cells, which assert that the variables are the same. Times are the kernel's own, from busy to
idle. Exit status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).parent
EXECUTED = HERE.parent / ".build" / "quickstart.ipynb"
SUMMARY = re.compile(r"[\d,]+ calls? (?:·|in [\d.]+ )|no external call seen")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
FIRST_LINE = re.compile(r"^( +1 )(?:# plain|(?:# )?%%poppy.*)$", re.M)
PLAIN, POPPY = "# plain", "%%poppy"


@dataclass(frozen=True, slots=True)
class Pair:
    """A cell that ran plain and under `%%poppy`."""

    title: str
    plain: Any
    poppy: Any

    @property
    def difference(self) -> list[str]:
        """Lines of a diff between what the two left in the notebook; none if they left the same."""
        return list(difflib.unified_diff(transcript(self.plain), transcript(self.poppy), PLAIN, POPPY, lineterm=""))


def pairs(notebook: Any) -> Iterator[Pair]:
    """The pairs of a notebook, each named by the heading above it."""
    title, waiting = "", None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if heading := re.search(r"^#+ +(.+)$", cell.source, re.M):
                title = heading[1].replace("`", "")
            continue
        first, _, body = cell.source.partition("\n")
        if first == PLAIN:
            waiting = cell
        elif first.split()[:1] == [POPPY]:
            if waiting is None or waiting.source.partition("\n")[2] != body:
                raise ValueError(f"the %%poppy cell under {title!r} is no copy of the plain cell before it")
            yield Pair(title, waiting, cell)
            waiting = None


def transcript(cell: Any) -> list[str]:
    """What a cell shows, as lines; without our summary, colours and the number of the cell."""
    outputs = list(cell.outputs)
    if is_summary(outputs[-1:]):
        outputs.pop()
    lines: list[str] = []
    for (kind, name), group in groupby(outputs, lambda output: (output.output_type, output.get("name"))):
        if kind == "stream":  # sent in pieces of any size: the same text is the same output
            lines += [f"{name}: {line}" for line in "".join(output.text for output in group).splitlines(keepends=True)]
            continue
        for output in group:
            lines += shown(output)
    return lines


def shown(output: Any) -> list[str]:
    """An error or a display, as lines."""
    if output.output_type == "error":
        trace = COLOUR.sub("", "\n".join(output.traceback))
        trace = re.sub(r"Cell In\[\d+\]", "Cell In[n]", trace)
        trace = FIRST_LINE.sub(r"\1", trace)  # the one line in which the cells differ
        return [f"raised: {output.ename}: {output.evalue}", *trace.splitlines()]
    return [f"{kind}: {line}" for kind, data in sorted(output.data.items()) for line in str(data).splitlines()]


def is_summary(outputs: list[Any]) -> bool:
    return bool(
        outputs
        and outputs[0].output_type == "display_data"
        and set(outputs[0].data) == {"text/plain"}
        and SUMMARY.match(outputs[0].data["text/plain"])
    )


def summary(cell: Any) -> str:
    """The first line of what `%%poppy` said after a cell."""
    last = cell.outputs[-1:]
    return last[0].data["text/plain"].splitlines()[0] if is_summary(last) else ""


def seconds(cell: Any) -> float:
    """From the kernel's busy to its idle."""
    at = cell.metadata["execution"]
    begin, end = (datetime.fromisoformat(at[key]) for key in ("iopub.status.busy", "iopub.status.idle"))
    return (end - begin).total_seconds()


class Progress:
    """A line on the terminal while a cell runs: which one of how many, what it does, how long it took."""

    def __init__(self, notebook: Any) -> None:
        self.code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self.began = 0.0

    def start(self, cell: Any, cell_index: int) -> None:
        self.began = time.perf_counter()
        lines = [line for line in cell.source.splitlines() if line.strip()]
        shown = " ".join(" | ".join(lines[:2]).split())
        print(f"  {self.code.index(cell_index) + 1:2}/{len(self.code)}  {shown[:70]:70}", end="", flush=True)

    def done(self, **_: Any) -> None:
        print(f" {time.perf_counter() - self.began:6.1f} s", flush=True)


def execute(path: Path) -> tuple[Any, str]:
    """The notebook at `path`, run in a fresh kernel, and the error that it was not meant to raise, which ends the run."""
    notebook = nbformat.read(path, as_version=4)
    progress = Progress(notebook)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=600,
        record_timing=True,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=progress.start,
        on_cell_executed=progress.done,
        extra_arguments=["--log-level=ERROR"],  # newer kernels warn about TCP on loopback, amid our progress lines
    )
    try:
        client.execute()
    except CellExecutionError as error:  # not for a cell tagged raises-exception
        return notebook, COLOUR.sub("", str(error))
    return notebook, ""


def table(rows: list[Pair]) -> str:
    """One row a pair: its times, their ratio, whether the results are the same."""
    head = ("cell", "plain s", "%%poppy s", "ratio", "same results")
    body = []
    for pair in rows:
        plain, poppy = seconds(pair.plain), seconds(pair.poppy)
        same = "no" if pair.difference else "yes"
        body.append((pair.title, f"{plain:.2f}", f"{poppy:.2f}", f"{plain / poppy:.1f}x", same))
    widths = [max(len(row[column]) for row in [head, *body]) for column in range(len(head))]
    lines = []
    for title, *figures in [head, tuple("-" * width for width in widths), *body]:
        right = [text.rjust(width) for text, width in zip(figures, widths[1:], strict=True)]
        lines.append("  ".join([title.ljust(widths[0]), *right]))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="?", type=Path, default=HERE / "quickstart.ipynb")
    parser.add_argument("--output", type=Path, default=EXECUTED, help="where the executed notebook goes")
    given = parser.parse_args(arguments)

    service = "the real service (POPPY_REAL is set)" if os.environ.get("POPPY_REAL") else "the local service"
    print(f"Running {given.notebook.name} in a Jupyter kernel against {service}:", flush=True)
    executed, error = execute(given.notebook)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(executed, given.output)

    rows = [pair for pair in pairs(executed) if "execution" in pair.poppy.metadata]
    print("\n" + table(rows) + "\n")
    for pair in rows:
        if said := summary(pair.poppy):
            print(f"{pair.title}: {said}")
        for line in pair.difference:
            print("    " + line.rstrip("\n"))
    if error:
        print("\nThe notebook ended early:\n" + error)
    print(f"\nThe executed notebook: {os.path.relpath(given.output)}")
    return 1 if error or not rows or any(pair.difference for pair in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
