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
from dataclasses import dataclass
from typing import Any

from . import scopes
from .abi import PREFIX

NAME, ATTRIBUTE, ITEM, ELEMENT, MADE, OPERATED, RESULT, EITHER, DATA, UNKNOWN, MODULE, HERE = range(12)



class Key:
    """Which elements a store concerns if it names no constant key."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


#: any element; those of a sequence, which may change places; only new ones at its end
ANY_KEY, SEQUENCE_KEY, TAIL_KEY = Key("any key"), Key("sequence"), Key("tail")



@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """A value, as the text describes it.

    ========= =====================================================
    NAME      what ``detail`` is bound to
    ATTRIBUTE attribute ``detail`` of ``parts[0]``
    ITEM      item of ``parts[0]`` under the constant ``detail``
    ELEMENT   any element of ``parts[0]``
    MADE      a new container with elements among ``parts``
    OPERATED  result of an operator on ``parts``
    RESULT    result of the :class:`Call` ``detail``
    EITHER    one of ``parts``
    DATA      a number, a string (a literal one: ``detail``)
    UNKNOWN   anything
    MODULE    the module ``detail``
    HERE      a function whose body the summary contains
    ========= =====================================================
    """

    index: int
    kind: int
    parts: tuple[Ref, ...]
    detail: Any


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call; ``receiver`` and ``method`` if it is written as a method call, else ``callee``."""

    callee: Ref
    receiver: Ref | None
    method: str
    args: tuple[Ref, ...]
    keywords: tuple[tuple[str, Ref], ...]
    #: ``*args`` or ``**kwargs`` among the arguments: any parameter may be any of ``args``
    spread: bool


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Everything in some statements that may write, as references."""

    #: why they may write anything, or None
    top: str | None
    bindings: dict[str, tuple[Ref, ...]]
    #: names of the namespace that they bind
    names: tuple[str, ...]
    #: names bound by a ``try`` in progress: they may go back to an earlier value
    retried: frozenset[str]
    #: (object, attribute, value)
    attributes: tuple[tuple[Ref, str, Ref], ...]
    #: (container, key, value)
    elements: tuple[tuple[Ref, Any, Ref], ...]
    #: (target, operand or None if it is a number, special method, a name of plain data in the cell): ``target op= operand``
    #: may change ``target`` itself
    inplace: tuple[tuple[Ref, Ref | None, str, str | None], ...]
    #: results of calls
    calls: tuple[Ref, ...]
    #: (operand, special methods that the operator looks for)
    operands: tuple[tuple[Ref, tuple[str, ...]], ...]
    iterated: tuple[Ref, ...]
    #: attribute reads (an attribute may be a property)
    loads: tuple[Ref, ...]
    modules: tuple[str, ...]
    returns: tuple[Ref, ...]
    #: number of references
    size: int


# ---------------------------------------------------------------------- which statements


def continuation(statements: list[ast.stmt], line: int | None, name: str = "", params: Iterable[str] = ()) -> list[ast.stmt]:
    """The statements that may still run when ``statements`` are suspended at ``line`` (None: before the first).

    ``name`` and ``params`` are those of the outlined function that stands for the statements, if it is one.

    >>> body = ast.parse("a()\\nif t:\\n  b()\\n  c()\\nd()").body
    >>> [ast.unparse(s) for s in continuation(body, 4)]
    ['c()', 'd()']
    """
    if name and len(statements) == 1:
        only = statements[0]
        first = next(iter(params), "")
        if isinstance(only, ast.For) and first.startswith(PREFIX + "x"):  # one round of a loop, not the loop
            target = ast.copy_location(ast.Assign([only.target], ast.copy_location(ast.Name(first, ast.Load()), only)), only)
            rest = _rest(only.body, line) if line is not None and _within(only.body, line) else only.body
            return [target, *rest]
    return statements if line is None else _rest(statements, line)


def _span(node: ast.AST) -> tuple[int, int]:
    """First and last line; what is nested may lie behind the node's own end (rewritten ``continue``)."""
    lines = [(n.lineno, n.end_lineno or n.lineno) for n in ast.walk(node) if hasattr(n, "lineno")]
    return min(first for first, _ in lines), max(last for _, last in lines)


def _within(statements: list[ast.stmt], line: int) -> bool:
    return any(first <= line <= last for first, last in map(_span, statements))


def _rest(statements: list[ast.stmt], line: int) -> list[ast.stmt]:
    for index, statement in enumerate(statements):
        first, last = _span(statement)
        if first <= line <= last:
            return [*_inside(statement, line), *statements[index + 1 :]]
    return statements


def _inside(statement: ast.stmt, line: int) -> list[ast.stmt]:
    """``statement``, or what is left of its branch if ``line`` is in just one branch of it."""
    if isinstance(statement, ast.If) and line > _span(statement.test)[1]:
        body, orelse = _within(statement.body, line), _within(statement.orelse, line)
        if body and not orelse:
            return _rest(statement.body, line)
        if orelse and not body:
            return _rest(statement.orelse, line)
    return [statement]


# ---------------------------------------------------------------------- names of plain data


def plain_names(statements: list[ast.stmt], params: Iterable[str] = ()) -> frozenset[str]:
    """Names that the whole scope ``statements`` binds to numbers and strings only, operators in place aside.

    ``total += …`` does not change the old object then, whatever is added.

    >>> sorted(plain_names(ast.parse("n = 0; s = 'a'; l = []\\nfor x in y: n += f(x); s = s + str(n)").body))
    ['n']
    """
    values: dict[str, list[ast.expr]] = {}
    simple: set[int] = set()

    def bind(target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name) and value is not None:
            values.setdefault(target.id, []).append(value)
            simple.add(id(target))
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for each, part in zip(target.elts, value.elts, strict=True):
                bind(each, part)

    others = set(params)
    for statement in statements:
        for node in scopes.walk_scope(statement):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    bind(target, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
                bind(node.target, node.value)
            elif isinstance(node, ast.AugAssign):
                simple.add(id(node.target))
    for statement in statements:
        nodes = list(scopes.walk_scope(statement))
        others |= {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load) and id(n) not in simple}
        others |= scopes.assigned(n for n in nodes if isinstance(n, _BINDS_OTHERWISE))
    found = set(values) - others
    while True:
        kept = {name for name in found if all(_plain(value, found) for value in values[name])}
        if kept == found:
            return frozenset(found)
        found = kept


_BINDS_OTHERWISE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.Match)


def _plain(node: ast.expr, names: set[str]) -> bool:
    if isinstance(node, ast.Constant) or isinstance(node, (ast.JoinedStr, ast.Compare)):
        return True
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp):
        return _plain(node.left, names) and _plain(node.right, names)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or _plain(node.operand, names)
    if isinstance(node, ast.IfExp):
        return _plain(node.body, names) and _plain(node.orelse, names)
    return isinstance(node, ast.NamedExpr) and _plain(node.value, names)


# ---------------------------------------------------------------------- what they may write

_OPERATOR: dict[type, tuple[str, ...]] = {
    ast.Add: ("__add__", "__radd__"), ast.Sub: ("__sub__", "__rsub__"), ast.Mult: ("__mul__", "__rmul__"),
    ast.Div: ("__truediv__", "__rtruediv__"), ast.FloorDiv: ("__floordiv__", "__rfloordiv__"), ast.Mod: ("__mod__", "__rmod__"),
    ast.Pow: ("__pow__", "__rpow__"), ast.BitAnd: ("__and__", "__rand__"), ast.BitOr: ("__or__", "__ror__"),
    ast.BitXor: ("__xor__", "__rxor__"), ast.LShift: ("__lshift__", "__rlshift__"), ast.RShift: ("__rshift__", "__rrshift__"),
    ast.MatMult: ("__matmul__", "__rmatmul__"), ast.USub: ("__neg__",), ast.UAdd: ("__pos__",), ast.Invert: ("__invert__",),
    ast.Eq: ("__eq__",), ast.NotEq: ("__ne__", "__eq__"), ast.Lt: ("__lt__", "__gt__"), ast.Gt: ("__gt__", "__lt__"),
    ast.LtE: ("__le__", "__ge__"), ast.GtE: ("__ge__", "__le__"), ast.In: ("__contains__", "__iter__", "__eq__"),
    ast.NotIn: ("__contains__", "__iter__", "__eq__"), ast.Is: (), ast.IsNot: (),
}  # fmt: skip
_TRUTH = ("__bool__", "__len__")
_FORMAT = ("__format__", "__str__", "__repr__")
_SUBSCRIPT = ("__getitem__", "__missing__", "__hash__", "__eq__")
_KEY = ("__hash__", "__eq__", "__index__")


def summarise(
    statements: list[ast.stmt],
    *,
    cell: bool,
    global_names: Iterable[str] = (),
    class_name: str | None = None,
    line: int | None = None,
    plain: frozenset[str] = frozenset(),
) -> Summary:
    """What ``statements`` may write.

    Args:
        cell: they belong to the cell's own scope, where every binding is one of the namespace.
        global_names: the names that their function declares ``global``.
        class_name: the class around their function (names beginning with two underscores).
        line: where they are suspended; a ``try`` around it is in progress.
        plain: the :func:`plain_names` of their scope.

    >>> summary = summarise(ast.parse("self.history.append(ask(q))").body, cell=False)
    >>> [call.detail.method for call in summary.calls], summary.names
    (['', 'append'], ())
    """
    builder = _Builder(cell, frozenset(global_names), class_name, line, plain)
    builder.block(statements)
    return builder.summary()


class _Builder:
    """Walks statements; ``expr`` returns the reference of an expression."""

    def __init__(
        self, cell: bool, global_names: frozenset[str], class_name: str | None, line: int | None, plain: frozenset[str]
    ) -> None:
        self.cell, self.global_names, self.line, self.plain = cell, global_names, line, plain
        self.private = "_" + class_name.lstrip("_") if class_name and class_name.strip("_") else None
        self.refs: dict[Any, Ref] = {}
        self.top: str | None = None
        self.bindings: dict[str, list[Ref]] = {}
        self.names: dict[str, None] = {}
        self.retried: set[str] = set()
        self.attributes: list[tuple[Ref, str, Ref]] = []
        self.elements: list[tuple[Ref, Any, Ref]] = []
        self.inplace: list[tuple[Ref, Ref | None, str, str | None]] = []
        self.calls: list[Ref] = []
        self.operands: dict[tuple[Ref, tuple[str, ...]], None] = {}
        self.iterated: dict[Ref, None] = {}
        self.loads: dict[Ref, None] = {}
        self.modules: list[str] = []
        self.returns: list[Ref] = []
        self.data = self.ref(DATA)
        self.unknown = self.ref(UNKNOWN)
        self.here = self.ref(HERE)

    def summary(self) -> Summary:
        return Summary(
            self.top, {n: tuple(dict.fromkeys(r)) for n, r in self.bindings.items()}, tuple(self.names), frozenset(self.retried),
            tuple(self.attributes), tuple(self.elements), tuple(self.inplace), tuple(self.calls), tuple(self.operands),
            tuple(self.iterated), tuple(self.loads), tuple(self.modules), tuple(dict.fromkeys(self.returns)), len(self.refs),
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
        if methods and ref.kind not in (DATA, MADE, HERE):
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
                self.elements.append((self.expr(target.value), SEQUENCE_KEY, self.ref(ELEMENT, value)))
            else:
                self.elements.append((self.expr(target.value), self.key(target.slice), value))
        else:
            self.give_up(type(target).__name__)

    def key(self, node: ast.expr) -> Any:
        constant = _constant(node)
        if constant is not None:
            return constant
        self.operand(self.expr(node), _KEY)
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

    def stmt_Expr(self, node: ast.Expr) -> None:
        self.expr(node.value)

    def stmt_Pass(self, node: ast.stmt) -> None:
        pass

    stmt_Break = stmt_Continue = stmt_Global = stmt_Pass

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
        if self.cell and isinstance(node.target, ast.Name) and node.simple:
            notes = "__annotations__"
            self.elements.append((self.ref(NAME, detail=notes), node.target.id, self.expr(node.annotation)))
            self.names[notes] = None

    def stmt_AugAssign(self, node: ast.AugAssign) -> None:
        operand = self.expr(node.value)
        target = node.target
        methods = _OPERATOR[type(node.op)]
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
                self.expr(target.slice)
                self.elements.append((self.expr(target.value), SEQUENCE_KEY, self.data))
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

    def stmt_Try(self, node: ast.Try) -> None:
        first, last = _span(node)
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
        self.give_up(f"with in line {node.lineno}")

    def stmt_Match(self, node: ast.Match) -> None:
        subject = self.truth(node.subject)
        self.iterate(subject)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchClass):
                    if part.patterns:
                        self.give_up(f"a class pattern in line {node.lineno}")
                    for name in part.kwd_attrs:
                        self.loads[self.ref(ATTRIBUTE, self.unknown if part is not case.pattern else subject, detail=name)] = None
                elif isinstance(part, ast.MatchValue):
                    self.operand(self.expr(part.value), ("__eq__",))
                    self.operand(subject, ("__eq__",))
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

    def stmt_FunctionDef(self, node: ast.FunctionDef) -> None:
        value = self.function(node.args, node.body)
        for decorator in reversed(node.decorator_list):
            value = self.result(Call(self.expr(decorator), None, "", (value,), (), False))
        self.bind(node.name, value)

    def function(self, args: ast.arguments, body: list[ast.stmt]) -> Ref:
        """A function that is made here: its body counts as if it ran here, its results are not looked at."""
        for default in (*args.defaults, *[d for d in args.kw_defaults if d is not None]):
            self.expr(default)
        for name in scopes.parameters(args):
            self.bindings.setdefault(name, []).append(self.unknown)
        returns = self.returns
        self.returns = []
        self.block(body)
        self.returns = returns
        return self.here

    # ------------------------------------------------------------------ expressions
    def expr(self, node: ast.expr) -> Ref:
        method: Callable[[Any], Ref] | None = getattr(self, "expr_" + type(node).__name__, None)
        return method(node) if method is not None else self.give_up(f"{type(node).__name__} in line {node.lineno}")

    def truth(self, node: ast.expr) -> Ref:
        ref = self.expr(node)
        self.operand(ref, _TRUTH)
        return ref

    def expr_Constant(self, node: ast.Constant) -> Ref:
        return self.ref(DATA, detail=node.value) if node.value.__class__ is str else self.data

    def expr_Name(self, node: ast.Name) -> Ref:
        return self.ref(NAME, detail=node.id)

    def expr_Attribute(self, node: ast.Attribute) -> Ref:
        ref = self.ref(ATTRIBUTE, self.expr(node.value), detail=self.mangle(node.attr))
        self.loads[ref] = None
        return ref

    def expr_Subscript(self, node: ast.Subscript) -> Ref:
        base = self.expr(node.value)
        self.operand(base, _SUBSCRIPT)
        if isinstance(node.slice, ast.Slice):
            self.expr(node.slice)
            return self.ref(MADE, self.ref(ELEMENT, base))
        key = self.key(node.slice)
        return self.ref(ELEMENT, base) if key is ANY_KEY else self.ref(ITEM, base, detail=key)

    def expr_Slice(self, node: ast.Slice) -> Ref:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.operand(self.expr(part), _KEY)
        return self.data

    def expr_BinOp(self, node: ast.BinOp) -> Ref:
        left, right = self.expr(node.left), self.expr(node.right)
        methods = _OPERATOR[type(node.op)]
        if left.kind == DATA and isinstance(node.op, ast.Mod):
            methods += _FORMAT
        self.operand(left, methods)
        self.operand(right, methods)
        return self.data if left.kind == right.kind == DATA else self.ref(OPERATED, left, right)

    def expr_UnaryOp(self, node: ast.UnaryOp) -> Ref:
        if isinstance(node.op, ast.Not):
            self.truth(node.operand)
            return self.data
        value = self.expr(node.operand)
        self.operand(value, _OPERATOR[type(node.op)])
        return self.data if value.kind == DATA else self.ref(OPERATED, value)

    def expr_BoolOp(self, node: ast.BoolOp) -> Ref:
        return self.either(*[self.truth(v) for v in node.values])

    def expr_IfExp(self, node: ast.IfExp) -> Ref:
        self.truth(node.test)
        return self.either(self.expr(node.body), self.expr(node.orelse))

    def expr_Compare(self, node: ast.Compare) -> Ref:
        left = self.expr(node.left)
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.expr(right_node)
            self.operand(left, _OPERATOR[type(operator)])
            self.operand(right, _OPERATOR[type(operator)])
            left = right
        return self.data

    def expr_JoinedStr(self, node: ast.JoinedStr) -> Ref:
        for part in node.values:
            self.expr(part)
        return self.data

    def expr_FormattedValue(self, node: ast.FormattedValue) -> Ref:
        self.operand(self.expr(node.value), _FORMAT)
        if node.format_spec is not None:
            self.expr(node.format_spec)
        return self.data

    def parts(self, nodes: Iterable[ast.expr]) -> list[Ref]:
        """References of arguments or elements; those of a starred one stand for themselves."""
        return [self.expr(n) for n in nodes]

    def expr_Starred(self, node: ast.Starred) -> Ref:
        source = self.expr(node.value)
        self.iterate(source)
        return self.ref(ELEMENT, source)

    def expr_List(self, node: ast.List) -> Ref:
        return self.ref(MADE, *dict.fromkeys(self.parts(node.elts)))

    expr_Tuple = expr_List  # type: ignore[assignment]

    def expr_Set(self, node: ast.Set) -> Ref:
        parts = self.parts(node.elts)
        for part in parts:
            self.operand(part, _KEY)
        return self.ref(MADE, *dict.fromkeys(parts))

    def expr_Dict(self, node: ast.Dict) -> Ref:
        parts = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                source = self.expr(value)
                self.iterate(source)
                parts.append(self.ref(ELEMENT, source))
            else:
                parts.append(self.expr(key))
                self.operand(parts[-1], _KEY)
                parts.append(self.expr(value))
        return self.ref(MADE, *dict.fromkeys(parts))

    def expr_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Ref:
        self.generators(node.generators)
        return self.ref(MADE, self.expr(node.elt))

    expr_SetComp = expr_GeneratorExp = expr_ListComp  # type: ignore[assignment]

    def expr_DictComp(self, node: ast.DictComp) -> Ref:
        self.generators(node.generators)
        key = self.expr(node.key)
        self.operand(key, _KEY)
        return self.ref(MADE, key, self.expr(node.value))

    def generators(self, generators: list[ast.comprehension]) -> None:
        for generator in generators:
            if generator.is_async:
                self.give_up("an asynchronous comprehension")
            source = self.expr(generator.iter)
            self.iterate(source)
            self.assign(generator.target, self.ref(ELEMENT, source), inner=True)
            for condition in generator.ifs:
                self.truth(condition)

    def expr_NamedExpr(self, node: ast.NamedExpr) -> Ref:
        value = self.expr(node.value)
        self.bind(node.target.id, value)
        self.bind(node.target.id, self.unknown)  # the statement may have read the name before it was bound
        return value

    def expr_Lambda(self, node: ast.Lambda) -> Ref:
        return self.function(node.args, [ast.copy_location(ast.Expr(node.body), node.body)])

    def expr_Await(self, node: ast.Await) -> Ref:
        return self.expr(node.value)

    def expr_Call(self, node: ast.Call) -> Ref:
        func = node.func
        receiver, method = None, ""
        if isinstance(func, ast.Attribute):
            receiver, method = self.expr(func.value), self.mangle(func.attr)
            callee = self.ref(ATTRIBUTE, receiver, detail=method)
        else:
            callee = self.expr(func)
        if isinstance(func, ast.Name) and func.id == "super" and not node.args and not node.keywords:
            return self.ref(NAME, detail="super()")
        args = tuple(self.parts(node.args))
        keywords = []
        spread = any(isinstance(a, ast.Starred) for a in node.args)
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            if keyword.arg is None:
                spread = True
                self.iterate(value)
                value = self.ref(ELEMENT, value)
            keywords.append((keyword.arg or "", value))
        return self.result(Call(callee, receiver, method, args, tuple(keywords), spread))

    def result(self, call: Call) -> Ref:
        ref = self.ref(RESULT, detail=call)
        self.calls.append(ref)
        return ref


def _constant(node: ast.expr) -> Any:
    """The value of a constant subscript (a string or a number), or None."""
    if isinstance(node, ast.Constant) and node.value.__class__ in (str, int):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        if node.operand.value.__class__ is int:
            return -node.operand.value
    return None


__all__ = ["ANY_KEY", "SEQUENCE_KEY", "TAIL_KEY", "Call", "Key", "Ref", "Summary", "continuation", "plain_names", "summarise"]
