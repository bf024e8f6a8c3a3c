"""Generator functions of the user's that may be lowered, to be read at once by a loop.

The twin of a generator function is a generator function itself: what is between two ``yield`` is lowered as in any function, and
runs in the unit that advances it, in place. A plain run interleaves the same pieces in the same order. Only forms are
taken whose suspended frame does nothing by itself when it is let go: a ``yield`` stands alone as a statement, outside of ``try``
and ``with``, so that closing the generator (a ``break`` in the loop) runs no code of its body. What ``send`` or ``throw`` would do
cannot come up: nobody but the loop ever holds the twin.

One ``with`` is taken, that over a file which the generator only goes through (:func:`reads_lines`): when a file is closed that was read, and
that nobody else has, can be seen by nobody. It is closed in order behind the lines that were read (``Lines.close_behind``).

A generator function that ``contextlib.contextmanager`` was given may yield in the body of a ``try`` as well: whoever drives that twin (``engine/generated.py``)
ends it in any case, and throws into it only what a plain run would.

That of an asynchronous generator function is an ordinary generator, as that of a coroutine function is an ordinary function: an ``async for`` directly
over its call awaits each advance at once, by the same task, in the same context. A loop that is left does not close it, and there is nothing to close.
"""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass, field
from typing import Any

from . import scopes
from .abi import changed, walk

_GENERATOR, _ASYNC_GENERATOR, _OTHER = 0x20, 0x200, 0x280


def is_generator(code: types.CodeType) -> bool:
    return bool(code.co_flags & _GENERATOR) and not code.co_flags & _OTHER


def is_async_generator(code: types.CodeType) -> bool:
    return bool(code.co_flags & _ASYNC_GENERATOR)


def without_yields(body: list[ast.stmt], managed: bool = False) -> list[ast.stmt] | str:
    """``body`` with each ``yield`` statement replaced by its value, or why it cannot be lowered as a generator.

    ``managed``: it is that of a manager (``engine/generated.py``), which may yield in the body of a ``try`` as well.
    """
    result: list[ast.stmt] = []
    for statement in body:
        if not has_yield(statement):
            result.append(statement)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, (ast.Yield, ast.YieldFrom)):
            value = statement.value.value
            if value is not None:
                if has_yield(value):
                    return "it yields inside a yield"
                result.append(ast.copy_location(ast.Expr(value), statement))
        elif isinstance(statement, (ast.If, ast.While, ast.For)):
            head = statement.iter if isinstance(statement, ast.For) else statement.test
            if has_yield(head):
                return "it uses the value of a yield"
            for part in (statement.body, statement.orelse):
                inner = without_yields(part, managed)
                if isinstance(inner, str):
                    return inner
                result += inner
            result.append(ast.copy_location(ast.Expr(head), statement))
        elif not managed and isinstance(statement, ast.With) and reads_lines(statement):
            inner = without_yields(statement.body)
            if isinstance(inner, str):
                return inner
            result += [ast.copy_location(ast.Expr(statement.items[0].context_expr), statement), *inner]
        elif managed and isinstance(statement, ast.Try) and not any(map(has_yield, (*statement.handlers, *statement.orelse, *statement.finalbody))):
            inner = without_yields(statement.body, managed)
            if isinstance(inner, str):
                return inner
            result.append(changed(statement, body=inner or [ast.copy_location(ast.Pass(), statement)]))
        else:
            return "it yields inside a try, a with or an expression"
    return result


#: what goes through an iterable that it is given, and does nothing else with it
_GOES_THROUGH = frozenset({"enumerate", "islice", "zip"})
_OF_CSV = frozenset({("csv", "reader"), ("csv", "DictReader")})
_GIVEN = frozenset({"encoding", "errors", "newline"})


def reads_lines(node: ast.With) -> bool:
    """Does a ``with`` open one file for reading, and go through it in loops only?

    >>> lines = "with open(p) as f:\\n  for row in csv.reader(f): yield row"
    >>> reads_lines(ast.parse(lines).body[0]), reads_lines(ast.parse(lines.replace("yield row", "yield f")).body[0])
    (True, False)
    """
    item = node.items[0]
    call, file = item.context_expr, item.optional_vars
    if len(node.items) > 1 or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "open":
        return False
    modes = [*call.args[1:], *[k.value for k in call.keywords if k.arg == "mode"]]
    named = {k.arg for k in call.keywords} - {"mode"}
    if not 1 <= len(call.args) <= 2 or isinstance(call.args[0], ast.Starred) or not named <= _GIVEN or not isinstance(file, ast.Name):
        return False
    if any(not isinstance(mode, ast.Constant) or mode.value not in ("r", "rt", "rb") for mode in modes):
        return False
    passed: set[int] = set()  # the file's name where it is gone through
    readers: set[str] = {file.id}
    for statement in node.body:
        for part in walk(statement):
            if isinstance(part, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.GeneratorExp, ast.Global, ast.Nonlocal)):
                return False
            if isinstance(part, ast.Assign) and _goes_through(part.value) and len(part.targets) == 1 and isinstance(part.targets[0], ast.Name):
                readers.add(part.targets[0].id)
                passed |= {id(part.targets[0]), *map(id, _names_given(part.value))}
            elif isinstance(part, ast.For):
                passed |= {id(part.iter)} | set(map(id, _names_given(part.iter) if _goes_through(part.iter) else ()))
    return all(id(part) in passed for part in walk(ast.Module(node.body, [])) if isinstance(part, ast.Name) and part.id in readers)


def _goes_through(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
        return False
    func = node.func
    if isinstance(func, ast.Attribute):
        return isinstance(func.value, ast.Name) and (func.value.id, func.attr) in _OF_CSV
    return isinstance(func, ast.Name) and func.id in _GOES_THROUGH


def _names_given(call: Any) -> list[ast.Name]:
    return [a for a in call.args if isinstance(a, ast.Name)]


def has_yield(node: ast.AST) -> bool:
    """Does ``node`` yield, in its own scope?"""
    return any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in scopes.walk_scope(node))


def gone_through(node: ast.FunctionDef) -> frozenset[str]:
    """Parameters of a generator function that it only goes through, once: an iterator given for one is seen by nobody else.

    >>> sorted(gone_through(ast.parse("def f(xs, ys, n):\\n  for x in xs:\\n    for y in ys: yield x, y, n").body[0]))
    ['xs']
    """
    uses: dict[str, list[ast.Name]] = {}
    for statement in node.body:
        for part in walk(statement):
            if isinstance(part, ast.Name):
                uses.setdefault(part.id, []).append(part)
            elif isinstance(part, (ast.Global, ast.Nonlocal)):
                return frozenset()
    found = set()
    blocks = [node.body]
    while blocks:
        for statement in blocks.pop():
            source: ast.expr | None = None
            if isinstance(statement, ast.If):
                blocks += [statement.body, statement.orelse]
            elif isinstance(statement, ast.For):
                source = statement.iter
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.YieldFrom):
                source = statement.value.value
            if isinstance(source, ast.Name) and uses[source.id] == [source]:
                found.add(source.id)
    return frozenset(found & {a.arg for a in (*node.args.posonlyargs, *node.args.args)})


#: builtins that only compute, given numbers, strings, tuples of them and iterators over such
COMPUTE = frozenset({"range", "len", "abs", "min", "max", "int", "float", "str", "bool", "round", "divmod", "ord", "chr", "enumerate", "zip"})
_STATEMENTS = (ast.Expr, ast.Assign, ast.AugAssign, ast.If, ast.While, ast.For, ast.Break, ast.Continue, ast.Pass, ast.Return)
_EXPRESSIONS = (
    ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.Subscript, ast.Slice, ast.JoinedStr,
    ast.FormattedValue, ast.Yield, ast.Call, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


def computes_only(node: ast.FunctionDef) -> frozenset[str] | None:
    """The builtins that a generator calls which, given plain data, works on its own locals alone; else None.

    Such a generator reads nothing that could change and writes nothing: it may run as written, at any time.

    >>> computes_only(ast.parse("def f(n):\\n  for i in range(n): yield i * 2").body[0])
    frozenset({'range'})
    >>> computes_only(ast.parse("def f(x):\\n  for i in x.items: yield i").body[0]) is None
    True
    """
    own = set(scopes.parameters(node.args)) | scopes.assigned(node.body)
    called: set[str] = set()
    callees: set[int] = set()
    for statement in node.body:
        for part in walk(statement):
            if isinstance(part, ast.Call):
                if not isinstance(part.func, ast.Name) or part.func.id not in COMPUTE or part.keywords or part.func.id in own:
                    return None
                called.add(part.func.id)
                callees.add(id(part.func))
            elif isinstance(part, (ast.Subscript, ast.Tuple)) and isinstance(part.ctx, ast.Del):
                return None
            elif isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
                return None
            elif isinstance(part, ast.Name) and id(part) not in callees and part.id not in own and part.id not in COMPUTE:
                return None
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del):
                return None
            elif not isinstance(part, (*_STATEMENTS, *_EXPRESSIONS)):
                return None
    return frozenset(called)


@dataclass
class Cleanup:
    """What a generator function does when one of its generators is closed at a ``yield``."""

    #: something that can be seen, as far as its own code goes
    acts: bool = False
    #: managers that are left: (name, attribute) of what is called or entered, None for what is no name
    managers: list[tuple[str | None, str | None]] = field(default_factory=list)
    #: methods that a ``finally`` calls to let go of something
    methods: set[str] = field(default_factory=set)
    #: functions and methods that it calls, which may make generators that it goes through
    called: set[str] = field(default_factory=set)
    called_methods: set[str] = field(default_factory=set)


_CLOSED = frozenset({"GeneratorExit", "BaseException"})
_RELEASES = frozenset({"close", "release", "disconnect", "shutdown"})


def cleanup_of(node: ast.AST) -> Cleanup:
    """
    >>> cleanup_of(ast.parse("def f():\\n  try: yield 1\\n  finally: print(2)").body[0]).acts
    True
    >>> found = cleanup_of(ast.parse("def f(c):\\n  with open(c) as g:\\n    try: yield from h(g)\\n    finally: c.close()").body[0])
    >>> found.acts, found.managers, sorted(found.methods), sorted(found.called)
    (False, [('open', None)], ['close'], ['h', 'open'])
    """
    found = Cleanup()
    body: Any = getattr(node, "body", ())
    for statement in body if isinstance(body, list) else (body,):  # (that of a lambda is an expression)
        for part in scopes.walk_scope(statement):
            if isinstance(part, ast.Call):
                if isinstance(part.func, ast.Name):
                    found.called.add(part.func.id)
                elif isinstance(part.func, ast.Attribute):
                    found.called_methods.add(part.func.attr)
            elif isinstance(part, (ast.Try, ast.TryStar)) and has_yield(part):
                found.acts = found.acts or any(map(_sees_the_end, part.handlers))
                for last in part.finalbody:
                    _look_at_last(last, found)
            elif isinstance(part, (ast.With, ast.AsyncWith)) and has_yield(part):
                found.managers += [_named(item.context_expr) for item in part.items]
    return found


def _sees_the_end(handler: ast.ExceptHandler) -> bool:
    kind = handler.type
    return kind is None or any(isinstance(part, ast.Name) and part.id in _CLOSED for part in ast.walk(kind))


def _look_at_last(last: ast.stmt, found: Cleanup) -> None:
    call = last.value if isinstance(last, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _RELEASES and not call.args and not call.keywords:
        found.methods.add(call.func.attr)
    elif not isinstance(last, ast.Pass):
        found.acts = True


def _named(manager: ast.expr) -> tuple[str | None, str | None]:
    if isinstance(manager, ast.Call):
        manager = manager.func
    if isinstance(manager, ast.Attribute) and isinstance(manager.value, ast.Name):
        return manager.value.id, manager.attr
    return (manager.id, None) if isinstance(manager, ast.Name) else (None, None)
