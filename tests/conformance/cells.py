"""The body of a test method as a cell.

`unittest` goes on running the test (fixtures, clean-ups, skips, expected failures); only the method itself is replaced, on
the instance, by the execution of its body in the globals of the method, with `self` among them. Names that the body
binds are taken out again afterwards; what it declares `global` stays, as ever.

A body that cannot be a cell (it returns, yields, awaits in a plain method, uses `super()` without arguments or `nonlocal` of its own locals,
or belongs to a method that something has wrapped) is called from a cell instead: ``test()``.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from typing import Any

from .outcome import name_of
from .ways import Way

CALL = "test()\n"
CALL_FILE = "call of a test"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def as_cell(test: Any, way: Way) -> None:
    """Let ``test`` run the body of its method by ``way``."""
    name = getattr(test, "_testMethodName", None)
    method = getattr(test, name, None) if name else None
    if not isinstance(method, types.MethodType):
        return
    body = body_of(method)
    title = name_of(test)
    if body is not None:
        tree, source = body
        setattr(test, name, _replacement(test, method, tree, source, way, title))
    elif not inspect.iscoroutinefunction(method):
        setattr(test, name, _caller(method, way, title))


def _replacement(test: Any, method: types.MethodType, tree: ast.Module, source: str, way: Way, title: str) -> Callable[..., Any]:
    fn: Any = method.__func__
    namespace = fn.__globals__
    names = {*fn.__code__.co_varnames, *fn.__code__.co_cellvars}

    def before() -> dict[str, Any]:
        kept = {key: namespace[key] for key in names if key in namespace}
        namespace[fn.__code__.co_varnames[0]] = test
        return kept

    def after(kept: dict[str, Any]) -> None:
        for key in names:
            namespace.pop(key, None)
        namespace.update(kept)

    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def run_async() -> None:
            kept = before()
            try:
                await way.execute_async(tree, source, fn.__code__.co_filename, namespace, title)
            finally:
                after(kept)

        return run_async

    @functools.wraps(method)
    def run() -> None:
        kept = before()
        try:
            way.execute(tree, source, fn.__code__.co_filename, namespace, title)
        finally:
            after(kept)

    return run


def _caller(method: types.MethodType, way: Way, title: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def run() -> None:
        linecache.cache[CALL_FILE] = (len(CALL), None, [CALL], CALL_FILE)
        way.execute(ast.parse(CALL), CALL, CALL_FILE, {"__name__": "__main__", "test": method}, title)

    return run


# ---------------------------------------------------------------- bodies


def body_of(method: types.MethodType) -> tuple[ast.Module, str] | None:
    """The body as a cell, and the text of its file; None if it cannot be one."""
    fn: Any = method.__func__
    if hasattr(fn, "__wrapped__") or not isinstance(fn, types.FunctionType):
        return None
    code = fn.__code__
    if code.co_freevars or code.co_argcount != 1 or code.co_kwonlyargcount or code.co_flags & 0xC:
        return None
    found = _definitions(code.co_filename).get((code.co_name, code.co_firstlineno))
    if found is None:
        return None
    for node in _own(found):
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return None
    tree = ast.Module(list(found.body), [])
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if isinstance(found, ast.AsyncFunctionDef) else 0
    try:
        compile(tree, code.co_filename, "exec", flags, dont_inherit=True)
    except SyntaxError:
        return None
    return tree, "".join(linecache.getlines(code.co_filename))


@functools.cache
def _definitions(filename: str) -> dict[tuple[str, int], ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of a file by name and first line, as code objects have them."""
    lines = linecache.getlines(filename)
    if not lines:
        return {}
    return {
        (node.name, (node.decorator_list[0] if node.decorator_list else node).lineno): node
        for node in ast.walk(ast.parse("".join(lines), filename))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def _own(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """What is below a function in its own scope."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            todo += ast.iter_child_nodes(node)
