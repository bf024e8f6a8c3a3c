"""Expressions, lowered.  Evaluation order is Python's to the letter.

A subtree without calls is one *segment*: its plain form as a closure for the case that every operand is an atom or
nothing is outstanding, and the same stepwise, through the store buffer, for every other case.  A call may be a leaf of
a segment only if no operation of the segment would have run before it.  What evaluates its parts conditionally (``and``,
``if``/``else``, chained comparisons with calls, comprehensions) is outlined into a function of its own: a unit.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import scopes
from .abi import BINARY, COMPARE, PREFIX, UNARY, attribute_place, changed, const, lambda_, load, op, operation, place, store, walk
from .comprehensions import Comprehensions
from .native import expression_two_ways
from .queries import told_of
from .readers import Readers
from .sources import Sources

if TYPE_CHECKING:
    from .lower import Scope

    class _Base:
        scope: Scope
else:
    _Base = object

_SEGMENT = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Attribute, ast.Subscript, ast.JoinedStr, ast.FormattedValue)


class Expressions(Comprehensions, Readers, Sources, _Base):
    """Part of the lowering: ``self.expr(node)`` gives the lowered expression."""

    def expr(self, node: ast.expr) -> ast.expr:
        """The lowered form of ``node``."""
        method = getattr(self, "expr_" + type(node).__name__)
        return place(method(node), node)  # type: ignore[return-value,no-any-return]

    # ------------------------------------------------------------------ leaves
    def expr_Constant(self, node: ast.Constant) -> ast.expr:
        return node

    def expr_Name(self, node: ast.Name) -> ast.expr:
        return self.scope.read(node.id)

    # ------------------------------------------------------------------ segments
    def segment(self, node: ast.expr) -> ast.expr | None:
        """``node`` as one segment, or None if a call stands behind an operation or is conditional."""
        leaves: list[ast.expr] = []
        names: dict[str, str] = {}  # since the last leaf that is not a name: it may rebind them
        state = {"operated": False, "ok": True}

        def visit(part: ast.expr, conditional: bool) -> ast.expr:
            if isinstance(part, ast.Constant):
                return part
            if isinstance(part, ast.Name):
                if conditional and self.scope.may_be_unbound(part.id):
                    state["ok"] = False
                if part.id not in names:
                    names[part.id] = f"{PREFIX}v{len(leaves)}"
                    leaves.append(place(self.expr(part), part))  # type: ignore[arg-type]
                return ast.copy_location(load(names[part.id]), part)
            if isinstance(part, ast.BinOp):
                left, right = visit(part.left, conditional), visit(part.right, conditional)
                state["operated"] = True
                return ast.copy_location(ast.BinOp(left, part.op, right), part)
            if isinstance(part, ast.UnaryOp):
                operand = visit(part.operand, conditional)
                state["operated"] = True
                return ast.copy_location(ast.UnaryOp(part.op, operand), part)
            if isinstance(part, ast.Compare):
                left = visit(part.left, conditional)
                rest = [visit(c, conditional or i > 0) for i, c in enumerate(part.comparators)]
                state["operated"] = True
                return ast.copy_location(ast.Compare(left, part.ops, rest), part)
            if isinstance(part, ast.BoolOp):
                values = [visit(v, conditional or i > 0) for i, v in enumerate(part.values)]
                state["operated"] = True
                return ast.copy_location(ast.BoolOp(part.op, values), part)
            if isinstance(part, ast.IfExp):
                test = visit(part.test, conditional)
                state["operated"] = True
                return ast.copy_location(ast.IfExp(test, visit(part.body, True), visit(part.orelse, True)), part)
            if isinstance(part, ast.Attribute):
                value = visit(part.value, conditional)
                state["operated"] = True
                return ast.copy_location(ast.Attribute(value, self.scope.mangle(part.attr), part.ctx), part)
            if isinstance(part, ast.Subscript) and not isinstance(part.slice, ast.Tuple):
                value = visit(part.value, conditional)
                key = visit_slice(part.slice, conditional)
                state["operated"] = True
                return ast.copy_location(ast.Subscript(value, key, part.ctx), part)
            if isinstance(part, ast.JoinedStr):
                values = [visit(v, conditional) for v in part.values]
                return ast.copy_location(ast.JoinedStr(values), part)
            if isinstance(part, ast.FormattedValue):
                value = visit(part.value, conditional)
                spec = visit(part.format_spec, conditional) if part.format_spec is not None else None
                state["operated"] = True
                return ast.copy_location(ast.FormattedValue(value, part.conversion, spec), part)
            if state["operated"] or conditional:
                state["ok"] = False
            name = f"{PREFIX}v{len(leaves)}"
            names.clear()
            leaves.append(self.expr(part) if state["ok"] else const(None))
            return ast.copy_location(load(name), part)

        def visit_slice(part: ast.expr, conditional: bool) -> ast.expr:
            if isinstance(part, ast.Slice):
                parts = [visit(p, conditional) if p is not None else None for p in (part.lower, part.upper, part.step)]
                return ast.copy_location(ast.Slice(*parts), part)
            return visit(part, conditional)

        fused = visit(node, False)
        if not state["ok"]:
            return None
        if not leaves:
            return node
        params = [f"{PREFIX}v{i}" for i in range(len(leaves))]
        return op("seg", lambda_(params, fused), lambda_(params, self.stepwise(fused)), *leaves)

    def _segment(self, node: ast.expr) -> ast.expr | None:
        """Like :meth:`segment`, undoing what a failed attempt has hoisted and bound."""
        before, bound = len(self.scope.hoisted), set(self.scope.bound)
        result = self.segment(node)
        if result is None:
            del self.scope.hoisted[before:]
            self.scope.bound = bound
        return result

    def stepwise(self, node: ast.expr) -> ast.expr:
        """A segment's body (names are its parameters) with one engine operation an operator."""
        s = self.stepwise
        new: ast.expr
        if isinstance(node, ast.BinOp):
            new = op("op", operation("o:" + BINARY[type(node.op)]), s(node.left), s(node.right))
        elif isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                new = op("not_", s(node.operand))
            else:
                new = op("op", operation("o:" + UNARY[type(node.op)]), s(node.operand))
        elif isinstance(node, ast.Compare):
            new = self.compare_step(s(node.left), node.ops[0], s(node.comparators[0]))
            for i in range(1, len(node.ops)):
                temp = f"{PREFIX}c{i}"
                right = self.compare_step(s(node.comparators[i - 1]), node.ops[i], s(node.comparators[i]))
                new = ast.IfExp(op("truth", ast.NamedExpr(store(temp), new)), right, load(temp))
        elif isinstance(node, ast.BoolOp):
            new = s(node.values[0])
            for i, value in enumerate(node.values[1:]):
                temp = f"{PREFIX}a{i}"
                test = op("truth", ast.NamedExpr(store(temp), new))
                both = (s(value), load(temp)) if isinstance(node.op, ast.And) else (load(temp), s(value))
                new = ast.IfExp(test, *both)
        elif isinstance(node, ast.IfExp):
            new = ast.IfExp(op("truth", s(node.test)), s(node.body), s(node.orelse))
        elif isinstance(node, ast.Attribute):
            new = op("ga", s(node.value), const(node.attr))
            place(new, attribute_place(node, node))
        elif isinstance(node, ast.Subscript):
            new = op("gi", s(node.value), s(node.slice))
        elif isinstance(node, ast.Slice):
            parts = [op("force", s(p)) if p is not None else const(None) for p in (node.lower, node.upper, node.step)]
            new = op("slice", *parts)
        elif isinstance(node, ast.JoinedStr):
            new = op("concat", *[v if isinstance(v, ast.Constant) else s(v) for v in node.values])
        elif isinstance(node, ast.FormattedValue):
            spec = s(node.format_spec) if node.format_spec is not None else const("")
            new = op("format", s(node.value), const(node.conversion), spec)
        else:
            return node
        return place(new, node)  # type: ignore[return-value]

    def compare_step(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
        if isinstance(operator, ast.Is):
            return op("is_", left, right)
        if isinstance(operator, ast.IsNot):
            return op("is_not", left, right)
        if isinstance(operator, ast.In):
            return op("in_", left, right)
        if isinstance(operator, ast.NotIn):
            return op("not_in", left, right)
        return op("op", operation("o:" + COMPARE[type(operator)]), left, right)

    def expr_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._segment(node) or op("op", operation("o:" + BINARY[type(node.op)]), self.expr(node.left), self.expr(node.right))

    def expr_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        found = self._segment(node)
        if found is not None:
            return found
        if isinstance(node.op, ast.Not):
            return op("not_", self.expr(node.operand))
        return op("op", operation("o:" + UNARY[type(node.op)]), self.expr(node.operand))

    def expr_Attribute(self, node: ast.Attribute) -> ast.expr:
        found = self._segment(node)
        if found is not None:
            return found
        read = op("ga", self.expr(node.value), const(self.scope.mangle(node.attr)))
        return place(read, attribute_place(node, node))  # type: ignore[return-value]

    def stored(self, node: ast.expr) -> ast.expr:
        """The lowered form of ``node``, which is stored or returned as it is: an attribute may be read later."""
        if not isinstance(node, ast.Attribute):
            return self.expr(node)
        read = op("gas", self.expr(node.value), const(self.scope.mangle(node.attr)))
        return place(read, attribute_place(node, node))  # type: ignore[return-value,arg-type]

    def expr_Subscript(self, node: ast.Subscript) -> ast.expr:
        found = None if isinstance(node.slice, ast.Tuple) else self._segment(node)  # `x[i, j]` is a leaf of segments
        return found or op("gi", self.expr(node.value), self.expr(node.slice))

    def expr_Slice(self, node: ast.Slice) -> ast.expr:
        return op("slice", *[op("force", self.expr(p)) if p is not None else const(None) for p in (node.lower, node.upper, node.step)])

    def expr_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        found = self._segment(node)
        if found is not None:
            return found
        return op("concat", *[v if isinstance(v, ast.Constant) else self.expr(v) for v in node.values])

    def expr_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        spec = self.expr(node.format_spec) if node.format_spec is not None else const("")
        return op("format", self.expr(node.value), const(node.conversion), spec)

    # ------------------------------------------------------------------ conditional evaluation
    def expr_Compare(self, node: ast.Compare) -> ast.expr:
        found = self._segment(node)
        if found is not None:
            return found
        if len(node.ops) == 1:
            return self.compare_step(self.expr(node.left), node.ops[0], self.expr(node.comparators[0]))

        if self.binds(node):
            return self.compare_in_place(self.expr(node.left), node.ops, node.comparators)

        def body(inner: Expressions) -> list[ast.stmt]:
            out: list[ast.stmt] = [ast.Assign([store(PREFIX + "l")], inner.expr(node.left))]
            for i, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
                out.append(ast.Assign([store(PREFIX + "r")], inner.expr(right)))
                value = inner.compare_step(load(PREFIX + "l"), operator, load(PREFIX + "r"))
                if i == len(node.ops) - 1:
                    out.append(ast.Return(value))
                else:
                    out.append(ast.Assign([store(PREFIX + "x")], value))
                    test = ast.UnaryOp(ast.Not(), op("truth", load(PREFIX + "x")))
                    out.append(ast.If(test, [ast.Return(load(PREFIX + "x"))], []))
                    out.append(ast.Assign([store(PREFIX + "l")], load(PREFIX + "r")))
            return out

        return self.outline(node, body)

    def compare_in_place(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> ast.expr:
        """A chained comparison that binds names: in its own frame."""
        if len(ops) == 1:
            return self.compare_step(left, ops[0], self.expr(rights[0]))
        number = self.scope.fresh()
        kept, result = f"{PREFIX}r{number}", f"{PREFIX}x{number}"
        first = self.compare_step(left, ops[0], ast.NamedExpr(store(kept), self.expr(rights[0])))
        before = set(self.scope.bound)
        rest = self.compare_in_place(load(kept), ops[1:], rights[1:])
        self.scope.bound = before
        return ast.IfExp(op("truth", ast.NamedExpr(store(result), first)), rest, load(result))

    def expr_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        found = self._segment(node)
        if found is not None:
            return found
        if self.binds(node):
            new = self.expr(node.values[0])
            for i, value in enumerate(node.values[1:]):
                temp = f"{PREFIX}a{i}_{self.scope.fresh()}"
                test = op("truth", ast.NamedExpr(store(temp), new))
                later = self.perhaps(value)
                new = ast.IfExp(test, *((later, load(temp)) if isinstance(node.op, ast.And) else (load(temp), later)))
            return new
        first, rest = node.values[0], node.values[1:]

        def body(inner: Expressions) -> list[ast.stmt]:
            out: list[ast.stmt] = []
            for value in rest:
                test: ast.expr = op("truth", load(PREFIX + "t"))
                if isinstance(node.op, ast.And):
                    test = ast.UnaryOp(ast.Not(), test)
                out.append(ast.If(test, [ast.Return(load(PREFIX + "t"))], []))
                out.append(ast.Assign([store(PREFIX + "t")], inner.expr(value)))
            out.append(ast.Return(load(PREFIX + "t")))
            return out

        return self.outline(node, body, test=first, reads=rest)

    def expr_IfExp(self, node: ast.IfExp) -> ast.expr:
        found = self._segment(node)
        if found is not None:
            return found
        if self.binds(node):
            return ast.IfExp(op("truth", self.expr(node.test)), self.perhaps(node.body), self.perhaps(node.orelse))

        def body(inner: Expressions) -> list[ast.stmt]:
            test = op("truth", load(PREFIX + "t"))
            return [ast.If(test, [ast.Return(inner.expr(node.body))], [ast.Return(inner.expr(node.orelse))])]

        return self.outline(node, body, test=node.test, reads=[node.body, node.orelse])

    def perhaps(self, node: ast.expr) -> ast.expr:
        """A part that may be passed over: what it binds is not bound for certain."""
        before = set(self.scope.bound)
        result = self.expr(node)
        self.scope.bound = before
        return result

    def binds(self, node: ast.AST) -> bool:
        """Does the expression bind a local name (a walrus in a function)?  Then it stays in its frame."""
        return not self.scope.cell and bool(self.scope.known.of(node).walruses)

    def outline(self, node, body, test=None, reads=None, extra=()):  # type: ignore[no-untyped-def]
        """``node`` as a call of a new function with the locals that it reads as parameters."""
        reads = reads if reads is not None else [node]
        params = self.scope.passed(reads)
        values = [self.scope.pass_value(p) for p in params]
        inner = self.inside()
        name = self.scope.hoist(
            "e", ([PREFIX + "t"] if test is not None else []) + [*extra, *params], [place(s, node) for s in body(inner)], node,
            [ast.copy_location(ast.Expr(e), e) for e in reads],
        )
        if test is not None:
            return op("expr_if", load(name), self.expr(test), *values)
        return op("expr", load(name), *values)

    def inside(self):  # type: ignore[no-untyped-def]
        """A lowering for the body of an outlined function of the same scope."""
        return type(self)(self.scope.inner())

    # ------------------------------------------------------------------ displays
    def items(self, elements: list[ast.expr], node: ast.expr, spread: str = "spread") -> list[ast.expr]:
        """Operands of ``node``; Python spreads one that is starred at the place of the whole."""
        return [
            place(ast.Starred(place(op(spread, self.expr(e.value)), node), ast.Load()), e) if isinstance(e, ast.Starred) else self.expr(e)  # type: ignore[misc]
            for e in elements
        ]

    def expr_Tuple(self, node: ast.Tuple) -> ast.expr:
        if all(isinstance(e, ast.Constant) for e in node.elts):
            return node
        return op("new_tuple", *self.items(node.elts, node))

    def expr_List(self, node: ast.List) -> ast.expr:
        return op("new_list", ast.List(self.items(node.elts, node), ast.Load()))

    def expr_Set(self, node: ast.Set) -> ast.expr:
        return op("new_set", ast.List(self.items(node.elts, node, "spread_in_set"), ast.Load()))

    def expr_Dict(self, node: ast.Dict) -> ast.expr:
        pairs = [
            ast.Tuple([operation("UNBOUND"), op("spread_mapping", self.expr(v))] if k is None else [self.expr(k), self.expr(v)], ast.Load())
            for k, v in zip(node.keys, node.values, strict=True)
        ]
        return op("new_dict", ast.List(pairs, ast.Load()))  # type: ignore[arg-type]

    def expr_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        return self.scope.bind_expression(node.target.id, self.expr(node.value))

    def expr_Lambda(self, node: ast.Lambda) -> ast.expr:
        args = self.defaults(node.args, node)
        self.scope.closures_made = True
        return changed(node, args=args)

    def defaults(self, args: ast.arguments, at: ast.AST) -> ast.arguments:
        """``args`` with lowered defaults."""
        defaults = [self.default(d, at) for d in args.defaults]
        return changed(args, defaults=defaults, kw_defaults=[self.default(d, at) if d is not None else None for d in args.kw_defaults])

    def default(self, node: ast.expr, at: ast.AST) -> ast.expr:
        """A parameter's default: a real value (constants stay constants, so that Python may share them)."""
        return node if isinstance(node, ast.Constant) else place(op("force", self.expr(node)), at)  # type: ignore[return-value]

    def expr_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """A generator that somebody else consumes: made natively, over a real iterable."""
        self.scope.closures_made = True
        generator, *rest = node.generators
        # the iterable is evaluated first, by a parameter's default, where Python allows any expression
        source = f"{PREFIX}y{self.scope.fresh()}"
        first = place(op("real_iterable", self.expr(generator.iter)), generator.iter)
        if not any(isinstance(n, ast.NamedExpr) for n in walk(first)):
            return changed(node, generators=[changed(generator, iter=first), *rest])
        new = changed(node, generators=[changed(generator, iter=load(source)), *rest])
        return ast.Call(lambda_([source], new), [first], [])  # type: ignore[list-item]

    # ------------------------------------------------------------------ calls
    def is_super(self, node: ast.Call) -> bool:
        return isinstance(node.func, ast.Name) and node.func.id == "super"

    def expr_Call(self, node: ast.Call) -> ast.expr:
        if scopes.consumed(node):
            return expression_two_ways(self, node, lambda: self.consumer(node))
        if self.reads(node):
            return self.read(node)
        if self.is_super(node) and not node.args and not node.keywords and self.scope.first_param:
            return ast.Call(load("super"), [load("__class__"), op("force", load(self.scope.first_param))], [])
        if scopes.looked_up(node.func, self.scope.dispatched) and not self.binds(node):
            if not self.scope.kept or not self.scope.kept & scopes.captured([node]):  # the closure would be given the value of its round
                return self.dispatch(node)
        return self.call(node, None)

    def dispatch(self, node: ast.Call) -> ast.expr:
        """``tools[name](…)``: which function is called may be an answer. Then the call is a unit of its own, which issues its
        arguments, waits for the function, and calls it; its footprint is that of every function in ``tools``."""

        def body(inner: Expressions) -> list[ast.stmt]:
            return [ast.Return(inner.call(node, None, callee=place(load(PREFIX + "t"), node.func)))]  # type: ignore[arg-type]

        return self.outline(node, body, test=node.func)

    def call(
        self, node: ast.Call, args: list[ast.expr] | None, awaited: bool = False, callee: ast.expr | None = None
    ) -> ast.expr:
        func = node.func
        if callee is not None:
            head, target = [callee], "call"
        elif isinstance(func, ast.Attribute) and not awaited:
            head = self.method_head(node, func)
            target = "meth"
        else:
            head = [self.expr(func)]
            target = "await_call" if awaited else "call"
        told = told_of(node.args[0]) if args is None and callee is None and node.args else None
        if told is not None and target == "meth":
            head.append(self.expr(told[1]))
            target, args = "meth_told", [self.expr(told[0]), *self.items(node.args[1:], node)]
        if args is None:
            if len(node.args) == 1 and isinstance(node.args[0], ast.Starred) and not awaited:
                target += "_star"
                args = [self.expr(node.args[0].value)]
            else:
                args = self.items(node.args, node)
        if any(k.arg is None for k in node.keywords):
            pairs = [(const(k.arg), self.expr(k.value)) for k in node.keywords]
            named = ast.List([ast.Tuple([*pair], ast.Load()) for pair in pairs], ast.Load())
            result = op("with_keywords", operation(target), *head, *args, named)
        else:
            result = op(target, *head, *args, keywords=[ast.keyword(k.arg, self.expr(k.value)) for k in node.keywords])
        if target.startswith("meth") and isinstance(func, ast.Attribute):
            place(result, attribute_place(node, func))
        return result

    def method_head(self, node: ast.Call, func: ast.Attribute) -> list[ast.expr]:
        """Receiver and name of a method call; Python looks the method up before it evaluates the arguments."""
        receiver = self.expr(func.value)
        name = self.scope.mangle(func.attr)
        parts = [*node.args, *[k.value for k in node.keywords]]
        if not all(isinstance(a, (ast.Constant, ast.Name)) for a in parts):
            owner = op("own", receiver, const(name), const(any(scopes.has_call(a) for a in parts)))
            receiver = place(owner, attribute_place(func, func))  # type: ignore[assignment]
        # (where the name stands is where the engine says that there is no such method)
        return [receiver, place(const(name), attribute_place(func, func))]  # type: ignore[list-item]

    def expr_Await(self, node: ast.Await) -> ast.expr:
        if isinstance(node.value, ast.Call) and not scopes.consumed(node.value):
            return self.call(node.value, None, awaited=True)
        return op("await_value", self.expr(node.value))

    def expr_Starred(self, node: ast.Starred) -> ast.expr:
        return ast.Starred(op("spread", self.expr(node.value)), ast.Load())
