"""Closed pieces of program: what they compute from plain data is plain data, and they touch nothing else.

A loop over numbers and strings may run natively even while calls are in flight, if it neither reads what somebody may still write nor
changes what somebody may still look at. The text tells the half of that which is found here (the other half, values, is
``engine/detached.py``): a piece is *closed* if it consists of nothing but

* assignments to names and subscripts, arithmetic, comparisons, loops, ``if``, ``try``, displays, comprehensions, f-strings;
* calls of names and of methods by name. If the values that the piece begins with are exact builtin ones, and the names that it calls
  stand for pure functions, every value that it makes is one, too, so every method is a builtin type's;
* no attribute that is stored or read otherwise, no closure that could be kept (a ``key=lambda …`` is called at once), no definition, ``with``,
  ``import``, ``await``, ``yield``, ``global``.

Where it changes a container in place it is told which: ``xs.append(x)`` changes what ``xs`` stands for, ``grid[i][j] = x`` something in
``grid``; ``row.append(x)`` for a ``row`` bound by the piece itself to something not new may change ``anything``. A container that the piece has
made itself is nobody else's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import scopes
from .abi import children, walk

_STATEMENTS = (
    ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If, ast.Expr, ast.Pass, ast.Break, ast.Continue, ast.Try, ast.ExceptHandler, ast.Return,
    ast.Raise, ast.Assert,
)  # fmt: skip
_EXPRESSIONS = (
    ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Set,
    ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.Call, ast.keyword, ast.Starred, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
_CLOSED = frozenset((*_STATEMENTS, *_EXPRESSIONS))
#: methods that change nothing, whichever builtin value has them
_READERS = frozenset(
    name
    for kind in (str, bytes, int, float, complex, tuple, frozenset, range, re.Pattern, re.Match)
    for name in dir(kind)
    if not name.startswith("_")
) | {"get", "keys", "values", "items"}
#: whose results are new objects, or atoms
_FRESH_CALLS = frozenset({"list", "dict", "set", "sorted", "int", "float", "str", "len", "range", "bool", "round", "ord", "chr", "repr"})
_FRESH_METHODS = frozenset({"split", "strip", "lower", "upper", "join", "format", "copy", "splitlines", "replace", "encode", "decode"})
_FRESH = (ast.Constant, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr)
#: they call a function that they are given, and do not keep it
_KEYED = frozenset({"sorted", "min", "max", "sort"})


@dataclass(frozen=True)
class Closed:
    """What has to be looked at before a closed piece runs.

    ``names``: those that it takes from around it; ``bound``: those that it binds; ``members``: attributes that it calls on a name, which is a module
    or plain data; ``changed``: names whose containers it changes; ``below``: names under which it changes something at any
    depth; ``anything``: it may change whatever it can reach; ``loops``: for each loop, names and numbers that tell how many rounds it takes, for
    it and for those around it; ``keywords``: of all its calls; ``loads``: names that are read other than to be called; ``methods``: names
    of the methods that it calls; ``calls_given``: it calls something that it is given, or has bound itself.
    """

    names: tuple[str, ...]
    bound: frozenset[str]
    members: tuple[tuple[str, str], ...]
    changed: tuple[str, ...]
    below: tuple[str, ...]
    anything: bool
    loops: tuple[tuple[tuple[str | int, ...], ...], ...]
    keywords: frozenset[str]
    loads: frozenset[str]
    methods: frozenset[str]
    calls_given: bool


def closed(nodes: Iterable[ast.AST], parameters: Iterable[str] | None = None) -> Closed | None:
    """Statements or expressions, or the body of a function with these ``parameters`` (which may yield), as a closed piece; None if they
    are none.

    >>> closed(ast.parse("for x in xs: ys.append(x + 1)").body).changed
    ('ys',)
    >>> closed(ast.parse("for x in xs: x.score = ask(x)").body) is None
    True
    """
    nodes = list(nodes)
    found = _Finder(parameters or (), parameters is not None)
    try:
        for node in nodes:
            found.look(node)
    except _Open:
        return None
    return found.closed(taken(nodes, frozenset(parameters or ())))


class _Open(Exception):
    """The piece is none."""


class _Finder:
    def __init__(self, parameters: Iterable[str], generator: bool) -> None:
        #: name -> is it only ever bound to what is new?
        self.bound: dict[str, bool] = dict.fromkeys(parameters, False)
        self.members: dict[tuple[str, str], None] = {}
        #: roots of what is changed, and whether it is below them
        self.changes: list[tuple[str | None, bool]] = []
        self.keywords: set[str] = set()
        self.loads: set[str] = set()
        self.methods: set[str] = set()
        self.called: set[str] = set()
        self.generator = generator
        #: sources of the loops that we are in, and those of each loop
        self.around: list[tuple[str | int, ...]] = []
        self.loops: list[tuple[tuple[str | int, ...], ...]] = []

    def closed(self, names: set[str]) -> Closed:
        changed: dict[str, None] = {}
        below: dict[str, None] = {}
        anything = False
        for name, deep in self.changes:
            if name is None or (name in self.bound and (deep or not self.bound[name])):
                anything = True
            elif name in names:
                (below if deep else changed)[name] = None
        return Closed(
            tuple(sorted(names)), frozenset(self.bound), tuple(self.members), tuple(changed), tuple(below), anything, tuple(self.loops),
            frozenset(self.keywords), frozenset(self.loads), frozenset(self.methods),
            not self.called.isdisjoint(self.bound),
        )  # fmt: skip

    # ------------------------------------------------------------------ nodes
    def look(self, node: ast.AST) -> None:
        kind = type(node)
        if kind is ast.Call:
            return self.call(node)  # type: ignore[arg-type]
        if kind is ast.Delete:
            for target in node.targets:  # type: ignore[attr-defined]
                if not isinstance(target, ast.Subscript):
                    raise _Open
                self.change(target.value)
                self.below(target)
            return None
        if kind not in _CLOSED and not (self.generator and kind in (ast.Yield, ast.YieldFrom)):
            raise _Open
        if isinstance(node, ast.Name):
            self.loads.add(node.id)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, self.is_new(node.value))
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                self.changes.append((node.target.id, False))
            self.bind(node.target, True)  # what was there, changed, or something new
        elif isinstance(node, ast.For):
            self.bind(node.target, self.counts(node.iter))
            self.enter(node.iter)
            self.below(node)
            self.around.pop()
            return None
        elif isinstance(node, scopes.COMPREHENSIONS):
            return self.comprehension(node)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.bound[node.name] = False
        return self.below(node)

    def below(self, node: ast.AST) -> None:
        for child in children(node):
            self.look(child)

    def comprehension(self, node: ast.AST) -> None:
        for generator in node.generators:  # type: ignore[attr-defined]
            if generator.is_async:
                raise _Open
            self.bind(generator.target, self.counts(generator.iter))
            self.enter(generator.iter)
        for child in children(node):
            if isinstance(child, ast.comprehension):
                self.below(child)
            else:
                self.look(child)
        del self.around[-len(node.generators) :]  # type: ignore[attr-defined]

    def call(self, node: ast.Call) -> None:
        func = node.func
        if isinstance(func, ast.Name):
            name = func.id
            self.called.add(name)
        elif isinstance(func, ast.Attribute) and not func.attr.startswith("_"):
            name = func.attr
            self.methods.add(name)
            if isinstance(func.value, ast.Name):
                self.members[func.value.id, name] = None
            if name not in _READERS:
                self.change(func.value)
            self.look(func.value)
        else:
            raise _Open
        for argument in node.args:
            if isinstance(argument, ast.GeneratorExp) and scopes.consumed(node):
                self.comprehension(argument)
            else:
                self.look(argument)
        for keyword in node.keywords:
            if keyword.arg is None:
                raise _Open
            self.keywords.add(keyword.arg)
            if isinstance(keyword.value, ast.Lambda) and keyword.arg == "key" and name in _KEYED:
                arguments = keyword.value.args
                if arguments.defaults or any(d is not None for d in arguments.kw_defaults):
                    raise _Open
                self.bound.update(dict.fromkeys(scopes.parameters(arguments), False))
                self.look(keyword.value.body)
            else:
                self.look(keyword.value)

    # ------------------------------------------------------------------ what is bound, and what is changed
    def bind(self, target: ast.expr, new: bool) -> None:
        if isinstance(target, ast.Name):
            self.bound[target.id] = self.bound.get(target.id, True) and new
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self.bind(part, False)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, True)
        elif isinstance(target, ast.Subscript):
            self.change(target.value)
        else:
            raise _Open

    def change(self, receiver: ast.expr) -> None:
        deep = False
        while isinstance(receiver, ast.Subscript):
            receiver, deep = receiver.value, True
        self.changes.append((receiver.id if isinstance(receiver, ast.Name) else None, deep))

    def is_new(self, node: ast.expr) -> bool:
        """Is the value of ``node`` an object that nobody else has, or an atom?"""
        if isinstance(node, _FRESH):
            return True
        if not isinstance(node, ast.Call):
            return False
        func = node.func
        return isinstance(func, ast.Name) and func.id in _FRESH_CALLS or isinstance(func, ast.Attribute) and func.attr in _FRESH_METHODS

    def counts(self, source: ast.expr) -> bool:
        return isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id == "range"

    def enter(self, source: ast.expr) -> None:
        """A loop over ``source`` begins."""
        found: list[str | int] = []
        for part in walk(source):
            if isinstance(part, ast.Name):
                found.append(part.id)
            elif isinstance(part, ast.Constant) and type(part.value) is int:
                found.append(part.value)
        self.around.append(tuple(found))
        self.loops.append(tuple(self.around))


# ---------------------------------------------------------------------- what is taken from around it
def taken(nodes: Iterable[ast.AST], bound: frozenset[str] = frozenset()) -> set[str]:
    """Names whose value from before is used: all those that are not surely bound (definite assignment) where they are read.

    >>> sorted(taken(ast.parse("for x in xs: y = x; z.append(y); n += 1").body))
    ['n', 'xs', 'z']
    """
    found: set[str] = set()
    _sure(list(nodes), set(bound), found)
    return found


def _sure(nodes: list[ast.AST], sure: set[str], found: set[str]) -> set[str]:
    """Names that are surely bound behind ``nodes``, if ``sure`` are before."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            _read(node.value, sure, found)
            for target in node.targets:
                _read(target, sure, found)
                sure |= _stored(target)
        elif isinstance(node, ast.AugAssign):
            _read(node.value, sure, found)
            _read(node.target, sure, found)
            if isinstance(node.target, ast.Name) and node.target.id not in sure:
                found.add(node.target.id)
        elif isinstance(node, ast.For):
            _read(node.iter, sure, found)
            _sure([*node.body], sure | _stored(node.target), found)
            _read(node.target, sure, found)
            _sure([*node.orelse], set(sure), found)
        elif isinstance(node, ast.If):
            _read(node.test, sure, found)
            sure = _sure([*node.body], set(sure), found) & _sure([*node.orelse], set(sure), found)
        elif isinstance(node, ast.While):
            _read(node.test, sure, found)
            _sure([*node.body], set(sure), found)
            _sure([*node.orelse], set(sure), found)
        elif isinstance(node, ast.Try):
            _sure([*node.body, *node.orelse], set(sure), found)
            for handler in node.handlers:
                if handler.type is not None:
                    _read(handler.type, sure, found)
                if handler.name:
                    found.add(handler.name)  # it is unbound behind the handler, if that runs
                _sure([*handler.body], sure | ({handler.name} if handler.name else set()), found)
            _sure([*node.finalbody], set(sure), found)
        else:
            _read(node, sure, found)
    return sure


def _read(node: ast.AST, sure: set[str], found: set[str]) -> None:
    """Names that ``node``, an expression or a simple statement, reads before they are bound."""
    if isinstance(node, ast.Name):
        if node.id not in sure and not isinstance(node.ctx, ast.Store):
            found.add(node.id)
    elif isinstance(node, scopes.COMPREHENSIONS):
        inside = set(sure)
        for generator in node.generators:
            _read(generator.iter, inside, found)
            inside |= _stored(generator.target)
            for part in generator.ifs:
                _read(part, inside, found)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            _read(part, inside, found)
    elif isinstance(node, ast.Lambda):
        _read(node.body, sure | set(scopes.parameters(node.args)), found)
    else:
        for child in children(node):
            _read(child, sure, found)


def _stored(target: ast.AST) -> set[str]:
    return {n.id for n in walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
