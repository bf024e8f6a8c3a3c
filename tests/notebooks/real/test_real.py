"""Every cell of ten notebooks shows with `%poppy auto on` what it shows plain: text, displays, values, errors with their tracebacks.

One kernel runs all notebooks plain, another one all of them with auto on, each in a namespace of its own (`%reset`). The text of a
cell is the same in both. Identities of widgets are random.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.jupyter import kernel as kernels_of
from tests.jupyter.kernel import Cell, Kernel

HERE = Path(__file__).parent
NOTEBOOKS = sorted(path.stem for path in HERE.glob("*.ipynb"))


@pytest.fixture(scope="module")
def kernels() -> Iterator[tuple[Kernel, Kernel]]:
    patience, kernels_of.PATIENCE = kernels_of.PATIENCE, 60  # matplotlib looks for the fonts of the machine, once
    plain, poppy = Kernel(), Kernel()
    try:
        assert poppy.run("%load_ext poppy_ipython").reply["status"] == "ok"
        assert poppy.run("%poppy auto on --quiet --view none").reply["status"] == "ok"
        yield plain, poppy
    finally:
        kernels_of.PATIENCE = patience
        plain.close()
        poppy.close()


def cells(name: str) -> list[str]:
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Cell) -> list[tuple[str, Any]]:
    return [(kind, _same(content)) for kind, content in cell.normal()]


def _same(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: "…" if key == "model_id" else _same(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_same(one) for one in content]
    return re.sub(r"/tmp/\w+|model_id='\w+'|outputs_[0-9a-f]+|\b[0-9a-f]{32}\b", "…", str(content))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_the_same(kernels: tuple[Kernel, Kernel], name: str) -> None:
    for kernel in kernels:
        kernel.run("%reset -f")
    outputs = 0
    for number, source in enumerate(cells(name), 1):
        plain, poppy = (kernel.run(source) for kernel in kernels)
        assert shown(poppy) == shown(plain), f"{name}, cell {number}:\n{source}"
        assert poppy.reply["status"] == plain.reply["status"]
        outputs += len(plain.outputs)
    assert outputs >= 5


def test_there_are_ten() -> None:
    assert len(NOTEBOOKS) == 10
