"""`python -m poppy_ipython script.py`: as `python script.py`, and its calls overlap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from poppy_ipython.trace.trace import Trace

SCRIPT = Path(__file__).parents[2] / "notebooks" / "report.py"


def python(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd=cwd)


def test_the_example_says_the_same_and_its_calls_overlap(tmp_path: Path) -> None:
    plain = python(SCRIPT, "6")
    kept = tmp_path / "run.json"
    ours = python("-m", "poppy_ipython", "--trace", kept, SCRIPT, "6")
    assert (ours.returncode, ours.stdout) == (plain.returncode, plain.stdout) == (0, plain.stdout)
    assert plain.stdout.count("\n") == 7 and plain.stderr == ""
    assert ours.stderr.startswith("poppy: 7 calls")
    trace = Trace.from_json(kept.read_text("utf-8"))
    assert trace.count == 7 and trace.peak == 6
    assert {call.line for call in trace.calls} == {26, 31}
    assert json.loads(kept.read_text("utf-8"))["filename"] == str(SCRIPT)


def test_arguments_exit_status_and_traceback_are_pythons(tmp_path: Path) -> None:
    for arguments in ([], ["x"]):
        plain, ours = python(SCRIPT, *arguments), python("-m", "poppy_ipython", "--quiet", SCRIPT, *arguments)
        assert ours.returncode == plain.returncode == 1
        assert ours.stderr == plain.stderr and ("usage: report.py" in ours.stderr or "ValueError" in ours.stderr)


SURROUNDINGS = """
from __future__ import annotations
import sys, os, asyncio, dataclasses
import beside
def annotated(x: Nowhere) -> Nothing: return x
@dataclasses.dataclass
class Row:
    x: int
async def main():
    await asyncio.sleep(0)
    return 3
print(__name__, sys.argv[1:], os.path.basename(__file__), beside.x, annotated(1), Row(2), asyncio.run(main()))
print(sys.modules["__main__"].Row is Row)
"""


def test_it_finds_what_a_script_finds(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "beside.py").write_text("x = 5\n")
    (tmp_path / "sub" / "look.py").write_text(SURROUNDINGS)
    plain = python("sub/look.py", "--trace", "-x", cwd=tmp_path)
    ours = python("-m", "poppy_ipython", "--quiet", "sub/look.py", "--trace", "-x", cwd=tmp_path)
    assert (ours.stdout, ours.stderr, ours.returncode) == (plain.stdout, plain.stderr, 0)
    assert "__main__ ['--trace', '-x'] look.py 5 1 Row(x=2) 3" in ours.stdout


def test_a_syntax_error_is_said_as_python_says_it(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("x = 1\nawait x\n")
    plain, ours = python(path), python("-m", "poppy_ipython", path)
    assert ours.returncode == plain.returncode == 1 and ours.stderr == plain.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.py"], "can't open 'missing.py'"),
        (["--max-calls", "0", str(SCRIPT)], "--max-calls must be at least 1"),
        (["--backend", "cloud", str(SCRIPT)], "invalid choice"),
        (["--trace", "no/such/folder/x.json", str(SCRIPT)], "no such folder"),
    ],
)
def test_a_command_line_that_cannot_be_meant(arguments: list[str], words: str, tmp_path: Path) -> None:
    ours = python("-m", "poppy_ipython", *arguments, cwd=tmp_path)
    assert ours.returncode == 2 and words in ours.stderr and ours.stdout == ""


def test_computing_scripts_go_to_processes(tmp_path: Path) -> None:
    path = tmp_path / "compute.py"
    path.write_text(
        "import os\nfrom poppy_ipython import unordered\n"
        "@unordered\ndef where(n):\n    return os.getpid()\n"
        "print(os.getpid() in [where(n) for n in range(4)])\n"
    )
    assert python("-m", "poppy_ipython", "--quiet", "--backend", "processes", path).stdout == "False\n"
