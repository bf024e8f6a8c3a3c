"""The scope that a piece of code is lowered in: how names are read, bound and passed to outlined functions.

In the cell's own scope every name lives in the user namespace and goes through the engine (``g``/``st``).  In a function
locals stay Python locals: a name that may be unbound holds a sentinel and is read through ``ld``; a name that a nested
function captures stays a real closure variable, holds real values only, and is rebound in order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import scopes
from .abi import PREFIX, const, function, lambda_, load, op, operation, place, store
from .facts import Known
from .guards import Guard
from .shared import CELL


class Scope:
    """Names of one function (or of the cell), while it is lowered."""

    def __init__(self, cell: bool, locals_: set[str], captured: set[str], global_names: set[str]) -> None:
        self.cell = cell
        self.locals = locals_
        self.captured = captured
        self.global_names = global_names
        #: names that are certainly bound at this point
        self.bound: set[str] = set()
        #: those that are behind the `with` lowered last, if no exception ended it
        self.passed_by: set[str] = set()
        #: targets of the comprehensions around this point
        self.targets: set[str] = set()
        #: those of them that closures mention; that closures may still read after their round: bound once what is in flight is done
        self.pinned: set[str] = set()
        self.kept: set[str] = set()
        #: variable that logs bindings inside a ``try``, or None
        self.bindings: str | None = None
        self.first_param: str | None = None
        self.class_name: str | None = None
        self.hoisted: list[ast.stmt] = []
        self.counter = [0]
        #: outlined functions: name -> (statements it stands for, names that are local there, parameters)
        self.pieces: dict[str, Piece] = {}
        self.try_marks: tuple[str, ...] = ()
        #: those of a ``with`` -> the operation at the end of its body, and its operands
        self.body_ends: dict[str, tuple[str, ...]] = {}
        #: those of a statement that runs code when a jump leaves it -> the outermost one that such a jump leaves, by number
        self.passed_from: dict[str, int | None] = {}
        #: of the pieces that are kept in native form as well
        self.guards: list[Guard] = []
        #: names that stand for a function found by a key
        self.dispatched: frozenset[str] = frozenset()
        #: the outlined comprehension around this point, which has a frame of its own
        self.owner: str | None = None
        #: may a closure or a unit that reads the captured names exist by now?  Then rebinding one waits for what is in flight
        self.closures_made = False
        #: what is known of the statements of the scope
        self.known = Known()
        #: inside a ``try``: a captured name is bound once what precedes it has finished, so that no fault can undo it
        self.in_try = False
        #: in a comprehension that is a function of its own: what is unbound there is a free variable
        self.nested = False

    def inner(self) -> Scope:
        """The same scope inside an outlined function."""
        new = Scope(self.cell, self.locals, self.captured, self.global_names)
        new.bound = set(self.bound)
        new.targets = set(self.targets)
        new.pinned, new.kept = set(self.pinned), set(self.kept)
        new.bindings = self.bindings
        new.first_param = self.first_param
        new.class_name = self.class_name
        new.hoisted = self.hoisted
        new.counter = self.counter
        new.pieces = self.pieces
        new.guards = self.guards
        new.dispatched = self.dispatched
        new.closures_made = self.closures_made
        new.free, new.changing, new.of_this_round, new.shared = self.free, self.changing, self.of_this_round, self.shared
        new.owner, new.known = self.owner, self.known
        new.in_try, new.nested = self.in_try, self.nested
        return new

    def fresh(self) -> int:
        self.counter[0] += 1
        return self.counter[0]

    def enter_comprehension(self, targets: Iterable[str], mentioned: set[str], kept: set[str]) -> None:
        self.targets |= set(targets)
        self.pinned = mentioned & self.targets
        self.kept = kept & self.targets
        self.bound -= set(targets)
        self.bound |= set(targets)

    def mangle(self, name: str) -> str:
        if self.class_name and name.startswith("__") and not name.endswith("__"):
            stripped = self.class_name.lstrip("_")
            if stripped:
                return f"_{stripped}{name}"
        return name

    def is_local(self, name: str) -> bool:
        return name in self.targets or (not self.cell and name in self.locals and name not in self.global_names)

    def may_be_unbound(self, name: str) -> bool:
        if name in self.targets:
            return False
        if self.cell:
            return name in self.locals
        return name in self.locals and name not in self.bound

    # ------------------------------------------------------------------ reading and binding
    def read(self, name: str, late: bool = False) -> ast.expr:
        """``name``; ``late``: it is changed and stored back, so that nobody else needs the value."""
        if name.startswith(PREFIX) or name == "__class__":
            return load(name)
        if name in self.targets:
            return load(name)
        if name in self.shared:
            return op("shared_late" if late else "shared", load(CELL + name), const(name), const(name in self.locals))
        if self.is_local(name):
            if name in self.bound or (name in self.captured and self.nested):
                return load(name)
            if name in self.captured:  # in a piece it is free, and Python would say so
                return op("captured", lambda_([], load(name)), const(name))
            return op("ld", load(name), const(name), *[const(True)] * self.nested)
        if not self.cell and name in self.of_this_round:
            return load(PREFIX + "r_" + name)
        if not self.cell and name in self.free:
            return ast.IfExp(op("current", const(name)), load(name), load(name)) if name in self.changing else load(name)
        return op("gl" if late else "g", const(name))

    free: frozenset[str] = frozenset()
    #: those of them that may be bound again (see ``closures``)
    changing: frozenset[str] = frozenset()
    of_this_round: frozenset[str] = frozenset()
    #: names that several functions bind (see ``shared``)
    shared: frozenset[str] = frozenset()

    def bind_expression(self, name: str, value: ast.expr) -> ast.expr:
        """An expression that binds ``name`` and has the bound value."""
        if name in self.targets and name not in self.walrus_out:
            if name in self.pinned:
                value = op("pin" if name in self.kept else "force", value)
            return ast.NamedExpr(store(name), value)
        if name in self.shared:
            return op("shared_store", load(CELL + name), value)
        if not self.is_local(name) or self.cell:
            self.bound.add(name)
            return op("st", const(name), value)
        if name in self.captured:
            self.bound.add(name)
            return ast.NamedExpr(store(name), op("pin" if self.closures_made or self.in_try else "force", value))
        self.bound.add(name)
        if self.bindings:
            value = op("log_binding", load(self.bindings), const(name), value)
        return ast.NamedExpr(store(name), value)

    walrus_out: frozenset[str] = frozenset()

    def bind(self, name: str, value: ast.expr) -> list[ast.stmt]:
        """Statements that bind ``name``."""
        new = self.bind_expression(name, value)
        if isinstance(new, ast.NamedExpr):
            return [ast.Assign([new.target], new.value)]
        return [ast.Expr(new)]

    # ------------------------------------------------------------------ outlining
    def passed(self, nodes: Iterable[ast.AST], without: Iterable[str] = ()) -> list[str]:
        """Parameters that an outlined function for ``nodes`` needs, in order."""
        names: set[str] = set().union(*[self.known.of(node).free for node in nodes])
        if self.cell:
            names &= self.targets
        else:
            names = {n for n in names if n in self.targets or (self.is_local(n) and n not in self.captured)}
        names -= set(without)
        result = sorted(names)
        if self.bindings:
            result.append(self.bindings)
        return result

    def pass_value(self, name: str) -> ast.expr:
        return load(name)

    def piece_name(self, kind: str) -> str:
        return f"{PREFIX}{kind}{self.fresh()}"

    def hoist(
        self,
        kind: str,
        params: list[str],
        body: list[ast.stmt],
        at: ast.AST,
        source: list[ast.stmt],
        name: str | None = None,
        frame: str | None = None,
        own: Iterable[str] = (),
    ) -> str:
        """Define an outlined function ahead of the code; ``source`` is what it stands for.

        ``frame``: the name that Python gives to a frame of its own there (``<listcomp>``), if it makes one.
        ``own``: names that are its own although the function around it has them, too (a comprehension's targets).
        """
        name = name or self.piece_name(kind)
        if self.captured and any(self.captured & self.known.of(statement).used for statement in source):
            self.closures_made = True  # it reads them where they are, perhaps later than what follows binds them again
        rebound = sorted((self.captured & scopes.assigned(body)) - set(own)) if self.captured and not self.cell else []
        prologue: list[ast.stmt] = [ast.Nonlocal(rebound)] if rebound else []
        self.hoisted.append(place(function(name, params, prologue + (body or [ast.Pass()])), at))  # type: ignore[arg-type]
        self.pieces[name] = Piece(name, source, params, frame, self.owner)
        return name


class Piece:
    """An outlined function: what it stands for."""

    __slots__ = ("frame", "name", "owner", "params", "source")

    def __init__(
        self, name: str, source: list[ast.stmt], params: list[str], frame: str | None = None, owner: str | None = None
    ) -> None:
        self.name = name
        self.frame = frame
        self.owner = owner
        self.source = source
        self.params = params

    @property
    def awaits(self) -> bool:
        """Is it a comprehension whose frame is a coroutine's?"""
        node = self.source[0].value if isinstance(self.source[0], ast.Expr) else None
        return isinstance(node, scopes.COMPREHENSIONS) and scopes.awaits(node)


__all__ = ["Piece", "Scope", "operation"]
