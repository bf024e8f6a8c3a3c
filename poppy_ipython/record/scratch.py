"""A scratch world: copies of what a cell can reach, so that it can run twice and touch nothing of the user's.

    copied      lists, dicts, sets, instances · functions and classes of the user's, with the scratch names as their globals, so
                that `global n` and `Agent.count += 1` land in the scratch world too · modules beside the notebook
    shared      atoms, modules and functions of libraries, what cannot change, clients (what one asks them is answered from
                the record), `Enum`s
    refused     what cannot be copied: open files, locks, connections, generators, streams. By name and path

Functions are new function objects whose code is compiled from the same source with asking calls (`asking`); the user's
own objects are only looked at. An external function is shared as it is: it is never run, only asked about.

Only what the cell names, and what its functions name in turn, is copied.

Decided against `copy.deepcopy` for everything: it shares functions and classes, and with them the globals that they write.
It is what remains for instances of libraries.
"""

from __future__ import annotations

import abc
import builtins
import copy
import functools
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from enum import Enum
from typing import Any

from poppy_ipython.compiler.functions import belongs_to_user
from poppy_ipython.effects.registry import attributes_are_pure, effect_of
from poppy_ipython.record.asking import NoSource, asking_code
from poppy_ipython.record.values import is_users

__all__ = ["Scratch", "Uncopyable"]

_ATOMS = frozenset(
    (int, float, complex, bool, str, bytes, range, type(None), type(...), type(NotImplemented), types.ModuleType, types.CodeType,
     types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType,
     types.GetSetDescriptorType, types.MemberDescriptorType, types.GenericAlias, types.UnionType)
)  # fmt: skip
_CLIENTS = frozenset("openai anthropic httpx httpx2 requests poppy_ipython logging typing dataclasses".split())
_EVERYTHING = frozenset("globals locals vars dir exec eval".split())
_CLASS_NOISE = frozenset("__dict__ __weakref__ _abc_impl __class__".split())


class Uncopyable(Exception):
    """Something that cannot be copied; the message is its path and class."""


class Scratch:
    """The copies that one check makes.

    >>> scratch = Scratch({"xs": (xs := [1, [2]]), "ys": xs})
    >>> scratch.need({"xs", "ys"})
    >>> scratch.names["xs"] is scratch.names["ys"], scratch.names["xs"] is xs, scratch.refused
    (True, False, [])
    """

    def __init__(self, namespace: dict[str, Any], anyway: bool = False) -> None:
        self.original = namespace
        self.names: dict[str, Any] = {n: namespace[n] for n in namespace if n.startswith("__") and n.endswith("__")}
        #: a dict of its own, which functions keep: what stands at their calls is put into it later
        self.builtins = dict(vars(builtins))
        self.names["__builtins__"] = self.builtins
        self.refused: list[str] = []
        self.anyway = anyway
        self.classes: dict[int, type] = {}  # id of a copied class -> the original
        self.functions: dict[int, Any] = {}  # id of a copied function -> the original
        #: what to compare afterwards: a title, the real names, the scratch names
        self.worlds: list[tuple[str, dict[str, Any], dict[str, Any]]] = [("", namespace, self.names)]
        self._memo: dict[int, Any] = {}
        self._alive: list[Any] = []
        self._globals: dict[int, dict[str, Any]] = {id(namespace): self.names}
        self._todo: list[tuple[dict[str, Any], dict[str, Any], str]] = []

    def need(self, names: set[str]) -> None:
        """Copy these names, and whatever functions reached from them name."""
        wanted = set(self.original) if names & _EVERYTHING else names
        self._todo += [(self.original, self.names, name) for name in sorted(wanted)]
        while self._todo:
            source, target, name = self._todo.pop()
            if name in source and name not in target:
                target[name] = self.copy(source[name], name)

    def class_of(self, module: str, name: str) -> Any:
        """A class of the scratch world by its name, for values that come from the record; None if it has none."""
        found: Any = self.names if module == self.original.get("__name__") else None
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else getattr(found, part, None)
        return found if isinstance(found, type) else None

    def is_own(self, fn: types.FunctionType) -> bool:
        """Whether the function belongs to the scratch world."""
        return any(fn.__globals__ is names for names in self._globals.values())

    # ------------------------------------------------------------------ copies
    def copy(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind in _ATOMS and not (kind is types.ModuleType and self._is_beside(value)):
            return value
        if id(value) in self._memo:
            return self._memo[id(value)]
        try:
            return self._copied(value, kind, path)
        except Uncopyable as reason:
            if not self.anyway:
                self.refused.append(str(reason))
            return value

    def _keep(self, value: Any, made: Any) -> Any:
        self._memo[id(value)] = made
        self._alive.append(value)
        return made

    def _copied(self, value: Any, kind: type, path: str) -> Any:
        if isinstance(value, type):
            return self._class(value, path)
        found = _COPIERS.get(kind)
        if found is not None:
            return found(self, value, path)
        if isinstance(value, Enum) or kind.__module__.partition(".")[0] in _CLIENTS:
            return self._library(value, kind, path)
        if is_users(kind):
            return self._instance(value, kind, path)
        return self._foreign(value, kind, path)

    def _library(self, value: Any, kind: type, path: str) -> Any:
        if hasattr(kind, "__pydantic_fields__"):
            return self._model(value, kind, path)
        if hasattr(kind, "__next__") or hasattr(kind, "__anext__"):
            raise Uncopyable(f"{path} ({kind.__qualname__})")
        return self._keep(value, value)

    def _model(self, value: Any, kind: type, path: str) -> Any:
        model: Any = kind
        made = self._keep(value, model.__new__(model))
        object.__setattr__(made, "__dict__", {k: self.copy(v, f"{path}.{k}") for k, v in vars(value).items()})
        for name in ("__pydantic_extra__", "__pydantic_private__", "__pydantic_fields_set__"):
            object.__setattr__(made, name, self.copy(getattr(value, name), f"{path}.{name}"))
        return made

    def _foreign(self, value: Any, kind: type, path: str) -> Any:
        if attributes_are_pure(kind) or effect_of(value) is not None:
            return self._keep(value, value)
        try:
            made = copy.deepcopy(value, {})
        except Exception:
            raise Uncopyable(f"{path} ({kind.__qualname__})") from None
        return self._keep(value, made)

    def _instance(self, value: Any, kind: type, path: str) -> Any:
        cls = self.copy(kind, kind.__qualname__)
        base = next((b for b in kind.__mro__ if b in (dict, list, set, tuple, str, int, float, frozenset, bytes)), None)
        if isinstance(value, BaseException):
            made = cls.__new__(cls, *self.copy(value.args, f"{path}.args"))
        elif base is None:
            try:
                made = object.__new__(cls)
            except TypeError:
                raise Uncopyable(f"{path} ({kind.__qualname__})") from None
        elif base in (dict, list, set):
            made = base.__new__(cls)
        else:
            new: Any = base.__new__
            made = new(cls, self.copy(base(value), path))
        self._keep(value, made)
        if base is dict:
            dict.update(made, {self.copy(k, path): self.copy(v, f"{path}[{k!r:.20}]") for k, v in dict.items(value)})
        elif base in (list, set):
            items = [self.copy(item, f"{path}[…]") for item in base.__iter__(value)]
            (list.extend if base is list else set.update)(made, items)
        for name, item in getattr(value, "__dict__", {}).items():
            made.__dict__[name] = self.copy(item, f"{path}.{name}")
        for owner in kind.__mro__:
            slots = vars(owner).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                    object.__setattr__(made, name, self.copy(getattr(value, name), f"{path}.{name}"))
        return made

    # ------------------------------------------------------------------ code
    def function(self, fn: types.FunctionType, path: str) -> Any:
        effect = effect_of(fn)
        if (effect is not None and effect.external) or not belongs_to_user(fn.__code__.co_filename):
            if fn.__code__.co_filename != "<string>" or id(fn.__globals__) not in self._globals:
                return self._keep(fn, fn)
        try:
            code = asking_code(fn)
        except NoSource as reason:
            raise Uncopyable(f"{path} (a function: {reason})") from None
        names = self._names_of(fn.__globals__)
        free = zip(code.co_freevars, fn.__closure__ or (), strict=True)
        cells = tuple([self._cell(cell, f"{path}.{name}") for name, cell in free])
        made = types.FunctionType(code, names, fn.__name__, None, cells)
        self._keep(fn, made)
        self.functions[id(made)] = fn
        made.__defaults__ = self.copy(fn.__defaults__, f"{path}.__defaults__")
        made.__kwdefaults__ = self.copy(fn.__kwdefaults__, f"{path}.__kwdefaults__")
        made.__qualname__, made.__doc__, made.__module__ = fn.__qualname__, fn.__doc__, fn.__module__
        made.__annotations__ = dict(getattr(fn, "__annotations__", {}))
        for name, item in vars(fn).items():
            made.__dict__[name] = self.copy(item, f"{path}.{name}")
        self._todo += [(fn.__globals__, names, name) for name in _names(fn.__code__)]
        return made

    def _names_of(self, namespace: dict[str, Any]) -> dict[str, Any]:
        """The scratch globals for functions with these."""
        found = self._globals.get(id(namespace))
        if found is None:
            found = {n: namespace[n] for n in namespace if n.startswith("__") and n.endswith("__")}
            self._globals[id(namespace)] = found
            found["__builtins__"] = self.builtins
        return found

    def _cell(self, cell: types.CellType, path: str) -> types.CellType:
        if id(cell) in self._memo:
            return self._memo[id(cell)]  # type: ignore[no-any-return]
        made = types.CellType()
        self._keep(cell, made)
        try:
            content = cell.cell_contents
        except ValueError:
            return made
        made.cell_contents = self.copy(content, path)
        return made

    def _class(self, cls: type, path: str) -> Any:
        meta: Any = type(cls)
        if not is_users(cls) or meta not in (type, abc.ABCMeta):
            return self._keep(cls, cls)
        registers = next((base for base in cls.__mro__[1:] if "__init_subclass__" in vars(base) and is_users(base)), None)
        if registers is not None:
            raise Uncopyable(f"{path} (a class: {registers.__name__}.__init_subclass__ would run again)")
        bases = tuple([self.copy(base, base.__qualname__) for base in cls.__bases__])
        own = {k: v for k, v in vars(cls).items() if k in ("__slots__", "__module__", "__qualname__", "__doc__")}
        made = meta(cls.__name__, bases, own)
        self._keep(cls, made)
        self.classes[id(made)] = cls
        for name, item in vars(cls).items():
            if name in own or name in _CLASS_NOISE or isinstance(item, types.MemberDescriptorType):
                continue
            type.__setattr__(made, name, self.copy(item, f"{path}.{name}"))
        return made

    def _is_beside(self, module: types.ModuleType) -> bool:
        filename = getattr(module, "__file__", None)
        return filename is not None and module.__name__ != "__main__" and belongs_to_user(filename)

    def module(self, module: types.ModuleType, path: str) -> Any:
        names = self._names_of(vars(module))
        made = types.ModuleType(module.__name__)
        made.__dict__.update(names)
        self._globals[id(vars(module))] = made.__dict__
        self.worlds.append((module.__name__, vars(module), made.__dict__))
        self._keep(module, made)
        self._todo += [(vars(module), made.__dict__, name) for name in vars(module) if not name.startswith("__")]
        return made


def _names(code: types.CodeType) -> set[str]:
    found = set(code.co_names)
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            found |= _names(item)
    return found


def _filled(make: Callable[[Any], Any], fill: Callable[[Any, list[Any]], object]) -> Callable[[Scratch, Any, str], Any]:
    """A copier of sequences that may contain themselves."""

    def copier(self: Scratch, value: Any, path: str) -> Any:
        made = self._keep(value, make(value))
        fill(made, [self.copy(item, f"{path}[{i}]") for i, item in enumerate(value)])
        return made

    return copier


def _frozen(kind: type) -> Callable[[Scratch, Any, str], Any]:
    def copier(self: Scratch, value: Any, path: str) -> Any:
        parts = [self.copy(item, f"{path}[{i}]") for i, item in enumerate(value)]
        return self._memo[id(value)] if id(value) in self._memo else self._keep(value, kind(parts))

    return copier


def _mapping(self: Scratch, value: Any, path: str) -> Any:
    made = type(value)(value.default_factory) if type(value) is defaultdict else type(value)()
    self._keep(value, made)
    if type(value) is defaultdict:
        made.default_factory = self.copy(value.default_factory, f"{path}.default_factory")
    for key, item in value.items():
        made[self.copy(key, path)] = self.copy(item, f"{path}[{key!r:.30}]")
    return made


def _partial(self: Scratch, value: Any, path: str) -> Any:
    parts = self.copy(value.func, f"{path}.func"), self.copy(value.args, f"{path}.args"), self.copy(value.keywords, path)
    return self._keep(value, functools.partial(parts[0], *parts[1], **parts[2]))


def _around(self: Scratch, value: Any, path: str) -> Any:
    return self._keep(value, type(value)(self.copy(value.__func__, path)))


def _property(self: Scratch, value: Any, path: str) -> Any:
    fget, fset, fdel = [self.copy(part, path) for part in (value.fget, value.fset, value.fdel)]
    return self._keep(value, property(fget, fset, fdel, value.__doc__))


def _cached_property(self: Scratch, value: Any, path: str) -> Any:
    made = functools.cached_property(self.copy(value.func, path))
    made.attrname = value.attrname
    return self._keep(value, made)


def _method(self: Scratch, value: Any, path: str) -> Any:
    return self._keep(value, types.MethodType(self.copy(value.__func__, path), self.copy(value.__self__, f"{path}.__self__")))


_COPIERS: dict[type, Callable[[Scratch, Any, str], Any]] = {
    list: _filled(lambda value: [], lambda made, items: made.extend(items)),
    set: _filled(lambda value: set(), lambda made, items: made.update(items)),
    deque: _filled(lambda value: deque(maxlen=value.maxlen), lambda made, items: made.extend(items)),
    bytearray: lambda self, value, path: self._keep(value, bytearray(value)),
    tuple: _frozen(tuple),
    frozenset: _frozen(frozenset),
    dict: _mapping,
    OrderedDict: _mapping,
    Counter: _mapping,
    defaultdict: _mapping,
    functools.partial: _partial,
    staticmethod: _around,
    classmethod: _around,
    property: _property,
    functools.cached_property: _cached_property,
    types.MethodType: _method,
    types.FunctionType: Scratch.function,
    types.ModuleType: Scratch.module,
}
