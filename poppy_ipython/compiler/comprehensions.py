"""Comprehensions, lowered: a loop in an outlined function that collects its items, beside the native form."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

from . import scopes
from .abi import FIT, PREFIX, changed, const, load, op, operation, place, store, walk
from .native import comprehension_change, expression_two_ways

if TYPE_CHECKING:

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object

#: comprehensions that have a frame of their own (Python 3.12 inlines all but generator expressions)
FRAMES: dict[type, str] = {ast.GeneratorExp: "<genexpr>"}
if sys.version_info < (3, 12):
    FRAMES |= {ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>"}


class Comprehensions(_Base):
    """Part of the lowering."""

    def expr_ListComp(self, node: ast.ListComp) -> ast.expr:
        return expression_two_ways(self, node, lambda: self.comprehension(node, lambda items: op("new_list", items)))

    def expr_SetComp(self, node: ast.SetComp) -> ast.expr:
        return expression_two_ways(self, node, lambda: self.hashing(node, "set"))

    def expr_DictComp(self, node: ast.DictComp) -> ast.expr:
        return expression_two_ways(self, node, lambda: self.hashing(node, "dict"))

    def hashing(self, node: ast.SetComp | ast.DictComp, made: str) -> ast.expr:
        """The keys are hashed when all items have been asked for; each behind its own where that may write."""
        fitted = fitting(node, "{}" if made == "set" else "{:}")
        collected: ast.expr = self.comprehension(fitted, lambda items: op("new_" + made, items))
        if any(isinstance(n, (ast.NamedExpr, ast.Await)) or getattr(n, "is_async", 0) for n in walk(node)):
            return collected
        return ast.IfExp(place(op("combining_writes", const(made)), node), self.as_written(node, "run_native"), collected)  # type: ignore[arg-type]

    def comprehension(self, node, make, stop: str | None = None):  # type: ignore[no-untyped-def]
        """A comprehension: a loop in an outlined function that collects its items.

        ``stop`` is ``"any"`` or ``"all"``: the loop returns at the first item that decides.
        """
        targets = sorted(scopes.targets_of(node))
        mentioned, kept = scopes.closed_over(node)
        conditional = bool(len(node.generators) > 1 or any(g.ifs for g in node.generators)) and stop is None
        element = ast.Tuple([node.key, node.value], ast.Load()) if isinstance(node, ast.DictComp) else node.elt

        def call(first: ast.expr) -> ast.Call:
            inner = self.inside()
            inner.scope.enter_comprehension(targets, mentioned, kept)
            piece, frame = self.scope.piece_name("c"), FRAMES.get(type(node))
            if frame is not None:
                inner.scope.owner, inner.scope.nested = piece, True
            acc = PREFIX + "acc"
            body = inner.generator_body(node, element, 0, stop, conditional)
            result = op("finish", load(acc)) if conditional else load(acc)
            end = const(stop == "all") if stop else make(result)
            params = self.scope.passed([node], without=targets)
            start = [] if stop else comprehension_change(node, element, body[0], [p for p in params if p != self.scope.bindings], conditional)
            statements = [ast.Assign([store(acc)], ast.List([], ast.Load())), *start, *body, ast.Return(end)]
            if frame is not None and scopes.awaits(node):
                statements = _coroutine(statements, node)
            values = [self.scope.pass_value(p) for p in params]
            whole = [ast.copy_location(ast.Expr(node), node)]
            fit = _parameter(node)
            name = self.scope.hoist("c", [PREFIX + "it", *fit, *params], [place(s, node) for s in statements], node, whole, piece, frame, targets)
            return op("expr" if conditional or stop else "comp", load(name), first, *map(load, fit), *values)

        if node.generators[0].is_async:
            return call(self.async_iterator(node.generators[0].iter, node))
        return self.over(node, node.generators[0].iter, call, lambda: self.scope.passed([node], without=targets))

    def generator_body(self, node, element, index, stop, conditional):  # type: ignore[no-untyped-def]
        """The ``for`` of generator ``index`` with everything below it."""
        generator = node.generators[index]
        source = load(PREFIX + "it") if index == 0 else self.iterable(generator.iter, node)
        temp = f"{PREFIX}x{index}"
        bind = self.assign(generator.target, load(temp))
        acc = load(PREFIX + "acc")
        if stop:
            test: ast.expr = op("truth", self.expr(element))
            if stop == "all":
                test = ast.UnaryOp(ast.Not(), test)
            inside: list[ast.stmt] = [ast.If(test, [ast.Return(const(stop == "any"))], [])]
            for condition in reversed(generator.ifs):
                inside = [ast.If(op("truth", self.expr(condition)), inside, [])]
            if index + 1 < len(node.generators):
                raise AssertionError("any/all over several generators is lowered as a list")
        elif conditional:
            inside = self.part(node, element, index, list(generator.ifs))
        else:
            value = fits(node, self.pair(element))
            inside = [ast.Expr(ast.Call(ast.Attribute(acc, "append", ast.Load()), [value], []))]
        return [ast.For(store(temp), source, [*bind, *inside], [])]

    def pair(self, element: ast.expr) -> ast.expr:
        """The item: for a dict comprehension a raw pair, which only ``new_dict`` sees."""
        if isinstance(element, ast.Tuple) and not hasattr(element, "lineno"):
            return ast.Tuple([self.expr(e) for e in element.elts], ast.Load())
        return self.expr(element)

    def part(self, node, element, index, conditions):  # type: ignore[no-untyped-def]
        """Append the list of items that one round contributes: now, or pending on its condition."""
        acc = load(PREFIX + "acc")
        more = index + 1 < len(node.generators)
        if not conditions and not more:
            return [ast.Expr(ast.Call(ast.Attribute(acc, "append", ast.Load()), [ast.List([fits(node, self.pair(element))], ast.Load())], []))]
        if conditions:
            reads = [*conditions[1:], element, *[p for g in node.generators[index + 1 :] for p in (g.iter, *g.ifs)]]
            params = self.scope.passed(reads, without=_bound_by(node.generators[index + 1 :]))
            inner = self.inside()
            rest = inner.part(node, element, index, conditions[1:])
            body = [
                ast.Assign([store(PREFIX + "acc")], ast.List([], ast.Load())),
                ast.If(op("truth", load(PREFIX + "t")), rest, []),
                ast.Return(op("finish", load(PREFIX + "acc"))),
            ]
            fit = _parameter(node)
            name = self.scope.hoist("p", [PREFIX + "t", *fit, *params], [place(s, node) for s in body], node, [ast.copy_location(ast.Expr(node), node)])
            value = op("expr_if", load(name), self.expr(conditions[0]), *map(load, fit), *[self.scope.pass_value(p) for p in params])
            return [ast.Expr(ast.Call(ast.Attribute(acc, "append", ast.Load()), [value], []))]
        following = node.generators[index + 1]
        reads = [element, *following.ifs, *[p for g in node.generators[index + 2 :] for p in (g.iter, *g.ifs)]]
        params = self.scope.passed(reads, without=_bound_by(node.generators[index + 1 :]))

        def call(source: ast.expr) -> ast.Call:
            inner = self.inside()
            loop = inner.generator_body(node, element, index + 1, None, True)
            loop[0].iter = load(PREFIX + "it")
            body = [ast.Assign([store(PREFIX + "acc")], ast.List([], ast.Load())), *loop, ast.Return(op("finish", load(PREFIX + "acc")))]
            whole = [ast.copy_location(ast.Expr(node), node)]
            own = scopes.targets_of(node)  # also where the function has a captured variable of that name
            fit = _parameter(node)
            name = self.scope.hoist("g", [PREFIX + "it", *fit, *params], [place(s, node) for s in body], node, whole, own=own)
            return op("expr", load(name), source, *map(load, fit), *[self.scope.pass_value(p) for p in params])

        begun = changed(node, **{FIT: load(PREFIX + "fit")}) if FIT in node.__dict__ else node
        items = call(self.async_iterator(following.iter, node)) if following.is_async else self.over(begun, following.iter, call, lambda: params)
        return [ast.Expr(ast.Call(ast.Attribute(acc, "append", ast.Load()), [items], []))]


def _coroutine(statements: list[ast.stmt], node: ast.AST) -> list[ast.stmt]:
    """The body of a frame that is a coroutine's: a ``StopIteration`` leaves it as a ``RuntimeError``."""
    caught = PREFIX + "e"
    at = ast.Pass(lineno=node.lineno, end_lineno=node.lineno, col_offset=0, end_col_offset=0)  # type: ignore[attr-defined]
    raised = place(ast.Raise(op("left", load(caught)), None), at)
    handler = ast.ExceptHandler(operation("StopIteration"), caught, [raised])  # type: ignore[list-item]
    return [ast.Try([place(s, node) for s in statements], [handler], [], [])]  # type: ignore[misc]


def fitting(node: Any, reader: str, **given: ast.expr) -> Any:
    """``node``, each of whose items is checked before those behind it are made, if making them does anything (and its loop is in a piece of
    its own)."""
    if not does_something(node) or node.generators[0].is_async or any(isinstance(n, ast.NamedExpr) for n in walk(node)):
        return node
    return changed(node, **{FIT: op("fit", const(reader), keywords=[ast.keyword(name, value) for name, value in given.items()])})


def _parameter(node: Any) -> list[str]:
    """The parameter of a piece of ``node`` that takes the state of its checks, if it has any."""
    return [PREFIX + "fit"] if FIT in node.__dict__ else []


def does_something(node: Any) -> bool:
    """Is something called for each item?"""
    element = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return any(map(scopes.has_call, [*element, *[c for g in node.generators for c in g.ifs], *[g.iter for g in node.generators[1:]]]))


def fits(node: Any, item: ast.expr) -> ast.expr:
    """``item``, checked where Python stores it."""
    if FIT not in node.__dict__:
        return item
    return place(op("fits", load(PREFIX + "fit"), item), _stored_at(node))  # type: ignore[return-value]


def _stored_at(node: Any) -> ast.AST:
    """Where Python says that an item is stored: up to 3.11 where it last jumped on a comparison, or the whole."""
    if isinstance(node, ast.GeneratorExp):
        return node
    if sys.version_info < (3, 12):
        compared = [c for g in node.generators for test in g.ifs for c in _compared(test)]
        return compared[-1] if compared else node
    if isinstance(node, ast.SetComp):
        return node.elt  # type: ignore[no-any-return]
    key, value = node.key, node.value
    at = ast.Pass(lineno=key.lineno, col_offset=key.col_offset)
    at.end_lineno, at.end_col_offset = value.end_lineno, value.end_col_offset
    return at


def _compared(test: ast.expr) -> list[ast.expr]:
    """The comparisons that Python jumps on for ``test``, in order."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _compared(test.operand)
    if isinstance(test, ast.BoolOp):
        return [c for value in test.values for c in _compared(value)]
    if isinstance(test, ast.IfExp):
        return [c for value in (test.test, test.body, test.orelse) for c in _compared(value)]
    return [test] if isinstance(test, ast.Compare) else []


def _bound_by(generators: list[ast.comprehension]) -> set[str]:
    return {n.id for g in generators for n in walk(g.target) if isinstance(n, ast.Name)}
