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
}


@pytest.mark.parametrize("name", SAME)
def test_a_file_is_what_a_plain_run_leaves(name: str) -> None:
    Path("o.txt").touch()
    agree(dedent(SAME[name]), 1)
    found = Path("o.txt").read_bytes()
    os.remove("o.txt")
    Path("o.txt").touch()
    plain(dedent(SAME[name]), 1)
    assert found == Path("o.txt").read_bytes()
