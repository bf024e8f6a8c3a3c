"""Which names a piece of program binds, reads and captures, and which pieces cannot be lowered.

Nested function scopes are looked into only for what they capture.  Comprehension targets belong to the comprehension;
a walrus inside one belongs to the scope around it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from .abi import changed, children, walk

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, ast.ClassDef)
_CLOSURES = (*SCOPES, ast.GeneratorExp)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: consumers of a generator expression that read all of it, in order, at once
CONSUMERS = frozenset({"sum", "list", "tuple", "set", "sorted", "min", "max", "frozenset", "dict", "any", "all"})
#: builtins that look at the frame that calls them
FRAME_READERS = frozenset({"locals", "vars", "exec", "eval", "dir", "globals", "breakpoint", "__import__", "compile"})


def walk_scope(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what is below it in the same scope (a nested scope's node itself, not its inside)."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, SCOPES):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            below = [*decorators, *_outer_parts(node)]
        else:
            below = children(node)
        below.reverse()
        todo += below


def _outer_parts(node: ast.AST) -> list[ast.AST]:
    """Parts of a nested scope that are evaluated in the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *[k.value for k in node.keywords]]
    args = node.args  # type: ignore[attr-defined]
    return [*args.defaults, *[d for d in args.kw_defaults if d is not None]]


def assigned(statements: Iterable[ast.AST]) -> set[str]:
    """Names that the statements bind (or delete) in their own scope."""
    names: set[str] = set()
    for statement in statements:
        inner: set[int] = set()  # names that look bound and are not, here
        nodes = list(walk_scope(statement))
        for node in nodes:
            if isinstance(node, COMPREHENSIONS):
                for generator in node.generators:
                    inner.update(id(n) for n in walk(generator.target))
            elif isinstance(node, ast.AnnAssign) and not node.simple and node.value is None:
                inner.add(id(node.target))  # `(name): int` leaves the name to whom it belongs
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)) and id(node) not in inner:
                names.add(node.id)
            elif not isinstance(node, ast.expr):
                names |= named_by(node)
    return names


def named_by(node: ast.AST) -> set[str]:
    """Names that ``node`` itself binds by saying them: a definition, an import, a handler, a pattern."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        return {node.name}
    if isinstance(node, ast.MatchMapping) and node.rest:
        return {node.rest}
    return set()


def below(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements (and handlers and cases) and those inside them, in the same scope."""
    todo = [*statements]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, SCOPES):
            todo += blocks(node)


def blocks(node: ast.AST) -> list[ast.AST]:
    """What stands in blocks of the statement, handler or case ``node``."""
    return [part for name in _BLOCKS for part in node.__dict__.get(name, ())]


_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


def annotated(target: ast.expr) -> list[ast.expr]:
    """What is evaluated of the target of an annotation without a value: all but the last look-up.

    >>> [ast.unparse(part) for part in annotated(ast.parse("f().a[i:j, k]: int").body[0].target)]
    ['f().a', 'i', 'j', 'k']
    """
    if isinstance(target, ast.Name):
        return []
    parts: list[ast.expr] = [target.value]  # type: ignore[attr-defined]
    todo = [target.slice] if isinstance(target, ast.Subscript) else []
    while todo:
        part = todo.pop(0)
        if isinstance(part, ast.Tuple):
            todo = [*part.elts, *todo]
        elif isinstance(part, ast.Slice):
            parts += [bound for bound in (part.lower, part.upper, part.step) if bound is not None]
        else:
            parts.append(part)
    return parts


def looked_up(callee: ast.expr, names: set[str] | frozenset[str]) -> bool:
    """Is ``callee`` found by a key that may be an answer: ``tools[name]``, or one of ``names`` (see :func:`dispatched`)?"""
    if isinstance(callee, ast.Subscript):
        return not isinstance(callee.slice, (ast.Constant, ast.Slice))
    return isinstance(callee, ast.Name) and callee.id in names


def dispatched(statements: Iterable[ast.AST]) -> frozenset[str]:
    r"""Names that are bound to what is found by a key: ``tool = tools[name]``, ``tool = tools.get(name)``.

    >>> sorted(dispatched(ast.parse("f = tools[k]\ng = tools.get(k)\nh = tools['a']").body))
    ['f', 'g']
    """
    names = set()
    for node in below(statements):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = node.value
            by_get = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get"
            if by_get or looked_up(value, frozenset()):
                names.add(node.targets[0].id)
    return frozenset(names)


def used(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that occurs anywhere below, nested scopes included."""
    names: set[str] = set()
    for top in nodes:
        for node in walk(top):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                names.add(node.name)
    return names


def free(node: ast.AST) -> set[str]:
    """Names that ``node`` takes from around it: targets of its comprehensions and parameters of its lambdas excepted."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, COMPREHENSIONS):
        first, *rest = node.generators
        names = set().union(*[free(part) for part in ([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])])
        names = names.union(*[free(g.iter) for g in rest], *[free(i) for g in node.generators for i in g.ifs])
        bound = targets_of(node)
        inside = {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        return free(first.iter) | (names - bound) | inside
    if isinstance(node, ast.Lambda):
        outside = set().union(*[free(d) for d in _outer_parts(node)])
        return outside | (free(node.body) - set(parameters(node.args)))
    names = set().union(*[free(child) for child in children(node)])
    if isinstance(node, ast.ExceptHandler) and node.name:
        names.add(node.name)
    return names


def note_own(nodes: Iterable[ast.AST]) -> None:
    """Mark, among all ``nodes`` of a source, the calls of what it itself binds to the name of a consumer: not :func:`consumed`.

    >>> tree = ast.parse("def f(any): return any(x for x in y), all(x for x in y)")
    >>> note_own(ast.walk(tree))
    >>> [consumed(n) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    [False, True]
    """
    bound: set[str | None] = set()
    calls: list[ast.Call] = []
    for node in nodes:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                bound.add(node.id)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CONSUMERS:
                calls.append(node)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name)
    for call in calls:
        if call.func.id in bound:  # type: ignore[attr-defined]
            call.poppy_own = True  # type: ignore[attr-defined]


def consumed(call: ast.Call) -> bool:
    """Is this ``sum(… for …)`` and the like: a generator expression that is read at once?"""
    return (
        len(call.args) == 1
        and "poppy_own" not in call.__dict__
        and isinstance(call.args[0], ast.GeneratorExp)
        and (
            (isinstance(call.func, ast.Name) and call.func.id in CONSUMERS)
            or (isinstance(call.func, ast.Attribute) and call.func.attr == "join" and not call.keywords)
        )
    )


def captured(statements: Iterable[ast.AST], but: frozenset[int] = frozenset()) -> set[str]:
    """Names that nested functions, lambdas (``but`` those of these identities), classes and free-standing generator
    expressions mention."""
    names: set[str] = set()
    inline: set[int] = set()
    for statement in statements:
        for node in walk(statement):
            if isinstance(node, ast.Call) and consumed(node):
                inline.add(id(node.args[0]))
    for statement in statements:
        for node in walk_scope(statement):
            if isinstance(node, ast.Lambda):
                if id(node) not in but:
                    names |= free(node.body) - set(parameters(node.args))
            elif isinstance(node, SCOPES):
                names |= used([node])
            elif isinstance(node, ast.GeneratorExp) and id(node) not in inline:
                names |= used([node])
    return names


def key_functions(call: ast.Call) -> list[ast.AST]:
    """Functions that nobody keeps nor calls later: ``key=lambda …`` of ``sorted``, ``min``, ``max`` or ``sort``, the first
    argument of ``map`` or ``filter`` below ``list`` and the like. Their twins read what they capture of a comprehension at once."""
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if "poppy_own" in call.__dict__:
        return []
    found: list[ast.AST] = []
    if name in ("sorted", "min", "max", "sort"):
        found = [k.value for k in call.keywords if k.arg == "key"]
    if (name in CONSUMERS or name == "join") and len(call.args) == 1 and isinstance(call.args[0], ast.Call):
        inner = call.args[0]
        if isinstance(inner.func, ast.Name) and inner.func.id in ("map", "filter"):
            found += inner.args[:1]
    return [f for f in found if isinstance(f, ast.Lambda) and not any(isinstance(n, _CLOSURES) for n in walk(f.body))]


def closed_over(node: ast.AST) -> tuple[set[str], set[str]]:
    """Names that closures in the comprehension ``node`` mention; those of them that may be read after their round."""
    first, *rest = node.generators  # type: ignore[attr-defined]
    element = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]  # type: ignore[attr-defined]
    parts = [*element, *first.ifs, *[part for g in rest for part in (g.iter, *g.ifs)]]
    keys = frozenset(id(f) for n in walk(node) if isinstance(n, ast.Call) for f in key_functions(n))
    return captured(parts), captured(parts, keys)


def is_asynchronous(node: ast.AST) -> bool:
    """Does the comprehension ``node`` make an asynchronous generator?

    A list, set or dict that awaits its items, or goes over what is awaited one by one, is no more than a loop that does.

    >>> [is_asynchronous(ast.parse(s, mode="eval").body) for s in ("[await f(x) for x in y]", "(await f(x) for x in y)", "(x for x in await y)")]
    [False, True, False]
    """
    return isinstance(node, ast.GeneratorExp) and awaits(node)


def awaits(node: ast.AST) -> bool:
    """Does the comprehension ``node`` await in the frame that Python 3.11 makes for it, which is then a coroutine's?"""
    first, *rest = node.generators  # type: ignore[attr-defined]
    element = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]  # type: ignore[attr-defined]
    parts = [*element, *first.ifs, *[part for g in rest for part in (g.iter, *g.ifs)]]
    if any(g.is_async for g in (first, *rest)):
        return True
    return any(isinstance(n, ast.Await) or (isinstance(n, ast.comprehension) and n.is_async) for part in parts for n in walk(part))


def targets_of(node: ast.AST) -> set[str]:
    """The names that the comprehension ``node`` binds."""
    return {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name)}  # type: ignore[attr-defined]


def keeps_target(node: ast.AST) -> bool:
    """May a closure outlive the round of the comprehension ``node`` whose target it mentions, in a part that is outlined?

    All closures of a comprehension share one variable, which ends with its last value; a part that is a function of its own is
    passed the value of its round.
    """
    targets = targets_of(node)
    split = len(node.generators) > 1 or bool(node.generators[0].ifs)  # type: ignore[attr-defined]
    keys = {id(f) for n in walk(node) if isinstance(n, ast.Call) for f in key_functions(n)}
    todo = [(child, split) for child in children(node)]
    while todo:
        part, outlined = todo.pop()
        if id(part) in keys:
            continue
        if isinstance(part, (ast.Lambda, ast.GeneratorExp)) and outlined and free(part) & targets:
            return True
        outlined = outlined or isinstance(part, (ast.IfExp, ast.BoolOp, ast.Compare, *COMPREHENSIONS))
        below = children(part)
        if isinstance(part, ast.Call) and consumed(part):
            below = [c for c in below if c is not part.args[0]]
            todo += [(child, True) for child in children(part.args[0])]
        todo += [(child, outlined) for child in below]
    return False


def parameters(args: ast.arguments) -> list[str]:
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    names += [a.arg for a in (args.vararg, args.kwarg) if a is not None]
    return names


#: statements with statements inside them, which are lowered
COMPOUND = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def jumps_out(node: ast.AST, in_loop: bool = False) -> bool:
    """Does a jump (``return``, ``break``, ``continue``) leave the statement ``node``?"""
    if isinstance(node, ast.Return):
        return True
    if isinstance(node, (ast.Break, ast.Continue)):
        return not in_loop
    if isinstance(node, SCOPES):
        return False
    if isinstance(node, (ast.For, ast.While, ast.AsyncFor)):
        return any(jumps_out(s, True) for s in node.body) or any(jumps_out(s, in_loop) for s in node.orelse)
    return any(jumps_out(s, in_loop) for s in blocks(node))


def has_call(node: ast.AST) -> bool:
    """Does evaluating ``node`` call something (or await, or yield)?"""
    return any(isinstance(n, (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)) for n in walk_scope(node))


def why_not_lowered(nodes: Iterable[ast.AST], allowed: frozenset[type] = frozenset()) -> str | None:
    """Why a statement or expression, all of whose own scope are ``nodes``, has to run natively; None if it need not.

    A node type that this compiler does not know (a newer Python) is such a reason.
    """
    for child in nodes:
        kind = type(child)
        if kind in _SIMPLY_LOWERED or kind in _UNKNOWN_OK or kind in allowed or issubclass(kind, _EXPRESSION_PARTS):
            continue
        if kind in _NATIVE:
            return f"{kind.__name__} runs in order"
        if kind in COMPREHENSIONS and keeps_target(child):
            return "a function made in a comprehension keeps its variable"
        if isinstance(child, ast.Try) or kind in _LOWERED:
            continue
        return f"{kind.__name__} is not known to this compiler"
    return None


_EXPRESSION_PARTS = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.keyword, ast.comprehension)
_UNKNOWN_OK = {ast.arguments, ast.arg, ast.alias, ast.withitem, ast.ExceptHandler, ast.Module}
_LOWERED = {
    ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.If, ast.For, ast.While, ast.Break, ast.Continue,
    ast.Pass, ast.With, ast.AsyncWith, ast.Raise, ast.Assert, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.Delete, ast.FunctionDef, ast.AsyncFunctionDef,
    ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Attribute, ast.Subscript,
    ast.Slice, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.JoinedStr, ast.FormattedValue, ast.IfExp, ast.Lambda,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr, ast.Starred, ast.Await,
    ast.Match, ast.match_case, ast.MatchValue, ast.MatchSingleton, ast.MatchSequence, ast.MatchMapping, ast.MatchClass, ast.MatchStar, ast.MatchAs, ast.MatchOr,
}  # fmt: skip
_SIMPLY_LOWERED = _LOWERED - {*COMPREHENSIONS}
_NATIVE = {ast.AsyncFor, ast.ClassDef, ast.Yield, ast.YieldFrom}


def eliminate_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """Rewrite ``if c: …; continue`` followed by ``rest`` to ``if c: … else: rest``, so that no jump leaves the ``if``.

    Likewise ``try: … except E: …; continue``, if no handler goes on to the rest: what fails in an ``else`` is not handled by the
    handlers before it. The meaning is the same; the statements keep their places in the source.
    """
    result: list[ast.stmt] = []
    for index, statement in enumerate(body):
        rest = body[index + 1 :]
        if isinstance(statement, ast.If) and rest and not statement.orelse and _ends_in_continue(statement.body):
            kept = statement.body[:-1] or [ast.copy_location(ast.Pass(), statement.body[-1])]
            new = ast.If(statement.test, eliminate_continue(kept), eliminate_continue(rest))
            result.append(ast.copy_location(new, statement))
            return result
        if isinstance(statement, ast.Continue):
            return result or [ast.copy_location(ast.Pass(), statement)]
        if isinstance(statement, ast.If) and not rest:
            new = ast.If(statement.test, eliminate_continue(statement.body), eliminate_continue(statement.orelse))
            result.append(ast.copy_location(new, statement))
            return result
        if isinstance(statement, ast.Try) and any(_ends_in_continue(h.body) for h in statement.handlers):
            if not statement.finalbody and (not rest or all(isinstance(h.body[-1], _LEAVES) for h in statement.handlers)):
                result.append(_without_continue(statement, rest))
                return result
        if isinstance(statement, ast.Match) and not rest:
            cases = [changed(case, body=eliminate_continue(case.body)) for case in statement.cases]
            result.append(changed(statement, cases=cases))
            return result
        result.append(statement)
    return result


_LEAVES = (ast.Continue, ast.Break, ast.Return, ast.Raise)


def _without_continue(node: ast.Try, rest: list[ast.stmt]) -> ast.stmt:
    """``node`` and ``rest`` as one ``try``: none of its handlers goes on to the rest."""
    handlers = []
    for handler in node.handlers:
        body = handler.body
        if _ends_in_continue(body):
            body = eliminate_continue(body[:-1]) or [ast.copy_location(ast.Pass(), body[-1])]
        handlers.append(changed(handler, body=body))
    return changed(node, handlers=handlers, orelse=eliminate_continue([*node.orelse, *rest]))


def _ends_in_continue(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Continue)
