"""Names of the engine's operations in lowered code.

Lowered code calls them as constants: the compiler writes a marker string, the engine replaces it in ``co_consts`` by the
operation itself when a code object is made ready for a run.  So lowered code pays one ``LOAD_CONST`` for an operation and
no name of ours appears among the user's globals, locals or closures.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)

MARK = "\0poppy:"
#: names of outlined functions and temporaries begin with this
PREFIX = "__poppy_"
#: attribute of a comprehension whose items are checked: what makes the state of the checks (``engine/fitting.py``)
FIT = "poppy_fit"


def op(name: str, *args: ast.expr, keywords: list[ast.keyword] | None = None) -> ast.Call:
    """A call of the operation ``name``."""
    return ast.Call(ast.Constant(MARK + name), list(args), keywords or [])


def operation(name: str) -> ast.Constant:
    """The operation ``name`` itself."""
    return ast.Constant(MARK + name)


BINARY: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor", ast.LShift: "lshift", ast.RShift: "rshift",
    ast.MatMult: "matmul",
}  # fmt: skip
COMPARE: dict[type, str] = {
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip
UNARY: dict[type, str] = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())


def forget(*temporaries: str) -> ast.Assign:
    """Behind the last use of temporaries: what they held lives no longer than in a plain run."""
    return ast.Assign([store(name) for name in temporaries], const(None))


def manager_name(item: ast.withitem) -> str:
    """The variable that holds the manager of ``item`` while its ``with`` runs: the same for the lowering and for footprints.

    >>> manager_name(ast.parse("with f() as g: pass").body[0].items[0])
    '__poppy_w1_5'
    """
    found = item.context_expr
    if isinstance(found, ast.Name) and found.id.startswith(PREFIX):
        return found.id
    return f"{PREFIX}w{found.lineno}_{found.col_offset}"


def const(value: object) -> ast.Constant:
    return ast.Constant(value)  # type: ignore[arg-type]


def function(name: str, params: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(p) for p in params], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
    )
    node = ast.FunctionDef(name, arguments, body, [], None)
    if "type_params" in ast.FunctionDef._fields:
        node.type_params = []  # type: ignore[attr-defined,unused-ignore]
    return node


def lambda_(params: list[str], body: ast.expr) -> ast.Lambda:
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(p) for p in params], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
    )
    return ast.Lambda(arguments, body)


def changed(node: Node, **fields: object) -> Node:
    """A copy of ``node`` with other ``fields``, which shares what is below it.

    Trees are never changed once they are made, neither the user's nor lowered ones, so pieces of them stand wherever they are
    needed (until 2026-11 each form had a deep copy, a tenth of the time of a compilation).
    """
    kind = type(node)
    new: Node = kind.__new__(kind)
    new.__dict__.update(node.__dict__, **fields)
    return new


def attribute_place(node: ast.expr, attribute: ast.Attribute) -> ast.AST:
    """Where Python says that ``node``, an attribute or the call of one, is: if its parts are on several lines, where the
    attribute's name is."""
    if node.lineno == attribute.end_lineno or attribute.end_lineno is None:
        return node
    column = (attribute.end_col_offset or 0) - len(attribute.attr)
    at = ast.Pass(lineno=attribute.end_lineno, col_offset=column)
    at.end_lineno, at.end_col_offset = max(attribute.end_lineno, node.end_lineno or 0), node.end_col_offset or 0
    return at


def place(new: ast.AST, old: ast.AST) -> ast.AST:
    """Give ``new`` and what is below it the source location of ``old`` wherever it has none of its own.

    What has a location has it all the way down: it is of the source, or was placed before.
    """
    at = _location(old)
    if not at:
        return new
    todo = [new]
    while todo:
        node = todo.pop()
        fields = node.__dict__
        if "lineno" not in fields:
            if "lineno" in node._attributes:
                fields.update(at)
            if node.__class__ is not ast.Constant:
                todo += children(node)
    return new


def place_all(tree: ast.Module) -> None:
    """Give what has no source location the one of the node around it (``ast.fix_missing_locations``, which costs more)."""
    todo: list[tuple[ast.AST, ast.AST | None]] = [(tree, None)]
    while todo:
        node, around = todo.pop()
        if "lineno" in node._attributes:
            fields = node.__dict__
            if "lineno" not in fields:
                fields.update(_START if around is None else _location(around))
            around = node
        for child in children(node):
            todo.append((child, around))


_START = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}


def _location(node: ast.AST) -> dict[str, Any]:
    """Attributes of the place of ``node``; none if it has no place."""
    fields = node.__dict__
    try:
        return {
            "lineno": fields["lineno"], "col_offset": fields["col_offset"],
            "end_lineno": fields["end_lineno"], "end_col_offset": fields["end_col_offset"],
        }  # fmt: skip
    except KeyError:
        return {name: fields[name] for name in _START if name in fields} if "lineno" in fields else {}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below ``node``, in order, without operators and contexts (``ast.iter_child_nodes`` costs five
    times as much, and half of the time of a compilation)."""
    found: list[ast.AST] = []
    kind = node.__class__
    names = _BELOW.get(kind)
    if names is None:
        names = _BELOW[kind] = tuple(n for n in kind._fields if n not in _FLAT and (kind, n) not in _TEXTS)
    if names:
        fields = node.__dict__
        for name in names:
            value = fields.get(name)
            if value.__class__ is list:
                found += value
            elif isinstance(value, ast.AST):
                found.append(value)
        if kind in _HOLES:
            found = [item for item in found if item is not None]
    return found


#: kinds with a list in which None stands for what is not there
_HOLES = (ast.Dict, ast.arguments)
#: fields that hold no node, or one that has neither a place nor anything below it
_FLAT = frozenset({
    "ctx", "op", "ops", "id", "attr", "arg", "kind", "lineno", "level", "module", "conversion", "is_async", "simple",
    "type_comment", "rest", "kwd_attrs", "asname", "tag",
})  # fmt: skip
_TEXTS = frozenset({
    (ast.Constant, "value"), (ast.FunctionDef, "name"), (ast.AsyncFunctionDef, "name"), (ast.ClassDef, "name"),
    (ast.ExceptHandler, "name"), (ast.alias, "name"), (ast.MatchAs, "name"), (ast.MatchStar, "name"), (ast.Global, "names"),
    (ast.Nonlocal, "names"), (ast.MatchSingleton, "value"),
})  # fmt: skip
_BELOW: dict[type[ast.AST], tuple[str, ...]] = {}


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and everything below it, in no particular order."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        todo += children(node)
