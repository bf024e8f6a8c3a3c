"""What external calls print comes out in program order, to the cell that made them."""

from __future__ import annotations

from tests.jupyter.kernel import Kernel

PRELUDE = """
import sys, threading
from IPython.display import display, HTML
from poppy_ipython import unordered
later = {}

@unordered
def says(n):
    if n < 2:
        later[n + 1].wait(10)  # the younger ones speak first
    print("out", n)
    print("err", n, file=sys.stderr)
    display(HTML(str(n)))
    later[n].set()
    return n
"""


def test_in_program_order(kernel: Kernel) -> None:
    kernel.run(PRELUDE)
    cell = kernel.run(
        "%%poppy --quiet\nlater.update({n: threading.Event() for n in range(3)})\n"
        "print('begin')\nns = [says(0), says(1), says(2)]\nprint('end', ns)"
    )
    assert cell.reply["status"] == "ok"
    assert cell.stdout == "begin\nout 0\nout 1\nout 2\nend [0, 1, 2]\n"
    assert cell.stderr == "err 0\nerr 1\nerr 2\n"
    assert [data["text/html"] for data in cell.of("display")] == ["0", "1", "2"]
    kinds = [kind for kind, _ in cell.outputs]
    assert kinds.index("display") > kinds.index("stderr")


def test_a_call_in_a_function_of_another_cell_is_named_by_that_cells_number(kernel: Kernel) -> None:
    kernel.run("from poppy_ipython import unordered\n\n@unordered\ndef asks(n):\n    return n\n\ndef helper(n):\n    return asks(n)")
    kernel.run("%%poppy --quiet\nhelper(1)")
    table = kernel.run("import poppy_ipython, re\nre.search(r'In .\\d+., line \\d+', poppy_ipython.last_run.trace.to_text())[0]")
    first = kernel.run("In.index(next(text for text in In if 'def helper' in text))")
    assert table.value == f"'In [{first.value}], line 8'"
