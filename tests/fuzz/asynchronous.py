"""Fuzzer programs as somebody would have written them with `async def`: `python -m tests.fuzz.asynchronous FIRST COUNT`.

A function of the program becomes an `async def` and its calls `await f(…)`, if all of them stand where one can await: in the
cell or in another such function, also in a list, set or dict comprehension there; not in a lambda, a generator expression, a nested
function. And nobody mentions it otherwise. The same holds for methods, by name. What the program means stays what it was, so the plain run is the oracle as ever.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from .check import check
from .program import program

_APART = (ast.Lambda, ast.GeneratorExp, ast.ClassDef)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef)
CELL = "<cell>"


def with_async(source: str) -> str | None:
    """The program with coroutine functions, or None if no function of it qualifies.

    >>> print(with_async("def f(x): return ask(x)\\nout = f(1) + f(f(2))"), end="")
    async def f(x):
        return ask(x)
    out = await f(1) + await f(await f(2))
    """
    tree = ast.parse(source)
    names = {one.name for one, _ in _definitions(tree)}
    while True:
        bad = {name for name, place in _mentions(tree) if name in names and (place is None or (place != CELL and place not in names))}
        if not bad:
            break
        names -= bad
    if not names:
        return None
    return ast.unparse(ast.fix_missing_locations(_Rewrite(names).visit(tree))) + "\n"


def _definitions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Functions of the cell and methods that do not yield; not special methods, which Python calls by itself."""
    for statement in tree.body:
        inside = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        for one in inside:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("__") and not one.decorator_list:
                if not any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in ast.walk(one)):
                    yield one, CELL


def _mentions(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Names, and where they are called: in the cell, in the function of that name, None: not called, or where nobody can await."""
    top = {id(one): one.name for one, _ in _definitions(tree)}
    todo: list[tuple[ast.AST, str | None]] = [(tree, CELL)]
    while todo:
        node, place = todo.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, place
            if isinstance(node.func, ast.Attribute):
                todo.append((node.func.value, place))
            todo += [(child, place) for child in (*node.args, *node.keywords)]
            continue
        if isinstance(node, ast.Name):
            yield node.id, None
        elif isinstance(node, ast.Attribute):
            yield node.attr, None
        inside = place
        if isinstance(node, _SCOPES):
            inside = top.get(id(node))
        elif isinstance(node, _APART):
            inside = None
        todo += [(child, inside) for child in ast.iter_child_nodes(node)]


class _Rewrite(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if node.name not in self.names:
            return node
        return ast.copy_location(ast.AsyncFunctionDef(**{name: getattr(node, name) for name in node._fields}), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else None
        return ast.copy_location(ast.Await(node), node) if name in self.names else node


def differences(first: int, count: int) -> tuple[int, list[str]]:
    """How many programs had a coroutine function, and those that differ."""
    compared, found = 0, []
    for seed in range(first, first + count):
        source = with_async(program(seed).source)
        if source is None:
            continue
        verdict = check(source, seed)
        compared += not verdict.skipped
        if verdict.differences:
            found.append(f"# seed {seed}: {verdict.differences}\n{source}")
    return compared, found


if __name__ == "__main__":
    compared, found = differences(int(sys.argv[1]), int(sys.argv[2]))
    print("\n\n".join(found))
    print(f"{compared} programs with async def compared, {len(found)} different")
    sys.exit(bool(found))
