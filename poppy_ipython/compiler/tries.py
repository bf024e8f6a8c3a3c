"""`try` and `with`, lowered.

A handler runs in order; what a `try` may have caught has finished before control leaves it. A `with` over a manager whose methods are
known is such a statement (`engine/managed.py`). Any other manager is entered at the head, and nothing else runs until it is left; one of an
`async with` too, by way of a manager of ours that awaits what it gives (`engine/managers.py`).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .abi import PREFIX, const, forget, load, manager_name, op, operation, place, store
from .generators import reads_lines

if TYPE_CHECKING:
    from typing import Any

    class _Base:
        def __getattr__(self, name: str) -> Any: ...
else:
    _Base = object


class Tries(_Base):
    """Part of the lowering."""

    def stmt_With(self, node: ast.With | ast.AsyncWith) -> list[ast.stmt]:
        before = set(self.scope.bound)
        if isinstance(node, ast.With) and not self.scope.known.of(node).yields:
            if len(node.items) > 1:
                inner = ast.copy_location(ast.With(node.items[1:], node.body), node)
                return self.stmt_With(ast.copy_location(ast.With([node.items[0]], [inner]), node))
            if not _opens(node.items[0]):
                return self.managed_with(node)
            result = self.logging(node, lambda: self.open_with(node))
        elif isinstance(node, ast.With) and reads_lines(node):
            result = self.logging(node, lambda: self.reading_with(node))
        else:
            result = self.logging(node, lambda: self.exclusive_with(node))
        self.scope.bound = before  # the manager may swallow an exception of the body
        return result

    stmt_AsyncWith = stmt_With

    def managed_with(self, node: ast.With) -> list[ast.stmt]:
        """A ``with`` over a manager of which only the run can tell what it is (``engine/managed.py``)."""
        [item] = node.items
        name = manager_name(item)
        found = op("force", self.expr(item.context_expr))
        known = ast.withitem(place(load(name), item.context_expr), item.optional_vars)  # type: ignore[arg-type]
        inside = ast.copy_location(ast.With([known], node.body), node)  # where the manager has been found
        if self.outlinable(inside):
            return self.outlined(inside, lambda inner: inner.inside_with(inside, name), "with", extra=(name,), values=(found,))  # type: ignore[no-any-return]
        return [ast.Assign([store(name)], found), *self.inside_with(inside, name), ast.Delete([ast.Name(name, ast.Del())])]

    def inside_with(self, node: ast.With, name: str) -> list[ast.stmt]:
        """The statement, its manager being in the variable ``name``."""
        before = set(self.scope.bound)
        result = self.logging(node, lambda: self.entered_with(node, name))
        self.scope.passed_by = self.scope.bound
        self.scope.bound = before
        return result

    def entered_with(self, node: ast.With, name: str) -> list[ast.stmt]:
        [item] = node.items
        marks = self.scope.try_marks
        number = self.scope.fresh()
        guard, mark, error, temp = f"{PREFIX}v{number}", f"{PREFIX}n{number}", f"{PREFIX}z{number}", f"{PREFIX}y{number}"
        self.scope.try_marks = (*marks, mark)
        self.scope.body_ends[mark] = ("end_managed", guard, mark)
        self.scope.passed_from[mark] = None
        after: list[ast.stmt] = []
        if item.optional_vars is not None:
            after = [*self.assign(item.optional_vars, load(temp)), forget(temp)]
        body = self.block(node.body)
        self.scope.try_marks = marks
        wrapped = self.handed_over(node, [*after, *body, *self.joined((mark,))], error, mark)
        entered = ast.withitem(place(load(guard), item.context_expr), store(temp) if after else None)  # type: ignore[arg-type]
        return [
            ast.Assign([store(mark), store(error)], const(None)),
            ast.Assign([store(guard)], op("managed", load(name))),
            *self.passing_with(
                mark,
                ast.With([entered], [ast.Assign([store(mark)], op("mark")), *wrapped]),
                ast.Expr(op("leave_managed", load(guard), load(error), load(mark))),
            ),
            forget(error, guard),
        ]

    def reading_with(self, node: ast.With) -> list[ast.stmt]:
        """One that yields, over a file that it only goes through (``generators.reads_lines``): it is closed behind what has been read."""
        [item] = node.items
        assert item.optional_vars is not None
        name = f"{PREFIX}w{self.scope.fresh()}"
        body = [*self.assign(item.optional_vars, load(name)), *self.block(node.body)]
        return [ast.Assign([store(name)], op("force", self.expr(item.context_expr))), ast.Try(body, [], [], [ast.Expr(op("close_behind", load(name)))]), forget(name)]

    def exclusive_with(self, node: ast.With | ast.AsyncWith) -> list[ast.stmt]:
        """An undeclared ``with``: enters at the head, nothing else runs meanwhile, drains before it leaves."""
        marks = self.scope.try_marks
        mark = f"{PREFIX}n{self.scope.fresh()}"
        self.scope.try_marks = (*marks, mark)
        self.scope.body_ends[mark] = ("drain",)
        items = []
        after: list[ast.stmt] = []
        for item in node.items:
            variable = None
            if item.optional_vars is not None:
                temp = f"{PREFIX}y{self.scope.fresh()}"
                variable = store(temp)
                after.extend([*self.assign(item.optional_vars, load(temp)), forget(temp)])
            manager = op("pin", self.expr(item.context_expr))
            if isinstance(node, ast.AsyncWith):
                manager = op("awaited_manager", manager)
                if sys.version_info >= (3, 13):
                    manager = place(manager, item.context_expr)
            items.append(ast.withitem(manager, variable))
        if len(items) > 1 and after:
            kind = type(node)
            single = kind([node.items[0]], [ast.copy_location(kind(node.items[1:], node.body), node)])
            self.scope.try_marks = marks
            return self.exclusive_with(ast.copy_location(single, node))
        self.scope.passed_from[mark] = None
        body = self.block(node.body)
        self.scope.try_marks = marks
        error = f"{PREFIX}z{self.scope.fresh()}"
        wrapped = self.handed_over(node, [*after, *body, *self.joined((mark,))], error, mark)
        return [
            ast.Expr(op("enter_exclusive")),
            ast.Assign([store(mark)], op("mark")),
            ast.Assign([store(error)], const(None)),
            *self.passing_with(mark, ast.With(items, wrapped), ast.Expr(op("leave_exclusive", load(error)))),
            forget(error),
        ]

    def handed_over(self, node: ast.stmt, inside: list[ast.stmt], error: str, mark: str) -> list[ast.stmt]:
        """The body of a ``with``, ``inside``; its manager is handed the exception of a plain run."""
        caught: list[ast.stmt] = [ast.Assign([store(error)], op("caught", load(PREFIX + "e"), load(mark), const(False)))]
        caught += self.restore()
        return [
            ast.Try(inside, [ast.ExceptHandler(operation("BaseException"), PREFIX + "e", caught)], [], []),
            ast.If(ast.Compare(load(error), [ast.IsNot()], [const(None)]), [hand_over(node, error)], []),
        ]

    def joined(self, marks: tuple[str, ...]) -> list[ast.stmt]:
        """Before control leaves the statements at ``marks``, the outermost first: what they may catch has finished, and what a manager may see."""
        joins: list[ast.stmt] = []
        outermost = True
        for mark in marks:
            ends = self.scope.body_ends.get(mark)
            if ends is not None:
                joins.append(ast.Expr(op(ends[0], *map(load, ends[1:]))))
            elif outermost:  # which finishes what is inside
                joins.append(ast.Expr(op("join", load(mark))))
                outermost = False
        return joins

    def jumping(self, start: int) -> list[ast.stmt]:
        """Before a jump out of the statements from the one at ``start`` on: the outer ones still catch what the ``finally`` and the
        ``__exit__`` on its way issue, so each of these says behind them that it was passed."""
        scope = self.scope
        passed = [mark for mark in scope.try_marks[start + 1 :] if mark in scope.passed_from]
        for mark in passed:
            earlier = scope.passed_from[mark]
            scope.passed_from[mark] = start if earlier is None else min(start, earlier)
        flags: list[ast.stmt] = [ast.Assign([store(jumped(mark)) for mark in passed], const(True))] if passed else []
        return [*self.joined(scope.try_marks[start:]), *flags]

    def passing(self, mark: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """Before the statement at ``mark``, whose body has been lowered, and behind its ``finally``: after a jump, what the outer ones may
        catch has finished there, too."""
        start = self.scope.passed_from.pop(mark)
        if start is None:
            return [], []
        flag = jumped(mark)
        return [ast.Assign([store(flag)], const(False))], [ast.If(load(flag), self.joined(self.scope.try_marks[start:]), [])]

    def passing_with(self, mark: str, entered: ast.stmt, leaving: ast.stmt) -> list[ast.stmt]:
        """The ``with`` at ``mark``, and what ends it."""
        before, behind = self.passing(mark)
        if not behind:
            return [ast.Try([entered], [], [], [leaving])]
        raised = ast.ExceptHandler(operation("BaseException"), None, [*before, ast.Raise(None, None)])
        return [*before, ast.Try([ast.Try([entered], [raised], [], [])], [], [], [leaving, *behind])]

    def open_with(self, node: ast.With) -> list[ast.stmt]:
        """``with open(…) as f``, which does not wait (``engine/openings.py``) unless ``open`` is somebody else's."""
        [item] = node.items
        call = item.context_expr
        assert isinstance(call, ast.Call)
        marks = self.scope.try_marks
        number = self.scope.fresh()
        manager, mark, error, temp = f"{PREFIX}w{number}", f"{PREFIX}n{number}", f"{PREFIX}z{number}", f"{PREFIX}y{number}"
        named = [ast.keyword(one.arg, self.expr(one.value)) for one in call.keywords]
        opening = op("opening", self.expr(call.func), *map(self.expr, call.args))
        opening.keywords = named
        self.scope.try_marks = (*marks, mark)
        self.scope.body_ends[mark] = ("drain_with", manager)
        after: list[ast.stmt] = []
        if item.optional_vars is not None:
            after = [*self.assign(item.optional_vars, load(temp)), forget(temp)]
        body = self.block(node.body)
        self.scope.try_marks = marks
        wrapped = self.handed_over(node, [*after, *body, *self.joined((mark,))], error, mark)
        entered = ast.withitem(place(load(manager), call), store(temp) if after else None)  # type: ignore[arg-type]
        return [
            ast.Assign([store(manager)], place(opening, call)),  # type: ignore[arg-type]
            ast.Assign([store(mark)], op("mark")),
            ast.Assign([store(error)], const(None)),
            ast.Try([ast.With([entered], wrapped)], [], [], [ast.Expr(op("leave_with", load(manager), load(error), load(mark)))]),
            forget(error),
            forget(manager),
        ]

    # ------------------------------------------------------------------ try
    def stmt_Try(self, node: ast.Try) -> list[ast.stmt]:
        if not self.outlinable(node):
            return self.inline_try(node)
        return self.outlined(node, lambda inner: inner.inline_try(node), "try")  # type: ignore[no-any-return]

    def inline_try(self, node: ast.Try) -> list[ast.stmt]:
        def lowered() -> list[ast.stmt]:
            if node.finalbody:
                return self.with_finally(node)
            return self.with_handlers(node) if node.handlers else []

        return self.logging(node, lowered)

    def logging(self, node: ast.stmt, lowered: Callable[[], list[ast.stmt]]) -> list[ast.stmt]:
        """``lowered()``, a statement that may swallow an exception: bindings inside are logged, so that what runs after
        it finds the locals of the failing statement."""
        scope = self.scope
        names = sorted(n for n in scope.known.of(node).assigned if scope.is_local(n) and n not in scope.captured) if not scope.cell else []
        result: list[ast.stmt] = []
        opened = False
        if names and scope.bindings is None:
            scope.bindings = f"{PREFIX}b{scope.fresh()}"
            opened = True
            initial = ast.List([ast.Tuple([operation("OLDEST"), const(n), load(n)], ast.Load()) for n in names], ast.Load())
            result.append(ast.Assign([store(scope.bindings)], initial))
        logged, self.logged = self.logged, names
        in_try, scope.in_try = scope.in_try, True
        result += lowered()
        if opened:
            scope.bindings = None
        self.logged = logged
        scope.in_try = in_try
        return result

    logged: list[str] = []

    def guarded(self, statements: list[ast.stmt] | None, lowered: list[ast.stmt] | None, error: str, mark: str) -> list[ast.stmt]:
        """``error`` = what a plain run of the statements raises, or None."""
        scope = self.scope
        marks = scope.try_marks
        scope.try_marks = (*marks, mark)
        body = lowered if lowered is not None else self.block(statements or [])
        scope.try_marks = marks
        caught: list[ast.stmt] = [ast.Assign([store(error)], op("caught", load(PREFIX + "e"), load(mark)))]
        caught += self.restore()
        return [
            ast.Assign([store(error)], const(None)),
            ast.Assign([store(mark)], op("mark")),
            ast.Try(
                [*body, ast.Expr(op("join", load(mark)))],
                [ast.ExceptHandler(operation("BaseException"), PREFIX + "e", caught)],
                [],
                [],
            ),
        ]

    def restore(self) -> list[ast.stmt]:
        names = self.logged_names()
        if not names or not self.scope.bindings:
            return []
        value = op("restore", load(self.scope.bindings), const(tuple(names)))
        return [ast.Assign([ast.Tuple([store(n) for n in names], ast.Store())], value)]

    def logged_names(self) -> list[str]:
        return self.logged

    def with_handlers(self, node: ast.Try) -> list[ast.stmt]:
        scope = self.scope
        number = scope.fresh()
        error, mark = f"{PREFIX}z{number}", f"{PREFIX}n{number}"
        before = set(scope.bound)
        result = self.guarded(node.body, None, error, mark)
        after_body = set(scope.bound)
        handlers = []
        ends: list[set[str]] = []
        for handler in node.handlers:
            scope.bound = set(before)
            kind = self.expr(handler.type) if handler.type is not None else None
            body: list[ast.stmt] = [ast.Expr(op("as_handled", load(error))), forget(error)]
            variable = f"{PREFIX}h{number}"
            if handler.name:
                body += self.scope.bind(handler.name, load(variable))
            lowered = self.block(handler.body)
            if handler.name:
                clear: list[ast.stmt]
                if scope.is_local(handler.name) and handler.name not in scope.captured:
                    clear = scope.bind(handler.name, operation("UNBOUND"))
                elif scope.is_local(handler.name):
                    clear = [ast.Assign([store(handler.name)], const(None)), ast.Delete([ast.Name(handler.name, ast.Del())])]
                else:
                    clear = [ast.Expr(op("st", const(handler.name), const(None))), ast.Expr(op("gd", const(handler.name)))]
                lowered = [ast.Try([flushed(lowered)], [], [], [ast.If(op("live"), clear, [])])]
                scope.bound.discard(handler.name)
            body += [ast.Expr(op("handling", const(1))), in_handler(lowered)]
            if not leaves(handler.body):
                ends.append(set(scope.bound))
            if kind is not None:
                kind = op("force", kind)
            else:
                kind = operation("BaseException")
            handlers.append(place(ast.ExceptHandler(kind, variable, [place(s, handler) for s in body]), handler))  # type: ignore[misc]
        scope.bound = after_body
        orelse = self.block(node.orelse) if node.orelse else []
        if leaves(node.body) or leaves(node.orelse):
            scope.bound = set(before) | (set.intersection(*ends) if ends else set())
        else:
            scope.bound = set.intersection(scope.bound, *ends) if ends else scope.bound
        raised: list[ast.stmt] = [hand_over(node, error)]
        result.append(
            ast.If(
                ast.Compare(load(error), [ast.IsNot()], [const(None)]),
                [ast.Try(raised, handlers, [], [])],  # type: ignore[arg-type]
                orelse,
            )
        )
        return result

    def with_finally(self, node: ast.Try) -> list[ast.stmt]:
        scope = self.scope
        number = scope.fresh()
        error, mark = f"{PREFIX}z{number}", f"{PREFIX}n{number}"
        before = set(scope.bound)
        marks = scope.try_marks
        scope.passed_from[mark] = None
        if node.handlers:
            scope.try_marks = (*marks, mark)
            inner = self.with_handlers(ast.copy_location(ast.Try(node.body, node.handlers, node.orelse, []), node))
            scope.try_marks = marks
            body = self.guarded(None, inner, error, mark)
        else:
            body = self.guarded(node.body, None, error, mark)
        body.append(ast.If(ast.Compare(load(error), [ast.IsNot()], [const(None)]), [hand_over(node, error)], []))
        after = set(scope.bound)
        scope.bound = set(before)
        before_it, behind = self.passing(mark)
        final = self.block(node.finalbody)
        scope.bound |= after
        if leaves(node.body):
            scope.bound = before
        exceptional: list[ast.stmt] = [
            ast.Expr(op("as_handled", load(error))),
            ast.Expr(op("handling", const(1))),
            in_handler(final),
        ]
        normal = ast.If(ast.Compare(load(error), [ast.Is()], [const(None)]), [*final, *behind], exceptional)
        first, body = body[:2], body[2:]  # outside: an interrupt may come before they are bound
        return [*before_it, *first, ast.Try(body, [], [], [ast.If(op("live"), [normal], [])])]


def _opens(item: ast.withitem) -> bool:
    """Is it ``open(…)``?"""
    call = item.context_expr
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "open":
        return False
    return not any(isinstance(arg, ast.Starred) for arg in call.args) and all(one.arg for one in call.keywords)


def in_handler(body: list[ast.stmt]) -> ast.stmt:
    """``body`` as (part of) a handler: whatever it issues has finished when it is left."""
    return ast.Try([flushed(body)], [], [], [ast.Expr(op("handling", const(-1)))])


def flushed(body: list[ast.stmt]) -> ast.stmt:
    """``body``, and what it has issued, to the end; also when an exception leaves it."""
    leaving: list[ast.stmt] = [ast.Expr(op("flush_handler", load(PREFIX + "f"))), ast.Raise(None, None)]
    return ast.Try([*body, ast.Expr(op("end_handler"))], [ast.ExceptHandler(operation("BaseException"), PREFIX + "f", leaving)], [], [])


def hand_over(node: ast.stmt, error: str) -> ast.stmt:
    """``raise error``, at a place that a traceback can recognise as ours (zero width)."""
    raised = ast.Raise(op("as_raised", load(error)), None)
    at = ast.Pass(lineno=node.lineno, end_lineno=node.lineno, col_offset=0, end_col_offset=0)
    return place(raised, at)  # type: ignore[return-value]


def jumped(mark: str) -> str:
    """The variable that says whether a jump has left the statement at ``mark``."""
    return mark + "j"


def leaves(body: list[ast.stmt]) -> bool:
    """Does control never reach the end of ``body``?"""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, (ast.Return, ast.Raise, ast.Break, ast.Continue)):
        return True
    if isinstance(last, ast.If):
        return leaves(last.body) and leaves(last.orelse)
    return False
