"""Calls that read what they are given at once: ``sum(… for …)``, ``", ".join(f(xs))``, ``for x in enumerate(…)``.

They are told by their names, and what the names stand for is asked when the call is made::

    sum(ask(x) for x in xs)      call(g("sum"), <a list>) if reads_at_once("sum", g("sum")) else call(g("sum"), <a generator>)

A builtin is handed a list of the items, which may all be on their way. A function of one's own that is called ``sum`` gets the
generator that was written, whose items are asked for when, and if, it asks for them. If the source itself binds the name
(`scopes.note_own`) that is an ordinary closure. If it came from elsewhere (a cell run before, ``import *``) the generator is made
outside the frame, of the values that its names have now, since nothing of the frame is prepared for a closure that reads it later: what
keeps such a generator until after the frame has bound its variables again would see what they were.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from . import scopes
from .abi import PREFIX, changed, const, lambda_, load, op, place, store, walk
from .comprehensions import does_something, fitting
from .native import renamed
from .queries import told_of

if TYPE_CHECKING:
    from typing import Any

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object

#: whose arguments are looked through, if they are what these names say
_LOOKED_THROUGH = frozenset({"enumerate", "zip", "map", "starmap", "chain", "islice", "zip_longest", "pairwise", "product", "combinations", "permutations"})
#: builtins that do something with an item before they ask for the next, and may fail at it
FITTED = frozenset({"sum", "min", "max", "set", "frozenset", "dict"})
#: builtins that read all of their argument at once, or as Python does, item by item
_READERS = frozenset({"list", "tuple", "sorted", "set", "dict", "any", "all", "sum", "max", "min", "len"})


class Readers(_Base):
    """Part of the lowering."""

    def iterable(self, node: ast.expr, around: ast.AST | None = None) -> ast.expr:
        """An iterator for a ``for``: looks through calls of ``enumerate``, generators and so on.

        What is no iterable is reported there, up to Python 3.12 for the loop ``around`` it as a whole.
        """
        at = getattr(around, "poppy_around", around) if around is not None and sys.version_info < (3, 13) else node
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            part = place(op("gi", self.expr(node.value), self.expr(node.slice)), node)
            return place(op("iterate_new", const(None), part), at)  # type: ignore[arg-type,return-value]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "sorted"):
            return place(op("iterate_new", self.expr(node.func), self.stream(node)), at)  # type: ignore[return-value]
        return place(op("iterate", self.stream(node)), at)  # type: ignore[return-value]

    def stream(self, node: ast.expr, at_once: bool = False) -> ast.expr:
        """What is iterated over at once (by a builtin, or in a loop): calls are looked through, see ``engine/streams.py``."""
        if not isinstance(node, ast.Call) or self.reads(node) or scopes.consumed(node) or self.is_super(node):
            return self.expr(node)
        if any(k.arg is None for k in node.keywords) or any(isinstance(a, ast.Starred) or told_of(a) for a in node.args):
            return self.expr(node)
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if isinstance(func, ast.Attribute):
            head, target = self.method_head(node, func), "stream_meth"
        else:
            head, target = [self.expr(func)], "stream_call"
        args = [self.stream(a, at_once) if self.streams_into(name, a) else self.expr(a) for a in node.args]
        keywords = [ast.keyword(k.arg, self.expr(k.value)) for k in node.keywords]
        return place(op(target, const(at_once), *head, *args, keywords=keywords), node)  # type: ignore[return-value]

    def async_iterator(self, node: ast.expr, around: ast.AST) -> ast.expr:
        """An iterator for an ``async for``: looks through the call of an asynchronous generator function."""
        at = around if sys.version_info < (3, 13) else node
        source = self.expr(node) if not isinstance(node, ast.Call) else self._async_stream(node)
        return place(op("iterate_async", source), at)  # type: ignore[return-value]

    def _async_stream(self, node: ast.Call) -> ast.expr:
        func = node.func
        if self.is_super(node) or any(k.arg is None for k in node.keywords) or any(isinstance(a, ast.Starred) for a in node.args):
            return self.expr(node)
        if isinstance(func, ast.Attribute):
            head, target = self.method_head(node, func), "stream_meth"
        else:
            head, target = [self.expr(func)], "stream_call"
        args, keywords = [self.expr(a) for a in node.args], [ast.keyword(k.arg, self.expr(k.value)) for k in node.keywords]
        return place(op(target, const(None), *head, *args, keywords=keywords), node)  # type: ignore[return-value]

    def looked_through(self, node: ast.expr) -> bool:
        """Is this a call of ``enumerate``, ``zip`` and so on?"""
        func = node.func if isinstance(node, ast.Call) else None
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        return name in _LOOKED_THROUGH

    def streams_into(self, name: str, argument: ast.expr) -> bool:
        """May ``argument`` of a call of ``name`` be a stream?  A generator that some other one reads may, too."""
        if not isinstance(argument, ast.Call):
            return False
        return name in _LOOKED_THROUGH or isinstance(argument.func, ast.Name) and argument.func.id not in _LOOKED_THROUGH

    def reads(self, node: ast.Call) -> bool:
        """Is this ``list(f(x))`` and the like: a builtin that reads the result of a call at once?"""
        if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Call) or scopes.consumed(node):
            return False
        func = node.func
        return isinstance(func, ast.Name) and func.id in _READERS or isinstance(func, ast.Attribute) and func.attr == "join"

    def read(self, node: ast.Call) -> ast.expr:
        func = node.func
        if isinstance(func, ast.Attribute):
            head = self.method_head(node, func)
            return op("read_join", *head, self.stream(node.args[0], True))
        return op("read", self.expr(func), self.stream(node.args[0], True))

    def consumer(self, node: ast.Call) -> ast.expr:
        """``sum(… for …)`` and the like: the items are collected, then handed over, if it is what its name says."""
        generator = node.args[0]
        assert isinstance(generator, ast.GeneratorExp)
        copied = not any(isinstance(n, (ast.NamedExpr, ast.Await)) for n in walk(generator))
        if copied and scopes.has_call(generator.generators[0].iter) and any(map(scopes.has_call, [k.value for k in node.keywords])):
            return self.call(node, [self.as_written(generator)])  # type: ignore[no-any-return]
        node, asked = self._asked(node)
        collected = self._collected(node, generator)
        if asked is None or not copied:
            return collected
        return ast.IfExp(place(asked, node), collected, self.call(node, [self.as_written(generator)]))  # type: ignore[arg-type]

    def _asked(self, node: ast.Call) -> tuple[ast.Call, ast.expr | None]:
        """The call, of a name; what asks whether that reads all of its argument, or None where it is known."""
        func = node.func
        if isinstance(func, ast.Name):
            return self._asked_with(node, func)
        assert isinstance(func, ast.Attribute)
        target = func.value
        if isinstance(target, (ast.Constant, ast.JoinedStr)):
            return node, None
        if isinstance(target, ast.Name):
            return node, op("joins_at_once", self.expr(target))
        name = f"{PREFIX}w{self.scope.fresh()}"  # it is evaluated once
        held = ast.copy_location(load(name), target)
        call = ast.Call(ast.copy_location(ast.Attribute(held, func.attr, ast.Load()), func), node.args, node.keywords)
        return ast.copy_location(call, node), op("joins_at_once", ast.NamedExpr(store(name), self.expr(target)))

    def _asked_with(self, node: ast.Call, func: ast.Name) -> tuple[ast.Call, ast.expr]:
        """The same with what is given by name, which is evaluated before the first item is asked for."""
        generator, keywords = node.args[0], node.keywords
        assert isinstance(generator, ast.GeneratorExp)
        source = generator.generators[0].iter
        key, values = -1, [self.expr(source)] if keywords and isinstance(source, ast.Name) else []
        given = []
        for keyword in keywords:
            if keyword.arg == "key" and func.id != "sorted" and does_something(generator):
                key = len(values)
            value = self.expr(keyword.value)
            if not isinstance(keyword.value, ast.Constant):
                name = f"{PREFIX}w{self.scope.fresh()}"
                keyword = changed(keyword, value=ast.copy_location(load(name), keyword.value))
                value = place(ast.NamedExpr(store(name), value), keyword.value)  # type: ignore[assignment]
            values.append(value)
            given.append(keyword)
        asked = [const(key), *values] if keywords else []
        return changed(node, keywords=given), op("reads_at_once", const(func.id), self.expr(func), *asked)

    def _collected(self, node: ast.Call, comprehension: ast.GeneratorExp) -> ast.expr:
        if comprehension.lineno == node.lineno:  # Python shows the call where the generator fails
            comprehension = ast.copy_location(changed(comprehension, poppy_around=comprehension), node)
        if isinstance(node.func, ast.Name) and node.func.id in ("any", "all"):
            if len(comprehension.generators) == 1 and not node.keywords:
                return self.comprehension(comprehension, lambda items: items, node.func.id)  # type: ignore[no-any-return]
        if isinstance(node.func, ast.Name) and node.func.id in FITTED and None not in [k.arg for k in node.keywords]:
            given = {k.arg: self.expr(k.value) for k in node.keywords if k.arg in ("start", "key")}
            comprehension = fitting(comprehension, node.func.id, **given)
        items = self.comprehension(comprehension, lambda items: op("new_list", items))
        return self.call(node, [place(items, node)])  # type: ignore[no-any-return]

    def as_written(self, generator: ast.GeneratorExp | ast.SetComp | ast.DictComp, by: str | None = None) -> ast.expr:
        """A generator of the values that the frame's variables have now; or a comprehension, run by the operation ``by``."""
        first, *rest = generator.generators
        source, iterable = f"{PREFIX}y{self.scope.fresh()}", first.iter
        new = changed(generator, generators=[changed(first, iter=ast.copy_location(load(source), iterable)), *rest])
        names = sorted(n for n in scopes.free(new) - {source} if self.scope.is_local(n) and not self.scope.may_be_unbound(n))
        inside = {n: f"{PREFIX}v{i}" for i, n in enumerate(names)}
        given: Any = place(op("real_iterable", self.expr(iterable)), iterable)
        values: list[Any] = [place(op("force", self.scope.read(n)), generator) for n in names]
        made = lambda_([source, *inside.values()], renamed(new, inside))
        return ast.Call(made, [given, *values], []) if by is None else op(by, made, given, *values)
