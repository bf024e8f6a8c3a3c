"""One program and its contenders: plain, under `poppy_ipython`, hand-written asyncio, on a simulated clock.

Every contender gets the same namespace and talks to the same service through clients that are made and warmed before
the clock starts: what is compared is the program, not the first connection. What a contender leaves is what it left in
the variables and what it printed; `differences` says where two of them are not the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import time
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from anthropic import Anthropic, AsyncAnthropic
from openai import AsyncOpenAI, OpenAI

import poppy_ipython
from benchmarks import memory
from benchmarks.service import PAGES, World

PROGRAMS = Path(__file__).parent / "programs"
MODEL = "local-small"
LIMIT = 16
"""Calls at once, in the engine and in the twins."""
DOCUMENTS = {name: text[:3000] for name, text in PAGES.items()}
ATOMS = (str, int, float, bool, bytes, type(None))


class FirstOutput(io.StringIO):
    """Standard output that knows when something first came."""

    first: float | None = None

    def write(self, text: str) -> int:
        if self.first is None and text:
            self.first = time.perf_counter()
        return super().write(text)


@dataclass
class Result:
    """What one contender left, and what it took."""

    namespace: dict[str, Any]
    seconds: float = 0.0
    cpu: float = 0.0
    memory: int | None = None
    """KB above what was there before, at the peak."""
    printed: str = ""
    first_output: float | None = None
    error: BaseException | None = None
    details: Any = field(default=None, repr=False)


class Contest:
    """A program, with clients that live as long as the contest."""

    def __init__(self, name: str, world: World) -> None:
        self.name, self.world = name, world
        self.path = PROGRAMS / f"{name}.py"
        self.source = self.path.read_text()
        self.twin = importlib.import_module(f"benchmarks.programs.{name}_asyncio").main
        self.runner = asyncio.Runner()
        self.client = OpenAI(base_url=world.base_url, api_key="local", max_retries=0)
        self.async_client = AsyncOpenAI(base_url=world.base_url, api_key="local", max_retries=0)
        self.claude = Anthropic(base_url=world.root, api_key="local", max_retries=0)
        self.async_claude = AsyncAnthropic(base_url=world.root, api_key="local", max_retries=0)

    def __enter__(self) -> Contest:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(self.async_client.close())
        self.runner.run(self.async_claude.close())
        self.runner.close()
        self.client.close()
        self.claude.close()

    def given(self) -> dict[str, Any]:
        return {"documents": dict(DOCUMENTS), "service": self.world.root, "site": f"{self.world.root}/site"}

    def namespace(self) -> dict[str, Any]:
        return {"__name__": "__main__", "client": self.client, "claude": self.claude, "MODEL": MODEL, **self.given()}

    def plain(self) -> Result:
        """As Python runs it."""
        code = compile(self.source, str(self.path), "exec")
        return measured(self.namespace(), lambda namespace: exec(code, namespace))

    def poppy(self) -> Result:
        """Under the engine, as shipped. `details` is its Run."""

        def perform(namespace: dict[str, Any]) -> Any:
            options = poppy_ipython.Options(max_calls=LIMIT)
            run = poppy_ipython.run(self.source, namespace, filename=str(self.path), options=options)
            if run.error is not None:
                raise run.error
            return run

        return measured(self.namespace(), perform)

    def simulated(self) -> Result:
        """Under the engine on a clock where each call takes 1 s. `details` has `calls`, `makespan` and `overlap`."""
        from poppy_ipython.engine.run import run_simulated

        def perform(namespace: dict[str, Any]) -> Any:
            outcome = run_simulated(self.source, namespace, filename=str(self.path), debug=False)
            if outcome.error is not None:
                raise outcome.error
            return outcome

        return measured(self.namespace(), perform)

    def asyncio(self) -> Result:
        """The twin. It prints nothing; its namespace is what it returns."""

        def perform(namespace: dict[str, Any]) -> None:
            clients = {"client": self.async_client, "claude": self.async_claude}
            namespace |= self.runner.run(self.twin(**clients, model=MODEL, limit=LIMIT, **self.given()))

        return measured({}, perform)

    def threads(self) -> Result | None:
        """The same with `ThreadPoolExecutor.map`, where that applies: `name_threads.py`."""
        if not (PROGRAMS / f"{self.name}_threads.py").exists():
            return None
        rival = importlib.import_module(f"benchmarks.programs.{self.name}_threads").main

        def perform(namespace: dict[str, Any]) -> None:
            namespace |= rival(client=self.client, model=MODEL, limit=LIMIT, **self.given())

        return measured({}, perform)


def measured(namespace: dict[str, Any], perform: Any) -> Result:
    """Perform, and note what it took and printed; an exception is a result, too."""
    out = FirstOutput()
    result = Result(namespace)
    began, cpu, peak = time.perf_counter(), time.process_time(), memory.Peak()
    try:
        with memory.peak() as peak, contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            began, cpu = time.perf_counter(), time.process_time()
            result.details = perform(namespace)
    except Exception as error:
        result.error = error
    result.seconds, result.cpu = time.perf_counter() - began, time.process_time() - cpu
    result.memory = peak.kilobytes
    result.printed = out.getvalue()
    result.first_output = None if out.first is None else out.first - began
    return result


def value_of(thing: Any, depth: int = 0) -> Any:
    """A value that can be compared: instances of the program's own classes by their attributes, others by type."""
    if isinstance(thing, ATOMS):
        return thing
    if depth > 8:
        return "..."
    if isinstance(thing, dict):
        return type(thing).__name__, [(value_of(key, depth + 1), value_of(one, depth + 1)) for key, one in thing.items()]
    if isinstance(thing, list | tuple):
        return type(thing).__name__, [value_of(one, depth + 1) for one in thing]
    if isinstance(thing, set | frozenset):
        return type(thing).__name__, sorted(repr(value_of(one, depth + 1)) for one in thing)
    if isinstance(thing, BaseException):
        return type(thing).__name__, str(thing)
    if isinstance(thing, type | FunctionType | ModuleType):
        return f"{type(thing).__name__} {thing.__name__}"
    if type(thing).__module__ == "__main__" or is_dataclass(thing):
        return type(thing).__name__, value_of(getattr(thing, "__dict__", None), depth + 1)
    return type(thing).__name__


def differences(plain: Result, other: Result) -> list[str]:
    """Where `other` left anything else than a plain run: names, values, output, exception."""
    found = []
    if repr(plain.error) != repr(other.error):
        found.append(f"raised {other.error!r}; plain: {plain.error!r}")
    for name in dict.fromkeys((*plain.namespace, *other.namespace)):
        if name.startswith("__"):
            continue
        if (name in plain.namespace) != (name in other.namespace):
            found.append(f"{name} is {'there' if name in other.namespace else 'not there'}; plain: the other way round")
            continue
        ours, theirs = value_of(other.namespace[name]), value_of(plain.namespace[name])
        if ours != theirs:
            found.append(f"{name} = {shorten(ours)}; plain: {shorten(theirs)}")
    if plain.printed != other.printed:
        pairs = zip(plain.printed.splitlines(), other.printed.splitlines(), strict=False)
        at = next(((a, b) for a, b in pairs if a != b), ("more or fewer lines", ""))
        found.append(f"printed {at[1]!r}; plain: {at[0]!r}")
    return found


def twin_differences(plain: Result, twin: Result) -> list[str]:
    """What the twin returns is in the plain namespace, with an equal value."""
    if twin.error is not None:
        return [f"raised {twin.error!r}"]
    return [
        f"{name} = {shorten(value)}; plain: {shorten(plain.namespace.get(name))}"
        for name, value in twin.namespace.items()
        if plain.namespace.get(name) != value
    ]


def shorten(thing: Any) -> str:
    text = repr(thing)
    return text if len(text) <= 200 else f"{text[:150]} ... {text[-40:]}"
