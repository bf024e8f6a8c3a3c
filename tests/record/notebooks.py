"""`--check` on every `%%poppy` cell of the repository's notebooks, in a real kernel: `python -m tests.record.notebooks [NAME ...]`.

Each cell runs as it stands in the notebook, with `--check` added to its first line; what the check says is printed beside the
cell. Minutes rather than seconds, so no test: the notebooks wait as long as a real service would make them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = ("quickstart", "effects", "streaming", "limits_and_failures", "see_it_run")
SAY = "import poppy_ipython as _p; print('CHECK', _p.last_run.check)"


def checked(name: str) -> list[str]:
    """What the check says of each cell, in order."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
    cells, asked = [], 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or cell.source.startswith("# plain"):
            continue
        if "== plain" in cell.source or cell.source.startswith("plain ="):
            continue  # what compares with the plain cells that are left out here
        if cell.source.startswith("%%poppy"):
            first, _, rest = cell.source.partition("\n")
            cell.source = f"{first} --check\n{rest}"
            cells += [cell, nbformat.v4.new_code_cell(SAY)]
            asked += 1
        else:
            cells.append(cell)
    notebook.cells = cells
    client = NotebookClient(notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    found = []
    for cell in notebook.cells:
        text = "".join(out.get("text", "") for out in cell.outputs if out.output_type == "stream")
        found += [line for line in text.split("CHECK ")[1:]] if cell.source == SAY else []
        if cell.source.startswith("%%poppy") and any("CheckRefused" in str(out.get("ename", "")) for out in cell.outputs):
            found.append("refused: " + next(out.evalue for out in cell.outputs if out.output_type == "error"))
    assert len(found) >= asked, (name, found)
    return found


if __name__ == "__main__":
    for notebook in sys.argv[1:] or NAMES:
        for number, text in enumerate(checked(notebook), 1):
            print(f"{notebook} {number}: {text.strip()}", flush=True)
