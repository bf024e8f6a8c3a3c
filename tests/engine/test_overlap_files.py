"""Files that a program writes and reads while calls are in flight. A program of `n` questions takes 1 if its rounds overlap.

    round 0   ask ━━━▶ write        writes wait in their order, issuing goes on
    round 1   ask ━━▶  · write
"""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from tests.engine.overlap import makespan
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
        with open("i.txt", encoding="utf-8") as f: r = [ask(line[:3]) for line in f]
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
