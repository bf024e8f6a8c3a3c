"""What somebody said about how fast calls may go: `limit(...)` in code, `[tool.poppy_ipython.limits]` in a file.

    limit(ask, calls=4)                                     # of one function: at most 4 at once
    limit(ask, search, per_minute=500)                      # of both together
    limit("api.example.org", calls=32, tokens_per_minute=90_000)      # of a host, whoever calls it

    [tool.poppy_ipython.limits]                             # pyproject.toml, in this folder or one above it
    "api.example.org" = { calls = 32, per_minute = 500 }
    ask = { calls = 4 }

A *name* stands for a host, a resource, or a callee as reports name it; a callable for itself. One limit bounds all the
calls that it names, wherever in the cell they are made. All the limits that name a call hold, so the smallest rules. Within
one target there is one limit: saying the same again replaces it (cells are run again), and a second one that shares only a
part of its targets is a contradiction and refused. What the code says about a name goes before the file.

Limits are declarations and know neither clock nor state: counting is `rates.py`, admission `slots.py`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from poppy_ipython.effects.named import nearest_project
from poppy_ipython.effects.table import MISSING, Table, display_name, underlying

__all__ = ["BOOK", "BadLimit", "Book", "Limit", "limit"]

FIGURES = ("calls", "per_minute", "tokens_per_minute")


class BadLimit(ValueError):
    """A limit that cannot be meant."""


@dataclass(frozen=True, eq=False)
class Limit:
    """Made by `limit`. `remove()` takes it back."""

    names: tuple[str, ...]  # of its targets, as given or as reports name them
    calls: int | None = None  # at once
    per_minute: float | None = None  # sent within any 60 seconds
    tokens_per_minute: float | None = None  # likewise, estimated before and corrected after each call
    tokens: Callable[..., float] | None = None  # the estimate, from the call's arguments
    book: Book | None = field(default=None, repr=False)
    #: what is counted goes on in one that replaces it
    identity: object = field(default_factory=object, repr=False)

    def remove(self) -> None:
        """Take the limit back, for calls that have not been sent yet."""
        if self.book is not None:
            self.book.remove(self)

    def gate(self, windows: Any, gates: Mapping[object, Any]) -> Any:
        """What counts against it in one run, which has these gates already."""
        from poppy_ipython.backends.rates import Gate

        return Gate(self, windows)

    def __str__(self) -> str:
        figures = ", ".join(f"{name}={getattr(self, name):,}" for name in FIGURES if getattr(self, name) is not None)
        return f"limit({', '.join(self.names)}, {figures})"


class Book:
    """All limits of a process, by target. Made once (`BOOK`); tests make their own.

    >>> book = Book(file=False)
    >>> one = book.limit("api.example.org", calls=2)
    >>> [str(found) for found in book.of(str.upper, "api.example.org", None)]
    ['limit(api.example.org, calls=2)']
    """

    def __init__(self, file: bool = True) -> None:
        self._file = file
        self._by_callee = Table()
        self._by_name: dict[Hashable, Limit] = {}
        self._from_file: dict[Hashable, Limit] = {}
        self._occupied = Table()  # callee -> (who knows the limits, its needs): `choose.resources`
        self._read: tuple[Any, ...] = ()  # which file, as of when
        #: changes whenever a limit does
        self.version = 0
        #: whether there is any: asked for every call
        self.some = False

    def changed(self) -> None:
        """A limit is another one now."""
        self.version += 1
        self.some = bool(self._by_callee.rows or self._by_name or self._from_file or self._occupied.rows)

    def occupy(self, callee: Any, capacities: Any, needs: tuple[Any, ...]) -> None:
        """A call of `callee` needs these units of resources; `capacities.limits(needs)` are the limits that follow."""
        if needs:
            self._occupied.put(callee, (capacities, needs))
            self.changed()

    def limit(
        self,
        *targets: Any,
        calls: int | None = None,
        per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        tokens: Callable[..., float] | None = None,
    ) -> Limit:
        if not targets:
            raise BadLimit("limit() needs what it limits: a function, or the name of a host, a callee or a resource.")
        keys = [_key(target) for target in targets]
        names = tuple(key if isinstance(key, str) else display_name(key) for key in keys)
        made = replace(_checked(names, calls, per_minute, tokens_per_minute, tokens), book=self)
        for old in {id(found): found for key in keys if (found := self._own(key)) is not None}.values():
            if set(old.names) != set(names):
                raise BadLimit(
                    f"{made} contradicts {old}: {', '.join(sorted(set(old.names) & set(names)))} would have two limits of its "
                    "own. Change that one, or take it back with its .remove()."
                )
            made = replace(made, identity=old.identity)
        for key in keys:
            if isinstance(key, str):
                self._by_name[key] = made
            else:
                self._by_callee.put(key, made)
        self.changed()
        return made

    def remove(self, one: Limit) -> None:
        self._by_name = {key: found for key, found in self._by_name.items() if found is not one}
        for number in [number for number, found in self._by_callee.rows.items() if found is one]:
            self._by_callee.forget(number)
        self.changed()

    def of(self, callee: Any, host: str, resource: Hashable) -> tuple[Limit, ...]:
        """The limits that bound a call, each once."""
        target = underlying(callee)
        while target.__class__ is partial:
            target = underlying(target.func)
        found = [self._own(target)]
        for name in (host, display_name(target), resource):
            try:
                found.append(self._by_name.get(name) or self._from_file.get(name))
            except TypeError:  # a resource that cannot be hashed
                continue
        if self._occupied.rows:
            occupied = self._occupied.get(callee, None) or self._occupied.get(target, None)
            if occupied is not None:
                found += occupied[0].limits(occupied[1])
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def _own(self, key: Any) -> Limit | None:
        found = self._by_name.get(key) if isinstance(key, str) else self._by_callee.get(key)
        return None if found is MISSING else found

    # -- the file

    def refresh(self) -> None:
        """Read the nearest `pyproject.toml` if there is another one than last time. Raises `BadLimit`."""
        if not self._file:
            return
        path, state = nearest_project()
        if (path, state) == self._read:
            return
        found = {} if path is None else dict(self._entries(path))
        self._read = (path, state)
        self._from_file = found
        self.changed()

    def _entries(self, path: Path) -> Iterator[tuple[Hashable, Limit]]:
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("poppy_ipython", {}).get("limits", {})
        except (OSError, ValueError, AttributeError) as error:
            raise BadLimit(f"{path}: cannot be read: {error}") from None
        where = f"{path}, [tool.poppy_ipython.limits]"
        if not isinstance(tables, Mapping):
            raise BadLimit(f"{where}: a table of names is expected, not {tables!r}")
        for name, figures in tables.items():
            if not isinstance(figures, Mapping):
                raise BadLimit(f"{where}: {name} = {figures!r}: expected for example {{ calls = 4 }}")
            unknown = [key for key in figures if key not in FIGURES]
            if unknown:
                raise BadLimit(f"{where}: {name} has no {unknown[0]!r}; known are {', '.join(FIGURES)}")
            try:
                yield name, _checked((name,), figures.get("calls"), figures.get("per_minute"), figures.get("tokens_per_minute"))
            except BadLimit as error:
                raise BadLimit(f"{where}: {error}") from None


def _key(target: Any) -> Any:
    if isinstance(target, str):
        if not target:
            raise BadLimit("limit(''): a name is expected, of a host for example.")
        return target
    if not callable(target):
        raise BadLimit(f"limit({target!r}): a function, or the name of a host, a callee or a resource is expected.")
    return underlying(target)


def _checked(names: tuple[str, ...], calls: Any, per_minute: Any, tokens_per_minute: Any, tokens: Any = None) -> Limit:
    """The limit, if it can be meant."""
    where = f"limit({', '.join(names)}"
    if calls is None and per_minute is None and tokens_per_minute is None:
        raise BadLimit(f"{where}) limits nothing: give calls=, per_minute= or tokens_per_minute=.")
    for name, value in zip(FIGURES, (calls, per_minute, tokens_per_minute), strict=True):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int if name == "calls" else int | float) or value != value:
            raise BadLimit(f"{where}, {name}={value!r}): a {'whole ' if name == 'calls' else ''}number is expected.")
        if value < 1:
            raise BadLimit(f"{where}, {name}={value!r}): at least 1, or nothing could ever be sent.")
        if math.isinf(value):
            raise BadLimit(f"{where}, {name}={value!r}): leave it out to have no limit.")
    if tokens is not None and (tokens_per_minute is None or not callable(tokens)):
        raise BadLimit(f"{where}, tokens={tokens!r}): a function of the call's arguments, beside tokens_per_minute=.")
    return Limit(names, calls, per_minute, tokens_per_minute, tokens)


BOOK = Book()
"""The limits of this process."""


def limit(
    *targets: Any,
    calls: int | None = None,
    per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    tokens: Callable[..., float] | None = None,
) -> Limit:
    """Bound the calls that `targets` name, all together: functions, or names of hosts, callees or resources.

    `calls` at once, `per_minute` sent within any 60 seconds, `tokens_per_minute` likewise. Tokens are estimated from the
    length of the texts among the arguments (or by `tokens(*args, **kwargs)`) and corrected by the answer's `usage`.

    >>> def ask(question): ...
    >>> one = limit(ask, calls=4, per_minute=500)
    >>> print(one)
    limit(poppy_ipython.backends.limits.ask, calls=4, per_minute=500)
    >>> one.remove()
    >>> limit("api.example.org", calls=0)
    Traceback (most recent call last):
    ...
    poppy_ipython.backends.limits.BadLimit: limit(api.example.org, calls=0): at least 1, or nothing could ever be sent.
    """
    return BOOK.limit(
        *targets, calls=calls, per_minute=per_minute, tokens_per_minute=tokens_per_minute, tokens=tokens
    )
