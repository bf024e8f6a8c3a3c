"""Where a pending comes from, and so what code an operation on its value may run once the value is there.

A deferred operation publishes no footprint: it reads its operands and writes nothing. That is a matter of course where the
value comes out of an external call (nothing of it is older than the call, and by the meaning of ``unordered`` what it
carries touches only itself). The value of a *unit* -- a function of the user's that is still waiting -- may be anything the
program can make, such as an instance whose ``__add__`` counts how often it was called, or a generator: operating on it
late would write behind the back of whoever reads meanwhile.

So an operation on a pending of that kind is deferred only if no special method, property or generator function of a class or
function that the program can name may write anything that others can see. That is found by the evaluation that makes
footprints (:mod:`~poppy_ipython.engine.reach`), with unknown arguments, and forgotten when native code has run, which may
have changed a class. Where there is such code the unit waits for the value, as a plain run does.

Decided against: asking what the waiting function may return (as often as not an element of something, which tells nothing).
"""

from __future__ import annotations

import ast
import types
import weakref
from operator import is_
from typing import TYPE_CHECKING, Any

from ..compiler import lower_function, scopes
from .atoms import lookup
from .footprint import Footprints
from .pending import Pending
from .reach import Reach
from .reach.asked import NATIVES_ASK
from .reach.stores import is_odd, is_users, is_users_class, is_users_function
from .reach.values import Args, Top

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_GENERATOR = 0x20
_ITERATION = frozenset({"__iter__", "__next__", "__getitem__", "__len__", "__reversed__", "__length_hint__"})
_OPERATORS = frozenset(NATIVES_ASK)
#: builtins that give an iterator which calls a function of the user's later
_LAZY = frozenset({"map", "filter", "iter"})
#: builtins that add, compare or hash each item of a generator before they ask for the next -> what of an item that runs
_COMBINING = {
    "sum": ("__add__", "__radd__"), "max": ("__lt__", "__gt__"), "min": ("__lt__", "__gt__"),
    "set": ("__hash__", "__eq__"), "frozenset": ("__hash__", "__eq__"), "dict": ("__hash__", "__eq__"),
}  # fmt: skip
_ANSWERS = frozenset({"__instancecheck__", "__subclasscheck__", "__subclasshook__"})
_PASSES = 6
Tables = tuple[bool, bool, frozenset[str]]


class Origins(Base):
    """Part of the :class:`Machine`: may an operation on a pending wait for it by itself?"""

    def _init_origins(self) -> None:
        #: id -> namespace of lowered code
        self.namespaces: dict[int, dict[str, Any]] = {}
        #: what the cell has defined or imported while something was outstanding: bound in the namespace only later
        self.defined: list[Any] = []
        #: what the last survey looked at, and what it found
        self.surveyed: tuple[list[Any], Tables] = ([], (False, False, frozenset()))
        self.surveying = False

    def writes_older(self, fn: types.FunctionType) -> bool:
        """May calling ``fn`` write something older?"""
        return writes_older(self, fn)

    def deferrable(self, value: Any, iterates: bool = False) -> bool:
        """Is ``value`` pending, its shape unknown, and an operation on it one that can be deferred?"""
        if type(value) is not Pending or value.done or value.elements is not None or self.cur is self.ghost:
            return False
        return not self.risky(value, iterates)

    def risky(self, value: Any, iterates: bool = False) -> bool:
        """May operating on (or iterating over) the value of a pending run code of the user's that writes?"""
        if type(value) is not Pending or value.position is not None or value.data or value.done:
            return False
        if value.elements is not None and any(self.risky(item) or self.acts(item) for item in value.elements):
            return True
        operators, iteration, _ = self.writing_code()
        return (iteration if iterates else operators) and (value.elements is None or (value.kind is not None and is_users_class(value.kind)))

    def risky_method(self, value: Pending, name: str) -> bool:
        """May ``value.name()`` be a method of some class of the user's?"""
        if value.elements is not None:
            return value.kind is not None and lookup(value.kind, name) is not lookup(tuple, name)
        return value.position is None and name in self.writing_code()[2]

    def any_risky(self, values: Any, iterates: bool = False) -> bool:
        return any(type(value) is Pending and self.risky(value, iterates) for value in values)

    def users_classes(self) -> tuple[list[type], bool]:
        """The classes of the user's that can be named; is there code of the user's that runs when an iterator of it is advanced?"""
        key = ("classes", len(self.defined), *map(len, self.namespaces.values()))
        found: tuple[list[type], bool] | None = self.plain_reads.get(key)
        if found is None:
            classes, functions = _users([self.defined, *[list(space.values()) for space in self.namespaces.values()]])
            methods = [getattr(part, "__func__", part) for cls in classes for part in vars(cls).values()]
            functions += [fn for fn in methods if is_users_function(fn)]
            found = self.plain_reads[key] = classes, any(map(_runs_when_advanced, functions))
        return found

    def classes_answer(self) -> bool:
        """Is there a class of the user's that says itself what its instances and subclasses are?"""
        return any(not _ANSWERS.isdisjoint(vars(cls)) for cls in self.users_classes()[0])

    def operators_write(self) -> bool:
        """May a special method of the user's, one that natives call, write anything? (In a survey each is looked at by itself.)"""
        return not self.surveying and self.writing_code()[0]

    def combining_writes(self, reader: str) -> bool:
        """May ``reader``, a builtin that does something with an item before it asks for the next, run code of the user's which writes?"""
        names = _COMBINING.get(reader)
        if names is None:
            return False
        key = ("combining", reader, len(self.defined), *map(len, self.namespaces.values()))
        found: bool | None = self.plain_reads.get(key)
        if found is None:
            methods = [vars(cls).get(name) for cls in self.users_classes()[0] for name in names]
            found = any(is_users_function(fn) and writes_older(self, fn) for fn in methods)
            self.plain_reads[key] = found
        return found

    def writing_code(self) -> Tables:
        """(do operators write, does iteration write, names of methods of the user's classes), of all that can be named."""
        key = ("writing code", len(self.defined), *map(len, self.namespaces.values()))
        found: Tables | None = self.plain_reads.get(key)
        if found is None:
            classes, functions = _users([self.defined, *[list(space.values()) for space in self.namespaces.values()]])
            looks = [*functions, *[part for cls in classes for part in (cls, *vars(cls).values())]]
            known = self.surveyed[0]
            if len(known) != len(looks) or not all(map(is_, known, looks)):
                self.surveying = True
                try:
                    self.surveyed = (looks, _Survey(self, classes, functions).tables())
                finally:
                    self.surveying = False
            found = self.plain_reads[key] = self.surveyed[1]
        return found


def _users(namespaces: list[list[Any]]) -> tuple[list[type], list[types.FunctionType]]:
    """The user's classes and functions among values."""
    classes: dict[int, type] = {}
    functions: dict[int, types.FunctionType] = {}
    for namespace in namespaces:
        for value in namespace:
            if type(value) is types.FunctionType:
                if is_users(value.__code__):
                    functions[id(value)] = value
            elif issubclass(type(value), type):
                for base in value.__mro__:
                    if id(base) not in classes and is_users_class(base):
                        classes[id(base)] = base
    return list(classes.values()), list(functions.values())


class _Survey:
    """One look at the classes and functions that the program can name."""

    def __init__(self, machine: Any, classes: list[type], functions: list[types.FunctionType]) -> None:
        self.machine = machine
        self.operators = self.iteration = False
        self.methods: set[str] = set()
        for cls in classes:
            self.look_at_class(cls)
        for fn in functions:
            self.look_at_function(fn)

    def tables(self) -> Tables:
        return self.operators, self.iteration, frozenset(self.methods)

    def look_at_class(self, cls: type) -> None:
        for name, found in vars(cls).items():
            if isinstance(found, property):
                if is_users_function(found.fget):
                    self.operators = self.operators or writes_older(self.machine, found.fget)
                continue
            self.operators = self.operators or name in _OPERATORS and is_odd(cls, name, found)
            self.iteration = self.iteration or name in _ITERATION and is_odd(cls, name, found)
            fn = getattr(found, "__func__", found)
            if not is_users_function(fn):
                continue
            self.methods.add(name)
            if name in _OPERATORS or name in _ITERATION:
                if (name in _OPERATORS and not self.operators or name in _ITERATION and not self.iteration) and writes_older(self.machine, fn):
                    self.operators = self.operators or name in _OPERATORS
                    self.iteration = self.iteration or name in _ITERATION
            self.look_at_function(fn)

    def look_at_function(self, fn: types.FunctionType) -> None:
        """Does it give an iterator that runs code of the user's?"""
        self.iteration = self.iteration or (is_users(fn.__code__) and _runs_when_advanced(fn))


def _runs_when_advanced(fn: types.FunctionType) -> bool:
    code = fn.__code__
    return bool(code.co_flags & _GENERATOR) or (_hints_at_iterator(code) and _gives_iterator(fn))


def writes_older(machine: Any, fn: types.FunctionType) -> bool:
    """May a call of ``fn`` with whatever arguments write something older than itself?"""
    stored: dict[Any, Any] = {}
    footprints = getattr(machine, "footprints", None) or Footprints(machine)
    for _ in range(_PASSES):
        reach = Reach(footprints, (), stored)
        try:
            reach.function(fn, Args(reach, None, None))
            reach.run()
            believed = reach.believed()
        except (Top, RecursionError):
            return True
        if reach.slots:
            return True
        if believed:
            return False
    return True


def _hints_at_iterator(code: types.CodeType) -> bool:
    if code.co_flags & _GENERATOR or not _LAZY.isdisjoint(code.co_names):
        return True
    return any(isinstance(c, types.CodeType) and _hints_at_iterator(c) for c in code.co_consts)


_known: weakref.WeakKeyDictionary[types.FunctionType, bool] = weakref.WeakKeyDictionary()


def _gives_iterator(fn: types.FunctionType) -> bool:
    """Does the function make a generator (or return a ``map``) that is not used up at once?"""
    found = _known.get(fn)
    if found is None:
        lowered = lower_function(fn)
        found = _known[fn] = isinstance(lowered, str) or _makes_iterator(lowered.source)
    return found


def _makes_iterator(source: list[ast.stmt]) -> bool:
    used_up = set()
    for statement in source:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and scopes.consumed(node):
                used_up.add(id(node.args[0]))
            elif isinstance(node, (ast.Yield, ast.YieldFrom)) or (isinstance(node, ast.GeneratorExp) and id(node) not in used_up):
                return True
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                callee = node.value.func
                if isinstance(callee, ast.Name) and callee.id in _LAZY:
                    return True
    return False
