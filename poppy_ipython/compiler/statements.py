"""Statements, lowered.

A compound statement that may stall and that no jump leaves is *outlined* into a function: a unit, which takes the locals
that it reads and returns those that it binds.  Where a jump leaves it, or where it binds a captured name, it stays inline
and its stalls are those of the unit around it.
"""

from __future__ import annotations

import ast
import sys

from . import scopes
from .abi import BINARY, MARK, PREFIX, changed, const, forget, load, op, operation, place, store
from .expressions import Expressions
from .loops import Loops
from .matches import Matches
from .scope import Scope
from .tries import Tries, leaves


class Statements(Loops, Tries, Matches, Expressions):
    """The lowering of one scope: ``block(statements)``."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        #: names that have been assigned the result of a call, in the statements so far
        self.answers: set[str] = set()

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            facts = self.scope.known.of(statement)
            if isinstance(statement, (ast.For, ast.While)) and (facts.captured or self.scope.captured & facts.used):
                self.scope.closures_made = True  # a later round rebinds what an earlier round's closure or unit sees
            deleted = facts.deleted if isinstance(statement, scopes.COMPOUND) else set()
            self.scope.bound -= deleted  # by an earlier round, perhaps
            method = getattr(self, "stmt_" + type(statement).__name__)
            result.extend(place(new, statement) for new in method(statement))  # type: ignore[misc]
            self.scope.bound -= deleted
        return result or [ast.Pass()]

    # ------------------------------------------------------------------ simple statements
    def stmt_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        value = node.value
        if isinstance(value, ast.Yield) and self.scope.try_marks:  # of a manager: a failure of what precedes it in the `try` is met there
            given = f"{PREFIX}y{self.scope.fresh()}"
            lowered = self.expr(value.value) if value.value is not None else const(None)
            waits = ast.Expr(op("joins", load(self.scope.try_marks[0])))
            return [ast.Assign([store(given)], lowered), waits, ast.Expr(place(ast.Yield(load(given)), value)), forget(given)]  # type: ignore[arg-type]
        if isinstance(value, ast.Yield):
            return [ast.Expr(place(ast.Yield(self.expr(value.value) if value.value is not None else None), value))]  # type: ignore[arg-type]
        if isinstance(value, ast.YieldFrom):
            item = f"{PREFIX}x{self.scope.fresh()}"
            source = op("delegate", self.stream(value.value))
            return [ast.For(store(item), place(source, value), [place(ast.Expr(ast.Yield(load(item))), value)], [])]  # type: ignore[arg-type,list-item]
        if self.changes_what_is_found(node):
            return self.outlined(node, lambda inner: [ast.Expr(inner.expr(value))], "item")  # type: ignore[no-any-return]
        return [ast.Expr(self.expr(node.value))]

    def changes_what_is_found(self, node: ast.Expr) -> bool:
        """Is it ``groups[label(x)].append(x)``, which nobody needs to wait for either?  Then it waits for the key as a unit of its own."""
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Subscript):
            return False
        key = call.func.value.slice
        if isinstance(key, ast.Slice) or not self.outlinable(node) or self.binds(node):
            return False
        asks = any(isinstance(part, ast.Call) or isinstance(part, ast.Name) and part.id in self.answers for part in scopes.walk_scope(key))
        return asks and not any(isinstance(part, ast.Await) or getattr(part, "is_async", 0) for part in ast.walk(call))

    def stmt_Pass(self, node: ast.Pass) -> list[ast.stmt]:
        return [node]

    def stmt_Global(self, node: ast.Global | ast.Nonlocal) -> list[ast.stmt]:
        return []

    stmt_Nonlocal = stmt_Global

    def stmt_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        if _calls(node.value):
            self.answers |= self.scope.known.of(node).assigned
        if self.changes_item(node):
            return self.outlined(node, lambda inner: inner.assignment(node), "item")  # type: ignore[no-any-return]
        return self.assignment(node)

    def changes_item(self, node: ast.Assign | ast.AugAssign) -> bool:
        """Is it ``d[k] = d.get(k, 0) + 1`` or the like, which nobody needs to wait for?  Then it is a unit of its own, which
        waits for the key, and for those who still write the container."""
        target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
        if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice) or isinstance(node, ast.Assign) and len(node.targets) > 1:
            return False
        if not self.outlinable(node) or self.binds(node) or self.scope.known.of(target).calls:
            return False
        base = ast.dump(target.value)
        return isinstance(node, ast.AugAssign) or any(
            isinstance(n, (ast.Attribute, ast.Subscript)) and ast.dump(n.value) == base for n in scopes.walk_scope(node.value)
        )

    def assignment(self, node: ast.Assign) -> list[ast.stmt]:
        if len(node.targets) == 1:
            target = node.targets[0]
            return self.assign(target, self.stored(node.value) if isinstance(target, (ast.Attribute, ast.Subscript)) else self.expr(node.value))
        value = self.expr(node.value)
        temp = f"{PREFIX}a{self.scope.fresh()}"
        result: list[ast.stmt] = [ast.Assign([store(temp)], value)]
        for target in node.targets:
            result.extend(self.assign(target, load(temp)))
        return [*result, forget(temp)]

    def stmt_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        if node.value is not None:
            result = self.assign(node.target, self.expr(node.value))
        else:
            result = [ast.Expr(self.expr(part)) for part in scopes.annotated(node.target)]
        if not self.scope.cell:
            return result
        text = self.annotation_text(node.annotation)
        if node.simple:
            assert isinstance(node.target, ast.Name)
            value = const(text) if text is not None else self.expr(node.annotation)
            result.append(ast.Expr(op("si", op("g", const("__annotations__")), const(node.target.id), value)))
        elif text is None:
            result.append(ast.Expr(self.expr(node.annotation)))
        return result

    def annotation_text(self, annotation: ast.expr) -> str | None:
        """The annotation as a string, where ``from __future__ import annotations`` is in force."""
        return None

    def assign(self, target: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Statements that assign the lowered ``value`` to ``target``."""
        if isinstance(target, ast.Name):
            return self.scope.bind(target.id, value)
        if isinstance(target, ast.Starred):
            return self.assign(target.value, value)
        if isinstance(target, (ast.Tuple, ast.List)):
            number = self.scope.fresh()
            temps = [f"{PREFIX}u{number}_{i}" for i in range(len(target.elts))]
            star = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), None)
            after = -1 if star is None else len(temps) - 1 - star
            result: list[ast.stmt] = []
            if not temps:
                return [place(ast.Expr(op("unpack", value, const(0), const(-1))), target)]  # type: ignore[list-item]
            spread = ast.Assign([ast.Tuple([store(t) for t in temps], ast.Store())], op("unpack", value, const(len(temps)), const(after)))
            result.append(place(spread, target))  # type: ignore[arg-type]
            for temp, element in zip(temps, target.elts, strict=True):
                result.extend(place(s, element) for s in self.assign(element, load(temp)))  # type: ignore[misc]
            return [*result, forget(*temps)]
        temp = f"{PREFIX}w{self.scope.fresh()}"
        first: ast.stmt = ast.Assign([store(temp)], value)
        if isinstance(target, ast.Attribute):
            done = op("sa", self.expr(target.value), const(self.scope.mangle(target.attr)), load(temp))
        else:
            assert isinstance(target, ast.Subscript)
            done = op("si", self.expr(target.value), self.expr(target.slice), load(temp))
        return [first, place(ast.Expr(place(done, target)), target), forget(temp)]  # type: ignore[list-item,arg-type]

    def stmt_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        if self.changes_item(node):
            return self.outlined(node, lambda inner: inner.augmented(node), "item")  # type: ignore[no-any-return]
        return self.augmented(node)

    def augmented(self, node: ast.AugAssign) -> list[ast.stmt]:
        fn = operation("o:i" + BINARY[type(node.op)].rstrip("_"))
        target = node.target
        if isinstance(target, ast.Name):
            old_value = place(self.scope.read(target.id, late=True), target)
            value = op("inplace", fn, old_value, self.expr(node.value))  # type: ignore[arg-type]
            return self.scope.bind(target.id, place(value, node))  # type: ignore[arg-type]
        number = self.scope.fresh()
        base, key, old = f"{PREFIX}o{number}", f"{PREFIX}k{number}", f"{PREFIX}q{number}"
        result: list[ast.stmt] = [ast.Assign([store(base)], self.expr(target.value))]
        if isinstance(target, ast.Attribute):
            name = const(self.scope.mangle(target.attr))
            read = op("gal", load(base), name)
            write = lambda v: op("sa", load(base), name, v)  # noqa: E731
        else:
            result.append(ast.Assign([store(key)], self.expr(target.slice)))
            read = op("gi", load(base), load(key))
            write = lambda v: op("si", load(base), load(key), v)  # noqa: E731
        result.append(ast.Assign([store(old)], place(read, target)))  # type: ignore[arg-type]
        result.append(ast.Assign([store(old)], place(op("inplace", fn, load(old), self.expr(node.value)), node)))  # type: ignore[arg-type]
        result.append(ast.Expr(place(write(load(old)), target)))  # type: ignore[arg-type]
        return [*result, forget(base, key, old) if isinstance(target, ast.Subscript) else forget(base, old)]

    def stmt_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, (ast.Tuple, ast.List)):
                result.extend(self.stmt_Delete(ast.copy_location(ast.Delete(target.elts), node)))
            elif isinstance(target, ast.Subscript):
                result.append(place(ast.Expr(op("di", self.expr(target.value), self.expr(target.slice))), target))  # type: ignore[arg-type]
            elif isinstance(target, ast.Attribute):
                result.append(place(ast.Expr(op("da", self.expr(target.value), const(self.scope.mangle(target.attr)))), target))  # type: ignore[arg-type]
            elif isinstance(target, ast.Name):
                if self.scope.is_local(target.id):
                    if target.id in self.scope.captured:
                        result += [ast.Expr(op("drain")), ast.Delete([target])]
                        self.scope.bound.discard(target.id)
                        continue
                    result.append(ast.Expr(op("ld", load(target.id), const(target.id))))
                    result += self.scope.bind(target.id, operation("UNBOUND"))
                    self.scope.bound.discard(target.id)
                else:
                    result.append(place(ast.Expr(op("gd", const(target.id))), target))  # type: ignore[arg-type]
        return result

    def stmt_Raise(self, node: ast.Raise) -> list[ast.stmt]:
        if node.exc is None:
            return [ast.Expr(op("before_raise")), ast.Raise(None, None)]
        exc = op("raise_", self.expr(node.exc), const(isinstance(node.exc, ast.Call)))
        cause = op("force", self.expr(node.cause)) if node.cause is not None else None
        return [ast.Raise(exc, cause)]

    def stmt_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        """Like ``if not test: raise AssertionError(msg)``: a unit, so that a test that is pending stalls only that."""
        if not self.outlinable(node):
            return self.inline_assert(node, self.expr(node.test))
        return self.outlined(node, lambda inner: inner.inline_assert(node, load(PREFIX + "t")), "assert", test=node.test)  # type: ignore[no-any-return]

    def inline_assert(self, node: ast.Assert, test: ast.expr) -> list[ast.stmt]:
        if node.msg is None:
            failure: ast.expr = operation("AssertionError")
        else:
            failure = ast.Call(operation("AssertionError"), [op("force", self.expr(node.msg))], [])
        raised = ast.Raise(failure, None)
        branch = ast.If(ast.UnaryOp(ast.Not(), op("truth", load(PREFIX + "t"))), [raised], [])
        place(raised, _raise_of_assert(node))
        place(branch, node)
        return [ast.Assign([store(PREFIX + "t")], test), branch]

    def stmt_Import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        """Outside the cell scope: as written, in order, unless the modules are there already."""
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        relative = isinstance(node, ast.ImportFrom) and node.level
        result: list[ast.stmt] = [ast.Expr(op("before_import", *[const(m) for m in ([] if relative else modules)]))]
        new = changed(node)
        names = [(a.asname or a.name).split(".")[0] for a in node.names]
        if all(self.scope.is_local(n) and n not in self.scope.captured for n in names):
            result.append(new)
            self.scope.bound.update(names)
            if self.scope.bindings:
                for name in names:
                    result += self.scope.bind(name, load(name))
            return result
        temps = []
        for alias, name in zip(node.names, names, strict=True):
            temps.append((ast.copy_location(ast.alias(alias.name, f"{PREFIX}m{self.scope.fresh()}"), alias), name, alias))
        result.append(changed(node, names=[t[0] for t in temps]))
        for renamed, name, alias in temps:
            value: ast.expr = load(renamed.asname or "")
            if isinstance(node, ast.Import) and alias.asname is None and "." in alias.name:
                value = op("top_module", const(name))
            result += self.scope.bind(name, value)
        return result

    stmt_ImportFrom = stmt_Import

    def stmt_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
        """A nested function: made natively, over closure variables that hold real values."""
        new = changed(node, decorator_list=[])
        if node.decorator_list:  # where its code begins
            new.lineno, new.col_offset = node.decorator_list[0].lineno, node.decorator_list[0].col_offset
        new.args = self.defaults(node.args, new)
        decorators = [f"{PREFIX}d{self.scope.fresh()}" for _ in node.decorator_list]
        result: list[ast.stmt] = [ast.Assign([store(t)], self.expr(d)) for t, d in zip(decorators, node.decorator_list, strict=True)]
        captured = node.name in self.scope.captured and self.scope.is_local(node.name)
        if captured:
            result.append(ast.Expr(op("drain")))
        self.scope.closures_made = True
        result.append(new)
        value: ast.expr = load(node.name)
        for temp, decorator in zip(reversed(decorators), reversed(node.decorator_list), strict=True):
            value = place(op("call", load(temp), value), decorator)  # type: ignore[assignment]
        if decorators or not captured:
            result += self.scope.bind(node.name, value)
        self.scope.bound.add(node.name)
        return result

    stmt_AsyncFunctionDef = stmt_FunctionDef

    def stmt_Return(self, node: ast.Return) -> list[ast.stmt]:
        value = self.stored(node.value) if node.value is not None else const(None)
        if not self.scope.try_marks:
            return [ast.Return(value)]
        temp = PREFIX + "rv"
        return [
            ast.Assign([store(temp)], value),
            *self.jumping(0),
            ast.Return(load(temp)),
        ]

    def stmt_Break(self, node: ast.Break) -> list[ast.stmt]:
        return self._jump(node)

    def stmt_Continue(self, node: ast.Continue) -> list[ast.stmt]:
        return self._jump(node)

    def _jump(self, node: ast.stmt) -> list[ast.stmt]:
        return [*self.jumping(self.loop_marks), node]

    # ------------------------------------------------------------------ compound statements
    def outlinable(self, node: ast.stmt) -> bool:
        facts = self.scope.known.of(node)
        if scopes.jumps_out(node) or facts.yields:
            return False
        if self.scope.cell:
            return not facts.walruses & self.scope.targets
        return not facts.assigned & (self.scope.captured | self.scope.global_names | self.scope.shared) and not facts.defines

    def outlined(self, node, body_of, kind, test=None, extra=(), values=(), binds=None):  # type: ignore[no-untyped-def]
        """``node`` as a call of an outlined function; binds what it binds."""
        scope = self.scope
        facts = scope.known.of(node)
        names = sorted(binds if binds is not None else facts.assigned)
        inner = self.inside()
        inner.scope.try_marks = ()
        before = set(scope.bound)
        params = scope.passed([node, *[ast.Name(n, ast.Load()) for n in names]])
        body = body_of(inner)
        head = ([PREFIX + "t"] if test is not None else []) + list(extra)
        args = [*values, *[scope.pass_value(p) for p in params if p not in extra]]
        params = [p for p in params if p not in extra]
        also: tuple[ast.expr, ...] = ()
        if scope.cell:
            body.append(ast.Return(op("collect", const(tuple(names)))))
            name = scope.hoist("s", head + params, [place(s, node) for s in body], node, [node])
            def flags(bound: set[str]) -> ast.expr:
                gone = facts.cleared | facts.deleted
                return const(tuple([True if n in gone else None if n not in bound else False for n in names]))

            fn, tests = self.tests(test)
            if kind == "with":
                fn, also = kind, (flags(inner.scope.passed_by),)
            call = op("cell_" + fn, load(name), const(tuple(names)), flags(inner.scope.bound), *also, *tests, *args)
            scope.bound = (scope.bound & inner.scope.bound) | (inner.scope.bound & set(names))
            return [ast.Expr(place(call, node))]
        outs = [n for n in names if scope.is_local(n)]
        body.append(ast.Return(ast.Tuple([load(n) for n in outs], ast.Load())))
        name = scope.hoist("s", head + params, [place(s, node) for s in body], node, [node])
        maybe = tuple(n not in (inner.scope.bound & before) for n in outs)
        fn, tests = self.tests(test)
        if kind == "with":
            fn, also = kind, (const(tuple(n not in inner.scope.passed_by for n in outs)),)
        call = op("stmt_if" if fn == "if" else fn, load(name), const(maybe), *also, *tests, *args)
        scope.bound = (scope.bound & inner.scope.bound) | {n for n in outs if n in inner.scope.bound}
        place(call, node)
        if not outs:
            return [ast.Expr(call)]
        result: list[ast.stmt] = [ast.Assign([ast.Tuple([store(n) for n in outs], ast.Store())], call)]
        if scope.bindings:
            for n in outs:
                result.append(ast.Expr(op("log_binding", load(scope.bindings), const(n), load(n))))
        return result

    def tests(self, test: ast.expr | None) -> tuple[str, list[ast.expr]]:
        """How to enter an outlined statement, and its test in parts: a segment is evaluated by the unit, if there is one."""
        if test is None:
            return "unit", []
        lowered = self.expr(test)
        if isinstance(lowered, ast.Call) and isinstance(lowered.func, ast.Constant) and lowered.func.value == MARK + "seg":
            fused, step, *operands = lowered.args
            return "if", [fused, step, ast.copy_location(ast.Tuple(operands, ast.Load()), lowered)]
        return "stmt", [lowered]

    def stmt_If(self, node: ast.If) -> list[ast.stmt]:
        if not self.outlinable(node):
            entry, tests = self.tests(node.test)
            return self.inline_if(node, op("truth_of" if entry == "if" else "truth", *tests))

        def body(inner: Statements) -> list[ast.stmt]:
            return inner.inline_if(node, op("truth", load(PREFIX + "t")))

        return self.outlined(node, body, "if", test=node.test)  # type: ignore[no-any-return]

    def inline_if(self, node: ast.If, test: ast.expr) -> list[ast.stmt]:
        before = set(self.scope.bound)
        body = self.block(node.body)
        after_body = self.scope.bound if not leaves(node.body) else None
        self.scope.bound = set(before)
        orelse = self.block(node.orelse) if node.orelse else []
        after_else = self.scope.bound if not leaves(node.orelse) else None
        if after_body is None:
            self.scope.bound = after_else if after_else is not None else before
        elif after_else is None:
            self.scope.bound = after_body
        else:
            self.scope.bound = after_body & after_else
        return [ast.If(test, body, orelse)]



def _calls(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) for part in scopes.walk_scope(node))


def _raise_of_assert(node: ast.Assert) -> ast.AST:
    """Where Python places the ``raise`` of an ``assert``: 3.13 at the test, 3.12 at the statement, 3.11 at the last
    comparison that it looked at while compiling the test, else at the statement."""
    if sys.version_info >= (3, 13):
        return node.test
    if sys.version_info >= (3, 12):
        return node
    place_: ast.AST = node

    def visit(test: ast.expr) -> None:
        nonlocal place_
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            visit(test.operand)
        elif isinstance(test, ast.BoolOp):
            for value in test.values:
                visit(value)
        elif isinstance(test, ast.IfExp):
            for value in (test.test, test.body, test.orelse):
                visit(value)
        elif isinstance(test, ast.Compare):
            place_ = test

    visit(node.test)
    return place_
