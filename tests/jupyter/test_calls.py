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
