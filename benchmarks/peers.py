"""What a user would pick instead: `dask.delayed`, LangGraph, DSPy, for the programs of their kind (`programs/NAME_dask.py` ...).

Each runs in a process of the interpreter that has them, `.venv-peers` (`make bench` makes it from the extra `peers`): what they
require decides the versions of other libraries (DSPy: openai before 3), which must not decide what everybody else is measured
with. Without that folder this interpreter is tried. A library that is missing, or a process that dies, is reported and costs
nobody else their turn.

A worker is told an address on a line and answers with a pickled reply, so that it can be warmed at a service without latency
before the clock counts. Decided against: importing them here (the versions, and 0.5 s of imports in the CPU figures of others).
"""

from __future__ import annotations

import asyncio
import difflib
import importlib
import inspect
import json
import os
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.outcome import Result, measured
from benchmarks.programs import FOLDER

ROOT = Path(__file__).parents[1]
LIBRARIES = ("dask", "langgraph", "dspy")
OWN = ROOT / ".venv-peers" / "bin" / "python"
PATIENCE = 120.0
"""Seconds after which a run is given up."""
QUIET = {
    "PYTHONPATH": str(ROOT),
    "DSPY_CACHEDIR": str(ROOT / ".build" / "dspy"),
    "LITELLM_LOCAL_MODEL_COST_MAP": "true",  # DSPy would ask the network for prices
    "LANGSMITH_TRACING": "false",
    "NO_PROXY": "127.0.0.1",
}


class Missing(Exception):
    """The library, or a process that has it, is not there; its message says what."""


class Failed(Exception):
    """What a contender in another process raised, as text."""


@dataclass
class Reply:
    """What a worker says of a run."""

    left: dict[str, Any]
    seconds: float
    cpu: float
    memory: int | None
    error: str | None


def libraries_of(name: str) -> tuple[str, ...]:
    """Those that have a version of this program."""
    return tuple(library for library in LIBRARIES if (FOLDER / f"{name}_{library}.py").exists())


def interpreter() -> str:
    return str(OWN) if OWN.exists() else sys.executable


class Peer:
    """One program by one library, in a process for as long as a `with` lasts. Raises Missing if the library is not there."""

    def __init__(self, name: str, library: str, **given: Any) -> None:
        self.what, self.given = (name, library), given

    def __enter__(self) -> Peer:
        command = [interpreter(), "-m", "benchmarks.peers", *self.what]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process: subprocess.Popen[bytes] = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **QUIET}, **pipes)
        try:
            said = self._reply()
        except Failed as error:
            self.__exit__()
            raise Missing(str(error)) from None
        if "missing" in said:
            self.__exit__()
            raise Missing(said["missing"])
        self.version = str(said["version"])
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(10)

    def run(self, root: str) -> Result:
        """Run it against the service at `root`. What it raised, or that it died or took too long, is the result's error."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({**self.given, "service": root}).encode() + b"\n")
            self.process.stdin.flush()
            reply = self._reply()
        except (Failed, OSError) as error:
            return Result({}, error=error if isinstance(error, Failed) else self._ended())
        error = None if reply.error is None else Failed(reply.error)
        return Result(reply.left, reply.seconds, reply.cpu, reply.memory, error=error)

    def _ended(self) -> Failed:
        return Failed(f"its process ended with {self.process.wait(10)}")

    def _reply(self) -> Any:
        assert self.process.stdout is not None
        impatient = threading.Timer(PATIENCE, self.process.kill)
        impatient.start()
        try:
            return pickle.load(self.process.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None
        finally:
            impatient.cancel()


def written_anew(source: str, other: str) -> int:
    """Lines of `other` that `source` does not have in this order; indentation, blank lines and comments do not count.

    >>> written_anew("for x in xs:\\n    ask(x)", "async for x in xs:\\n    ask(x)\\n    more()")
    2
    """

    def lines(text: str) -> list[str]:
        return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]

    mine, theirs = lines(source), lines(other)
    kept = sum(block.size for block in difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks())
    return len(theirs) - kept


def work(name: str, library: str) -> None:
    """The worker: answers on the standard output that it was given, and lets nobody else write there."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(what: Any) -> None:
        pickle.dump(what, answers)
        answers.flush()

    try:
        main = importlib.import_module(f"benchmarks.programs.{name}_{library}").main
        from openai import AsyncOpenAI, OpenAI
    except ImportError as error:
        say({"missing": str(error)})
        return
    say({"version": version(library)})
    for line in sys.stdin:
        given = json.loads(line)
        where = {"base_url": given["service"] + "/v1", "api_key": "local", "max_retries": 0}
        client = (AsyncOpenAI if inspect.iscoroutinefunction(main) else OpenAI)(**where)

        def perform(namespace: dict[str, Any]) -> None:
            left = main(client=client, **given)  # noqa: B023
            namespace |= asyncio.run(left) if inspect.iscoroutine(left) else left

        result = measured({}, perform)
        error = None if result.error is None else f"{type(result.error).__name__}: {result.error}"
        say(Reply(result.namespace, result.seconds, result.cpu, result.memory, error))


if __name__ == "__main__":
    # By its full name, so that a pickled reply names a module that the other side can import.
    importlib.import_module("benchmarks.peers").work(*sys.argv[1:])
