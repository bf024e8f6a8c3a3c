"""Two worlds, walked together: where they differ, by path.

    same type · same value · and the same *sharing*: the n-th container met on one side is the n-th on the other

Types are the same if they are one class, a class and its scratch copy, or classes of one name that both runs have defined. Of
functions code positions, names, defaults, closures and attributes are compared (the code of the plain run asks before it
calls). No code of the user's runs, except `__reduce_ex__` of libraries' objects.

At most `MOST` differences are told: the rest mostly follow from the first.
"""

from __future__ import annotations

import functools
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from typing import Any

from poppy_ipython.record.errors import Unstorable
from poppy_ipython.record.values import encode, is_users
from poppy_ipython.trace.values import brief

__all__ = ["MOST", "Comparison"]

MOST = 12
_ATOMS = (int, float, complex, bool, str, bytes, range, type(None), type(...), type(NotImplemented))
_ORDERED = (list, tuple, deque)
_NOISE = frozenset("__dict__ __weakref__ __module__ __doc__ _abc_impl __firstlineno__ __static_attributes__ __annotate__".split())


class Comparison:
    """The first world is the parallel run's, the second the plain one's. `copies`: id of a copy -> its original.

    >>> comparison = Comparison({})
    >>> shared = []
    >>> comparison.of({"a": 1, "b": [shared, shared]}, {"a": 1.0, "b": [[], []]}, "x")
    >>> print("\\n".join(comparison.found))
    x['a']: 1 (int) in parallel, 1.0 (float) plain
    x['b'][1]: another object that was met before in parallel than plain
    """

    def __init__(self, copies: Mapping[int, Any]) -> None:
        self.copies = copies
        self.found: list[str] = []
        self.unseen: dict[str, None] = {}  # classes that cannot be looked into
        self._left: dict[int, int] = {}
        self._right: dict[int, int] = {}
        self._alive: list[Any] = []

    def differ(self, path: str, one: str, other: str) -> None:
        if len(self.found) < MOST:
            self.found.append(f"{path}: {one} in parallel, {other} plain")

    def of(self, one: Any, other: Any, path: str, depth: int = 0) -> None:
        """Compare a value of the first world with one of the second."""
        other = getattr(other, "__wrapped__", other) if type(other).__name__ == "Stub" else other
        kind = type(one)
        if not self._one_type(kind, type(other)):
            self.differ(path, _said(one), _said(other))
            return
        if kind in _ATOMS:
            if repr(one) != repr(other):
                self.differ(path, brief(one), brief(other))
            return
        if isinstance(one, type):
            if not self._one_type(one, other):
                self.differ(path, one.__qualname__, other.__qualname__)
                return
        met = self._left.get(id(one)), self._right.get(id(other))
        if met != (None, None):
            if met[0] != met[1] and kind not in (tuple, frozenset):
                self.found.append(f"{path}: another object that was met before in parallel than plain")
            return
        self._left[id(one)] = self._right[id(other)] = len(self._left)
        self._alive += (one, other)
        if one is other or len(self.found) >= MOST:
            return
        if depth > 300:
            self.unseen["what is nested more than 300 deep"] = None
            return
        self._inside(one, other, kind, path, depth + 1)

    def _one_type(self, one: type, other: type) -> bool:
        if one is other or self.copies.get(id(other)) is one:
            return True
        if one.__qualname__ != other.__qualname__ or one.__module__ != other.__module__:
            return False
        # of a named tuple that a library makes on the way (a row of a table) each run has a class of its own
        return is_users(one) or (hasattr(one, "_fields") and one._fields == getattr(other, "_fields", None))

    def _inside(self, one: Any, other: Any, kind: type, path: str, depth: int) -> None:
        if kind in _ORDERED:
            self._items(list(one), list(other), path, depth)
        elif kind in (dict, OrderedDict, Counter, defaultdict):
            self._mapping(one, other, path, depth)
        elif kind in (set, frozenset):
            mine, others = sorted(map(_told, one)), sorted(map(_told, other))
            if mine != others:
                self.differ(path, brief(one), brief(other))
        elif kind is types.FunctionType:
            self._function(one, other, path, depth)
        elif isinstance(one, type):
            self._class(one, other, path, depth)
        elif kind is types.MethodType:
            self.of(one.__self__, other.__self__, f"{path}.__self__", depth)
            self.of(one.__func__, other.__func__, f"{path}.__func__", depth)
        elif kind is types.ModuleType or isinstance(one, (types.BuiltinFunctionType, types.CodeType)):
            if getattr(one, "__name__", 0) != getattr(other, "__name__", 0):
                self.differ(path, repr(one), repr(other))
        elif kind is functools.partial:
            for name in ("func", "args", "keywords"):
                self.of(getattr(one, name), getattr(other, name), f"{path}.{name}", depth)
        elif isinstance(one, BaseException):
            for name in ("args", "__cause__", "__dict__"):
                self.of(getattr(one, name, None), getattr(other, name, None), f"{path}.{name}", depth)
        elif hasattr(one, "gi_frame"):
            places = [frame and frame.f_lineno for frame in (one.gi_frame, other.gi_frame)]
            if places[0] != places[1]:
                self.differ(path, f"a generator at line {places[0]}", f"one at line {places[1]}")
        else:
            self._instance(one, other, kind, path, depth)

    def _items(self, one: list[Any], other: list[Any], path: str, depth: int) -> None:
        if len(one) != len(other):
            self.differ(path, f"{len(one):,} items", f"{len(other):,}")
        for i, (a, b) in enumerate(zip(one, other, strict=False)):
            self.of(a, b, f"{path}[{i}]", depth)

    def _mapping(self, one: Any, other: Any, path: str, depth: int) -> None:
        mine, others = list(dict.items(one)), list(dict.items(other))
        if len(mine) != len(others):
            self.differ(path, f"keys {brief([k for k, _ in mine])}", brief([k for k, _ in others]))
        for (a, x), (b, y) in zip(mine, others, strict=False):
            before = len(self.found)
            self.of(a, b, f"{path}, a key (their order counts)", depth)
            if len(self.found) == before:
                self.of(x, y, f"{path}[{brief(a)}]", depth)

    def _function(self, one: Any, other: Any, path: str, depth: int) -> None:
        for name in ("__qualname__", "__name__"):
            if getattr(one, name) != getattr(other, name):
                self.differ(path, getattr(one, name), getattr(other, name))
        mine, others = one.__code__, other.__code__
        if _place(mine) != _place(others):
            self.differ(path, f"a function of line {mine.co_firstlineno}", f"one of line {others.co_firstlineno}")
            return
        for name in ("__defaults__", "__kwdefaults__", "__dict__"):
            self.of(getattr(one, name), getattr(other, name), f"{path}.{name}", depth)
        for title, a, b in zip(mine.co_freevars, one.__closure__ or (), other.__closure__ or (), strict=False):
            self.of(_cell(a), _cell(b), f"{path} ({title})", depth)

    def _class(self, one: type, other: type, path: str, depth: int) -> None:
        if not is_users(one):
            return
        mine, others = ({k: v for k, v in vars(c).items() if k not in _NOISE} for c in (one, other))
        mine, others = ({k: v for k, v in d.items() if not isinstance(v, types.MemberDescriptorType)} for d in (mine, others))
        if mine.keys() != others.keys():
            self.differ(path, f"attributes {sorted(mine.keys() - others.keys())}", f"{sorted(others.keys() - mine.keys())}")
        for name in mine.keys() & others.keys():
            self.of(mine[name], others[name], f"{path}.{name}", depth)

    def _instance(self, one: Any, other: Any, kind: type, path: str, depth: int) -> None:
        base = next((b for b in kind.__mro__ if b in (dict, list, tuple, set, str, int, float, frozenset)), None)
        if base is not None and base is not kind:
            self.of(base(one), base(other), path, depth)
        special = _SPECIAL.get(f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}")
        if special is not None:
            if not special(one, other):
                self.differ(path, f"this {kind.__name__}", "another one")
            return
        if isinstance(one, (staticmethod, classmethod)):
            self.of(one.__func__, other.__func__, path, depth)
            return
        if isinstance(one, property):
            for name in ("fget", "fset", "fdel"):
                self.of(getattr(one, name), getattr(other, name), f"{path}.{name}", depth)
            return
        state = _state(one, kind), _state(other, type(other))
        if is_users(kind) or hasattr(kind, "__pydantic_fields__") or (state[0] and state[1]):
            self._mapping_of_state(state, path, depth)
        elif base is None:
            self._library(one, other, kind, path, depth)

    def _mapping_of_state(self, state: tuple[dict[str, Any], dict[str, Any]], path: str, depth: int) -> None:
        one, other = state
        for name in one.keys() | other.keys():
            if name not in one or name not in other:
                self.differ(f"{path}.{name}", "there" if name in one else "not there", "there" if name in other else "not there")
            else:
                self.of(one[name], other[name], f"{path}.{name}", depth)

    def _library(self, one: Any, other: Any, kind: type, path: str, depth: int) -> None:
        try:
            mine, others = one.__reduce_ex__(4), other.__reduce_ex__(4)
        except Exception:
            self.unseen[kind.__qualname__] = None
            return
        if isinstance(mine, tuple) and isinstance(others, tuple):
            self._items([*mine[1:3]], [*others[1:3]], path, depth)
            for a, b in zip(mine[3:], others[3:], strict=False):
                self._items(list(a or ()), list(b or ()), path, depth)
        elif mine != others:
            self.differ(path, _said(one), _said(other))


def _state(value: Any, kind: type) -> dict[str, Any]:
    state = dict(getattr(value, "__dict__", {}))
    if hasattr(kind, "__pydantic_fields__"):
        state |= {name: getattr(value, name) for name in ("__pydantic_extra__", "__pydantic_fields_set__")}
    for owner in kind.__mro__:
        slots = vars(owner).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                state[name] = getattr(value, name)
    return state


def _told(value: Any) -> str:
    return f"{type(value).__qualname__} {value!r}" if type(value) in (*_ATOMS, tuple) else type(value).__qualname__


def _said(value: Any) -> str:
    return f"{brief(value)} ({type(value).__qualname__})"


def _place(code: types.CodeType) -> tuple[Any, ...]:
    constants = [repr(item) for item in code.co_consts if not isinstance(item, types.CodeType)]
    return code.co_filename, code.co_firstlineno, code.co_varnames, constants


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return "nothing"


def _same_array(one: Any, other: Any) -> bool:
    return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())


def _same_frame(one: Any, other: Any) -> bool:
    return bool(one.equals(other))


def _same_message(one: Any, other: Any) -> bool:
    """Of a request or a response what a recording keeps: no connection, no encoding of headers, no timing."""
    try:
        return encode(one) == encode(other)
    except Unstorable:
        return one.__class__ is other.__class__  # it is still being read


def _same_stream(one: Any, other: Any) -> bool:
    """What is read of a stream is in the variables; the rest is a connection, which only one of them has."""
    return one.__class__ is other.__class__


_SPECIAL = {
    **{f"{client}.{name}": _same_stream for client in ("openai", "anthropic") for name in ("Stream", "AsyncStream")},
    **{f"{client}.{name}": _same_message for client in ("httpx", "httpx2", "requests") for name in ("Request", "Response")},
    "numpy.ndarray": _same_array,
    "pandas.DataFrame": _same_frame,
    "pandas.Series": _same_frame,
}
