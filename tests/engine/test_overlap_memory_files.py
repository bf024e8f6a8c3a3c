"""Files in memory (`io.StringIO`, `io.BytesIO`): what is written waits for its turn, and nobody else does."""

from __future__ import annotations

import io
from textwrap import dedent
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.fuzz.check import agree

from .overlap import ask, makespan

ONE_SECOND = {
    "text": "b = io.StringIO()\nfor q in range(4): b.write(ask(q))\nout = b.getvalue()",
    "lines": "b = io.StringIO()\nfor q in range(4): b.write(f'{q}: {ask(q)}\\n'); print(ask((q, 1)), file=b); b.writelines([ask((q, 2)), 'x'])\nout = b.getvalue()",
    "bytes": "b = io.BytesIO()\nfor q in range(4): b.write(ask(q).encode())\nout = b.getvalue()",
    "rows": "b = io.StringIO(); w = csv.writer(b); d = csv.DictWriter(b, ['q', 'a']); d.writeheader()\nfor q in range(4): w.writerow([q, ask(q)]); d.writerow({'q': q, 'a': ask((q, 1))}); json.dump({'a': ask(q)}, b)\nout = b.getvalue()",
    "in a function": "b = io.StringIO()\ndef f(q):\n    a = ask(q)\n    b.write(a)\n    return a.upper()\nout = [f(q) for q in range(4)]\nout.append(b.getvalue())",
}


@pytest.mark.parametrize("shape", ONE_SECOND)
def test_overlaps(shape: str) -> None:
    assert makespan("import io, csv, json\n" + ONE_SECOND[shape]) == 1


AGREE = {
    "what is asked of it in between": """
        b = io.StringIO(); c = io.BytesIO(); v = c.getbuffer; n = io.StringIO(newline=None)
        for q in range(4):
            i = b.write(ask(q)); c.write(ask(q).encode()); b.writelines([ask((q, 1)), "x"]); print(q, num(q), file=b); n.write(ask(q) + "\\r\\n"); l0.append(n.newlines)
            if flag(q): l0.append(b.getvalue()); l0.append(i); b.truncate(3); b.seek(0)
            l0.append(c.getvalue()[:2]); l0.append(b.closed); l0.append(v()[0]); l0.append(copy.copy(c.getvalue()))
        l0.append(b.getvalue()); l0.append(b.tell()); b = c = v = n = None
    """,
    "failures": """
        b = io.StringIO()
        try:
            for q in range(4):
                b.write(ask(q)); b.write(num(q) if q == 2 else "y"); b.write(ask((q, 2)))
        except TypeError as ex: print(ex, b.getvalue())
        try:
            for q in range(4): b.write(ask(q)); bad(q)
        except Boom: print(b.getvalue())
        b.close(); l0.append(b.closed)
        for q in range(2): ask(q); b.write(ask(q))
    """,
    "readers": """
        b = io.StringIO(); w = csv.writer(b)
        for q in range(3): w.writerow([q, ask(q)]); json.dump({"a": ask(q), "q": q}, b); b.write("\\n"); l0.append(len(b.getvalue()))
        b.seek(0)
        for line in b: l0.append(line); num(line)
        b.seek(0); l0.append(list(csv.reader(b))); l0.append(b.read()); b.write(ask(4)); keep([b]); b.write(ask(5)); keep({"b": b}); l0.append(b.getvalue()); b = w = None
    """,
    "functions that write, or may": """
        b = io.StringIO()
        def f(q):
            a = ask(q)
            if flag(q): b.write(a)
            return num(q)
        for q in range(5): l0.append(f(q)); b.write("-"); l0.append(b.tell() if flag((q, 2)) else 0)
        class S(io.StringIO):
            def write(self, t): l0.append(t); return super().write(t.upper())
        s = S(); o = io.StringIO(); o.write = l0.append
        for q in range(3): s.write(ask(q)); print(q, file=s); l0.append(len(l0)); o.write(ask(q)); l0.append(len(l0))
        with contextlib.redirect_stdout(b): print(ask(1)); num(2); print(num(3))
        l0.append(b.getvalue()); l0.append(s.getvalue()); b = s = S = o = None
    """,
}


@pytest.mark.parametrize("shape", AGREE)
def test_agrees(shape: str) -> None:
    agree("import contextlib, copy, csv, io, json\nl0 = []\n" + dedent(AGREE[shape]) + "\nprint(l0)")


@unordered
def send(value: Any) -> str:
    """What is in the file that is in it."""
    while isinstance(value, (list, dict)):
        value = value[0]
    return f"<{value.getvalue()}>"


@pytest.mark.parametrize("given", ["b", "[b]", "{0: [b]}"])
@pytest.mark.parametrize("way", ["b.write(ask(q))", "print(ask(q), file=b)", "f(q)"])
def test_a_call_that_is_given_one_finds_what_has_been_written(given: str, way: str) -> None:
    source = f"import io\nb = io.StringIO()\ndef f(q):\n    if ask(q) != 'r1': b.write(ask((q, 1)))\nfor q in range(3):\n    {way}\n    a = send({given})\n    b.write('.')\nout = a + send(b)"
    plain: dict[str, Any] = {"ask": ask, "send": send, "io": io}
    exec(source, plain)
    names: dict[str, Any] = {"ask": ask, "send": send, "__name__": "__main__"}
    assert run_simulated(source, names, filename="<send>").error is None
    assert names["out"] == plain["out"]
