"""Runs that are wrong on purpose, without any engine: what the oracle itself must notice.

Each fault takes a program to a slightly different program or leaves something behind, the way a broken engine would:
two neighbouring statements change places, an alias becomes a copy, a line number moves, something of ours stays in
the namespace. The faulty side runs by the same code as the plain one. A fault that is never noticed would be a blind
spot of `observe.py` or of the generator.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable
from typing import Any

from .check import Other
from .runs import Result, Run, plain_result, run_in
from .world import World, undeclared

Fault = Callable[[ast.Module, random.Random], None]


def swapped(tree: ast.Module, rng: random.Random) -> None:
    """Two neighbouring simple statements, somewhere, in the other order."""
    places = [
        (body, i)
        for node in ast.walk(tree)
        for body in [getattr(node, "body", None)]
        if isinstance(body, list)
        for i in range(len(body) - 1)
        if all(isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr)) for statement in body[i : i + 2])
    ]
    if places:
        body, i = rng.choice(places)
        body[i], body[i + 1] = body[i + 1], body[i]


def dropped(tree: ast.Module, rng: random.Random) -> None:
    """A store or call is lost."""
    places = [
        i for i, node in enumerate(tree.body) if i > 2 and isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr))
    ]
    if places:
        tree.body[rng.choice(places)] = ast.Pass(lineno=1, col_offset=0)


def copied(tree: ast.Module, rng: random.Random) -> None:
    """Somewhere an alias is a copy."""
    names = [
        n
        for node in tree.body
        for n in ast.walk(node)
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id[:1] in "ldnm"
    ]
    if names:
        node = rng.choice(names)
        node.value = ast.Call(ast.Name("__copy", ast.Load()), [node.value], [])


def twice(tree: ast.Module, rng: random.Random) -> None:
    """Something runs a second time."""
    places = [i for i, node in enumerate(tree.body) if i > 2 and isinstance(node, (ast.AugAssign, ast.Expr))]
    if places:
        i = rng.choice(places)
        tree.body.insert(i, copy.deepcopy(tree.body[i]))


def moved(tree: ast.Module, rng: random.Random) -> None:
    """Every line number is off by one: only tracebacks and code objects show it."""
    ast.increment_lineno(tree, 1)


def swallowed(tree: ast.Module, rng: random.Random) -> None:
    """The first handler of every `try` takes everything."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.handlers:
            node.handlers[0].type = ast.Name("BaseException", ast.Load())
            del node.handlers[1:]


def last_value(tree: ast.Module, rng: random.Random) -> None:
    """The result of a last expression is not what it was."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1].value = ast.Constant("other")


SOURCES: tuple[Fault, ...] = (swapped, dropped, copied, twice, moved, swallowed, last_value)


def by_source(fault: Fault) -> Other:
    """A run of the program as the fault leaves it."""

    def run(source: str, seed: int) -> Run:
        def runner(source: str, namespace: dict[str, Any], name: str) -> Result:
            tree = ast.parse(source, name)
            fault(tree, random.Random(seed))
            namespace["__copy"] = lambda value: type(value)(value) if type(value) in (list, dict) else value
            try:
                return plain_result(ast.fix_missing_locations(tree), namespace, name)
            finally:
                del namespace["__copy"]

        return run_in(World(undeclared), source, seed, runner)

    return run


def by_afterthought(spoil: Callable[[dict[str, Any], Result], Result]) -> Other:
    """A plain run with something wrong about what it left."""

    def run(source: str, seed: int) -> Run:
        def runner(source: str, namespace: dict[str, Any], name: str) -> Result:
            return spoil(namespace, plain_result(source, namespace, name))

        return run_in(World(undeclared), source, seed, runner)

    return run


class Pending:
    """What nobody must ever see."""


Pending.__module__ = "poppy_ipython.engine.pending"


def left_behind(namespace: dict[str, Any], result: Result) -> Result:
    """A pending deep inside a container."""
    if isinstance(namespace.get("n0"), list) and namespace["n0"] and isinstance(namespace["n0"][0], list):
        namespace["n0"][0].append(Pending())
    return result


def extra_frame(namespace: dict[str, Any], result: Result) -> Result:
    """The traceback has a frame of ours at its end."""
    if result.error is not None:
        try:
            raise result.error
        except Exception as error:
            error.__traceback__ = error.__traceback__.tb_next and error.__traceback__
    return result


def lost_context(namespace: dict[str, Any], result: Result) -> Result:
    """`__context__` is not what Python would have set."""
    if result.error is not None:
        result.error.__context__ = None if result.error.__context__ else KeyError("x")
    return result


def lost_name(namespace: dict[str, Any], result: Result) -> Result:
    """A name is bound in another order."""
    namespace["i0"] = namespace.pop("i0", 0)
    return result


def retyped(namespace: dict[str, Any], result: Result) -> Result:
    """An equal value of another type."""
    namespace["i0"] = float(namespace["i0"]) if isinstance(namespace.get("i0"), int) else None
    return result


AFTERTHOUGHTS = (left_behind, extra_frame, lost_context, lost_name, retyped)
