"""What the lowering asks again and again of a statement, found in one walk and remembered.

Which names does it bind, delete, mention; does it call, yield, jump out? Each level of nesting asks of all that is inside it, so a
walk for each question, at each level, took half of the time of a compilation. Here a node is looked at once, and what is
found of a compound statement is put together from what is known of those inside it.

Known by identity, and for as long as one scope is lowered: trees are not changed meanwhile (see ``abi.changed``), and the table
keeps its nodes alive, so that no identity is given twice. Decided against: attributes of the nodes (a copy of a node would carry
them along, true no longer).

The meaning of each fact is that of the function of the same name in :mod:`~poppy_ipython.compiler.scopes`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import scopes
from .abi import children, walk

_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Facts:
    """Of one node, in its own scope; the sets that look into nested scopes are made when they are first asked for."""

    __slots__ = (
        "_captured", "_free", "_nested", "_parts", "_used", "_walruses", "assigned", "calls", "cleared", "defines", "deleted", "deletes",
        "yields",
    )  # fmt: skip

    def __init__(self) -> None:
        self.assigned: set[str] = set()
        self.deleted: set[str] = set()
        #: names of handlers, which are unbound behind them
        self.cleared: set[str | None] = set()
        self.calls = self.yields = False
        #: is there a ``del``; a ``def`` or a ``global``?
        self.deletes = self.defines = False
        self._used: set[str] = set()
        self._free: set[str] = set()
        self._captured: set[str] = set()
        self._walruses: set[str] = set()
        #: of the statements inside; what is of this node has a nested scope in it: neither is part of the sets yet
        self._parts: list[Facts] = []
        self._nested: list[ast.AST] = []

    def add(self, part: Facts) -> None:
        """The facts of a statement inside."""
        self.assigned |= part.assigned
        self.deleted |= part.deleted
        self.cleared |= part.cleared
        self.calls |= part.calls
        self.yields |= part.yields
        self.deletes |= part.deletes
        self.defines |= part.defines
        self._parts.append(part)

    def _complete(self) -> Facts:
        parts, nested = self._parts, self._nested
        if parts or nested:
            self._parts, self._nested = [], []
            for part in parts:
                part._complete()
                self._used |= part._used
                self._free |= part._free
                self._captured |= part._captured
                self._walruses |= part._walruses
            for top in nested:
                self._free |= scopes.free(top)
                self._captured |= scopes.captured([top])
                self._used |= scopes.used([top])
                self._walruses.update(n.target.id for n in walk(top) if isinstance(n, ast.NamedExpr))
        return self

    @property
    def used(self) -> set[str]:
        return self._complete()._used

    @property
    def free(self) -> set[str]:
        return self._complete()._free

    @property
    def captured(self) -> set[str]:
        return self._complete()._captured

    @property
    def walruses(self) -> set[str]:
        """Names that ``:=`` binds, in nested scopes as well."""
        return self._complete()._walruses


class Known:
    """The facts of the nodes of one scope."""

    def __init__(self) -> None:
        self._facts: dict[int, tuple[ast.AST, Facts]] = {}

    def of(self, node: ast.AST) -> Facts:
        """The facts of ``node``, which nobody may change.

        >>> facts = Known().of(ast.parse("for x in f(y):\\n  if x: z = [i for i in x]").body[0])
        >>> sorted(facts.assigned), sorted(facts.free), sorted(facts.used), facts.calls
        (['x', 'z'], ['f', 'x', 'y', 'z'], ['f', 'i', 'x', 'y', 'z'], True)
        """
        known = self._facts.get(id(node))
        if known is None:
            known = self._facts[id(node)] = node, self._look(node)
        return known[1]

    def assigned(self, nodes: Iterable[ast.AST]) -> set[str]:
        return set().union(*[self.of(node).assigned for node in nodes])

    def _look(self, node: ast.AST) -> Facts:
        facts = Facts()
        here = [node]  # what is looked at now: no statements inside another
        if isinstance(node, _BLOCKS) and not isinstance(node, scopes.SCOPES):
            here = []
            _itself(node, facts)
            for part in children(node):
                if isinstance(part, _BLOCKS):
                    facts.add(self.of(part))
                else:
                    here.append(part)
        inner: set[int] = set()  # names that look bound and are not, here
        if isinstance(node, ast.AnnAssign) and not node.simple and node.value is None:
            inner.add(id(node.target))
        for top in here:
            _look_at(top, facts, inner)
        return facts


def _look_at(top: ast.AST, facts: Facts, inner: set[int]) -> None:
    """Add what is found of ``top`` in one walk of its own scope."""
    comprehends = nested = False
    mentioned: set[str] = set()
    for part in scopes.walk_scope(top):
        if isinstance(part, ast.Name):
            mentioned.add(part.id)
            if not isinstance(part.ctx, ast.Load):
                if id(part) not in inner:
                    facts.assigned.add(part.id)
                if isinstance(part.ctx, ast.Del):
                    facts.deleted.add(part.id)
        elif isinstance(part, ast.Call):
            facts.calls = True
        elif isinstance(part, scopes.COMPREHENSIONS):  # itself comes before its targets
            comprehends = True
            nested = nested or isinstance(part, ast.GeneratorExp)
            for generator in part.generators:
                inner.update(id(n) for n in walk(generator.target))
        elif isinstance(part, scopes.SCOPES):
            nested = True
            _itself(part, facts)
        elif isinstance(part, ast.NamedExpr):
            facts._walruses.add(part.target.id)
        elif isinstance(part, ast.Await):
            facts.calls = True
        elif isinstance(part, (ast.Yield, ast.YieldFrom)):
            facts.calls = facts.yields = True
        elif not isinstance(part, ast.expr):
            _itself(part, facts)
    if nested:
        facts._nested.append(top)
    else:
        facts._used |= mentioned
        facts._free |= scopes.free(top) if comprehends else mentioned


def _itself(node: ast.AST, facts: Facts) -> None:
    """Add what ``node`` does that is no expression, apart from what is below it."""
    facts.assigned |= scopes.named_by(node)
    if isinstance(node, ast.ExceptHandler):
        facts.cleared.add(node.name)
        if node.name:
            facts._used.add(node.name)
            facts._free.add(node.name)
    elif isinstance(node, ast.Delete):
        facts.deletes = True
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Global, ast.Nonlocal)):
        facts.defines = True
