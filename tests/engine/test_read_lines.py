"""Generators over the lines of a file that they open themselves (``compiler/generators.reads_lines``)."""

from __future__ import annotations

import pytest

from tests.fuzz.check import agree

START = """
import csv, itertools, json, os, tempfile
p = os.path.join(tempfile.gettempdir(), f"poppy-lines-{os.getpid()}.txt")
with open(p, "w") as f: f.write("1,a\\n2,b\\n3,c\\n4,d\\n")
log, out = [], []
"""

#: what all lines of which are asked for at once
AHEAD = {
    "lines": "for line in f: yield line.strip()",
    "json": "for line in f: yield json.loads('[' + line.split(',')[0] + ']')",
    "csv": "for row in csv.reader(f): yield row",
    "nested": "for line in f:\n            with open(p) as h:\n                for other in h: yield line + other",
}
GENERATORS = {
    **AHEAD,
    "dicts": "rows = csv.DictReader(f)\n        for row in rows: yield dict(row)",
    "enumerated": "for i, line in enumerate(f):\n            if i % 2: continue\n            yield i, line",
    "asks": "for line in f:\n            v = num(line)\n            if v > 2: yield v, line",
    "fails": "for line in f:\n            yield line\n            if line[0] == '3': raise ValueError(line)",
    "returns": "for line in f:\n            if line[0] == '3': return\n            yield line",
    "sees the file": "for line in f: yield f.closed, line\n    log.append(f.closed)",
}
LOOPS = {
    "all": "for x in rows(p): out.append(ask(x))",
    "some": "for x in rows(p):\n    out.append(ask(x))\n    if num(x) > 4: break\nprint(open(p).read())",
    "at once": "out = list(map(ask, rows(p)))",
    "in a function": "def total(p):\n    n = 0\n    for x in rows(p): n += num(x)\n    return n\nout = [total(p) for q in range(3)]",
    "the file grows": "for x in rows(p):\n    with open(p, 'a') as f: f.write(f'{num(x)}\\n')\n    out.append(ask(x))\n    if len(out) > 6: break",
    "the file is another": "for x in rows(p):\n    if num(x) > 4:\n        with open(p, 'w') as f: f.write('5,x\\n6,y\\n')\n    put(len(out), 1)\n    out.append(x)",
    "a call fails": "try:\n    for x in rows(p): out.append(ask(x)), bad(x)\nexcept Boom as ex: log.append(str(ex))",
    "the body fails": "try:\n    for x in rows(p):\n        out.append(ask(x))\n        raise KeyError(1)\nexcept KeyError as ex: log.append(str(ex))",
    "two of them": "for x, y in zip(rows(p), rows(p)): out.append(ask((x, y)))",
    "one that is kept": "g = rows(p)\nout.append(ask(next(g)))\nfor y in g: out.append(ask(y))",
}


def program(generator: str, loop: str) -> str:
    return f"{START}def rows(p):\n    with open(p) as f:\n        {generator}\n{loop}\nos.remove(p)\n"


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("generator", GENERATORS)
def test_as_a_plain_run(generator: str, loop: str) -> None:
    for seed in (0, 1, 2, 4):
        agree(program(GENERATORS[generator], LOOPS[loop]), seed)


@pytest.mark.parametrize("generator", AHEAD)
def test_all_lines_are_asked_for_at_once(generator: str) -> None:
    agree(program(AHEAD[generator], LOOPS["all"]), at_once=4)


def test_an_open_of_the_users_own() -> None:
    agree("""
        import contextlib
        @contextlib.contextmanager
        def open(p):
            yield [p, p]
            put(p, 1)
        def rows(p):
            with open(p) as f:
                for line in f: yield line
        for x in rows(num(1)): print(ask(x))
    """)
