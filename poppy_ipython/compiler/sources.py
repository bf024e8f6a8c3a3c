"""Comprehensions over what is pending: a unit as a whole.

The iterable is evaluated in place, as Python does; taking an iterator from it, and everything behind that, stands in a piece of
its own, which forks if the iterable is pending::

    out.append([ask(x) for x in lst(i)])

    def f(i0):  return comp(c, iterate(i0))            # the piece; its source, for footprints, is the comprehension
    out.append(fork_over(f, 1, lst(i)))

So what the comprehension may write while it waits is in its footprint like that of any unit, and the piece is merged with the
frame around it: what is no iterable fails on the line of the comprehension, in the function that it stands in.

``enumerate``, ``zip``, ``reversed`` and views of a dict are made inside the piece too, of operands evaluated outside; where
such calls are nested, and where an operand is starred or binds a name, everything is made outside, as for a loop.

Decided against: forking every call with a pending argument (a builtin needs no greenlet, a deferred entry does).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import scopes
from .abi import FIT, PREFIX, const, load, op, place

if TYPE_CHECKING:
    from typing import Any

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object

_MAKERS = frozenset({"enumerate", "zip", "reversed"})
_VIEWS = frozenset({"items", "keys", "values"})


class Sources(_Base):
    """Part of the lowering."""

    def _made_inside(self, node: ast.expr) -> bool:
        """Is this ``enumerate(…)``, ``zip(…)``, ``reversed(…)``, or a view of what may be a dict, of operands that are values?"""
        if not isinstance(node, ast.Call) or any(k.arg is None for k in node.keywords) or scopes.consumed(node):
            return False
        if any(isinstance(a, ast.Starred) for a in node.args) or any(self.looked_through(a) for a in node.args):
            return False
        func = node.func
        if isinstance(func, ast.Name):
            return func.id in _MAKERS
        return isinstance(func, ast.Attribute) and func.attr in _VIEWS and not node.args and not node.keywords

    def _parts(self, node: ast.expr) -> tuple[list[ast.expr], Callable[[list[ast.expr]], ast.expr]]:
        """The operands of an iterable, lowered, and what is iterated over, of their values."""
        if not self._made_inside(node):
            return [self.stream(node)], lambda values: values[0]
        assert isinstance(node, ast.Call)
        func = node.func
        if isinstance(func, ast.Attribute):
            return [self.expr(func.value)], lambda values: op("stream_meth", const(False), values[0], const(func.attr))
        operands = [self.expr(func), *[self.expr(a) for a in node.args], *[self.expr(k.value) for k in node.keywords]]
        names = [k.arg for k in node.keywords]
        last = len(operands) - len(names)
        return operands, lambda values: op(
            "stream_call", const(False), *values[:last], keywords=[ast.keyword(n, v) for n, v in zip(names, values[last:], strict=True)]
        )

    def over(
        self, node: ast.expr, iterable: ast.expr, call: Callable[[ast.expr], ast.expr], parameters: Callable[[], list[str]]
    ) -> ast.expr:
        """``call(iterator)``, in a piece that forks if the iterable is pending.

        Args:
            node: the comprehension.
            call: the lowered call of the comprehension's own piece, of an iterator; lowers what is behind the iterable.
            parameters: the locals that it reads, asked for after that.
        """
        if self.scope.known.of(node).walruses:
            return call(self.iterable(iterable, node))
        operands, source = self._parts(iterable)
        names = [f"{PREFIX}i{k}" for k in range(len(operands))]
        made = place(source([load(n) for n in names]), iterable)
        at = getattr(node, "poppy_around", node) if sys.version_info < (3, 13) else iterable
        inside = call(place(op("iterate", made), at))  # type: ignore[arg-type]
        params = parameters()
        whole = [ast.copy_location(ast.Expr(node), node)]
        fit = node.__dict__.get(FIT)
        checks = {} if fit is None else {PREFIX + "fit": fit}
        piece = self.scope.hoist("f", [*names, *checks, *params], [place(ast.Return(inside), node)], node, whole)
        return op("fork_over", load(piece), const(len(names)), *operands, *checks.values(), *[self.scope.pass_value(p) for p in params])
