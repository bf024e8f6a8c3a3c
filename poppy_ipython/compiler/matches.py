"""``match``, lowered: the patterns choose natively, the bodies are lowered.

    j, c = select(selector, subject, …)        the number of the case that matches, and what it captures
    if j == 1:                                 a case with a guard
        a = c[0]
        if not truth(guard): j = -1
    if j == -1: j, c = select(…)               the cases behind that
    if j == 0: …                               the bodies
    if j == 1: …

A selector is a function with a ``match`` that has the patterns as written and returns at once; it is a piece of the function, so
errors in a pattern have their own line. It waits for its subject, like the test of an ``if``; ``engine/matches.py`` says when it may run ahead of
its turn. What a pattern names (``Colour.RED``, ``Point(x=0)``) is looked up where the pattern is tried, as in a plain run: a selector that
names anything but builtin classes of plain data runs when its turn has come.

Guards are no part of a selector: they may call something. A case behind a failing guard is tried with a selector of its own, which begins there;
patterns look at nothing that a pattern before them has changed.

Decided against: an ``if`` chain of comparisons (what ``case [a, *_]`` asks of its subject is Python's business).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import scopes
from .abi import PREFIX, changed, children, const, forget, load, op, operation, place, store, walk
from .tries import leaves

if TYPE_CHECKING:
    from typing import Any

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object

#: classes whose patterns look at the class of their subject and at nothing else
PLAIN_CLASSES = frozenset({"str", "int", "float", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset"})


class Matches(_Base):
    """Part of the lowering."""

    def stmt_Match(self, node: ast.Match) -> list[ast.stmt]:
        if not self.outlinable(node):
            return self.inline_match(node, self.expr(node.subject))
        if all(_plain(p) and depth(p) == 0 for p in patterns(node)):  # it needs its subject and nothing else
            return self.outlined(node, lambda inner: inner.inline_match(node, load(PREFIX + "t")), "match", test=node.subject)  # type: ignore[no-any-return]
        return self.outlined(node, lambda inner: inner.inline_match(node, inner.expr(node.subject)), "match")  # type: ignore[no-any-return]

    def inline_match(self, node: ast.Match, subject: ast.expr) -> list[ast.stmt]:
        scope = self.scope
        number = scope.fresh()
        whole, chosen, caught = (f"{PREFIX}{letter}{number}" for letter in "wjc")
        before = set(scope.bound)
        captures = [captured(case.pattern) for case in node.cases]

        def bound(k: int) -> list[ast.stmt]:
            found: list[ast.stmt] = []
            for place_, name in enumerate(captures[k]):
                found += scope.bind(name, ast.Subscript(load(caught), const(place_), ast.Load()))
            return [place(s, node.cases[k].pattern) for s in found]  # type: ignore[misc]

        result: list[ast.stmt] = [ast.Assign([store(whole)], subject)]
        first = 0
        while first < len(node.cases):
            last = next((k for k in range(first, len(node.cases)) if node.cases[k].guard is not None), len(node.cases) - 1)
            at = node.cases[first].pattern
            select = self.select(node, first, last, captures, load(whole))
            part: list[ast.stmt] = [ast.Assign([ast.Tuple([store(chosen), store(caught)], ast.Store())], select)]
            guard = node.cases[last].guard
            if guard is not None:
                here = bound(last)
                failed = ast.UnaryOp(ast.Not(), op("truth", self.expr(guard)))
                scope.bound = set(before)
                again = ast.If(failed, [ast.Assign([store(chosen)], const(-1))], [])
                part.append(place(ast.If(is_(chosen, last), [*here, again], []), guard))  # type: ignore[arg-type]
            if first:
                part = [ast.If(is_(chosen, -1), part, [])]
            result += [place(s, at) for s in part]  # type: ignore[misc]
            first = last + 1
        result.append(forget(whole))
        ends: list[set[str]] = []
        for k, case in enumerate(node.cases):
            scope.bound = before | set(captures[k])
            names = bound(k) if case.guard is None else []
            body = [*names, forget(caught), *self.block(case.body)]
            if not leaves(case.body):
                ends.append(set(scope.bound))
            result.append(place(ast.If(is_(chosen, k), body, []), case.pattern))  # type: ignore[arg-type]
        if not always(node.cases[-1]):
            ends.append(before)
        scope.bound = set.intersection(*ends) if ends else before
        return [*result, forget(caught)]

    def select(self, node: ast.Match, first: int, last: int, captures: list[list[str]], subject: ast.expr) -> ast.expr:
        """The choice among the cases from ``first`` to ``last``, none of which has a guard but for the last."""
        number = self.scope.fresh()
        cases: list[ast.match_case] = []
        stars: list[tuple[int, ...]] = []
        tried = node.cases[first : last + 1]
        for k, case in enumerate(tried, first):
            names = {name: f"{PREFIX}c{number}_{k}_{i}" for i, name in enumerate(captures[k])}
            caught = ast.Tuple([load(names[name]) for name in captures[k]], ast.Load())
            given = place(ast.Return(ast.Tuple([const(k), caught], ast.Load())), case.pattern)
            cases.append(ast.match_case(self.renamed(case.pattern, names), None, [given]))  # type: ignore[list-item]
            starred = _starred(case.pattern)
            stars.append(tuple([i for i, name in enumerate(captures[k]) if name in starred]))
        nothing = ast.Return(ast.Tuple([const(-1), ast.Tuple([], ast.Load())], ast.Load()))
        choice = place(ast.Match(load(PREFIX + "t"), cases), node)
        looked_up = [case.pattern for case in tried]
        names_used = [n for p in looked_up for n in _names(p)]
        plain = all(map(_plain, looked_up)) and not any(self.own(n) for n in names_used)
        params = [] if plain else self.scope.passed([ast.Name(n, ast.Load()) for n in names_used])
        params = [p for p in params if p != self.scope.bindings]
        unbound = [
            ast.If(ast.Compare(load(p), [ast.Is()], [operation("UNBOUND")]), [ast.Delete([ast.Name(p, ast.Del())])], [])
            for p in params
            if self.scope.may_be_unbound(p)
        ]
        body = [place(s, node) for s in (*unbound, choice, nothing)]
        name = self.scope.hoist("m", [PREFIX + "t", *params], body, node, [node])
        classes = [place(self.scope.read(n), node) for n in dict.fromkeys(names_used)] if plain else []
        how = const(max(map(depth, looked_up)) if plain else -1)
        expected = const(tuple(dict.fromkeys(names_used)) if plain else ())
        return op(
            "select", load(name), subject, how, const(first), const(tuple(stars)), expected, ast.Tuple(classes, ast.Load()), *[load(p) for p in params]  # type: ignore[arg-type]
        )

    def own(self, name: str) -> bool:
        """Is ``name`` one that the function binds or takes from the one around it?"""
        return self.scope.is_local(name) or (not self.scope.cell and name in self.scope.free)

    def renamed(self, pattern: Any, names: dict[str, str]) -> Any:
        """``pattern`` with other names for what it captures, and private attributes as its class has them."""
        fields: dict[str, Any] = {}
        for field, value in pattern.__dict__.items():
            if isinstance(value, ast.pattern):
                fields[field] = self.renamed(value, names)
            elif isinstance(value, ast.Attribute):
                fields[field] = self.mangled(value)
            elif isinstance(value, list) and field in ("patterns", "kwd_patterns", "keys"):
                fields[field] = [self.renamed(v, names) if isinstance(v, ast.pattern) else self.mangled(v) for v in value]
        name = "rest" if isinstance(pattern, ast.MatchMapping) else "name"
        if getattr(pattern, name, None) is not None:
            fields[name] = names[getattr(pattern, name)]
        return changed(pattern, **fields)

    def mangled(self, node: ast.expr) -> ast.expr:
        if not isinstance(node, ast.Attribute):
            return node
        return changed(node, value=self.mangled(node.value), attr=self.scope.mangle(node.attr))


def is_(name: str, number: int) -> ast.expr:
    return ast.Compare(load(name), [ast.Eq()], [const(number)])


def patterns(node: ast.Match) -> list[ast.pattern]:
    return [case.pattern for case in node.cases]


def captured(pattern: ast.pattern) -> list[str]:
    """The names that ``pattern`` captures, in the order of binding.

    >>> captured(ast.parse("match x:\\n  case {'k': [a, *b], **c} as d: pass").body[0].cases[0].pattern)
    ['a', 'b', 'c', 'd']
    """
    if isinstance(pattern, ast.MatchOr):
        return captured(pattern.patterns[0])
    inside = [name for part in children(pattern) if isinstance(part, ast.pattern) for name in captured(part)]
    return [*inside, *scopes.named_by(pattern)]


def _starred(pattern: ast.pattern) -> set[str | None]:
    """Those of them that are new containers: ``*rest``, ``**rest``."""
    return {
        part.name if isinstance(part, ast.MatchStar) else part.rest if isinstance(part, ast.MatchMapping) else None for part in walk(pattern)
    } - {None}


def depth(pattern: ast.pattern) -> int:
    """How many containers inside each other ``pattern`` looks into.

    >>> [depth(case.pattern) for case in ast.parse("match x:\\n  case 1 | 'a': pass\\n  case [_, {'k': v}]: pass").body[0].cases]
    [0, 2]
    """
    below = max([depth(part) for part in children(pattern) if isinstance(part, ast.pattern)], default=0)
    return below + isinstance(pattern, (ast.MatchSequence, ast.MatchMapping))


def _names(pattern: ast.pattern) -> list[str]:
    return [part.id for part in walk(pattern) if isinstance(part, ast.Name)]


def _plain(pattern: ast.AST) -> bool:
    """Does ``pattern`` compare with literals only, and ask for builtin classes of plain data?"""
    if isinstance(pattern, ast.MatchClass):
        name = pattern.cls.id if isinstance(pattern.cls, ast.Name) else ""
        if name not in PLAIN_CLASSES or pattern.kwd_attrs or len(pattern.patterns) > 1:
            return False
        return all(map(_plain, pattern.patterns))
    parts = children(pattern)
    if any(not isinstance(part, ast.pattern) and not _literal(part) for part in parts):
        return False
    return all(_plain(part) for part in parts if isinstance(part, ast.pattern))


def _literal(node: ast.AST) -> bool:
    return all(isinstance(part, (ast.Constant, ast.UnaryOp, ast.BinOp)) for part in walk(node))


def always(case: ast.match_case) -> bool:
    """Does the case take whatever is left?"""
    pattern: ast.pattern | None = case.pattern
    while isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        pattern = pattern.pattern
    if isinstance(pattern, ast.MatchOr):
        pattern = pattern.patterns[-1]
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None


__all__ = ["PLAIN_CLASSES", "Matches", "depth", "patterns"]
