"""`subprocess.run`: in its order with what writes files, while calls of a model go on."""

from __future__ import annotations

import os
import subprocess

import pytest

from poppy_ipython.effects import effect_of_call, unordered
from poppy_ipython.engine.run import run_simulated


@unordered
def ask(question):
    return str(question).upper()


LOOP = """
for q in qs:
    path.write_text(q)
    done = subprocess.run(["cat", str(path)], capture_output=True, text=True)
    out.append((done.stdout, done.returncode, ask(q), os.path.exists(str(path) + q)))
    subprocess.run(["sh", "-c", f"echo {q} > {path}{q}"], capture_output=True)
    out.append(os.path.isfile(str(path) + q))
"""
FAILS = 'out.append(ask("a"))\nsubprocess.run(["sh", "-c", "exit 3"], capture_output=True, check=True)\nout.append("never")'


@pytest.mark.parametrize("source", [LOOP, FAILS])
def test_commands_and_files_are_as_in_a_plain_run(source, tmp_path):
    left = []
    for ours in (False, True):
        folder = tmp_path / str(ours)
        folder.mkdir()
        names = {"qs": "abc", "path": folder / "note", "out": [], "ask": ask, "subprocess": subprocess, "os": os}
        error = None
        if ours:
            outcome = run_simulated(source, names, latency=lambda call: 1.0 if call.fn is ask else 0.25)
            error = outcome.error
        else:
            try:
                exec(source, names)
            except subprocess.CalledProcessError as raised:
                error = raised
        left.append((names["out"], str(error), sorted(os.listdir(folder))))
    assert left[0] == left[1]
    assert source is FAILS or outcome.overlap > 1


@pytest.mark.parametrize(
    ("args", "kwargs", "known"),
    [
        ((["ls"],), {"capture_output": True}, True), (("ls",), {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "shell": True}, True),
        ((["ls"],), {}, False), ((["ls"],), {"stdout": subprocess.PIPE}, False), ((["ls"],), {"capture_output": True, "preexec_fn": print}, False),
        ((["ls", object()],), {"capture_output": True}, False), ((["ls"], -1), {"capture_output": True}, False),
        ((["ls"],), {"stdout": open, "stderr": open}, False),
    ],
)  # fmt: skip
def test_a_command_is_known_if_its_output_is_captured(args, kwargs, known):
    assert (effect_of_call(subprocess.run, args, kwargs) is not None) == known
