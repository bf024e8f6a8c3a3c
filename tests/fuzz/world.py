"""The world a fuzzed program lives in: its external functions, and the record of what reached the outside.

One `World` serves one run; two worlds of the same kind answer alike, because every answer is a digest of the
arguments, taken deep (so a snapshot that is too shallow, too early or too late shows in an answer). The functions
are declared with the product's own decorators, which hand back the same function objects: the plain run calls
exactly what the engine calls.

    ask num flag mk rec obj size sig bad      unordered           aask anum abad    the same, as coroutine functions
    get                                       readonly("db")      put               sequential("db")
    send                                      sequential("mail")  note              sequential, resource from the argument
    shape                                     pure                push              local (mutates its argument)
    unk mut keep poke apply burst Scope       undeclared          see foreign.py

`World.events` is the ordered record: ordered effects and output interleaved, as they reached the outside.
`World.sent` counts the unordered calls, whose order is free.
"""

from __future__ import annotations

import io
import os
import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any

import numpy as np

from . import foreign

ATOMS = (int, str, float, bool, bytes, type(None))
OURS = "poppy_ipython"

Declare = Callable[[str, Any], Callable[[Any], Any]]
"""Given the name of an effect and its resource, a decorator."""


class Boom(Exception):
    """What externals raise."""


class Bust(Boom):
    """A subclass, so that the order of handlers matters."""


class Reply:
    """An opaque result, read by attributes and subscripts as a client's answer is."""

    def __init__(self, text: str, n: int) -> None:
        self.choices = [Choice(text, n)]
        self.usage = {"total": n}


class Choice:
    def __init__(self, text: str, n: int) -> None:
        self.message = Message(text)
        self.n = n


class Message:
    def __init__(self, text: str) -> None:
        self.content = text


class Runaway(BaseException):
    """The program is too long, or its values too big, to be worth comparing."""


#: characters of the arguments of all calls
MOST_READ = 3_000_000
#: characters of a value's text
MOST_TEXT = 30_000


def joined(texts: Iterable[str]) -> str:
    """The texts with commas between them. Raises `Runaway` when they are too long: values may grow exponentially."""
    parts, total = [], 0
    for text in texts:
        parts.append(text)
        total += len(text)
        if total > MOST_TEXT:
            raise Runaway
    return ",".join(parts)


def canonical(value: Any, depth: int = 0) -> str:
    """Text that depends on the deep value and on nothing else (no addresses, no order of a set)."""
    kind = type(value)
    if kind in ATOMS:
        return repr(value)
    if isinstance(kind.__module__, str) and kind.__module__.startswith(OURS):
        return f"<LEAK {kind.__name__}>"
    if depth > 6:
        return "..."
    if kind in (list, tuple):
        return kind.__name__ + "(" + joined(canonical(item, depth + 1) for item in value) + ")"
    if kind is dict:
        pairs = (f"{canonical(key, depth + 1)}:{canonical(item, depth + 1)}" for key, item in value.items())
        return "{" + joined(pairs) + "}"
    if kind in (set, frozenset):
        return kind.__name__ + "(" + joined(sorted(canonical(item, depth + 1) for item in value)) + ")"
    if kind in (io.StringIO, io.BytesIO):
        return f"{kind.__name__} {'closed' if value.closed else value.getvalue()[-99:]!r}"
    if hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        return kind.__name__ + canonical(dict(vars(value)), depth + 1)
    return f"<{kind.__name__}>"


def digest(*values: Any) -> int:
    """A number that depends on the deep values and on nothing else.

    >>> digest("num", [1]) == digest("num", [1]) != digest("num", [2])
    True
    """
    return zlib.crc32("|".join(map(canonical, values)).encode())


class Unseen:
    """A method that the engine does not take for code of the program's own, which might change what the program sees."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner=None):
        return MethodType(self.function, instance)


class Output(io.StringIO):
    """A text stream whose writes are events of a world."""

    def __init__(self, events: list[tuple[str, str]], name: str) -> None:
        super().__init__()
        self._events = events
        self._name = name

    def _write(self, text: str, /) -> int:
        written = len(text)
        if self._events and self._events[-1][0] == self._name:
            text = self._events.pop()[1] + text
        self._events.append((self._name, text))
        return written

    write = Unseen(_write)  # type: ignore[assignment]


class OwnOutput(Output):
    """One whose class the program could have written: everything waits for what is printed to it."""

    def write(self, text: str, /) -> int:
        return self._write(text)


def undeclared(_effect: str, _resource: Any) -> Callable[[Any], Any]:
    """Declare nothing: for runs without the product."""
    return lambda function: function


def declared(effect: str, resource: Any) -> Callable[[Any], Any]:
    """Declare with the product's decorators."""
    from poppy_ipython import effects

    decorator = getattr(effects, effect)
    return decorator if resource is None else decorator(resource)


class World:
    """External functions for one run, by name in `functions`, and what they did."""

    def __init__(self, declare: Declare = undeclared) -> None:
        self.events: list[tuple[str, str]] = []
        self.sent: Counter[str] = Counter()
        self.read = 0
        self.kept: list[Any] = []
        self.database: dict[Any, Any] = {}
        self.stdout = Output(self.events, "out")
        self.stderr = Output(self.events, "err")
        self.functions: dict[str, Any] = {"Boom": Boom, "Bust": Bust}
        random.seed(1)
        np.random.seed(1)
        os.environ["POPPY_FUZZ"] = "e"
        self._define(declare)
        self.functions |= foreign.functions(look=self.look, kept=self.kept, digest=digest, Boom=Boom)

    def look(self, name: str, value: Any) -> None:
        """Record an ordered effect with its deep argument."""
        self.events.append((name, canonical(value)))

    def namespace(self) -> dict[str, Any]:
        """What a cell finds: the functions, and nothing else."""
        return {"__name__": "__main__", **self.functions}

    def _define(self, declare: Declare) -> None:
        sent, look, database = self.sent, self.look, self.database
        limited = declare is undeclared  # the plain run decides: the engine may send more

        def count(name: str, *values: Any) -> int:
            text = name + "|" + "|".join(map(canonical, values))
            self.read += len(text)
            if limited and self.read > MOST_READ:
                raise Runaway
            sent[text] += 1
            return digest(name, *values)

        unordered = declare("unordered", None)

        @unordered
        def ask(question, *, style=""):
            return f"{'xyzw'[count('ask', question, style) % 4]}{digest('a', question, style) % 97}{style}"

        @unordered
        def num(value):
            return count("num", value) % 7

        @unordered
        def flag(value):
            return count("flag", value) % 2 == 0

        @unordered
        def mk(value):
            return [digest("mk", value, i) % 7 for i in range(count("mk", value) % 4)]

        @unordered
        def rec(value):
            n = count("rec", value)
            return {"v": n % 7, "s": f"r{n % 13}", "l": [n % 5, n % 3]}

        @unordered
        def obj(value):
            n = count("obj", value)
            return Reply(f" o{n % 19} ", n % 7)

        @unordered
        def size(value):
            return count("size", value) % 23

        @unordered
        def sig(*values, **named):
            return count("sig", values, named) % 11

        @unordered
        def bad(value):
            n = count("bad", value)
            if n % 4 == 0:
                raise (Boom if n % 8 else Bust)(f"bad {canonical(value)}")
            return n % 7

        @unordered
        async def aask(question):
            return f"a{count('aask', question) % 97}"

        @unordered
        async def anum(value):
            return count("anum", value) % 7

        @unordered
        async def abad(value):
            n = count("abad", value)
            if n % 4 == 0:
                raise Boom(f"abad {canonical(value)}")
            return n % 7

        @declare("readonly", "db")
        def get(key):
            return database.get(key, digest("db", key) % 7)

        @declare("sequential", "db")
        def put(key, value):
            look("put", [key, value])
            old = database.get(key, 0)
            database[key] = value
            return old

        @declare("sequential", "mail")
        def send(value):
            look("send", value)
            n = digest("send", value)
            if n % 16 == 0:
                raise Boom(f"send {canonical(value)}")
            return n % 7

        @declare("sequential", lambda key, value: ("note", key))
        def note(key, value):
            look("note", [key, value])
            return digest("note", key, value) % 7

        @declare("pure", None)
        def shape(value):
            return digest("shape", value) % 7

        @declare("local", None)
        def push(items, value):
            items.append(value)
            return len(items)

        defined = (ask, num, flag, mk, rec, obj, size, sig, bad, aask, anum, abad, get, put, send, note, shape, push)
        self.functions |= {function.__name__: function for function in defined}


EXTERNAL = frozenset("ask num flag mk rec obj size sig bad aask anum abad get put send note".split())
"""Names whose calls take time outside."""
