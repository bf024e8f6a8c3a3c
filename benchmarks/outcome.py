"""What a contender left and what it took, and where two of them differ.

Apart from the contest so that a contender in an interpreter of its own (`benchmarks.peers`) is measured by the same lines: this
imports nothing but Python.
"""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import dataclass, field, is_dataclass
from types import FunctionType, ModuleType
from typing import Any

from benchmarks import memory

ATOMS = (str, int, float, bool, bytes, type(None))


class FirstOutput(io.StringIO):
    """Standard output that knows when something first came.

    No class of a program's own with a ``write`` in Python: each ``print`` would have to wait for that.
    """

    first: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self.write = self.noted  # type: ignore[method-assign]

    def noted(self, text: str) -> int:
        if self.first is None and text:
            self.first = time.perf_counter()
        return io.StringIO.write(self, text)


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
    root: str = ""
    """The address of the service that it talked to."""
    details: Any = field(default=None, repr=False)
    seen: dict[str, Any] | None = field(default=None, repr=False)
    """The variables as `value_of` makes them, when those themselves stayed in another process."""


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
    if neutral(repr(plain.error), plain.root) != neutral(repr(other.error), other.root):
        found.append(f"raised {other.error!r}; plain: {plain.error!r}")
    theirs, ours = values_of(plain), values_of(other)
    for name in dict.fromkeys((*theirs, *ours)):
        if (name in theirs) != (name in ours):
            found.append(f"{name} is {'there' if name in ours else 'not there'}; plain: the other way round")
        elif theirs[name] != ours[name]:
            found.append(f"{name} = {shorten(ours[name])}; plain: {shorten(theirs[name])}")
    said, ours_said = neutral(plain.printed, plain.root), neutral(other.printed, other.root)
    if said != ours_said:
        pairs = zip(said.splitlines(), ours_said.splitlines(), strict=False)
        at = next(((a, b) for a, b in pairs if a != b), ("more or fewer lines", ""))
        found.append(f"printed {at[1]!r}; plain: {at[0]!r}")
    return found


def values_of(result: Result) -> dict[str, Any]:
    """What it left, as `differences` compares it."""
    if result.seen is not None:
        return result.seen
    kept = {name: value for name, value in result.namespace.items() if not name.startswith("__")}
    return {name: neutral(value_of(value), result.root) for name, value in kept.items()}


def neutral(value: Any, root: str) -> Any:
    """Without the address of the service, which is another one in another process."""
    if isinstance(value, str):
        return value.replace(root, "http://service") if root else value
    if isinstance(value, list | tuple):
        return type(value)(neutral(one, root) for one in value)
    return value


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
