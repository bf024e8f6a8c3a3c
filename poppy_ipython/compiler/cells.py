"""A cell, lowered: every name goes through the engine, every statement that is not lowered runs as written, in order."""

from __future__ import annotations
import __future__ as future

import ast
import inspect
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from . import scopes
from .abi import PREFIX, changed, children, const, function, op, operation, place, place_all, walk
from .files import planned, remember, remember_plan
from .plaincode import as_in, collect, with_users
from .plan import Lowered, Native, Plan, UnitInfo, call_sites
from .queries import telling
from .scope import Scope
from .statements import Statements

#: for debugging the compiler: called with the lowered cell as text
DUMP: Callable[[str], object] | None = None
_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_KINDS = {"e": "expression", "c": "comprehension", "p": "filter of a comprehension", "g": "inner loop of a comprehension", "s": "statement"}


class CellStatements(Statements):
    """Lowering of the cell's own scope."""

    natives: list[Native]
    #: why no statement at all is lowered
    all_native: str | None = None
    filename: str
    flags: int
    #: code objects of the cell compiled whole: Python's code for a function depends on the module around it
    plain: dict[tuple[str, int], list[types.CodeType]]
    #: its constant tuples: equal defaults of two functions are one object
    constants: list[tuple[object, ...]]

    def inside(self) -> CellStatements:
        new = CellStatements(self.scope.inner())
        new.natives, new.filename, new.flags, new.plain = self.natives, self.filename, self.flags, self.plain
        new.constants = self.constants
        new.all_native = self.all_native
        return new

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            reason = self.all_native or native_reason(statement)
            if isinstance(statement, ast.AsyncFor) and not self.all_native and self.is_loop(statement):
                result += self.stmt_AsyncFor(statement)
            elif reason is not None:
                result.append(place(self.native(statement, reason), statement))  # type: ignore[arg-type]
            else:
                result += super().block([statement])
        return result or [ast.Pass()]

    def is_loop(self, node: ast.AsyncFor) -> bool:
        """Would the ``async for`` be lowered, if it were a ``for``?"""
        loop = ast.copy_location(ast.For(node.target, node.iter, node.body, node.orelse), node)
        return _native_reason(loop) is None and self.outlinable(node)

    def annotation_text(self, annotation: ast.expr) -> str | None:
        if not self.flags & future.annotations.compiler_flag:
            return None
        module = ast.Module([ast.copy_location(ast.AnnAssign(ast.Name("_", ast.Store()), annotation, None, 1), annotation)], [])
        place_all(module)
        scratch: dict[str, object] = {}
        exec(compile(module, self.filename, "exec", flags=self.flags, dont_inherit=True), scratch)
        return str(scratch["__annotations__"]["_"])  # type: ignore[index]

    def native_form(self, node: ast.stmt) -> ast.stmt:
        """``node`` as written, behind a guard: compiled when it is first entered, and most never are."""
        return self._nat(Native(partial(self._written, node), None, (), "", node.lineno))

    def _nat(self, native: Native) -> ast.Expr:
        self.natives.append(native)
        return ast.Expr(op("nat", const(len(self.natives) - 1)))

    def _written(self, node: ast.stmt) -> types.CodeType:
        with _unwarned():
            code = compile(ast.Module([node], []), self.filename, "exec", flags=self.flags | _AWAIT, dont_inherit=True)
        return as_in(code, self.plain, self.constants)

    def _without_body(self, node: ast.stmt) -> ast.stmt:
        """A definition whose code ``as_in`` takes from the cell compiled whole: no need to compile it once more."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not getattr(node, "type_params", ()):
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            same = [c for c in self.plain.get((node.name, first), ()) if c.co_qualname == node.name]
            if len(same) == 1:
                return changed(node, body=[ast.copy_location(ast.Pass(), node.body[0])])
        return node

    def native(self, node: ast.stmt, reason: str) -> ast.stmt:
        """``node`` as written."""
        code = self._written(self._without_body(node))
        binds: tuple[str, ...] | None = None
        modules: tuple[str, ...] = ()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _plain_definition(node):
            binds = (node.name,)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and not any(a.name == "*" for a in node.names):
            if isinstance(node, ast.Import):
                modules = tuple(a.name for a in node.names)
            elif not node.level:
                modules = (node.module or "",)
            if modules:
                binds = tuple((a.asname or a.name).split(".")[0] for a in node.names)
        return self._nat(Native(lambda: code, binds, modules, reason, node.lineno))

    def docstring(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """A string in front of other statements is the module's docstring; takes it off ``body``."""
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return [place(self.native(body.pop(0), "a docstring"), first)]  # type: ignore[list-item]
        return []

    def native_value(self, node: ast.Expr, reason: str) -> ast.expr:
        """The value of a trailing expression that runs as written."""
        code = self._expression(node.value, True)
        return self._nat(Native(lambda: code, None, (), reason, node.lineno)).value

    def native_expression(self, node: ast.expr) -> ast.expr:
        """``node`` as written, behind a guard."""
        return self._nat(Native(partial(self._expression, node, False), None, (), "", node.lineno)).value

    def _expression(self, node: ast.expr, whole: bool) -> types.CodeType:
        with _unwarned():
            code = compile(ast.Expression(node), self.filename, "eval", flags=self.flags | (_AWAIT if whole else 0), dont_inherit=True)
        return as_in(code, self.plain, self.constants, whole)


def native_reason(node: ast.stmt) -> str | None:
    """Why a statement of the cell runs as written, or None if it is lowered (it or what is inside it).

    Asked again at every level of nesting, so the node remembers.
    """
    known = node.__dict__.get(_REASON, "")
    if known == "":
        known = _native_reason(node)
        setattr(node, _REASON, known)
    return known  # type: ignore[no-any-return]


_REASON = PREFIX + "reason"


def _native_reason(node: ast.stmt) -> str | None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return "a definition"
    if isinstance(node, ast.ClassDef):
        return "a class definition"
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "an import"
    if isinstance(node, scopes.COMPOUND):
        for child in _direct(node):
            if native_reason(child) is not None and scopes.jumps_out(child):
                return f"line {child.lineno} jumps out of a statement that runs in order"
        parts: list[ast.AST] = []
        for part in children(node):
            parts += [p for p in children(part) if not isinstance(p, ast.stmt)] if isinstance(part, ast.match_case) else [part]
        parts = [p for p in parts if not isinstance(p, (ast.stmt, ast.ExceptHandler))]
        for part in parts:
            reason = _expression_reason(part)
            if reason is not None:
                return reason
        return None
    if type(node).__name__ in ("AsyncFor", "TryStar", "TypeAlias", "Nonlocal"):
        return f"{type(node).__name__} runs in order"
    if type(node) not in scopes._LOWERED:
        return f"{type(node).__name__} is not known to this compiler"
    return _expression_reason(node)


def _direct(node: ast.AST) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for child in children(node):
        if isinstance(child, ast.stmt):
            found.append(child)
            if isinstance(child, scopes.COMPOUND):
                found += _direct(child)
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            found += _direct(child)
    return found


def _expression_reason(node: ast.AST) -> str | None:
    nodes = [*scopes.walk_scope(node)]
    reason = scopes.why_not_lowered(nodes)
    if reason is not None:
        return reason
    for child in nodes:
        if isinstance(child, scopes.COMPREHENSIONS) and scopes.is_asynchronous(child):
            return "an asynchronous comprehension"
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in scopes.FRAME_READERS:
            return f"{child.func.id}() looks at the cell's own names"
        if isinstance(child, ast.Delete) and not isinstance(node, ast.Delete):
            return None
    return None


def _plain_definition(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Does defining the function look at nothing (no decorators, constant defaults, no evaluated annotations)?"""
    args = node.args
    defaults = [*args.defaults, *[d for d in args.kw_defaults if d is not None]]
    notes = [a.annotation for a in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg) if a is not None]
    return (
        not node.decorator_list
        and all(isinstance(d, ast.Constant) for d in defaults)
        and all(n is None or isinstance(n, ast.Constant) for n in (*notes, node.returns))
    )


def future_flags(tree: ast.Module) -> int:
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                feature = getattr(future, alias.name, None)
                flags |= getattr(feature, "compiler_flag", 0)
    return flags


def compile_cell(
    source: str | ast.Module, filename: str = "<cell>", flags: int = 0, all_native: str | None = None
) -> Plan:
    """The plan of a cell.

    Raises ``SyntaxError`` as Python does, for the cell as written.

    >>> print(compile_cell("x = ask(1)"))
    plan of <cell>: 0 units, 1 call sites
    """
    tree = ast.parse(source, filename) if isinstance(source, str) else source
    plain = compile(tree, filename, "exec", flags=flags | _AWAIT, dont_inherit=True)  # errors, warnings as in a plain run
    given = flags
    if all_native is None and DUMP is None and (known := planned(filename, plain, given)) is not None:
        return known
    flags |= future_flags(tree)
    nodes = [node for statement in tree.body for node in walk(statement)]
    scopes.note_own(nodes)
    scope = Scope(True, set(), set(), set())
    scope.locals = scope.known.assigned(tree.body)
    scope.dispatched = scopes.dispatched(tree.body)
    lowering = CellStatements(scope)
    lowering.natives, lowering.filename, lowering.flags = [], filename, flags
    lowering.plain = {}
    lowering.constants = [c for c in plain.co_consts if isinstance(c, tuple)]
    collect(plain, lowering.plain)
    remember(filename, tree, plain)
    body = telling(list(tree.body), set())
    tail: list[ast.stmt] = []
    lowering.all_native = all_native
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    lowered_body = lowering.docstring(body) + lowering.block(body)
    if isinstance(last, ast.Expr):  # its value is the cell's
        reason = all_native or native_reason(last)
        value = lowering.expr(last.value) if reason is None else lowering.native_value(last, reason)
        tail = [place(ast.Return(value), last)]  # type: ignore[list-item]
    name = PREFIX + "cell"
    if any(isinstance(n, ast.AnnAssign) for n in scopes.below(tree.body)):
        lowered_body.insert(0, ast.Expr(op("setup_annotations")))
    cell = function(name, [], [*scope.hoisted, *lowered_body, *tail])
    module = ast.Module([place(cell, ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0))], [])  # type: ignore[list-item]
    if DUMP is not None:
        DUMP(ast.unparse(module))
    try:
        code = with_users(code_named(_compile(module, filename, flags), name), lowering.plain)
    except SyntaxError as error:  # Python allows 20 blocks inside each other, and lowering adds some
        if all_native:
            raise
        return compile_cell(source, filename, flags, all_native=f"its lowered form does not compile ({error.msg})")
    lowered = Lowered(
        "<module>", "<module>", filename, code, scope.pieces, tree.body, frozenset(), (), frozenset(),
        call_sites(nodes), True, tuple(lowering.natives), guards=tuple(scope.guards),
    )  # fmt: skip
    units = tuple(
        UnitInfo(_KINDS.get(p.name[len(PREFIX)], "statement"), p.source[0].lineno, p.source[0].end_lineno or 0)
        for p in scope.pieces.values()
        if not p.name.startswith(PREFIX + "m")
    )
    in_order = tuple(n for n in lowering.natives if n.reason)
    plan = Plan(filename, lowered, units, in_order, _coroutine(tree, filename, flags) if plain.co_flags & inspect.CO_COROUTINE else range(0))
    if all_native is None:
        remember_plan(filename, tree, given, plan)
    return plan


def _coroutine(tree: ast.Module, filename: str, flags: int) -> range:
    """The lines of a cell that awaits which Python runs as a coroutine."""
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        return range(1, sys.maxsize)
    with _unwarned():
        awaits = compile(ast.Expression(last.value), filename, "eval", flags=flags | _AWAIT, dont_inherit=True).co_flags & inspect.CO_COROUTINE
        others = compile(ast.Module(tree.body[:-1], []), filename, "exec", flags=flags | _AWAIT, dont_inherit=True).co_flags & inspect.CO_COROUTINE
    return range(1 if others else last.lineno, sys.maxsize if awaits else last.lineno)


def _compile(module: ast.Module, filename: str, flags: int) -> types.CodeType:
    with _unwarned():
        try:
            return compile(module, filename, "exec", flags=flags, dont_inherit=True)
        except TypeError:  # something below a node of the source was never placed
            place_all(module)
            return compile(module, filename, "exec", flags=flags, dont_inherit=True)


@contextmanager
def _unwarned() -> Iterator[None]:
    """What there is to warn of was said when the cell was compiled whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def code_named(code: types.CodeType, name: str) -> types.CodeType:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_name == name:
                return constant
            try:
                return code_named(constant, name)
            except LookupError:
                pass
    raise LookupError(name)


__all__ = ["compile_cell", "operation"]
