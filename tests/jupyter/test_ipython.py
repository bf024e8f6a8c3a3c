"""IPython as it is: what notebooks use of it shows the same plain and with `%poppy auto on`, in two real kernels."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jupyter.kernel import Cell, Kernel

CELLS = {
    "display": "from IPython.display import display, HTML\nshown = display(HTML('<b>1</b>'), display_id='one')\nshown.update(HTML('2'))\ndisplay(1, 'a')",
    "clear_output": "from IPython.display import clear_output\nprint(1)\nclear_output(wait=True)\nprint(2)",
    "tqdm": "import sys\nfrom tqdm import tqdm\nfor n in tqdm(range(3), file=sys.stdout, bar_format='{n}/{total}'):\n    print(n)",
    "logging": "import logging, sys\nlog = logging.getLogger('mine')\nlog.handlers = [logging.StreamHandler(sys.stdout)]\nlog.warning('%d', 1)\nprint(2)",
    "warnings": "import warnings\nwarnings.simplefilter('always')\ndef old():\n    warnings.warn('old', DeprecationWarning, stacklevel=2)\nold()\nprint(1)",
    "%time": "%time x = 3\nx",
    "%timeit": "found = %timeit -n2 -r1 -q -o sum(range(9))\nfound.loops",
    "%who": "x = 1\n%who_ls int\n%who int",
    "%run": "%run {folder}/script.py\nmade",
    "%run of cells": "%run {folder}/cells.ipy\nmade",
    "%autoreload": (
        "%load_ext autoreload\n%autoreload 2\nimport sys, os\nsys.path.insert(0, '{folder}')\nimport changing\nprint(changing.value())\n"
        "with open('{folder}/changing.py', 'w') as file:\n    _ = file.write('def value():\\n    return \"second\"\\n')\nos.utime('{folder}/changing.py', (9, 9))"
    ),
    "%autoreload, the next cell": "changing.value()",
    "pasted prompts": ">>> x = 4\n>>> for n in range(2):\n...     print(n)\n...\n>>> x + 1",
    "pasted prompts of IPython": "In [3]: x = 2\n   ...: x * 2",
    "breakpointhook": "import sys\nsys.breakpointhook = lambda *a, **k: print('stopped', a, k)\nbreakpoint(1, b=2)\nsys.breakpointhook = sys.__breakpointhook__",
    "get_ipython": "shell = get_ipython()\nshell.user_ns['x'], type(shell).__name__, shell.execution_count == len(In) - 1",
    "names deleted between cells": "del x\nx",
    "a cell edited and run again": "def f():\n    return 2\nf()",
    "subprocess": "import subprocess\nprint(subprocess.run(['echo', 'hello'], capture_output=True, text=True).stdout)\n!echo shell",
    "exit code": "!exit 3\n_exit_code",
    "%%writefile": "%%writefile {folder}/written.txt\nline",
    "%%bash": "%%bash\necho bash",
}
TYPED = {
    "input": ("name = input('who? ')\nprint('hello', name)\nname", ["you"]),
    "getpass": ("from getpass import getpass\nlen(getpass('secret: '))", ["abc"]),
    "input in a function": ("def ask_twice():\n    return [input(str(n)) for n in range(2)]\nask_twice()", ["a", "b"]),
    "breakpoint": ("def f(n):\n    breakpoint()\n    return n + 1\nf(3)", ["p n", "c"]),
}


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Kernel], list[Path]]]:
    started = [Kernel(), Kernel()]
    try:
        assert started[1].run("%load_ext poppy_ipython").reply["status"] == "ok"
        assert started[1].run("%poppy auto on --quiet").reply["status"] == "ok"
        folders = []
        for name in ("plain", "auto"):
            folders.append(tmp_path_factory.mktemp(name))
            (folders[-1] / "script.py").write_text("print('script')\nmade = 1\n")
            (folders[-1] / "cells.ipy").write_text("print('cells')\nmade = 2\n%time 1\n")
            (folders[-1] / "changing.py").write_text("def value():\n    return 'first'\n")
        yield started, folders
    finally:
        for kernel in started:
            kernel.close()


def seen(cell: Cell, folder: Path) -> list[Any]:
    """Without the folder, without times, which differ from run to run, and without numbers of processes (in a warning, from 3.12 on)."""
    return [
        (kind, re.sub(r"(CPU times|Wall time):.*?(?=\n|$)|(pid)=\d+", r"\1\2 …", str(content).replace(str(folder), "…")))
        for kind, content in cell.normal()
    ]


@pytest.mark.parametrize("name", CELLS)
def test_as_in_a_plain_kernel(kernels: tuple[list[Kernel], list[Path]], name: str) -> None:
    plain, ours = (
        (kernel.run(CELLS[name].replace("{folder}", str(folder))), folder) for kernel, folder in zip(*kernels, strict=True)
    )
    assert seen(*ours) == seen(*plain)
    assert plain[0].outputs
    assert ours[0].reply["status"] == plain[0].reply["status"]


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed(kernels: tuple[list[Kernel], list[Path]], name: str) -> None:
    code, answers = TYPED[name]
    plain, ours = (typed(kernel, code, answers) for kernel in kernels[0])
    assert [prompt for prompt, _ in ours] == [prompt for prompt, _ in plain]
    assert ours == plain


def typed(kernel: Kernel, code: str, answers: list[str]) -> list[Any]:
    """Run a cell whose questions are answered: each question, and what the cell shows."""
    asked: list[Any] = []

    def answer() -> None:
        for text in answers:
            message = kernel.client.get_stdin_msg(timeout=20)
            asked.append((message["content"]["prompt"], message["content"]["password"]))
            kernel.client.input(text)

    thread = threading.Thread(target=answer)
    thread.start()
    cell = kernel.run(code, allow_stdin=True)
    thread.join()
    return [*asked, *cell.normal()]


def test_a_debugger_begun_in_the_middle_sees_the_names(kernels: tuple[list[Kernel], list[Path]]) -> None:
    """Where it stops in the frames is another matter: docs/same.md says so."""
    found = typed(kernels[0][1], "import pdb\nx = 7\npdb.set_trace()\ny = x + 1\ny", ["p x", "c"])
    assert [kind for kind, _ in found] == ["ipdb> ", "ipdb> ", "stdout", "value"]
    assert "\n7\n" in found[2][1] and found[3][1] == {"text/plain": "8"}


def test_calls_in_flight_go_on_while_the_user_types(kernels: tuple[list[Kernel], list[Path]]) -> None:
    """The answer is only typed when the call that was sent before the question has been seen at work."""
    kernel = kernels[0][1]
    kernel.run("import threading\nfrom poppy_ipython import unordered\nbegun = threading.Event()\n@unordered\ndef ask(n):\n    begun.set()\n    return n")
    found = typed(kernel, "a = ask(1)\nname = input('who? ')\na, name, begun.is_set()", ["you"])
    assert found == [("who? ", False), ("value", {"text/plain": "(1, 'you', True)"})]
