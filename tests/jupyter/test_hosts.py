"""Hosts other than a kernel that a front end talks to: cells in a file that IPython runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FILE = """%%poppy --quiet
import threading
from poppy_ipython import unordered
together = threading.Barrier(2)
@unordered
def meet(n):
    together.wait(10)
    return n
x = meet(1) + meet(2)
print(x)
!echo shell
"""


def test_an_ipy_file(tmp_path: Path) -> None:
    """One file is one cell for IPython: with `%%poppy` on top it is a poppy cell, and two calls of it meet."""
    (tmp_path / "cell.ipy").write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "IPython", "--ext=poppy_ipython", "--colors=NoColor", "cell.ipy"]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout.split() == ["3", "shell"], done
