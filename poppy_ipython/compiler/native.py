"""Loops and comprehensions in two forms: lowered, and as written behind a guard.

    if quiet(k, a, b):                     (``engine/guards.py`` decides)
        a, b = settle_locals(a, b)         in a function: values where pendings stood
        for x in a: b.append(x)            as written, places and all
    else:
        ...                                lowered

In the cell's own scope the native form is a native statement of the cell (``nat``), run in its namespace. In a function a name that may be
unbound holds a sentinel, so the native form deletes it before, and puts the sentinel back wherever the name is unbound
afterwards, however the loop is left; inside a ``try`` the new bindings are logged, as the lowered form does.

An expression's native form is a lambda over the locals that it reads, like a segment's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from . import scopes
from .abi import FIT, MARK, PREFIX, Node, changed, const, lambda_, load, op, operation, place, store, walk
from .guards import guard_of

#: stands for the rest of an iterator in a native statement of the cell
REST = MARK + "rest of the loop"


def two_ways(lowering: Any, node: Any, lowered: Callable[[Any], list[ast.stmt]]) -> list[ast.stmt]:
    """The loop ``node``: ``lowered(node)``, beside its native form if there is one."""
    scope = lowering.scope
    bound, mentioned, maybe = _names(scope, node)
    guard = None
    if not scopes.jumps_out(node) if scope.cell else not bound & (scope.global_names | scope.shared):
        guard = guard_of([node], mentioned, scope.class_name)
    if guard is None:
        return lowered(node)
    if (scope.captured | scope.shared) & (bound | scopes.free(node)):  # a closure may look at it
        guard = replace(guard, closed=None)
    bindings = scope.bindings
    index = len(scope.guards)
    scope.guards.append(guard)
    test = op("quiet", const(index), *[load(n) for n in mentioned])
    rest = lowered(changed(node, poppy_guard=index))
    if scope.cell:
        return [ast.If(test, [lowering.native_form(node)], rest)]
    return [ast.If(test, _in_function(node, mentioned, maybe, bound, bindings), rest)]


def _names(scope: Any, node: ast.stmt) -> tuple[set[str], list[str], list[str]]:
    """What the loop binds; the locals that it mentions; those of them that may be unbound before it."""
    facts = scope.known.of(node)
    bound = facts.assigned
    mentioned = sorted(n for n in bound | facts.free if scope.is_local(n) and n not in scope.captured)
    return bound, mentioned, [n for n in mentioned if scope.may_be_unbound(n)]


def change_over(lowering: Any, node: Any, iterator: str = "", item: str = "") -> tuple[list[ast.stmt], list[ast.stmt]]:
    """What a lowered loop does to become native in the middle, if it turns out to be heavy: before it, and in each round.

        tick = ticker(k)
        for item in iterator:
            if tick():                                            waits for the head first
                for target in rest(item, iterator): …             the loop as written
                break

    A ``while`` does so at the end of a round, and then tests again.
    """
    index = getattr(node, "poppy_guard", None)
    if index is None:
        return [], []
    scope = lowering.scope
    tick = f"{PREFIX}k{scope.fresh()}"
    native = node
    if isinstance(node, ast.For):
        rest = op("rest", load(item), load(iterator))
        native = changed(node, iter=ast.copy_location(const(REST), node.iter) if scope.cell else place(rest, node.iter))
    if scope.cell:
        change: list[ast.stmt] = [lowering.native_form(native)]
        if isinstance(node, ast.For):
            change = [ast.Expr(op("nat_rest", const(len(lowering.natives) - 1), rest))]
    else:
        bound, mentioned, maybe = _names(scope, node)
        change = _in_function(native, mentioned, maybe, bound, scope.bindings)
    before: list[ast.stmt] = [ast.Assign([store(tick)], op("ticker", const(index)))]
    return before, [ast.If(ast.Call(load(tick), [], []), [*change, ast.Break()], [])]


def comprehension_change(node: Any, element: ast.expr, loop: ast.For, names: Sequence[str], parts: bool) -> list[ast.stmt]:
    """The same for the outlined loop of a comprehension, which collects in ``acc`` (items, or lists of them)."""
    index = getattr(node, "poppy_guard", None)
    if index is None:
        return []
    acc, part = PREFIX + "acc", PREFIX + "part"
    item = ast.Tuple(element.elts, ast.Load()) if isinstance(element, ast.Tuple) else element
    if FIT in node.__dict__:
        item = op("fits", load(PREFIX + "fit"), item)
    collect = ast.Call(ast.Attribute(load(part if parts else acc), "append", ast.Load()), [item], [])
    body: list[ast.stmt] = [ast.Expr(collect)]
    for generator in reversed(node.generators):
        for condition in reversed(generator.ifs):
            body = [ast.If(condition, body, [])]
        body = [ast.For(generator.target, generator.iter, body, [])]
    assert isinstance(body[0], ast.For) and isinstance(loop.target, ast.Name)
    body[0].iter = op("rest", load(loop.target.id), load(PREFIX + "it"))
    if parts:
        kept = ast.Call(ast.Attribute(load(acc), "append", ast.Load()), [load(part)], [])
        body = [ast.Assign([store(part)], ast.List([], ast.Load())), *body, ast.Expr(kept)]
    if names:
        values = op("settle_locals", *[load(n) for n in names])
        body = [ast.Assign([ast.Tuple([store(n) for n in names], ast.Store())], values), *body]
    loop.body.insert(0, ast.If(ast.Call(load(PREFIX + "tick"), [], []), [*body, ast.Break()], []))
    return [ast.Assign([store(PREFIX + "tick")], op("ticker", const(index)))]


def _in_function(
    native: ast.stmt, mentioned: Sequence[str], maybe: Sequence[str], bound: set[str], bindings: str | None
) -> list[ast.stmt]:
    values = op("settle_locals", *[load(n) for n in mentioned])
    result: list[ast.stmt] = [ast.Assign([ast.Tuple([store(n) for n in mentioned], ast.Store())], values)]
    after: list[ast.stmt] = []
    deleted = {n.id for n in walk(native) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    unbound = operation("UNBOUND")
    for name in maybe:
        gone: list[ast.stmt] = [ast.Delete([ast.Name(name, ast.Del())])]
        result.append(ast.If(ast.Compare(load(name), [ast.Is()], [unbound]), gone, []))
    for name in mentioned:
        if name in maybe or name in deleted:
            missing = ast.ExceptHandler(operation("UnboundLocalError"), None, [ast.Assign([store(name)], unbound)])
            after.append(ast.Try([ast.Expr(load(name))], [missing], [], []))
        if bindings and name in bound:
            after.append(ast.Expr(op("log_binding", load(bindings), const(name), load(name))))
    return [*result, ast.Try([native], [], [], after)] if after else [*result, native]


def expression_two_ways(lowering: Any, node: ast.expr, lowered: Callable[[], ast.expr]) -> ast.expr:
    """The comprehension (or its consumer) ``node``: ``lowered()``, beside its native form if there is one."""
    scope = lowering.scope
    facts = scope.known.of(node)
    if facts.walruses:
        return lowered()
    names = sorted(n for n in facts.free if scope.is_local(n))
    guard = None
    if not any(n in scope.captured and n not in scope.targets for n in names):
        guard = guard_of([node], names, scope.class_name)
    if guard is None or any(scope.may_be_unbound(n) for n in names):
        return lowered()
    if scope.cell and scope.targets and not names:  # inside another one; its native form has the cell's frame
        return lowered()
    index = len(scope.guards)
    scope.guards.append(guard)
    comprehension: Any = node.args[0] if isinstance(node, ast.Call) else node
    comprehension.poppy_guard = index
    values = [load(n) for n in names]
    if names:
        inside = {n: f"{PREFIX}v{i}" for i, n in enumerate(names)}
        fast: ast.expr = op("run_native", lambda_(list(inside.values()), renamed(node, inside)), *[load(n) for n in names])
    else:
        fast = lowering.native_expression(node) if scope.cell else node
    return ast.IfExp(place(op("quiet", const(index), *values), node), fast, lowered())  # type: ignore[arg-type]


def renamed(node: Node, names: dict[str, str]) -> Node:
    """``node`` with free names replaced; what comprehensions and lambdas bind themselves is left alone."""
    if isinstance(node, ast.Name):
        new = names.get(node.id)
        return node if new is None else changed(node, id=new)
    inner, outside = names, None
    if isinstance(node, scopes.COMPREHENSIONS):
        inner, outside = _without(names, scopes.targets_of(node)), node.generators[0].iter
    elif isinstance(node, ast.Lambda):
        args = node.args
        defaults = [renamed(d, names) for d in args.defaults]
        kw_defaults = [d if d is None else renamed(d, names) for d in args.kw_defaults]
        inner = _without(names, set(scopes.parameters(args)))
        return changed(node, args=changed(args, defaults=defaults, kw_defaults=kw_defaults), body=renamed(node.body, inner))
    fields: dict[str, Any] = {}
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            fields[field] = renamed(value, inner)
        elif isinstance(value, list):
            fields[field] = [renamed(v, inner) if isinstance(v, ast.AST) else v for v in value]
    if outside is not None:
        first, *rest = fields["generators"]
        fields["generators"] = [changed(first, iter=renamed(outside, names)), *rest]
    return changed(node, **fields)


def _without(names: dict[str, str], bound: set[str]) -> dict[str, str]:
    return {old: new for old, new in names.items() if old not in bound}
