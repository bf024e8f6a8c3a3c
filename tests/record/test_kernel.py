"""Recording, replay, check and cache as a user types them, in a real kernel, with the real client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jupyter.kernel import Kernel

BEGIN = """
import os
os.environ["POPPY_IPYTHON_DATA"] = {folder!r}
from openai import OpenAI
from poppy_ipython import local_llm, unordered
import poppy_ipython
service = local_llm.serve(first_token=0, per_token=0)
client = OpenAI(base_url=service.base_url, api_key="local", max_retries=0)
def ask(prompt):
    messages = [{{"role": "user", "content": prompt}}]
    return client.chat.completions.create(model="local-small", messages=messages).choices[0].message.content
%load_ext poppy_ipython
%poppy set view=line
"""
CELL = """
notes = [ask(f"Summarise: item {n} is here.") for n in range(5)]
print(len(notes))
notes[0]
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel()
    try:
        begun = started.run(BEGIN.format(folder=str(Path(tmp_path_factory.mktemp("data")))))
        assert begun.reply["status"] == "ok", begun
        yield started
    finally:
        started.close()


def test_record_replay_and_check(kernel: Kernel) -> None:
    recorded = kernel.run("%%poppy --record first" + CELL)
    assert recorded.reply["status"] == "ok", recorded
    assert "5 calls recorded as 'first'" in recorded.displays[-1]
    counted = kernel.run("before = service.stats()['requests']; old = notes; before").value
    assert counted == "5"
    replayed = kernel.run("%%poppy --replay first --latency 0" + CELL)
    assert (replayed.stdout, replayed.value) == (recorded.stdout, recorded.value)
    assert "5 calls answered from the recording 'first'" in replayed.displays[-1]
    assert kernel.run("service.stats()['requests'] == before and notes == old and notes is not old").value == "True"
    checked = kernel.run("%%poppy --check" + CELL)
    assert (checked.stdout, checked.value) == (recorded.stdout, recorded.value)
    assert "checked, the same as a plain run: 3 variables, 1 line of output, 5 calls" in checked.displays[-1], checked
    assert kernel.run("poppy_ipython.last_run.check.same").value == "True"


def test_a_missing_call_is_an_error_that_names_the_nearest(kernel: Kernel) -> None:
    kernel.run("%%poppy --record near\nx = ask('Summarise: a cat.')")
    cell = kernel.run("%%poppy --replay near\ntry:\n    x = ask('Summarise: a dog.')\nexcept Exception:\n    x = None")
    assert cell.reply["ename"] == "MissingCall" and cell.error is not None
    assert "the nearest is client.chat.completions.create(" in cell.error and "a cat." in cell.error
    assert kernel.run("1 + 1").value == "2"


def test_refused(kernel: Kernel) -> None:
    cell = kernel.run("file = open(os.devnull)\nlines_read = []")
    cell = kernel.run("%%poppy --check\nlines_read.append(1)\nfile.readline()")
    assert cell.reply["ename"] == "CheckRefused" and "file (TextIOWrapper)" in cell.reply["evalue"]
    assert kernel.run("lines_read").value == "[]"


def test_cache_and_clear(kernel: Kernel) -> None:
    source = "%%poppy --cache\njokes = [ask('Summarise: a joke.') for _ in range(3)]"
    assert "0 calls answered from the call cache, 3 asked" in kernel.run(source).displays[-1]
    assert "3 calls answered from the call cache, 0 asked" in kernel.run(source).displays[-1]
    assert kernel.run("%poppy cache clear").stdout == "3 answers forgotten.\n"
    assert "0 calls answered from the call cache, 3 asked" in kernel.run(source).displays[-1]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--replay a --record b", "--replay asks nobody, so there is nothing to --record"),
        ("--replay a --latency fast", "--latency fast: it is recorded, 0, or x2 for twice as long"),
        ("--replay a --check", "it does not go with --replay or --cache"),
        ("--replay a --replay-missing ask", "invalid choice: 'ask'"),
    ],
)
def test_options_that_cannot_be_meant_run_nothing(kernel: Kernel, line: str, complaint: str) -> None:
    assert complaint in kernel.refused(line).stderr


def test_a_recording_that_is_not_there(kernel: Kernel) -> None:
    cell = kernel.run("%%poppy --replay nowhere\nran_anyway = True")
    assert cell.reply["ename"] == "NoRecording" and "--record nowhere makes one" in cell.reply["evalue"]
    assert not cell.displays and kernel.run("'ran_anyway' in globals()").value == "False"
