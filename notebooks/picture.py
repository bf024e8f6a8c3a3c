"""The README's chart: the quickstart's second `%%poppy` cell, run in a real kernel, as `last_run` draws it.

    python notebooks/picture.py [--cell 2] [--output docs/gantt.svg]

Cells that are neither set-up nor the one to be drawn are left out; nothing is edited.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat
from demo import HERE, PLAIN, POPPY, execute


def drawn(path: Path, number: int) -> str:
    """The chart of the `number`-th `%%poppy` cell of the notebook at `path`, as SVG."""
    notebook = nbformat.read(path, as_version=4)
    kept, seen = [], 0
    for cell in notebook.cells:
        first = cell.source.partition("\n")[0]
        seen += first.startswith(POPPY)
        if first.startswith(POPPY) and seen == number:
            kept += [cell, nbformat.v4.new_code_cell("import poppy_ipython\n\npoppy_ipython.last_run")]
            break
        if cell.cell_type == "code" and not first.startswith((PLAIN, POPPY, "plain =", "assert ")):
            kept.append(cell)
    else:
        raise SystemExit(f"{path.name} has {seen} %%poppy cells, not {number}")
    notebook.cells = kept
    short = path.with_name(f".{path.stem}-picture.ipynb")
    nbformat.write(notebook, short)
    try:
        executed, error = execute(short)
    finally:
        short.unlink()
    if error:
        raise SystemExit(error)
    return str(executed.cells[-1].outputs[-1].data["image/svg+xml"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", type=int, default=2, help="which of the %%%%poppy cells")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs" / "gantt.svg")
    given = parser.parse_args()
    svg = drawn(HERE / "quickstart.ipynb", given.cell)
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(svg + "\n")
    print(f"{given.output}: {len(svg):,} bytes")


if __name__ == "__main__":
    main()
