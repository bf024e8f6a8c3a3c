"""What a run leaves, reduced to plain data that two runs can be compared by.

The namespace, the last value and everything the foreign code kept are walked once, as one graph: each container and
instance gets a number at its first visit, so two graphs are equal only if values, types *and* aliasing are. What the
walk knows:

    atoms                      type and repr
    list tuple dict set deque  number, type, children in order (a set: sorted text of its children)
    instance                   number, class, its `__dict__` and slots
    class                      number, qualified name, bases, its own attributes
    function                   number, name, code (so a twin in place of the original shows), defaults, closure, attributes
    generator, iterator        where it stands, and what it still holds
    exception                  arguments, chain, notes, attributes, lines of its traceback

Anything of the engine that is met on the way is a *leak*. Decided against `pickle` and `copy.deepcopy` for
comparison: neither sees functions, and both call user code.
"""

from __future__ import annotations

import io
import random
import traceback
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from types import (
    BuiltinFunctionType,
    CodeType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

import numpy as np

from .world import ATOMS, OURS, World

ORDERED = (list, tuple, deque)
DICTS = (dict, defaultdict, Counter)
#: the program's builtins, and what `warnings` counts: a file that nobody closed warns, unseen, where it is let go
NAMESPACE_NOISE = frozenset({"__builtins__", "__warningregistry__"})
CLASS_NOISE = frozenset(
    "__dict__ __weakref__ __module__ __doc__ __qualname__ __firstlineno__ __static_attributes__".split()
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One run, as plain data."""

    variables: dict[str, Any]
    order: tuple[str, ...]
    value: Any
    kept: Any
    events: list[tuple[str, str]]
    error: str | None
    message: str
    chain: list[tuple[str, str, str]]
    lines: list[tuple[str, int | None]]
    text: str
    leaks: list[str]
    sent: dict[str, int] = field(compare=False)


def observe(namespace: dict[str, Any], world: World, value: Any, error: BaseException | None) -> Observation:
    """Reduce what a run left. `error` has the traceback that begins at the cell's own frame.

    A file that nobody closed is warned of wherever its last reference goes; `warnings` leaves a table with a number of the
    process in the namespace of that line even if it says nothing.
    """
    walk = Walk({id(thing): name for name, thing in world.functions.items()})
    names = [
        name
        for name in namespace
        if name not in NAMESPACE_NOISE and namespace[name] is not world.functions.get(name, namespace)
    ]
    variables = {name: walk.of(namespace[name], name) for name in sorted(names)}
    return Observation(
        variables=variables,
        order=tuple(names),
        value=walk.of(value, "value"),
        kept=walk.of(world.kept, "kept"),
        events=[*world.events, *[("database", repr(sorted(world.database.items(), key=repr)))]],
        error=None if error is None else type(error).__name__,
        message="" if error is None else str(error),
        chain=chain(error),
        lines=lines(error.__traceback__) if error is not None else [],
        text="" if error is None else "".join(traceback.format_exception(type(error), error, error.__traceback__)),
        leaks=walk.leaks,
        sent=dict(world.sent),
    )


def lines(tb: TracebackType | None) -> list[tuple[str, int | None]]:
    """Function and line of every frame, outermost first."""
    found = []
    while tb is not None:
        found.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    return found


def chain(error: BaseException | None) -> list[tuple[str, str, str]]:
    """The chain of `__cause__` and `__context__`: how each hangs on the one before, its type, its message."""
    found: list[tuple[str, str, str]] = []
    link, seen = "raised", set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found.append((link, type(error).__name__, str(error)))
        if error.__cause__ is not None:
            link, error = "cause", error.__cause__
        else:
            link, error = "suppressed" if error.__suppress_context__ else "context", error.__context__
    return found


class Walk:
    """One walk over everything reachable: numbers by first visit."""

    def __init__(self, known: dict[int, str]) -> None:
        self._known = known
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []
        self.leaks: list[str] = []

    def of(self, thing: Any, path: str, depth: int = 0) -> Any:
        kind = type(thing)
        if kind in ATOMS:
            return thing if kind in (int, str) else (kind.__name__, repr(thing))
        if id(thing) in self._known:
            return ("world", self._known[id(thing)])
        if _ours(thing):
            self.leaks.append(f"{path}: {kind.__module__}.{kind.__qualname__}")
            return ("leak",)
        if id(thing) in self._numbers:
            return ("again", self._numbers[id(thing)])
        if depth > 60:
            return ("deep",)
        number = self._numbers[id(thing)] = len(self._numbers)
        self._alive.append(thing)  # no number is given twice because an object died
        return (number, _name(kind), *self._inside(thing, kind, path, depth + 1))

    def _inside(self, thing: Any, kind: type, path: str, depth: int) -> tuple[Any, ...]:
        def of(part: Any, step: str) -> Any:
            return self.of(part, path + step, depth)

        if kind in ORDERED:
            return tuple([of(item, f"[{i}]") for i, item in enumerate(thing)])
        if kind in DICTS:
            factory = of(thing.default_factory, ".default_factory") if kind is defaultdict else None
            return (factory, *[(of(key, ".key"), of(item, f"[{key if type(key) in (str, int) else type(key).__name__!r:.20}]")) for key, item in thing.items()])
        if kind in (set, frozenset):
            return tuple(sorted(repr(of(item, "{}")) for item in thing))
        if isinstance(thing, ModuleType):
            return (thing.__name__, _drawn(thing))
        if isinstance(thing, FunctionType):
            cells = [_cell(cell) for cell in thing.__closure__ or ()]
            return (
                thing.__qualname__,
                _code(thing.__code__),
                # the tuple itself is the compiler's: whether two functions share an equal one means nothing
                None if thing.__defaults__ is None else tuple(of(item, ".__defaults__") for item in thing.__defaults__),
                of(thing.__kwdefaults__, ".__kwdefaults__"),
                tuple(of(cell, ".__closure__") for cell in cells),
                of(vars(thing), ".__dict__"),
            )
        if isinstance(thing, MethodType):
            return (of(thing.__self__, ".__self__"), of(thing.__func__, ".__func__"))
        if isinstance(thing, BuiltinFunctionType):
            return (thing.__qualname__,)
        if kind in (io.StringIO, io.BytesIO):
            return (thing.closed, None if thing.closed else (thing.getvalue(), thing.tell()))
        if kind is random.Random or kind.__module__.startswith("numpy.random."):
            return (_drawn(thing),)
        if isinstance(thing, type):
            if not _from_cell(thing):
                return (_name(thing),)
            own = {name: item for name, item in vars(thing).items() if name not in CLASS_NOISE}
            return (
                thing.__qualname__,
                tuple(map(_name, thing.__mro__)),
                *[(name, of(item, f".{name}")) for name, item in own.items()],
            )
        if isinstance(thing, BaseException):
            chained = (
                of(thing.__cause__, ".__cause__"),
                of(thing.__context__, ".__context__"),
                thing.__suppress_context__,
            )
            return (of(thing.args, ".args"), chained, of(vars(thing), ".__dict__"), tuple(lines(thing.__traceback__)))
        if isinstance(thing, (staticmethod, classmethod)):
            return (of(thing.__func__, ".__func__"),)
        if isinstance(thing, property):
            return tuple(of(part, ".property") for part in (thing.fget, thing.fset, thing.fdel))
        if isinstance(thing, GeneratorType):
            return (thing.__qualname__, thing.gi_frame.f_lineno if thing.gi_frame else None)
        if isinstance(thing, CoroutineType):
            return (thing.__qualname__, thing.cr_frame.f_lineno if thing.cr_frame else None)
        if kind.__name__.endswith("iterator") or kind in (enumerate, zip, map, filter, reversed):
            return tuple(of(part, ".iterator") for part in thing.__reduce__()[1:])
        state: list[Any] = []
        if isinstance(getattr(thing, "__dict__", None), dict):
            cache = "_cache" if kind.__module__.partition(".")[0] == "pandas" else ""  # what pandas has looked up already: no program sees it
            state += [(name, of(item, f".{name}")) for name, item in vars(thing).items() if name != cache]
        for base in kind.__mro__:
            slots = vars(base).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if name in vars(base) and hasattr(base, name):
                    try:
                        state.append((name, of(vars(base)[name].__get__(thing), f".{name}")))
                    except AttributeError:
                        state.append((name, "unset"))
        return tuple(state) if state or _from_cell(kind) else (repr(thing) if " 0x" not in repr(thing) else "",)


def _drawn(thing: Any) -> str:
    """How far a generator of random numbers has come, or that of a module."""
    if thing is np:
        return repr(np.random.get_state())
    if thing is random or type(thing) is random.Random:
        return str(hash(thing.getstate()))
    if type(thing).__module__.startswith("numpy.random."):
        source = getattr(thing, "bit_generator", getattr(thing, "_bit_generator", thing))
        return repr(getattr(source, "state", ""))
    return ""


def _ours(thing: Any) -> bool:
    kind = thing if isinstance(thing, type) else type(thing)
    if str(kind.__module__).startswith(OURS):
        return True
    if isinstance(thing, FunctionType):
        return str(thing.__module__).startswith(OURS) or f"/{OURS}/" in thing.__code__.co_filename
    return False


def _from_cell(kind: type) -> bool:
    return kind.__module__ == "__main__"


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return "empty cell"


def _code(code: CodeType) -> tuple[Any, ...]:
    constants = tuple(_code(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts)
    return (code.co_name, code.co_firstlineno, code.co_code, code.co_varnames, code.co_names, constants)
