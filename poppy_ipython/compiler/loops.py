"""Loops, lowered: beside their native form, and in rounds where the next one need not wait for the last.

A `for` whose items are there issues round after round. Where what a round does is a unit of its own (`wants_rounds`) a round that
has to wait is passed over.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from . import scopes
from .abi import PREFIX, changed, forget, load, op, place, store, walk
from .native import change_over, two_ways

if TYPE_CHECKING:
    from typing import Any

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object

#: methods that only strings have: deferred, they wait for nothing
PURE_METHODS = frozenset(name for name in dir(str) if not name.startswith("_"))
#: methods of containers that need their argument
KEYED_METHODS = frozenset({"setdefault", "pop", "remove", "discard", "get", "insert", "update", "extend", "add"})


class Loops(_Base):
    """Part of the lowering."""

    #: how many `try` statements were open where the innermost loop began
    loop_marks = 0

    def stmt_While(self, node: ast.While) -> list[ast.stmt]:
        return two_ways(self, node, self.lowered_while)

    def lowered_while(self, node: ast.While) -> list[ast.stmt]:
        node = changed(node, body=scopes.eliminate_continue(node.body))
        if not self.outlinable(node):
            return self.inline_while(node)
        return self.outlined(node, lambda inner: inner.inline_while(node), "while")  # type: ignore[no-any-return]

    def inline_while(self, node: ast.While) -> list[ast.stmt]:
        before = set(self.scope.bound)
        test = op("truth", self.expr(node.test))
        after_test = set(self.scope.bound)
        body = self.loop_block(node.body)
        start, change = change_over(self, node)
        self.scope.bound = set(after_test)
        orelse = self.block(node.orelse) if node.orelse else []
        self.scope.bound = before | (after_test & self.scope.bound)
        return [*start, ast.While(test, [*body, *change], orelse)]

    def loop_block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        saved = self.loop_marks
        self.loop_marks = len(self.scope.try_marks)
        result = self.block(body)
        self.loop_marks = saved
        return result

    def stmt_For(self, node: ast.For) -> list[ast.stmt]:
        return two_ways(self, node, self.lowered_for)

    def lowered_for(self, node: ast.For) -> list[ast.stmt]:
        node = changed(node, body=scopes.eliminate_continue(node.body))
        if not self.outlinable(node):
            return self.inline_for(node, self.iterable(node.iter, node))

        def body(inner: Any) -> list[ast.stmt]:
            return inner.inline_for(node, inner.iterable(node.iter, node))

        return self.outlined(node, body, "for")  # type: ignore[no-any-return]

    def stmt_AsyncFor(self, node: ast.AsyncFor) -> list[ast.stmt]:
        """A ``for`` over what the engine awaits one by one (``engine/answers.py``)."""
        node = changed(node, body=scopes.eliminate_continue(node.body))
        loop = ast.copy_location(ast.For(node.target, node.iter, node.body, node.orelse), node)

        def body(inner: Any) -> list[ast.stmt]:
            source = inner.async_iterator(node.iter, node)
            if sys.version_info < (3, 13):
                return inner.inline_for(loop, source)  # type: ignore[no-any-return]
            iterator = f"{PREFIX}j{inner.scope.fresh()}"  # what is awaited has the place of the statement
            return [ast.Assign([store(iterator)], source), *inner.inline_for(loop, place(load(iterator), node)), forget(iterator)]

        if not self.outlinable(node):
            return body(self)

        return self.outlined(node, body, "for")  # type: ignore[no-any-return]

    def inline_for(self, node: ast.For, source: ast.expr) -> list[ast.stmt]:
        before = set(self.scope.bound)
        temp = f"{PREFIX}x{self.scope.fresh()}"
        iterator = f"{PREFIX}i{self.scope.fresh()}"
        start, change = change_over(self, node, iterator, temp)
        if start:
            start.append(ast.Assign([store(iterator)], source))
            source = place(load(iterator), node.iter)  # type: ignore[assignment]
        if self.wants_rounds(node):
            names = self.scope.known.assigned(node.body) | {n.id for n in walk(node.target) if isinstance(n, ast.Name)}

            def round_(inner: Any) -> list[ast.stmt]:
                return [*inner.assign(node.target, load(temp)), *inner.block(node.body)]

            holder = ast.copy_location(ast.For(node.target, ast.copy_location(ast.Tuple([], ast.Load()), node), node.body, []), node)
            body = self.outlined(holder, round_, "round", extra=(temp,), values=(load(temp),), binds=names)
        else:
            body = [*self.assign(node.target, load(temp)), forget(temp), *self.loop_block(node.body)]
        self.scope.bound = set(before)
        orelse = self.block(node.orelse) if node.orelse else []
        self.scope.bound = before
        loop = ast.For(store(temp), source, [place(s, node) for s in (*change, *body)], orelse)  # type: ignore[misc]
        if not start:
            return [loop]
        return [*start, ast.Try([place(loop, node)], [], [], [place(forget(iterator), node)])]  # type: ignore[list-item]

    def wants_rounds(self, node: ast.For) -> bool:
        """Should each round be a unit?  Yes if a statement of the body may have to wait for a pending receiver or key.

        Then the round stalls and the loop goes on; else a round needs no unit, its calls and compound statements
        overlap by themselves.
        """
        if any(scopes.jumps_out(s) for s in node.body) or not any(self.scope.known.of(s).calls for s in node.body):
            return False
        holder = ast.copy_location(ast.For(node.target, ast.Constant(None), node.body, []), node)
        if not self.outlinable(holder):
            return False
        local = self.scope.known.of(holder).assigned
        return any(self._may_wait(statement, local) for statement in node.body) and not any(
            isinstance(statement, (ast.With, ast.AsyncWith)) for statement in node.body
        )

    def _may_wait(self, statement: ast.stmt, local: set[str]) -> bool:
        """May a simple statement of a loop's body have to wait for a value (of a receiver or a key)?"""
        if isinstance(statement, scopes.COMPOUND):
            return False  # a unit by itself
        for part in scopes.walk_scope(statement):
            if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, (ast.Store, ast.Del)):
                if isinstance(part, ast.Subscript) and not isinstance(part.slice, ast.Constant):
                    return True
                if _root(part) in local or _root(part) is None:
                    return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
                if part.func.attr == "append" or part.func.attr in PURE_METHODS:
                    if part.func.attr == "append" and (_root(part.func) in local or _root(part.func) is None):
                        return True
                    continue
                if _root(part.func) in local or _root(part.func) is None or part.func.attr in KEYED_METHODS:
                    return True
        return False


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
