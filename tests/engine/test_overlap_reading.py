"""Files that a program reads while calls are in flight. A program of `n` questions takes 1 if its rounds overlap.

    round 0   read a ▶ ask ━━━▶ write c       a read waits for the writes of its own file only
    round 1   read b ▶ ask ━━▶  · write d
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.engine.overlap import ask, makespan, num
from tests.fuzz.check import agree


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for q in range(6):
        Path(f"p{q}").write_text(f"t{q}")
    Path("l0").write_text("".join(f"line {q}\n" for q in range(9)))
    Path("l1").write_text("".join(f"{q},{q * q}\n" for q in range(9)))
    Path("bytes").write_bytes(b"a\n" + b"c" * 9000 + b"\xff\nd\n")
    Path("ends").write_bytes(b"a\nb\r\nc\rd\ne")


AT_ONCE = {
    "texts by their paths": """
        from pathlib import Path
        for p in sorted(Path(".").glob("p?")): out.append((p.name, ask(p.read_text()), ask(p.read_bytes())))
        """,
    "whether there is one": """
        import os
        for q in range(6):
            if os.path.exists(f"p{q}") and os.path.getsize(f"p{q}") == 2 and not os.path.isdir(f"p{q}"): out.append(ask(q))
        """,
    "folders": """
        import glob, os
        for q in range(6): out.append(ask((sorted(os.listdir(".")), len(glob.glob("p*")))))
        """,
    "by an open file": """
        for q in range(6):
            with open(f"p{q}") as f: t = f.read()
            with open(f"p{q}", "rb") as f: t += str(f.readlines())
            out.append(ask(t))
        """,
    "in a function": """
        def load(p):
            with open(p, encoding="utf-8") as f: return f.read()
        out += [ask(load(f"p{q}")) for q in range(6)]
        """,
    "documents": """
        import json
        def load(p):
            with open(p) as f: return json.load(f)
        for q in range(6):
            with open("doc.json", "w") as f: json.dump({"q": [q]}, f)
            out.append(load("doc.json")["q"])
        out += [ask(json.load(open("doc.json"))["q"]) for q in range(6)]
        """,
    "without a with": """
        out.append(ask(9))
        for q in range(6):
            f = open(f"p{q}")
            out.append(ask(f.read()))
            f.close()
            out.append(ask(open(f"p{q}").readline()))
        """,
    "lines of many": """
        for q in range(6):
            with open(f"p{q}") as f:
                for line in f: out.append(ask(line))
        """,
    "folders that are made": """
        import os
        from pathlib import Path
        for q in range(6):
            os.makedirs("made", exist_ok=True)
            os.makedirs(f"deep/{q}/x", exist_ok=True)
            Path(f"flat{q}").mkdir(exist_ok=True)
            with open(f"deep/{q}/x/a.txt", "w") as f: f.write(ask(q))
            Path(f"flat{q}/b").write_text(ask(q))
        for q in range(6): out.append((open(f"deep/{q}/x/a.txt").read(), os.listdir(f"deep/{q}"), Path(f"flat{q}/b").read_text()))
        """,
    "a temporary folder": """
        import os, tempfile
        with tempfile.TemporaryDirectory() as d:
            for q in range(6):
                with open(os.path.join(d, str(q)), "w") as f: f.write(ask(q))
                with open(f"p{q}") as f: out.append(ask(f.read()))
            for name in sorted(os.listdir(d)):
                with open(os.path.join(d, name)) as f: out.append(f.read())
        out.append(os.path.exists(d))
        """,
    "one file is written for each that is read": """
        from pathlib import Path
        for q in range(6): Path(f"p{q}").with_suffix(".out").write_text(ask(Path(f"p{q}").read_text()))
        """,
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_reads_do_not_wait_for_calls(name: str) -> None:
    assert makespan("out = []" + dedent(AT_ONCE[name])) == 1


def test_files_are_closed_as_soon_as_they_have_been_read() -> None:
    """In its turn each: never more of them are open than calls wait before their ends."""
    names: dict[str, Any] = {"ask": ask, "out": []}
    source = "import os\nx = ask(0)\nfor q in range(300): out.append(ask(open(f'p{q % 6}').read()))\nopen_now = len(os.listdir('/dev/fd'))"
    before = len(os.listdir("/dev/fd"))
    outcome = run_simulated(source, names)
    assert outcome.makespan == 1 and len(names["out"]) == 300 and names["open_now"] == before


def test_a_file_that_nobody_closes_warns() -> None:
    names: dict[str, Any] = {"ask": ask}
    with pytest.warns(ResourceWarning, match="unclosed file <_io.TextIOWrapper name='p1'"):
        outcome = run_simulated("a = ask(1)\nb = open('p1').read()\nc = ask(b)", names)
    assert (outcome.makespan, names["c"]) == (1, "rt1")


CACHE = """
import os
from pathlib import Path
def get(q):
    p = Path(f"c{q}")
    if p.exists():
        return p.read_text()
    a = ask(q)
    p.write_text(a)
    return a
out = [get(q % 4) for q in range(6)]
"""


def test_what_is_kept_in_files_is_asked_once() -> None:
    """The two that are met again wait for the write of their file, which waits for its turn."""
    calls: list[Any] = []
    names: dict[str, Any] = {"ask": ask}
    outcome = run_simulated(CACHE, names, latency=lambda call: calls.append(call) or 1.0)  # type: ignore[func-returns-value]
    assert outcome.error is None and names["out"] == ["r0", "r1", "r2", "r3", "r0", "r1"]
    assert (len(calls), outcome.makespan) == (4, 1)


IN_ORDER = {
    "a write that may come": """
        from pathlib import Path
        p = Path("p0")
        for q in range(6):
            out.append(p.read_text())
            if num(q) > 3: p.write_text(str(q))
        """,
    "a folder that is being filled": """
        import os
        from pathlib import Path
        for q in range(6):
            out.append(len(os.listdir(".")))
            Path(f"new{q}").write_text(ask(q))
        """,
}


@pytest.mark.parametrize("name", IN_ORDER)
def test_reads_wait_for_writes_of_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, found = dedent(IN_ORDER[name]), []
    for side in ("plain", "ours"):
        Path(side).mkdir()
        Path(side, "p0").touch()
        names: dict[str, Any] = {"ask": ask, "num": num, "out": []}
        with monkeypatch.context() as inside:
            inside.chdir(side)
            if side == "plain":
                exec(source, names)
            else:
                assert run_simulated(source, names).makespan == 6
        found.append(names["out"])
    assert found[0] == found[1]


def test_reads_wait_for_their_turn_when_switched_off() -> None:
    names: dict[str, Any] = {"ask": ask, "num": num, "out": []}
    outcome = run_simulated(dedent(AT_ONCE["texts by their paths"]), names, mutate=lambda machine: setattr(machine, "reads_ahead", False))
    assert outcome.makespan == 12 and len(names["out"]) == 6


def test_a_record_that_goes_to_a_file_is_read_back(tmp_path: Path) -> None:
    logger = logging.getLogger("tests.engine.reading")
    logger.propagate = False
    logger.addHandler(handler := logging.FileHandler(tmp_path / "app.log"))
    names: dict[str, Any] = {"ask": ask, "log": logger, "Path": Path, "out": []}
    source = "for q in range(4):\n log.warning('asked %s', ask(q))\n out.append(len(Path('app.log').read_text()))"
    try:
        outcome = run_simulated(source, names)
    finally:
        logger.removeHandler(handler)
        handler.close()
    assert outcome.error is None and names["out"] == [9, 18, 27, 36]


def test_a_file_that_standard_output_goes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {"ask": ask, "Path": Path, "out": []}
    with open("said.txt", "w", buffering=1) as said:
        monkeypatch.setattr("sys.stdout", said)
        outcome = run_simulated("for q in range(4):\n print(ask(q))\n out.append(Path('said.txt').read_text())", names)
        monkeypatch.undo()
    assert outcome.error is None and [len(text) for text in names["out"]] == [3, 6, 9, 12]


SAME = {
    "what is written is read": """
        import pathlib
        for q in range(4):
            pathlib.Path("a").write_text(ask(q))
            l0.append(pathlib.Path("./a").read_text())
            l0.append(ask(pathlib.Path("b").exists()))
        """,
    "by a link and by another name": """
        import os, pathlib
        for name in ("link", "hard"):
            if os.path.lexists(name): os.remove(name)
        pathlib.Path("o").write_text("x")
        os.symlink("o", "link"); os.link("o", "hard")
        for q in range(4):
            pathlib.Path("o").write_text(ask(q))
            l0.append(ask(pathlib.Path("link").read_text()))
            pathlib.Path("hard").write_text(ask((q, 1)))
            l0.append((os.path.getsize("o"), pathlib.Path("o").read_text(), os.path.islink("link")))
        os.remove("link"); os.remove("hard")
        """,
    "through a link to where nothing is yet": """
        import os, pathlib
        for name in ("to", "new"):
            if os.path.lexists(name): os.remove(name)
        os.symlink("new", "to")
        l0.append(ask(1))
        pathlib.Path("new").write_text(ask(2))
        l0.append(pathlib.Path("to").read_text())
        """,
    "names in bytes": """
        import pathlib
        for q in range(4):
            with open(b"new", "a" if q else "w") as f: f.write(ask(q))
            l0.append((open("new").read(), ask(pathlib.Path("new").read_bytes())))
            pathlib.Path("new").write_text(ask((q, 1)))
            with open(b"new", "rb") as f: l0.append(f.read())
        f = None
        """,
    "a change of the folder": """
        import os, pathlib
        if not os.path.isdir("sub"): os.mkdir("sub")
        here = os.getcwd()
        try:
            l0.append(ask(1))
            pathlib.Path("sub/p0").write_text(ask(2))
            os.chdir("sub")
            l0.append(pathlib.Path("p0").read_text())
            os.chdir("..")
            l0.append(pathlib.Path("p0").read_text())
        finally: os.chdir(here)
        """,
    "how far it has been read": """
        for q in range(6):
            f = open("l0")
            h = f.readline()
            try:
                l0.append(bad((h, q)))
                l1.append(f.read(2) + f.readline())
            except Boom: l1.append((f.tell(), f.read(1)))
            l0.append((ask(q), f.closed))
            f.close()
        f = None
        """,
    "whoever else has it": """
        import csv
        def first(f, q): return f.readline() if num(q) > 2 else ask(q)
        for q in range(6):
            with open("l1") as f:
                l0.append(first(f, q))
                held = [f]
                l0.append(held[0].readline())
                l0.append(list(csv.reader(f)) if num(q) % 2 else [*f])
                l0.append(ask(f.read()))
        f = held = None
        """,
    "it is written to while it is open": """
        import pathlib
        for q in range(4):
            with open("a", "w") as g: g.write("1\\n2\\n" * 5000)
            with open("a") as f:
                l0.append(f.readline())
                pathlib.Path("a").write_text(ask(q))
                l0.append(len(f.read()))
                pathlib.Path("a").write_text(ask((q, 1)))
                l0.append(f.read())
        f = g = None
        """,
    "a function that may write to it": """
        import pathlib
        def w(q):
            if num(q) > 3: pathlib.Path("a").write_text(ask(q))
        for q in range(6):
            pathlib.Path("a").write_text(ask(q))
            w(q)
            with open("a") as f:
                w((q, 1))
                l0.append(ask(f.read()))
        f = None
        """,
    "what is no text, no document, no mode": """
        import json
        for q in range(5):
            l0.append(ask(q))
            try:
                if q == 1:
                    with open("bytes", encoding="utf-8") as f: l0.append((f.readline(), f.read()))
                elif q == 2:
                    with open("l1") as f: json.load(f)
                elif q == 3:
                    with open("l1", "q") as f: f.read()
                else:
                    with open("l1") as f: f.read(1.5)
            except (ValueError, TypeError) as ex: print(ex, q)
        with open("l1") as f: f.write("x")
        """,
    "ends of lines": """
        for q in range(4):
            l0.append(ask(q))
            for newline in (None, "", "\\r", "\\n"):
                with open("ends", newline=newline) as f: l0.append((f.readline(), f.newlines, f.readlines(), f.newlines))
        f = None
        """,
    "a break in the middle of the lines, and a failure": """
        r = []
        for q in range(5):
            try:
                with open("l1") as f:
                    for line in f:
                        r.append(bad((line, q)))
                        if num(line + str(q)) > 4: break
                    r.append((ask(line), f.readline()))
            except Boom as ex: print(ex, f.closed, line)
        f = None
        """,
    "returned from in a try": """
        def g(q):
            try:
                with open("l1") as f:
                    a = f.readline()
                    if num(q) > 2: return bad((a, q))
                    return a + bad(q)
            except Boom as ex: return str(ex) + str(f.closed)
            finally: l1.append(q)
        for q in range(8): l0.append(g(q))
        """,
    "an open of one's own": """
        def go(open, q):
            with open(q) as f: return f.read()
        class F:
            def __init__(self, q): self.q = q
            def __enter__(self): l1.append(self.q); return self
            def __exit__(self, *what): l1.append(-1)
            def read(self): return ask(self.q)
        for q in range(4): l0.append(go(F, q))
        F = None
        """,
    "folders": """
        import os, pathlib, shutil
        for name in ("m0", "m1", "m2"): shutil.rmtree(name, ignore_errors=True)
        for q in range(5):
            d = f"m{q % 2}/a/b"
            l0.append((ask(q), os.path.isdir(f"m{q % 2}"), os.path.exists(f"m{q % 2}/a")))
            os.makedirs(d, exist_ok=True)
            l0.append((os.path.isdir(d), pathlib.Path(d).parent.is_dir(), os.listdir(f"m{q % 2}/a")))
            pathlib.Path(d, str(q)).write_text(ask((q, 1)))
            l0.append((ask((q, 2)), sorted(os.listdir(d)), pathlib.Path(d, "1").exists()))
            pathlib.Path(d).mkdir(parents=True, exist_ok=True)
        try:
            l0.append(ask(9))
            os.mkdir("m2"); os.mkdir("m2")
        except FileExistsError as ex: print(ex)
        l0.append(ask(10))
        os.makedirs("m0/a")
        """,
    "a folder that cannot be made": """
        import os, pathlib
        for q in range(3):
            l0.append(ask(q))
            try:
                os.makedirs("l0/x", exist_ok=True)
                l0.append(ask((q, 1)))
            except OSError as ex: print(ex.errno)
            if q == 2: pathlib.Path("l0").mkdir(exist_ok=True)
        """,
    "a temporary folder in another manager": """
        import os, tempfile, unittest.mock
        def opens(*args): l1.append(args[1:]); return real(*args)
        real = open
        for q in range(3):
            with tempfile.TemporaryDirectory() as d, unittest.mock.patch("builtins.open", opens):
                with open(os.path.join(d, "a"), "w") as f: f.write(ask(q))
                l0.append((ask((q, 1)), os.listdir(d)))
            with unittest.mock.patch.dict(os.environ, {"A": str(q)}), tempfile.TemporaryDirectory() as d:
                with open(os.path.join(d, "b"), "w") as f: f.write(ask(os.environ["A"]))
                with open(os.path.join(d, "b")) as f: l0.append((f.read(), ask((q, 2))))
            try:
                with tempfile.TemporaryDirectory() as d:
                    with open(os.path.join(d, "a"), "w") as f: f.write(bad(q))
            except Boom as ex: print(ex, os.path.exists(d))
            except TypeError as ex: print(ex, f.closed)
        d = f = opens = real = None
        """,
    "a file that is not there": """
        import pathlib
        l0.append(ask(1))
        try: l0.append(pathlib.Path("nowhere").read_text())
        except FileNotFoundError as ex: print(ex)
        l0.append(ask(2))
        pathlib.Path("nowhere").read_text()
        """,
    "a call fails before": """
        import pathlib
        for q in range(9):
            l0.append(bad(q))
            l0.append(pathlib.Path(f"p{q}").read_text())
        """,
    "what is no name": """
        import os, pathlib
        class P(type(pathlib.Path())):
            def open(self, *args, **kwargs):
                l0.append(len(l0))
                return super().open(*args, **kwargs)
        for q in range(3):
            l1.append(ask(q))
            l1.append((P("p1").read_text(), len(l0), os.path.exists(0), os.path.exists(b"p2")))
            for wrong in (None, 1.5, "\\0"):
                try: l1.append(os.path.exists(wrong))
                except (TypeError, ValueError) as ex: print(ex)
        P = None
        """,
    "a device": """
        import pathlib
        for q in range(3): l0.append((ask(q), pathlib.Path("/dev/null").read_text()))
        """,
    "in a handler": """
        import pathlib
        for q in range(4):
            try: l0.append(bad((q, pathlib.Path("p1").read_text())))
            except Boom:
                pathlib.Path("p1").write_text(ask(q))
                l0.append(pathlib.Path("p1").read_text())
        """,
    "printed to a compressed file": """
        import gzip, os
        with gzip.open("z", "wt") as g:
            for q in range(3):
                print(ask(q) * 9999, file=g)
                l0.append(os.path.getsize("z") >= 0)
                l1.append(ask(q))
        l0.append(os.path.getsize("z"))
        """,
}


@pytest.mark.parametrize("name", SAME)
def test_a_read_gives_what_a_plain_run_reads(name: str) -> None:
    agree("l0, l1 = [], []\n" + dedent(SAME[name]), 1)


def test_a_file_that_is_not_there_is_looked_for_after_the_calls_that_were_told_its_name(tmp_path: Path) -> None:
    @unordered
    def download(url: str, path: Any) -> None:
        Path(path).write_text(url)

    source = "for q in range(6):\n download(f'https://example.org/{q}', PATH)\n out.append(open(f'new{q}.txt').read())\nout.append(ask(out[0]))"
    for number, path in enumerate(["f'new{q}.txt'", "Path(f'new{q}.txt')", "f'./new{q}.txt'"]):
        Path(f"in{number}").mkdir()
        os.chdir(f"in{number}")
        names: dict[str, Any] = {"ask": ask, "download": download, "Path": Path, "out": []}
        outcome = run_simulated(source.replace("PATH", path), names)
        os.chdir("..")
        assert outcome.error is None and names["out"][5] == "https://example.org/5", path


@pytest.mark.parametrize("told", ["f'new/{q}/a.txt'", "Path(f'new/{q}')", "f'{{\"to\": \"./new/{q}/b\"}}'", "['-o', f'new/{q}']"])
def test_a_call_that_is_told_a_folder_is_sent_when_it_is_there(told: str) -> None:
    @unordered
    def fill(what: Any) -> list[str]:
        return sorted(os.listdir("new"))

    source = f"x = ask(1)\nfor q in range(3):\n os.makedirs(f'new/{{q}}', exist_ok=True)\n out.append(fill({told}))"
    names: dict[str, Any] = {"ask": ask, "fill": fill, "Path": Path, "os": os, "out": []}
    outcome = run_simulated(source, names)
    assert outcome.error is None and names["out"] == [["0"], ["0", "1"], ["0", "1", "2"]]


def test_the_open_of_a_notebook_is_open() -> None:
    """IPython puts a function of its own into the namespace; it is a frame of tracebacks."""
    source = """\
import os, tempfile
from IPython.core.interactiveshell import _modified_open as open
with tempfile.TemporaryDirectory() as folder:
    names = [os.path.join(folder, f"{q}.txt") for q in range(4)]
    for q, name in enumerate(names):
        with open(name, "w") as file: file.write(f"text {q}")
    out = []
    for name in names:
        with open(name) as file: text = file.read()
        out.append(ask(text))
        with open(name, "a") as file: file.write(out[-1])
    for name in names: out.append(ask(open(name).read()))
    names = file = folder = name = None
try: open("no such file")
except OSError as ex: print(ex)
open("no such file")
"""
    agree(source)
    agree(source, seed=0, at_once=4)
