"""What a piece of program may write, as far as its text tells: the static half of footprints.

:func:`continuation` gives the statements that may still run when a frame is suspended at a line; :func:`summarise` turns
statements into a :class:`Summary`: stores, calls and whatever else could write, over *references*. A reference is a small
expression that can be evaluated later, without running user code, against the values that names have by then: a name,
an attribute, a constant item, "any element of", "something made here". The engine evaluates them when a unit stalls.

The summary knows no order: every binding of a name counts at every use of it, in addition to the value that the name has
when the frame is suspended. So loops need no care, and nested functions and lambdas are read as if they ran in place.

What no rule covers sets ``top``, with the reason: such a continuation may write anything. Decided against: a data flow
analysis in program order. Almost every continuation is a handful of statements behind one call, where order says
nothing more, and a summary is made once for a line and used thousands of times.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from . import scopes
from .abi import manager_name, walk
from .continuation import continuation, span
from .matches import depth, patterns
from .operands import KEY, OF_ELEMENTS, OPERATOR, SUBSCRIPT, TRUTH, Operands, constant
from .plaindata import plain_names
from .references import (
    ANY_KEY,
    ATTRIBUTE,
    DATA,
    EITHER,
    ELEMENT,
    HERE,
    MADE,
    MODULE,
    NAME,
    OPERATED,
    RESULT,
    SEQUENCE_KEY,
    UNKNOWN,
    Call,
    Ref,
    Summary,
)  # fmt: skip

#: what patterns call on what they look at
_MATCHED = ("__eq__", "__len__", "__getitem__", "get", "keys", "__contains__", "__hash__")


def summarise(
    statements: list[ast.stmt],
    *,
    cell: bool,
    global_names: Iterable[str] = (),
    class_name: str | None = None,
    line: int | None = None,
    plain: frozenset[str] = frozenset(),
    generator: bool = False,
) -> Summary:
    """What ``statements`` may write.

    Args:
        cell: they belong to the cell's own scope, where every binding is one of the namespace.
        global_names: the names that their function declares ``global``.
        class_name: the class around their function (names beginning with two underscores).
        line: where they are suspended; a ``try`` around it is in progress.
        plain: the :func:`plain_names` of their scope.
        generator: they belong to a generator function; what they yield counts as returned.

    >>> summary = summarise(ast.parse("self.history.append(ask(q))").body, cell=False)
    >>> [call.detail.method for call in summary.calls], summary.names
    (['', 'append'], ())
    """
    builder = _Builder(cell, frozenset(global_names), class_name, line, plain)
    builder.generator = generator
    builder.block(statements)
    return builder.summary()


class _Builder(Operands):
    """Walks statements; ``expr`` returns the reference of an expression."""

    def __init__(
        self, cell: bool, global_names: frozenset[str], class_name: str | None, line: int | None, plain: frozenset[str]
    ) -> None:
        self.cell, self.global_names, self.line, self.plain = cell, global_names, line, plain
        self.private = "_" + class_name.lstrip("_") if class_name and class_name.strip("_") else None
        self.refs: dict[Any, Ref] = {}
        self.top: str | None = None
        self.catches = False
        self.bindings: dict[str, list[Ref]] = {}
        self.names: dict[str, None] = {}
        self.retried: set[str] = set()
        self.attributes: list[tuple[Ref, str, Ref]] = []
        self.elements: list[tuple[Ref, Any, Ref]] = []
        self.inplace: list[tuple[Ref, Ref | None, str, str | None]] = []
        self.calls: list[Ref] = []
        self.operands: dict[tuple[Ref, tuple[str, ...]], None] = {}
        self.subscripts: dict[tuple[Ref, str | None, Any], None] = {}
        self.iterated: dict[Ref, None] = {}
        self.loads: dict[Ref, None] = {}
        self.modules: list[str] = []
        self.classes: dict[tuple[Ref, int], None] = {}
        self.returns: list[Ref] = []
        self.data = self.ref(DATA)
        self.unknown = self.ref(UNKNOWN)
        self.here = self.ref(HERE)

    def summary(self) -> Summary:
        return Summary(
            self.top, {n: tuple(dict.fromkeys(r)) for n, r in self.bindings.items()}, tuple(self.names), frozenset(self.retried),
            tuple(self.attributes), tuple(self.elements), tuple(self.inplace), tuple(self.calls), tuple(self.operands), tuple(self.subscripts),
            tuple(self.iterated), tuple(self.loads), tuple(self.modules), tuple(self.classes), tuple(dict.fromkeys(self.returns)), len(self.refs), self.catches,
        )  # fmt: skip

    # ------------------------------------------------------------------ references
    def ref(self, kind: int, *parts: Ref, detail: Any = None) -> Ref:
        key = (kind, parts, detail.__class__, detail if kind != RESULT else id(detail))
        found = self.refs.get(key)
        if found is None:
            found = self.refs[key] = Ref(len(self.refs), kind, parts, detail)
        return found

    def either(self, *parts: Ref) -> Ref:
        parts = tuple(dict.fromkeys(parts))
        return parts[0] if len(parts) == 1 else self.ref(EITHER, *parts)

    def mangle(self, name: str) -> str:
        return self.private + name if self.private and name.startswith("__") and not name.endswith("__") else name

    def give_up(self, why: str) -> Ref:
        self.top = self.top or why
        return self.unknown

    def operand(self, ref: Ref, methods: tuple[str, ...]) -> None:
        if ref.kind == MADE:
            inside = tuple([name for name in methods if name in OF_ELEMENTS])
            for part in ref.parts if inside else ():
                self.operand(part, inside)
        elif methods and ref.kind not in (DATA, HERE):
            self.operands[ref, methods] = None

    # ------------------------------------------------------------------ binding
    def bind(self, name: str, value: Ref) -> None:
        self.bindings.setdefault(name, []).append(value)
        if self.cell or name in self.global_names:
            self.names[name] = None

    def assign(self, target: ast.expr, value: Ref, inner: bool = False) -> None:
        """``target = value``; ``inner``: the target belongs to a comprehension."""
        if isinstance(target, ast.Name):
            if inner:
                self.bindings.setdefault(target.id, []).append(value)
            else:
                self.bind(target.id, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, self.ref(MADE, self.ref(ELEMENT, value)), inner)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.iterate(value)
            for part in target.elts:
                self.assign(part, self.ref(ELEMENT, value), inner)
        elif isinstance(target, ast.Attribute):
            self.attributes.append((self.expr(target.value), self.mangle(target.attr), value))
        elif isinstance(target, ast.Subscript):
            if isinstance(target.slice, ast.Slice):
                self.expr(target.slice)
                self.iterate(value)
                self.elements.append((self.expr(target.value), SEQUENCE_KEY, self.ref(ELEMENT, value)))
            else:
                self.elements.append((self.expr(target.value), self.key(target.slice), value))
        else:
            self.give_up(type(target).__name__)

    def key(self, node: ast.expr) -> Any:
        found = constant(node)
        if found is not None:
            return found
        self.operand(self.expr(node), KEY)
        return ANY_KEY

    def iterate(self, ref: Ref) -> None:
        if ref.kind not in (DATA, MADE, HERE):
            self.iterated[ref] = None

    # ------------------------------------------------------------------ statements
    def block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            method: Callable[[Any], Any] | None = getattr(self, "stmt_" + type(statement).__name__, None)
            if method is None:
                self.give_up(f"{type(statement).__name__} in line {statement.lineno}")
            else:
                method(statement)

    generator = False

    def stmt_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if self.generator and isinstance(value, ast.Yield):
            if value.value is not None:
                self.returns.append(self.expr(value.value))
        elif self.generator and isinstance(value, ast.YieldFrom):
            source = self.expr(value.value)
            self.iterate(source)
            self.returns.append(self.ref(ELEMENT, source))
        else:
            self.expr(value)

    def stmt_Pass(self, node: ast.stmt) -> None:
        pass

    stmt_Break = stmt_Continue = stmt_Global = stmt_Nonlocal = stmt_Pass

    def stmt_Assign(self, node: ast.Assign) -> None:
        if len(node.targets) == 1 and isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple):
            targets, values = node.targets[0].elts, node.value.elts
            if len(targets) == len(values) and not any(isinstance(e, ast.Starred) for e in (*targets, *values)):
                for target, part in zip(targets, [self.expr(v) for v in values], strict=True):
                    self.assign(target, part)
                return
        value = self.expr(node.value)
        for each in node.targets:
            self.assign(each, value)

    def stmt_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.expr(node.value))
        else:
            for part in scopes.annotated(node.target):
                self.expr(part)
        if not self.cell:
            return
        annotation = self.expr(node.annotation)
        if node.simple and isinstance(node.target, ast.Name):
            notes = "__annotations__"
            self.elements.append((self.ref(NAME, detail=notes), node.target.id, annotation))
            self.names[notes] = None

    def stmt_AugAssign(self, node: ast.AugAssign) -> None:
        operand = self.expr(node.value)
        target = node.target
        methods = OPERATOR[type(node.op)]
        methods = ("__i" + methods[0][2:], *methods)
        if isinstance(target, ast.Name):
            old = self.ref(NAME, detail=target.id)
        elif isinstance(target, ast.Attribute):
            old = self.ref(ATTRIBUTE, self.expr(target.value), detail=self.mangle(target.attr))
            self.loads[old] = None
        else:
            old = self.expr(ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target))
        number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, (int, float, complex))
        plain = target.id if isinstance(target, ast.Name) and target.id in self.plain else None
        if plain is None or self.cell:
            self.inplace.append((old, None if number else operand, methods[0], plain))
        self.operand(old, methods)
        self.operand(operand, methods)
        self.assign(target, self.either(old, self.ref(OPERATED, old, operand)))

    def stmt_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if self.cell or target.id in self.global_names:
                    self.names[target.id] = None
            elif isinstance(target, (ast.Tuple, ast.List)):
                self.stmt_Delete(ast.copy_location(ast.Delete(target.elts), node))
            elif isinstance(target, ast.Subscript):
                self.key(target.slice)
                base = self.expr(target.value)
                self.operand(base, SUBSCRIPT)
                self.elements.append((base, SEQUENCE_KEY, self.data))
            else:
                self.assign(target, self.data)

    def stmt_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.returns.append(self.expr(node.value))

    def stmt_Raise(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                self.expr(part)

    def stmt_Assert(self, node: ast.Assert) -> None:
        self.truth(node.test)
        if node.msg is not None:
            self.expr(node.msg)

    def stmt_If(self, node: ast.If) -> None:
        self.truth(node.test)
        self.block(node.body)
        self.block(node.orelse)

    stmt_While = stmt_If

    def stmt_For(self, node: ast.For) -> None:
        source = self.expr(node.iter)
        self.iterate(source)
        self.assign(node.target, self.ref(ELEMENT, source))
        if scopes.used([node.iter]) & scopes.assigned([node.target, *node.body]):
            self.assign(node.target, self.unknown)  # the iterator is of an older value
        self.block(node.body)
        self.block(node.orelse)

    def stmt_AsyncFor(self, node: ast.AsyncFor) -> None:
        asked = ast.Call(ast.Attribute(node.iter, "__aiter__", ast.Load()), [], [])
        source = self.expr(ast.fix_missing_locations(ast.copy_location(asked, node.iter)))
        self.assign(node.target, self.ref(ELEMENT, source))
        self.block(node.body)
        self.block(node.orelse)

    def stmt_Try(self, node: ast.Try) -> None:
        self.catches = True
        first, last = span(node)
        if self.line is not None and first <= self.line <= last:
            self.retried |= scopes.assigned([node])
        self.block(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.expr(handler.type)
            if handler.name:
                self.bind(handler.name, self.unknown)
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    def stmt_With(self, node: ast.With) -> None:
        """The manager's methods are called; which they are is seen when the footprint is made (``reach/managed.py``)."""
        self.catches = True
        first, last = span(node)
        if self.line is not None and first <= self.line <= last:
            self.retried |= scopes.assigned([node])
        managers = []
        for item in node.items:
            name = manager_name(item)
            manager = self.ref(NAME, detail=name)
            managers.append(manager)
            if not isinstance(item.context_expr, ast.Name) or item.context_expr.id != name:
                self.bindings.setdefault(name, []).append(self.expr(item.context_expr))
            value = self.result(Call(self.unknown, manager, "__enter__", (), (), False))
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self.block(node.body)
        for manager in managers:
            answer = self.result(Call(self.unknown, manager, "__exit__", (self.unknown, self.unknown, self.unknown), (), False))
            self.operand(answer, TRUTH)

    def stmt_Match(self, node: ast.Match) -> None:
        subject = self.truth(node.subject)
        self.iterate(subject)
        inside = max(map(depth, patterns(node)))
        for whole in (subject, self.unknown)[: 1 + inside]:  # what is in it, and in that, may be anything
            self.operand(whole, _MATCHED)
        for case in node.cases:
            for part in walk(case.pattern):
                if isinstance(part, ast.MatchClass):
                    cls = self.expr(part.cls)
                    self.operand(cls, ("__instancecheck__",))
                    self.classes[cls, len(part.patterns)] = None
                    for name in part.kwd_attrs:
                        self.loads[self.ref(ATTRIBUTE, self.unknown if part is not case.pattern else subject, detail=name)] = None
                elif isinstance(part, ast.MatchValue):
                    self.operand(self.expr(part.value), ("__eq__",))
                elif isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                    self.bind(part.name, self.either(subject, self.ref(ELEMENT, subject), self.unknown))
                elif isinstance(part, ast.MatchMapping) and part.rest:
                    self.bind(part.rest, self.unknown)
            if case.guard is not None:
                self.truth(case.guard)
            self.block(case.body)

    def stmt_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.modules.append(alias.name)
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.bind(alias.asname or name, self.ref(MODULE, detail=name))

    def stmt_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None or any(a.name == "*" for a in node.names):
            self.give_up("a relative import")
            return
        self.modules.append(node.module)
        for alias in node.names:
            self.bind(alias.asname or alias.name, self.ref(ATTRIBUTE, self.ref(MODULE, detail=node.module), detail=alias.name))

    def stmt_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        value = self.function(node.args, node.body)
        for decorator in reversed(node.decorator_list):
            value = self.result(Call(self.expr(decorator), None, "", (value,), (), False))
        self.bind(node.name, value)

    stmt_AsyncFunctionDef = stmt_FunctionDef

    def function(self, args: ast.arguments, body: list[ast.stmt]) -> Ref:
        """A function that is made here: its body counts as if it ran here, its results are not looked at."""
        for default in (*args.defaults, *[d for d in args.kw_defaults if d is not None]):
            self.expr(default)
        for name in scopes.parameters(args):
            self.bindings.setdefault(name, []).append(self.unknown)
        returns, generator = self.returns, self.generator
        self.returns, self.generator = [], False
        self.block(body)
        self.returns, self.generator = returns, generator
        return self.here


def targets_at(statements: Iterable[ast.stmt], line: int) -> frozenset[str]:
    """Names that the assignments to several targets in ``line`` bind.

    >>> sorted(targets_at(ast.parse("a, b = b, a").body, 1)), sorted(targets_at(ast.parse("a = b").body, 1))
    (['a', 'b'], [])
    """
    names: set[str] = set()
    todo: list[ast.AST] = [*statements]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or 0):
            if len(node.targets) > 1 or isinstance(node.targets[0], (ast.Tuple, ast.List)):
                names |= scopes.assigned([node])
        else:
            todo += [n for n in scopes.blocks(node) if not isinstance(n, ast.stmt) or n.lineno <= line <= (n.end_lineno or 0)]
    return frozenset(names)


__all__ = ["Call", "Ref", "Summary", "continuation", "plain_names", "summarise", "targets_at"]
