"""A poppy cell in a real kernel shows what the plain cell shows: streams, displays, value, error, reply."""

from __future__ import annotations

import pytest

from tests.jupyter.kernel import Kernel

PRELUDE = """
import asyncio, sys, warnings
from IPython.display import display, HTML
def inner(n):
    return 1 / n
def outer(n):
    return inner(n) + 1
class Shy:
    def __repr__(self): raise ValueError("no repr")
"""

CELLS = {
    "value": "x = 20\nx + 1",
    "no value": "x = 20",
    "semicolon": "x = 20\nx + 1;",
    "none": "None",
    "prints": "for i in range(3):\n    print(i)\ni",
    "stderr": "print('a')\nprint('b', file=sys.stderr)\nprint('c')",
    "display": "print(1)\ndisplay(HTML('<b>x</b>'))\nprint(2)\nHTML('<i>y</i>')",
    "error": "print('before')\nx = 1\n1 / 0\nprint('after')",
    "error in a call": "x = 1\ny = outer(0)\nz = 2",
    "error in a def of the cell": "def f(n):\n    return outer(n)\n\nf(1)\nf(0)",
    "error over several lines": "print(\n    1,\n    outer(\n        0,\n    ),\n)",
    "error with a cause": "try:\n    outer(0)\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e",
    "error with a context": "try:\n    outer(0)\nexcept ZeroDivisionError as e:\n    raise KeyError('k')",
    "name error": "nothing_of_that_name",
    "group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "assertion": "assert 1 == 2, 'no'",
    "system exit": "raise SystemExit(3)",
    "syntax error": "x = 1\ny = = 2\nz = 3",
    "indentation error": "x = 1\n  y = 2",
    "unclosed": "x = (1,\ny = 2",
    "return at top level": "print('ran')\nreturn 5",
    "syntax warning": "x = 1\nprint(x is 1)",
    "shell": "!echo hello\nfiles = !echo a b\nfiles",
    "line magic": "%who_ls str\nn = %precision 3\nn",
    "magic error": "print(1)\n%no_such_magic",
    "help": "x = 1\nx?",
    "await": "await asyncio.sleep(0)\nprint('awaited')\nawait asyncio.sleep(0, 7)",
    "await that fails": "async def fails():\n    await asyncio.sleep(0)\n    outer(0)\nawait fails()",
    "repr that fails": "Shy()",
    "future": "from __future__ import annotations\ndef f(x: no_such_name): pass\nf.__annotations__",
    "warning": "warnings.simplefilter('always')\nwarnings.warn('careful')",
    "last value": "_",
    "empty": "# nothing\n",
    "the value of eval": "x = 3\neval('x + 1')",
    "the value of what reads the cell's names": "'inner' in dir(), 'x' in vars(sys), locals() is globals()",
    "the value of an asynchronous comprehension": "async def two():\n    yield 1\n    yield 2\n[n async for n in two()]",
}


@pytest.fixture(scope="module", autouse=True)
def prelude(kernel: Kernel) -> None:
    assert kernel.run(PRELUDE).reply["status"] == "ok"


@pytest.mark.parametrize("name", CELLS)
def test_as_a_plain_cell(kernel: Kernel, name: str) -> None:
    kernel.run("'the value before'")
    plain = kernel.run("# %%poppy --quiet\n" + CELLS[name])
    kernel.run("'the value before'")
    ours = kernel.run("%%poppy --quiet\n" + CELLS[name])
    noticed = [("display", {"text/plain": "poppy: this cell ran plain, in order, because it has a `from __future__` import"})]
    assert ours.normal() == plain.normal() + (noticed if name == "future" else [])
    assert [ours.reply.get(key) for key in ("status", "ename")] == [plain.reply.get(key) for key in ("status", "ename")]
    assert len(ours.reply.get("payload", [])) == len(plain.reply.get("payload", []))


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose", "Minimal"])
def test_xmode(kernel: Kernel, mode: str) -> None:
    kernel.run(f"%xmode {mode}")
    try:
        plain = kernel.run("# %%poppy --quiet\nx = 1\nouter(0)")
        ours = kernel.run("%%poppy --quiet\nx = 1\nouter(0)")
        assert "ZeroDivisionError" in (ours.error or "")
        assert ours.normal() == plain.normal()
    finally:
        kernel.run("%xmode Context")


def test_tb_and_last_traceback(kernel: Kernel) -> None:
    look = "%tb\nimport traceback\nprint([frame.name for frame in traceback.extract_tb(sys.last_traceback)])"
    kernel.run("# %%poppy --quiet\nouter(0)")
    plain = kernel.run(look)
    kernel.run("%%poppy --quiet\nouter(0)")
    assert "outer" in plain.stdout
    assert kernel.run(look).normal() == plain.normal()


def test_out_and_underscore(kernel: Kernel) -> None:
    kernel.run("%%poppy\n41 + 1")
    assert kernel.run("_").value == "42"
    shown = kernel.run("%%poppy\n'kept'")
    count = shown.reply["execution_count"]
    assert kernel.run(f"Out[{count}], _{count}, _").value == "('kept', 'kept', 'kept')"


def test_a_silent_cell_shows_nothing(kernel: Kernel) -> None:
    assert kernel.run("%%poppy\nx = 5\nx", silent=True).outputs == []
    assert kernel.run("x").outputs[0] == ("value", {"text/plain": "5"})


@pytest.mark.parametrize("interactivity", ["all", "last_expr_or_assign", "none", "last"])
def test_node_interactivity(kernel: Kernel, interactivity: str) -> None:
    cell = "1\nfor i in range(2):\n    i\ndef f():\n    3\nf()\nx = 5"
    kernel.run(f"get_ipython().ast_node_interactivity = {interactivity!r}")
    try:
        plain = kernel.run("# %%poppy --quiet\n" + cell)
        ours = kernel.run("%%poppy --quiet\n" + cell)
        assert [o for o in ours.normal() if "ran plain" not in str(o)] == plain.normal()
    finally:
        kernel.run("get_ipython().ast_node_interactivity = 'last_expr'")


def test_context_variables_last(kernel: Kernel) -> None:
    kernel.run("import decimal, contextvars\nmine = contextvars.ContextVar('mine', default=0)")
    kernel.run("%%poppy\ndecimal.setcontext(decimal.Context(prec=7))\n_t = mine.set(3)")
    assert kernel.run("decimal.getcontext().prec, mine.get()").value == "(7, 3)"


def test_names_of_ours_are_nowhere(kernel: Kernel) -> None:
    kernel.run("%%poppy\nx = 1\nout = sys.stdout")
    assert kernel.run("[n for n in globals() if 'poppy' in n]").value == "[]"
    assert kernel.run("type(out).__module__, out is sys.stdout").value == "('ipykernel.iostream', True)"
    hooked = "[f.__module__ for f in (sys.stdout.write, sys.stderr.write, get_ipython().display_pub.publish)]"
    assert "poppy" not in (kernel.run(hooked).value or "poppy")
