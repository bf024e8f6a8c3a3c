"""Frames: what a debugger finds in those of an error, and what native code finds in its caller's, is as in a plain run."""

from __future__ import annotations

import inspect
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from poppy_ipython import cell

ERRORS = {
    "operator": "def f(a, /, b=2, *args, c, **rest):\n    d = a + b\n    return d / 0\nx = 1\nf(1, 3, 4, c=5, e=6)",
    "comprehension": "def f(n):\n    return [i / (1 - i) for i in range(n)]\nf(3)",
    "loop": "def f(n):\n    total = 0\n    for i in range(n):\n        total += 1 / (1 - i)\n    return total\nf(3)",
    "attribute": "def f(n):\n    return n.nothing\nf(3)",
    "method that is not there": "def f(n):\n    return n.nothing(1)\nf(3)",
    "subscript": "def f(n):\n    n[0] = 1\nf('')",
    "name": "def f(n):\n    return n + nothing\nf(3)",
    "raise": "def f(n):\n    raise ValueError(n)\nf(3)",
    "closure": "def f(n):\n    def g():\n        return n\n    return g() + ''\nf(3)",
    "deleted argument": "def f(n, m):\n    del m\n    return n / 0\nf(3, 4)",
    "method": "class A:\n    def m(self, n):\n        return 1 / n\nA().m(0)",
    "decorated": "def same(f):\n    return f\n@same\ndef f(n):\n    return 1 / n\nf(0)",
    "module": "x = 1\ny = 1 / 0",
    "chained": "def f(n):\n    try:\n        return 1 / n\n    except ZeroDivisionError as error:\n        raise KeyError(n) from error\nf(0)",
    "nonlocal": "def f(n):\n    m = 0\n    def g(k):\n        nonlocal n, m\n        n += k\n        m = n\n        return k / (n - m)\n    return g(2)\nf(3)",
    "nonlocal, around": "def f(n):\n    m = 0\n    def g(k):\n        nonlocal n\n        n += k\n    g(2)\n    for i in range(2): m += n\n    return m / (n - 5)\nf(3)",
    "nonlocal, not bound": "def f(n):\n    def g(k):\n        nonlocal m\n        return k / m\n    if n > 3: m = 0\n    return g(2)\nf(3)",
    "body of a match": "def f(n):\n    match [n, 2, 3]:\n        case [a, *b] if a > 5: pass\n        case [a, 2, *c] as d: e = a / (a - n)\n    return e\nf(3)",
    "pattern": "class A:\n    def __eq__(self, other): return 0 / (other - 2)\ndef f(n):\n    match n:\n        case 1: pass\n        case 2 | 3: return n\nf(A())",
    "guard": "def f(n):\n    match n:\n        case m if 1 / (m - 3): return n\nf(3)",
    "class pattern": "def f(n):\n    k = 1\n    match n:\n        case int(1, 2): return n\nf(3)",
    "reduce": "import functools\ndef f(a, b):\n    return a / (b - 2)\ndef g(n):\n    return functools.reduce(f, range(n))\ng(4)",
    "deleted": "def f(n):\n    m = k = n\n    del m\n    return k / m\nf(3)",
    "caught twice": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    [][1]",
}


def frames(error: BaseException | None) -> list[Any]:
    """What tools read from the tracebacks of ``error`` and of what it was raised from."""
    found: list[Any] = []
    while error is not None:
        at = error.__traceback__
        while at is not None:
            frame = at.tb_frame
            values = None
            if frame.f_code.co_name not in ("<module>", "<listcomp>"):
                values = {k: v if isinstance(v, (int, tuple, dict)) else type(v).__name__ for k, v in frame.f_locals.items()}
            arguments = inspect.getargvalues(frame)[:3] if values is not None else None
            code = frame.f_code
            found.append((code.co_qualname, code.co_firstlineno, frame.f_lineno, at.tb_lineno, arguments, values))
            at = at.tb_next
        found.append(type(error))
        error = error.__cause__ or error.__context__
    return found


def plainly(source: str, namespace: dict[str, Any]) -> BaseException | None:
    linecache.cache["<frames>"] = (len(source), None, source.splitlines(True), "<frames>")
    try:
        exec(compile(source, "<frames>", "exec"), namespace)
    except BaseException as error:
        assert error.__traceback__ is not None
        return error.with_traceback(error.__traceback__.tb_next)
    return None


@pytest.mark.parametrize("name", ERRORS)
def test_frames_of_an_error(name: str) -> None:
    plain = plainly(ERRORS[name], {"__name__": "__main__"})
    namespace: dict[str, Any] = {"__name__": "__main__"}
    run = cell.run(ERRORS[name], namespace, filename="<frames>")
    assert plain is not None and run.error is not None
    assert frames(run.error) == frames(plain)
    assert traceback.format_exception(run.error) == traceback.format_exception(plain)
    assert run.error.__traceback__ is not None
    outermost = run.error.__traceback__.tb_frame
    assert outermost.f_globals is namespace
    assert outermost.f_locals is namespace
    assert not [key for key in namespace if "poppy" in key]


CALLERS = {
    "cell": "see()",
    "function": "def f():\n    x = 1\n    return see()\n\nf()",
    "loop": "for i in range(2):\n    see()",
    "method": "class A:\n    def m(self):\n        see()\nA().m()",
    "over several lines": "see(\n    1,\n\n    2,\n)",
    "generator": "def g():\n    yield see()\nlist(g())",
    "ahead of a call": "from poppy_ipython import unordered\n@unordered\ndef ask(q):\n    return q\nx = ask(1)\nsee(x)",
    "warns": "import warnings\ndef f():\n    warnings.warn('one')\n    warnings.warn('two', stacklevel=2)\nf()\nwarnings.warn('three')",
}


#: compiled from a string, so that it is nobody's own code and called natively
LIBRARY = """
def see(*args):
    frame = sys._getframe(1)
    for _ in range(2):
        if frame is None or frame.f_code.co_filename != "<frames>":
            break
        code = frame.f_code
        at_top = frame.f_locals is frame.f_globals
        seen.append((code.co_qualname, code.co_firstlineno, frame.f_lineno, frame.f_globals["__name__"], at_top))
        frame = frame.f_back
"""


def watcher(seen: list[Any]) -> Callable[..., None]:
    library: dict[str, Any] = {"sys": sys, "seen": seen}
    exec(LIBRARY, library)
    return library["see"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", CALLERS)
def test_what_native_code_sees_of_its_caller(name: str) -> None:
    results = []
    for run in (lambda s, n: plainly(s, n), lambda s, n: cell.run(s, n, filename="<frames>").error):
        seen: list[Any] = []
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            assert run(CALLERS[name], {"__name__": "__main__", "see": watcher(seen)}) is None
        results.append((seen, [(str(w.message), w.filename, w.lineno) for w in warned]))
    assert results[1] == results[0]
    assert any(results[0])
