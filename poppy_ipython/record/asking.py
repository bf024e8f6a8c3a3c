"""The user's code with asking calls: the same source, compiled by CPython, where only calls pass by somebody first.

    f(a, b.c, n=1)        ─▶        __poppy_called__(f)(__poppy_given__(a), __poppy_given__(b.c), n=1)

`called` gives back what it is given, or, for an external callable, something that answers from the record; `given` does the same
for callables that are handed on (`map(ask, questions)`). Names, evaluation order, frames, lines and everything else are those
of the source, so what runs is the plain cell: no part of the engine or of its compiler takes part.

Decided against: running the engine with one call at a time (a mistake on both sides would look like sameness); replacing
`__code__` of functions, or attributes of clients (the user's objects stay as they are); `sys.setprofile` (it sees calls and
cannot answer them).
"""

from __future__ import annotations

import ast
import copy
import types
from typing import Any

from poppy_ipython.compiler.files import file_of

__all__ = ["CALLED", "GIVEN", "NoSource", "asking", "asking_code"]

CALLED, GIVEN = "__poppy_called__", "__poppy_given__"
_COMPILED: dict[str, tuple[Any, list[types.CodeType], list[types.CodeType]]] = {}
_MOST = 64


class NoSource(Exception):
    """A function whose source is not at hand."""


class _Asking(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.func = _asked(CALLED, node.func)
        node.args = [_asked(GIVEN, a) if isinstance(a, (ast.Name, ast.Attribute)) else a for a in node.args]
        for keyword in node.keywords:
            if keyword.arg is not None and isinstance(keyword.value, (ast.Name, ast.Attribute)):
                keyword.value = _asked(GIVEN, keyword.value)
        return node


def _asked(name: str, node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Call(ast.copy_location(ast.Name(name, ast.Load()), node), [node], []), node)


def asking(tree: ast.AST) -> Any:
    """A copy of the tree, with asking calls.

    >>> ast.unparse(asking(ast.parse("f(x, 1)")))
    '__poppy_called__(f)(__poppy_given__(x), 1)'
    """
    return _Asking().visit(copy.deepcopy(tree))


def asking_code(fn: types.FunctionType) -> types.CodeType:
    """The code of a user's function with asking calls. Raises `NoSource`."""
    code = fn.__code__
    if code.co_filename == "<string>":  # a dataclass's own methods
        return code
    file = file_of(fn)
    if isinstance(file, str):
        raise NoSource(file)
    tree, plain = file.tree, file.plain
    found = _COMPILED.get(code.co_filename)
    if found is None or found[0] is not tree:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | (code.co_flags & 0x1FE0000)
        compiled = compile(asking(tree), code.co_filename, "exec", flags=flags, dont_inherit=True)
        found = _COMPILED[code.co_filename] = (tree, _codes(plain), _codes(compiled))
        if len(_COMPILED) > _MOST:
            del _COMPILED[next(iter(_COMPILED))]
    for before, after in zip(found[1], found[2], strict=True):
        if _alike(before, code) and before.co_freevars == after.co_freevars:
            return after
    raise NoSource("its source has changed since it was defined")


def _codes(code: types.CodeType) -> list[types.CodeType]:
    """The code and those inside it, in the order of the source: the same one for both forms."""
    found = [code]
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            found += _codes(item)
    return found


def _alike(one: types.CodeType, other: types.CodeType) -> bool:
    return (
        one.co_firstlineno == other.co_firstlineno
        and one.co_name == other.co_name
        and one.co_code == other.co_code
        and one.co_consts == other.co_consts
        and list(one.co_positions()) == list(other.co_positions())
    )
