"""``Series.map(f)``, ``Series.apply(f)`` and ``DataFrame.apply(f, axis=1)`` of pandas: a call of ``f`` for each element, all of them issued.

pandas calls ``f`` on one element after the other, keeps what comes back, and looks at it when it has all of it. So

1. the elements are asked of pandas itself, by the same method with a function that only notes what it is given;
2. ``f`` is called on them in their order, like the calls of a loop;
3. when all has come back the method is called once more, with a function that gives the results, one after the other.

What pandas makes of the results (types, names, a frame of rows) is pandas' own work in both runs, with the same elements and
the same results. It is taken for granted that nobody changes the series meanwhile: ``f`` must not be a function that is
handed it otherwise and writes to it (queued stores are waited for, as is an older unit that may write).

A row of a frame may be one and the same object each time, so ``f`` may do no more with it than take something out of it
(``row["q"]``, ``row.q``); else it runs as it is. If ``f`` fails, its exception is that of a plain run, but the traceback lacks the lines
of pandas between the cell and ``f``.

Where nothing external is called, and for any other argument, the method runs as it is.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler.abi import walk
from ..compiler.files import file_of
from ..compiler.scopes import parameters
from ..effects.registry import effect_of
from .memory import MEMORY
from .pending import settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_METHODS = {
    ("pandas.core.series", "Series", "map"), ("pandas.core.series", "Series", "apply"), ("pandas.core.frame", "DataFrame", "apply"),
    ("pandas", "Series", "map"), ("pandas", "Series", "apply"), ("pandas", "DataFrame", "apply"),
}  # fmt: skip
_ROWS = (1, "columns")


def is_mapper(kind: type, name: str) -> bool:
    """Is ``name`` of class ``kind`` a method that calls a function on each element?"""
    return (kind.__module__, kind.__qualname__, name) in _METHODS


class Columns(Base):
    """Part of the :class:`Machine`."""

    def map_column(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any], in_order: Callable[..., Any]) -> Any:
        """``method(*args, **kwargs)``; ``in_order`` runs it as it is."""
        args = tuple([self.force(a) for a in args])
        owner = method.__self__
        rows = type(owner).__name__ == "DataFrame"
        fn = args[0] if len(args) == 1 else None
        if self.cur is self.ghost or self.cur.handling or not self._asks(fn) or (rows and not (_by_rows(kwargs) and only_takes(fn))):
            return in_order(method, args, kwargs)
        if kwargs and not rows:
            return in_order(method, args, kwargs)
        if not self.quiescent():
            self.drain("unknown", f"{type(owner).__name__}.{method.__name__}")
        found: list[Any] = []

        def note(element: Any) -> None:
            found.append(element.copy() if rows else element)

        self.natively(method, (note,), kwargs)
        issued = [self.call(fn, element) for element in found]
        results = iter([self.force(result) for result in issued])
        if MEMORY in self.writes:
            self.drain("commit", f"{type(owner).__name__}.{method.__name__}")
        return self.natively(method, (lambda _: settled(next(results)),), kwargs)

    def _asks(self, fn: Any) -> bool:
        """May a call of ``fn`` be worth issuing?"""
        if type(fn) is types.FunctionType and effect_of(fn) is None:
            return not self.is_leaf(fn) and self.twin_of(fn) is not None
        effect = effect_of(fn) if callable(fn) and not isinstance(fn, type) else None
        return effect is not None and effect.external


def _by_rows(kwargs: dict[str, Any]) -> bool:
    return kwargs.keys() == {"axis"} and type(kwargs["axis"]) in (int, str) and kwargs["axis"] in _ROWS


def only_takes(fn: Any) -> bool:
    """Does the user's function do no more with its one argument than take something out of it?"""
    file = file_of(fn) if type(fn) is types.FunctionType else ""
    found = None if isinstance(file, str) or not file.contains(fn.__code__) else file.find(fn.__code__)
    if found is None or len(parameters(found[0].args)) != 1:
        return False
    node = found[0]
    (name,) = parameters(node.args)
    inside = [part for top in (node.body if isinstance(node.body, list) else [node.body]) for part in walk(top)]
    taken: set[int] = set()
    for part in inside:
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Load):
            taken.add(id(part.value))
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load) and isinstance(part.slice, ast.Constant):
            taken.add(id(part.value))
    # (a method may give the row itself)
    called = {id(part.func.value) for part in inside if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)}
    return all(id(part) in taken - called for part in inside if isinstance(part, ast.Name) and part.id == name)


__all__ = ["Columns", "is_mapper"]
