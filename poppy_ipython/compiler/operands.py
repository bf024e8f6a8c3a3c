"""References of expressions, and what evaluating them calls: special methods, properties, functions.

Part of the builder of summaries (:mod:`~poppy_ipython.compiler.maywrites`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .references import ANY_KEY, ATTRIBUTE, DATA, ELEMENT, ITEM, MADE, NAME, OPERATED, PART, RESULT, Call, Ref

if TYPE_CHECKING:

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object

_OF_SETS = ("__hash__", "__eq__")
OPERATOR: dict[type, tuple[str, ...]] = {
    ast.Add: ("__add__", "__radd__"), ast.Sub: ("__sub__", "__rsub__", *_OF_SETS), ast.Mult: ("__mul__", "__rmul__", "__index__"),
    ast.Div: ("__truediv__", "__rtruediv__", "__fspath__"), ast.FloorDiv: ("__floordiv__", "__rfloordiv__"), ast.Mod: ("__mod__", "__rmod__", "__getitem__", "__float__", "__int__", "__index__"),
    ast.Pow: ("__pow__", "__rpow__"), ast.BitAnd: ("__and__", "__rand__", *_OF_SETS), ast.BitOr: ("__or__", "__ror__", *_OF_SETS),
    ast.BitXor: ("__xor__", "__rxor__", *_OF_SETS), ast.LShift: ("__lshift__", "__rlshift__"), ast.RShift: ("__rshift__", "__rrshift__"),
    ast.MatMult: ("__matmul__", "__rmatmul__"), ast.USub: ("__neg__",), ast.UAdd: ("__pos__",), ast.Invert: ("__invert__",),
    ast.Eq: ("__eq__",), ast.NotEq: ("__ne__", "__eq__"), ast.Lt: ("__lt__", "__gt__"), ast.Gt: ("__gt__", "__lt__"),
    ast.LtE: ("__le__", "__ge__"), ast.GtE: ("__ge__", "__le__"), ast.In: ("__contains__", "__iter__", "__getitem__", "__eq__", "__hash__"),
    ast.NotIn: ("__contains__", "__iter__", "__getitem__", "__eq__", "__hash__"), ast.Is: (), ast.IsNot: (),
}  # fmt: skip
TRUTH = ("__bool__", "__len__")
FORMAT = ("__format__", "__str__", "__repr__")
SUBSCRIPT = ("__getitem__", "__missing__", "__hash__", "__eq__")
KEY = ("__hash__", "__eq__", "__index__")
ORDER = ("__lt__", "__gt__")
#: those that are asked of what is in a container, too
OF_ELEMENTS = frozenset({"__hash__", "__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__", "__str__", "__repr__", "__format__"})




class Operands(_Base):
    """``expr(node)`` gives the reference of an expression."""

    def expr(self, node: ast.expr) -> Ref:
        method: Callable[[Any], Ref] | None = getattr(self, "expr_" + type(node).__name__, None)
        return method(node) if method is not None else self.give_up(f"{type(node).__name__} in line {node.lineno}")

    def truth(self, node: ast.expr) -> Ref:
        ref = self.expr(node)
        self.operand(ref, TRUTH)
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
        self.operand(base, SUBSCRIPT)
        if isinstance(node.slice, ast.Slice):
            self.expr(node.slice)
            return self.ref(MADE, self.ref(ELEMENT, base), detail=PART)
        key = self.key(node.slice)
        self.subscripts[base, node.slice.id if isinstance(node.slice, ast.Name) else None, None if key is ANY_KEY else key] = None
        return self.ref(ITEM, base, detail=key)

    def expr_Slice(self, node: ast.Slice) -> Ref:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.operand(self.expr(part), KEY)
        return self.data

    def expr_BinOp(self, node: ast.BinOp) -> Ref:
        left, right = self.expr(node.left), self.expr(node.right)
        methods = OPERATOR[type(node.op)]
        if left.kind == DATA and isinstance(node.op, ast.Mod):
            methods += FORMAT
        self.operand(left, methods)
        self.operand(right, methods)
        return self.data if left.kind == right.kind == DATA else self.ref(OPERATED, left, right)

    def expr_UnaryOp(self, node: ast.UnaryOp) -> Ref:
        if isinstance(node.op, ast.Not):
            self.truth(node.operand)
            return self.data
        value = self.expr(node.operand)
        self.operand(value, OPERATOR[type(node.op)])
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
            self.operand(left, OPERATOR[type(operator)])
            self.operand(right, OPERATOR[type(operator)])
            left = right
        return self.data

    def expr_JoinedStr(self, node: ast.JoinedStr) -> Ref:
        for part in node.values:
            self.expr(part)
        return self.data

    def expr_FormattedValue(self, node: ast.FormattedValue) -> Ref:
        self.operand(self.expr(node.value), FORMAT)
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
            self.operand(part, KEY)
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
                self.operand(parts[-1], KEY)
                parts.append(self.expr(value))
        return self.ref(MADE, *dict.fromkeys(parts))

    def expr_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Ref:
        self.generators(node.generators)
        element = self.expr(node.elt)
        if isinstance(node, ast.SetComp):
            self.operand(element, KEY)
        return self.ref(MADE, element)

    expr_SetComp = expr_GeneratorExp = expr_ListComp  # type: ignore[assignment]

    def expr_DictComp(self, node: ast.DictComp) -> Ref:
        self.generators(node.generators)
        key = self.expr(node.key)
        self.operand(key, KEY)
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
        """``await f(…)`` is a call; what another awaitable does when it is awaited is not known."""
        if isinstance(node.value, ast.Call):
            return self.expr_Call(node.value, True)
        self.give_up("await")
        return self.expr(node.value)

    def expr_Call(self, node: ast.Call, awaited: bool = False) -> Ref:
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
        return self.result(Call(callee, receiver, method, args, tuple(keywords), spread, awaited))

    def result(self, call: Call) -> Ref:
        ref = self.ref(RESULT, detail=call)
        self.calls.append(ref)
        return ref



def constant(node: ast.expr) -> Any:
    """The value of a constant subscript (a string or a number), or None."""
    if isinstance(node, ast.Constant) and node.value.__class__ in (str, int):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        if node.operand.value.__class__ is int:
            return -node.operand.value
    return None
