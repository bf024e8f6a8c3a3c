"""Files that a program writes and reads while calls are in flight. A program of `n` questions takes 1 if its rounds overlap.

    round 0   ask ━━━▶ write        writes wait in their order, issuing goes on
    round 1   ask ━━▶  · write
"""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.engine.overlap import ask, makespan
from tests.fuzz.check import agree
from tests.fuzz.runs import plain


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


READ_BACK = """
with open("o.txt") as g:
    out = g.read()
"""
OVERLAPS = {
    "jsonl": """
        import json
        with open("o.txt", "w") as f:
            for q in range(6):
                f.write(json.dumps({"q": q, "a": ask(q)}) + "\\n")
        """,
    "binary": """
        with open("o.txt", "wb") as f:
            for q in range(6):
                f.write(ask(q).encode())
                f.flush()
        """,
    "csv": """
        import csv
        with open("o.txt", "w", newline="") as f:
            w = csv.writer(f)
            w.writerow(["q", "a"])
            for q in range(6):
                w.writerow([q, ask(q)])
        """,
    "DictWriter": """
        import csv
        with open("o.txt", "w", newline="") as f:
            w = csv.DictWriter(f, ["q", "a"])
            w.writeheader()
            for q in range(6):
                w.writerow({"q": q, "a": ask(q)})
        """,
    "json.dump": """
        import json
        with open("o.txt", "w") as f:
            for q in range(6):
                json.dump({"q": q, "a": ask(q)}, f, indent=1)
        """,
    "in a function, in a branch": """
        def log(f, q):
            f.write(ask(q))
        with open("o.txt", "w") as f:
            for q in range(6):
                log(f, q)
                if q > 3:
                    f.writelines([ask(-q), "z"])
        """,
}


PER_QUESTION = {
    "the answer is there": """
        for q in range(6):
            a = ask(q)
            with open(f"a{q}.txt", "w") as f: f.write(a)
        """,
    "asked inside": """
        def save(q):
            with open(f"a{q}.txt", mode="w") as f:
                f.write(ask(q))
                print(ask((q, 1)), file=f)
        for q in range(6): save(q)
        """,
    "a cache": """
        import json
        cache = {}
        def get(q):
            if q in cache: return cache[q]
            a = cache[q] = ask(q)
            with open("cache.json", "w") as f: json.dump(cache, f)
            return a
        out = [get(q % 4) for q in range(6)]
        """,
}


@pytest.mark.parametrize("name", PER_QUESTION)
def test_a_file_for_each_question(name: str) -> None:
    read = """
import os
out = []
for name in sorted(os.listdir(".")):
    with open(name) as g: out.append(g.read())
"""
    assert makespan(dedent(PER_QUESTION[name]) + read) == 1


@pytest.mark.parametrize("named", ["p", "Path(p)", "['cat', p]", "'cat ' + p", "name(p)"])
@pytest.mark.parametrize("write", ["with open(p, 'w') as f: f.write(ask(q))", "f = open(p, 'w'); f.write(ask(q)); f.flush()"])
def test_a_call_that_is_told_a_file_comes_after_what_is_written_to_it(named: str, write: str) -> None:
    @unordered
    def reads(what: Any) -> str:
        return Path(str(what[-1] if isinstance(what, list) else what).split()[-1]).read_text()

    source = f"""
def name(p): return 0 if ask(1) == "x" else p
x, out = ask(7), []
for q in range(4):
    p = f"t{{q}}.txt"
    {write}
    out.append(reads({named}))
"""
    names = {"ask": ask, "reads": reads, "Path": Path}
    outcome = run_simulated(source, names)
    assert outcome.error is None and names["out"] == [f"r{q}" for q in range(4)]


@pytest.mark.parametrize("how", ["interrupt", "stop"])
@pytest.mark.parametrize("at", [1, 2, 5, 9])
def test_an_interrupt_closes_what_is_open(how: str, at: int) -> None:
    source = """
x, files = ask(0), []
for q in range(4):
    with open(f"a{q}.txt", "w") as f:
        files.append(f)
        f.write(ask(q))
        f.write(ask((q, 1)))
        if ask((q, 2)) == "": break
"""
    machines: list[Any] = []
    calls: list[Any] = []

    def latency(call: Any) -> float:
        calls.append(call)
        if len(calls) == at:
            machines[0].post(getattr(machines[0], how), KeyboardInterrupt())
        return 1.0 + len(calls) % 3

    names: dict[str, Any] = {"ask": ask}
    outcome = run_simulated(source, names, latency=latency, mutate=machines.append)
    assert type(outcome.error) is KeyboardInterrupt and all(f.closed for f in names.get("files", ()))
    found = [Path(f"a{q}.txt").read_text() for q in range(4) if Path(f"a{q}.txt").exists()]
    whole = [f"r{q}r({q}, 1)" for q in range(4)]
    assert "".join(whole).startswith("".join(found))


@pytest.mark.parametrize("name", OVERLAPS)
def test_writes_wait_and_nobody_for_them(name: str) -> None:
    assert makespan(dedent(OVERLAPS[name]) + READ_BACK) == 1


INPUT = """
with open("i.txt", "w") as g:
    g.write("q,a\\n" + "".join(f"l{q},{q}\\n" for q in range(6)))
"""
LOOPS = {
    "lines": """
        out = []
        with open("i.txt") as f:
            f.readline()
            for line in f:
                out.append(ask(line.strip()))
        """,
    "a comprehension": """
        import json
        with open("i.txt", "rb") as f:
            f.readline()
            out = [ask(line) for line in f if line]
        """,
    "DictReader": """
        import csv
        with open("i.txt", newline="") as f:
            out = [ask(row["q"]) for row in csv.DictReader(f)]
        """,
    "from one file to another": """
        with open("i.txt") as f, open("o.txt", "w") as g:
            for line in f:
                a = ask(line)
                if a != "x":
                    g.write(a)
        with open("o.txt") as g:
            out = g.read()
        """,
    "a generator": """
        def lines(f):
            for line in f:
                if line.strip():
                    yield line
        with open("i.txt") as f:
            out = [ask(line) for line in lines(f)]
        """,
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_over_a_file_runs_ahead(name: str) -> None:
    assert makespan(INPUT + dedent(LOOPS[name])) == 1


SAME = {
    "the length written": """
        n = 0
        with open("o.txt", "w") as f:
            for q in range(4): n += f.write(ask(q))
        print(n)
        """,
    "a failing call leaves what was written before it": """
        with open("o.txt", "w") as f:
            for q in range(9): f.write(ask(q)); f.write(str(bad(q)))
        """,
    "no text": """
        f = open("o.txt", "w")
        for q in range(3):
            x = ask(q)
            f.write(num(q) if q else x)
            i = q
        """,
    "closed meanwhile": """
        f = open("o.txt", "w")
        f.write(ask(1))
        print(f.closed, f.name)
        f.close()
        f.write(ask(2))
        """,
    "the device is full": """
        for q in range(3):
            with open("/dev/full", "w") as f: f.write(ask(q))
        """,
    "read by its path, after a line was printed": """
        from pathlib import Path
        f = open("o.txt", "w", buffering=1)
        r = []
        for q in range(3):
            print(ask(q), file=f)
            r.append(Path("./o.txt").read_text())
        f.close()
        """,
    "a link to it": """
        import os
        from pathlib import Path
        f = open("o.txt", "w", buffering=1)
        os.symlink("o.txt", "link") if not os.path.lexists("link") else None
        r = []
        for q in range(3):
            f.write(ask(q) + "\\n")
            r.append(Path("link").read_text())
        f.close()
        """,
    "a row that is changed afterwards": """
        import csv
        with open("o.txt", "w") as f:
            for q in range(3):
                r = [q, ask(q)]
                csv.writer(f).writerow(r)
                r[0] = 9
        """,
    "code in what is written": """
        import csv
        l = []
        class A:
            def __str__(self): l.append(1); return f"A{len(l)}"
        with open("o.txt", "w") as f:
            w = csv.writer(f)
            for q in range(4):
                w.writerow([A(), ask(q)])
                l.append(2)
                print(len(l))
        """,
    "json.dump fails in the middle": """
        import json
        with open("o.txt", "w") as f:
            for q in range(4): json.dump({"q": {1} if q == 2 else 0, "a": ask(q)}, f)
        """,
    "a method of the file that is one's own": """
        l = []
        f = open("o.txt", "w")
        f.write = l.append
        for q in range(3):
            f.write(ask(q))
            print(len(l))
        f.close()
        """,
    "a failure in the middle of the lines": """
        r = []
        with open("i.txt") as f:
            try:
                for line in f: r.append(bad((line, 4)))
            except Boom as ex: print(ex)
            rest = f.read()
        """,
    "a break in the middle of the lines": """
        r = []
        f = open("i.txt")
        for line in f:
            r.append(ask(line))
            if num(line) > 3: break
        rest = f.readlines()
        f.close()
        """,
    "two loops on one file": """
        with open("i.txt", "w") as g: g.write("x\\n" * 5)
        with open("i.txt") as f: r = [ask(pair) for pair in zip(f, f)]
        """,
    "who reads it inside the loop": """
        r = []
        def more(a): return f.readline() if num(a) > 2 else ask(a)
        with open("i.txt") as f:
            for line in f: r.append(more(line))
        """,
    "a native loop that reads it": """
        r = []
        with open("i.txt") as f:
            for line in f:
                for k in range(1): r.append(next(f, None))
                r.append(ask(line)); r.append(ask(line))
        """,
    "who writes it inside the loop": """
        import pathlib
        r = []
        pathlib.Path("i.txt").write_text("z\\n" * 6)
        with open("i.txt") as f, open("i.txt", "a") as g:
            for line in f:
                r.append(ask(line))
                if len(r) == 2: pathlib.Path("i.txt").write_text("a\\n" * 20)
                if len(r) < 9: g.write("new\\n"); g.flush()
        """,
    "a line that is no text": """
        with open("i.txt", "wb") as f: f.write(b"a\\nb\\n" + b"c" * 9000 + b"\\xff\\nd\\n")
        r = []
        with open("i.txt", encoding="utf-8") as f:
            for line in f: r.append(ask(line[:3]))
        """,
    "ends of lines": """
        with open("i.txt", "wb") as f: f.write(b"a\\nb\\r\\nc\\rd\\ne")
        r = []
        with open("i.txt") as f:
            print(f.readline(), f.newlines)
            for line in f: r.append(ask(line)); print(f.newlines)
        """,
    "lines that a reader has taken": """
        import csv
        r = []
        with open("i.txt") as f:
            rows = csv.DictReader(f)
            for row in rows:
                row["n"] = ask(row["q"])
                r.append(row)
                if num(row["n"]) > 4: break
            print(rows.line_num, rows.fieldnames, [*f])
        rows = None
        """,
    "a failing call in the body of one of several": """
        import os
        try:
            for q in range(9):
                with open(f"f{q}.txt", "w") as f:
                    f.write(ask(q)); f.write(str(bad((q, 5))))
                    print(q, file=f)
        except Boom as ex: print(ex, q, f.closed)
        r = {}
        for q in range(9):
            if os.path.exists(f"f{q}.txt"):
                with open(f"f{q}.txt") as g: r[q] = g.read()
                os.remove(f"f{q}.txt")
        """,
    "what is written is no text": """
        x = ask(1)
        try:
            for q in range(4):
                with open("o.txt", "a" if q else "w") as f:
                    f.write(ask(q)); f.write(num(q) if q == 2 else "k"); f.write("never")
        except TypeError as ex: print(ex, f.closed, q)
        """,
    "one cannot be opened": """
        def save(path, x):
            with open(path, "w") as f:
                f.write(x)
            return len(x)
        t = 0
        for q in range(4): t += save("nowhere/o.txt" if q == 2 else "o.txt", ask(q))
        """,
    "one cannot be closed": """
        def save(path, x):
            with open(path,
                      "w") as f:
                f.write(x)
                n = len(x)
            return n
        t, x = 0, ask(0)
        for q in range(3): t += save("/dev/full" if q == 1 else "o.txt", ask(q))
        """,
    "a failing call, and then it cannot be closed": """
        def g():
            x = ask(0)
            with open("/dev/full", "w") as f:
                f.write(ask(1)); bad((2, 2)); bad((2, 3)); bad(4); bad(5)
            return x
        z = g() + ask(9)
        """,
    "one in another": """
        x = ask(1)
        try:
            with open("o.txt", "w") as f, open("p.txt", "w") as g:
                for q in range(9): g.write(ask(q)); f.write(str(bad((q, 2))))
        except Boom as ex: print(ex, f.closed, g.closed)
        """,
    "left by return, break and continue": """
        def save(x):
            with open("o.txt", "w") as f: return f.write(x)
        t = 0
        for q in range(5):
            t += save(ask(q))
            with open("p.txt", "a" if q else "w") as f:
                if q == 3: break
                if q == 1: continue
                f.write(ask(q))
            t += 1
        """,
    "in handlers": """
        def g(q):
            x = ask(q)
            try:
                with open("o.txt", "a") as f: f.write(x + str(bad((q, 3))))
            except Boom:
                with open("o.txt", "a") as f: f.write("-" + ask(q))
                raise
            finally:
                with open("o.txt", "a") as f: f.write("!" + ask(q))
            return num(q)
        with open("o.txt", "w") as f: pass
        t = []
        for q in range(6):
            try: t.append(g(q))
            except Boom as ex: t.append(str(ex))
        """,
    "an open of one's own": """
        import contextlib
        @contextlib.contextmanager
        def open_(q):
            l.append(num(q))
            yield ask(q)
            l.append(-1)
        def go(open, q):
            with open(q) as f:
                if flag(f): return ask(f)
                l.append(ask(f))
        l = []
        r = [go(open_, q) for q in range(4)]
        """,
    "a pipe": """
        import os
        a, b = os.pipe()
        os.write(b, b"x\\ny\\n"); os.close(b)
        with open(a) as f: r = [ask(line) for line in f]
        a = b = f = None
        """,
}


@pytest.mark.parametrize("name", SAME)
def test_a_file_is_what_a_plain_run_leaves(name: str) -> None:
    Path("i.txt").write_text("q,a\n" + "".join(f"l{q},{q}\n" for q in range(6)))
    Path("o.txt").touch()
    agree(dedent(SAME[name]), 1)
    found = Path("o.txt").read_bytes()
    os.remove("o.txt")
    Path("o.txt").touch()
    plain(dedent(SAME[name]), 1)
    assert found == Path("o.txt").read_bytes()
