"""The lowered twin of a user's function: found by its code, compiled from its source, never a change to the function.

A function qualifies if its source is at hand and unchanged, it belongs to the user (a cell, a module beside the notebook,
an editable install; never site-packages or the standard library), and every statement of it can be lowered.
"""

from __future__ import annotations

import ast
import types
from typing import Any

from . import scopes
from .abi import PREFIX, changed, const, function, lambda_, load, op, operation, place, store, walk
from .cells import _compile, code_named
from .closures import changing, of_this_round
from .facts import Known
from .files import belongs_to_user, file_of, keep
from .generated import generated_init
from .generators import is_async_generator, is_generator, without_yields
from .guards import Guard, guard_of_body
from .plaincode import collect, with_users
from .plan import Lowered, call_sites
from .queries import telling
from .scope import Scope
from .shared import CELL, bound_otherwise, declared, shared
from .statements import Statements

#: code objects that look alike may come from different files
_COMPILED: dict[tuple[types.CodeType, str, bytes], Lowered | str] = {}
_MOST_COMPILED = 1024

_GENERATORS: dict[tuple[types.CodeType, str, bytes], Lowered | str] = {}
_COROUTINES: dict[tuple[types.CodeType, str, bytes], Lowered | str] = {}
_MANAGED: dict[tuple[types.CodeType, str, bytes], Lowered | str] = {}
_GUARDS: dict[tuple[types.CodeType, str, bytes], Guard | None] = {}


def lower_function(fn: types.FunctionType) -> Lowered | str:
    """The lowered form of ``fn``, or the reason why there is none."""
    code = fn.__code__
    key = (code, code.co_filename, code.co_linetable)
    found = _COMPILED.get(key)
    if found is None:
        found = _lower(fn)
        keep(_COMPILED, key, found, _MOST_COMPILED)
    return found


def lower_generator(fn: types.FunctionType) -> Lowered | str:
    """The lowered form of a generator function, or the reason why there is none."""
    code = fn.__code__
    key = (code, code.co_filename, code.co_linetable)
    found = _GENERATORS.get(key)
    if found is None:
        asynchronous = is_async_generator(code)
        found = _lower(fn, None, True, asynchronous) if asynchronous or is_generator(code) else "it is no generator function"
        keep(_GENERATORS, key, found, _MOST_COMPILED)
    return found


def lower_managed(fn: types.FunctionType) -> Lowered | str:
    """The lowered form of a generator function that ``contextlib.contextmanager`` was given, or why there is none: it may yield inside ``try``."""
    code = fn.__code__
    key = (code, code.co_filename, code.co_linetable)
    found = _MANAGED.get(key)
    if found is None:
        found = _lower(fn, None, True, managed=True) if is_generator(code) else "it is no generator function"
        keep(_MANAGED, key, found, _MOST_COMPILED)
    return found


def is_coroutine(code: types.CodeType) -> bool:
    """Is it the code of an ``async def`` that does not yield?"""
    return code.co_flags & 0x2A0 == 0x80


def lower_coroutine(fn: types.FunctionType) -> Lowered | str:
    """The lowered form of a coroutine function, for calls that are awaited at once; or the reason why there is none.

    ``await f(x)`` runs the body of ``f`` as a call does: by the same task, in the same context, with nothing between. So its twin is
    an ordinary function, whose own ``await`` are those of the cell. A coroutine that is kept (for ``gather``, for a task)
    is not ours to make: it runs as written.
    """
    code = fn.__code__
    key = (code, code.co_filename, code.co_linetable)
    found = _COROUTINES.get(key)
    if found is None:
        found = _lower(fn, None, coroutine=True) if is_coroutine(code) else "it is no coroutine function"
        keep(_COROUTINES, key, found, _MOST_COMPILED)
    return found


def lower_given(fn: types.FunctionType, definition: ast.FunctionDef) -> Lowered:
    """The lowered form of ``fn``, which is ours and has no source file, from its ``definition``."""
    lowered = _lower(fn, definition)
    assert isinstance(lowered, Lowered), lowered
    return lowered


def definition_of(fn: types.FunctionType) -> ast.FunctionDef | ast.Lambda | None:
    """The definition of a function of the user's, if its source is at hand and unchanged."""
    file = file_of(fn)
    if isinstance(file, str) or not file.contains(fn.__code__):
        return None
    found = file.find(fn.__code__)
    return found[0] if found is not None else None


def gives_value(fn: types.FunctionType) -> bool:
    """Is there a ``return`` of something else than ``None`` in it, as far as can be seen?

    >>> gives_value(gives_value)
    True
    """
    lowered = lower_function(fn)
    if isinstance(lowered, str):
        return True
    nodes = [node for statement in lowered.source for node in scopes.walk_scope(statement)]
    given = [node.value for node in nodes if isinstance(node, ast.Return)]
    return any(value is not None and not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def init_of(cls: type) -> Any:
    """What ``cls.__init__`` is, as it lies there; from now on the one that a dataclass was given can be lowered."""
    init = next((base.__dict__["__init__"] for base in cls.__mro__ if "__init__" in base.__dict__), None)
    if init.__class__ is types.FunctionType and init.__code__.co_filename.startswith("<string>"):
        code = init.__code__
        key = (code, code.co_filename, code.co_linetable)
        if isinstance(_COMPILED.get(key, ""), str):
            node = generated_init(cls, init)
            if node is not None:
                after = hasattr(cls, "__post_init__")  # whose name tells nothing: whose it is depends on the instance
                keep(_GUARDS, key, None if after else guard_of_body(node), _MOST_COMPILED)
                keep(_COMPILED, key, _lower(init, node), _MOST_COMPILED)
    return init


def function_guard(fn: types.FunctionType) -> Guard | None:
    """What a call of ``fn`` calls in turn; None if that cannot be told (no source, or a coroutine function)."""
    code = fn.__code__
    key = (code, code.co_filename, code.co_linetable)
    if key not in _GUARDS:
        file = file_of(fn)
        found = None if isinstance(file, str) or is_coroutine(code) else file.find(code)
        keep(_GUARDS, key, guard_of_body(found[0]) if found is not None else None, _MOST_COMPILED)
    return _GUARDS[key]


def _unsuitable(node: ast.FunctionDef | ast.Lambda, code: types.CodeType, generator: bool, coroutine: bool, managed: bool) -> str | None:
    if code.co_flags & 0x2A0 and not generator and not coroutine:  # generator, coroutine, asynchronous generator
        return "it is a generator or a coroutine function"
    body: list[ast.stmt] = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
    if generator and isinstance(node, ast.Lambda):
        return "it is a lambda that yields"
    if generator:
        plain = without_yields(body, managed)
        if isinstance(plain, str):
            return plain
        body = plain
    comprehension_depth_walrus = False
    for statement in body:
        reason = scopes.why_not_lowered(scopes.walk_scope(statement), _OF_COROUTINES if coroutine else frozenset())
        if reason is not None:
            return reason
        for part in walk(statement):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in scopes.FRAME_READERS:
                return f"it calls {part.func.id}()"
            if isinstance(part, scopes.COMPREHENSIONS) and any(isinstance(n, ast.NamedExpr) for n in walk(part)):
                comprehension_depth_walrus = True
            if coroutine and isinstance(part, scopes.COMPREHENSIONS) and scopes.is_asynchronous(part):
                return "it contains an asynchronous comprehension"
            if isinstance(part, ast.ClassDef) or (isinstance(part, ast.Await) and not coroutine):
                return f"it contains {type(part).__name__}"
            if isinstance(part, ast.ImportFrom) and any(a.name == "*" for a in part.names):
                return "it imports *"
    if comprehension_depth_walrus:
        return "it binds a name inside a comprehension"
    return None


def _is_mangled(node: ast.AST) -> bool:
    """A name or parameter like ``__x``. (Attributes are taken care of.)"""
    name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, (ast.arg, ast.keyword)) else None
    return name is not None and name.startswith("__") and not name.endswith("__")


_OF_COROUTINES: frozenset[type] = frozenset({ast.AsyncFor})


def _lower(
    fn: types.FunctionType, definition: ast.FunctionDef | None = None, generator: bool = False, coroutine: bool = False, managed: bool = False
) -> Lowered | str:
    code = fn.__code__
    file = None if definition is not None else file_of(fn)
    if isinstance(file, str):
        return file
    if file is not None and not file.contains(code):
        return "its source has changed since it was defined"
    found: Any = (definition, None) if file is None else file.find(code)
    if found is None:
        return "its definition was not found (two on one line?)"
    node, owner = found
    reason = _unsuitable(node, code, generator, coroutine, managed)
    if reason is not None:
        return reason
    if owner is not None and any(map(_is_mangled, walk(node))):
        return "it has names that Python changes inside a class (two underscores)"
    if isinstance(node, ast.Lambda):
        body: list[ast.stmt] = [place(ast.Return(node.body), node.body)]  # type: ignore[list-item]
    else:
        body = node.body
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1:
            body = body[1:]
    params = scopes.parameters(node.args)
    known = Known()
    global_names = {n for part in scopes.below(body) if isinstance(part, ast.Global) for n in part.names}
    others = declared(body)
    if others and (generator or coroutine):
        return "it contains Nonlocal"
    local = (set(params) | known.assigned(body)) - global_names - others
    body = telling(body, local | set(code.co_freevars))
    path = [node] if file is None else file.path(node)
    both = shared(path, local, code.co_freevars)
    reason = bound_otherwise(body, both)
    if reason is not None:
        return reason
    captured = local & both.union(*[known.of(s).captured for s in body])
    scope = Scope(False, local, captured, global_names)
    scope.known = known
    scope.bound = set(params)
    scope.free = frozenset(code.co_freevars)
    scope.shared = both
    if code.co_freevars:
        scope.changing = changing(path, code.co_freevars)
        scope.of_this_round = of_this_round(path, code.co_freevars)
    scope.class_name = owner
    if "__class__" in code.co_freevars and (node.args.posonlyargs or node.args.args):
        scope.first_param = (node.args.posonlyargs or node.args.args)[0].arg
    scope.dispatched = scopes.dispatched(body)
    lowering = Statements(scope)
    lowered_body = lowering.block(body)
    prologue: list[ast.stmt] = [ast.Assign([store(n)], op("force", load(n))) for n in params if n in captured]
    prologue += [ast.Assign([store(PREFIX + "r_" + n)], load(n)) for n in sorted(scope.of_this_round)]
    for name in sorted(both):
        if name in local and name not in params:  # it is a variable of this function, in a cell, without a value
            prologue += [ast.Assign([store(name)], const(None)), ast.Delete([ast.Name(name, ast.Del())])]
        prologue.append(ast.Assign([store(CELL + name)], op("cell_of", lambda_([], load(name)))))
    for extra, pack in ((node.args.vararg, "pack_args"), (node.args.kwarg, "pack_kwargs")):
        if extra is not None:
            prologue.insert(0, ast.Assign([store(extra.arg)], op(pack, load(extra.arg))))
    places = {name: number for number, name in enumerate(code.co_varnames)}  # their order counts: for "Did you mean", say
    unbound = sorted(local - set(params) - captured, key=lambda n: (places.get(n, len(places)), n))
    if unbound:
        prologue.append(ast.Assign([store(n) for n in unbound], operation("UNBOUND")))
    name = PREFIX + "twin"
    twin = function(name, [], [*prologue, *scope.hoisted, *lowered_body])
    twin.args = _bare(node.args)
    place(twin, node)
    outer = function(PREFIX + "outer", list(code.co_freevars), [twin, ast.Return(load(name))])
    module = ast.Module([place(outer, node)], [])  # type: ignore[list-item]
    flags = code.co_flags & 0x1FE0000  # the __future__ features that the function was compiled with
    try:
        lowered_code = with_users(code_named(_compile(module, code.co_filename, flags), name), collect(code, {}))
    except SyntaxError as error:
        return f"its lowered form does not compile ({error})"
    return Lowered(
        code.co_name, code.co_qualname, code.co_filename, lowered_code, scope.pieces, body, frozenset(local),
        tuple(params), frozenset(global_names), call_sites([part for statement in body for part in walk(statement)]), False, original=code, guards=tuple(scope.guards), generator=generator, shared=both,
    )  # fmt: skip


def _bare(args: ast.arguments) -> ast.arguments:
    """``args`` without defaults and annotations."""

    def bare(arg: ast.arg | None) -> ast.arg | None:
        return arg if arg is None or arg.annotation is None else changed(arg, annotation=None)

    lists = {name: [bare(arg) for arg in getattr(args, name)] for name in ("posonlyargs", "args", "kwonlyargs")}
    return changed(args, vararg=bare(args.vararg), kwarg=bare(args.kwarg), defaults=[], kw_defaults=[None for _ in args.kwonlyargs], **lists)


__all__ = ["belongs_to_user", "function_guard", "init_of", "is_coroutine", "lower_coroutine", "lower_function"]
