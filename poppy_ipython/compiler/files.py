"""The files and cells that the user's functions come from: text, tree and code, found by file name.

A function is lowered from the tree of its file, so the file's text is parsed and compiled once, and its definitions are listed
once. A cell that was compiled a moment ago is known already (:func:`remember`), with the very tree that its functions were made from.
"""

from __future__ import annotations

import ast
import linecache
import os
import site
import sys
import sysconfig
import types
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from . import scopes
from .abi import children, walk

if TYPE_CHECKING:
    from .plan import Plan

Value = TypeVar("Value")

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOREIGN = tuple(
    os.path.join(os.path.realpath(p), "")
    for p in {
        *[sysconfig.get_paths()[k] for k in ("stdlib", "platstdlib", "purelib", "platlib")],
        *(site.getsitepackages() if hasattr(site, "getsitepackages") else []),
        site.getusersitepackages() if hasattr(site, "getusersitepackages") else sys.prefix,
        _ROOT,
    }
)
Definition = tuple[ast.FunctionDef | ast.Lambda, str | None]
"""A definition, and the class around it. (Of an ``async def`` too: everything here but its name is that of a ``def``.)"""


class File:
    """A text, its tree, and Python's code for it."""

    def __init__(self, lines: list[str], tree: ast.Module, plain: types.CodeType, given: bool = False) -> None:
        self.lines, self.tree, self.plain = lines, tree, plain
        #: by whoever compiled a cell: there may be more in the text than in the tree
        self.given = given
        self.index: dict[tuple[str, int], list[Definition]] | None = None
        #: node -> the node around it, of nodes with something below them
        self.around: dict[ast.AST, ast.AST] = {}

    def definitions(self) -> dict[tuple[str, int], list[Definition]]:
        """Definitions by name and first line, as code objects have them."""
        if self.index is None:
            found: dict[tuple[str, int], list[Definition]] = {}
            todo: list[tuple[ast.AST, str | None]] = [(self.tree, None)]
            while todo:
                node, owner = todo.pop()
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
                    found.setdefault((node.name, first), []).append((node, owner))  # type: ignore[arg-type]
                elif isinstance(node, ast.Lambda):
                    found.setdefault(("<lambda>", node.lineno), []).append((node, owner))
                inside = node.name if isinstance(node, ast.ClassDef) else owner
                for child in children(node):
                    self.around[child] = node
                    todo.append((child, inside))
            self.index = found
        return self.index

    def find(self, code: types.CodeType) -> Definition | None:
        """The definition that ``code`` was compiled from."""
        matches = self.definitions().get((code.co_name, code.co_firstlineno), ())
        if len(matches) > 1:  # several on one line: the innermost whose body has all places of the code
            places = [p for p in code.co_positions() if p[2] is not None and p[3] is not None and p[2] != p[3]]
            around = [m for m in matches if places and all(_inside(p, m[0]) for p in places)]
            return max(around, key=lambda m: _body(m[0])[0].col_offset, default=None)
        return matches[0] if matches else None

    def path(self, node: ast.AST) -> list[ast.AST]:
        """The nodes from the tree to ``node``, one of its definitions."""
        self.definitions()
        path = [node]
        while node is not self.tree:
            node = self.around[node]
            path.append(node)
        return path[::-1]

    def contains(self, code: types.CodeType) -> bool:
        """Does the text, compiled, still contain ``code``?"""
        return _contains(self.plain, code)


#: filename -> what is known of it; an edited cell is another file, so the oldest go
_FILES: dict[str, File] = {}
_MOST_FILES = 64
#: filename, text and the compiler's flags -> a cell and its plan
_PLANNED: dict[tuple[str, str, int], tuple[File, Plan]] = {}


def keep(table: dict[Any, Value], key: Hashable, value: Value, most: int) -> None:
    """Put a row at the young end of ``table``, which keeps ``most``."""
    table.pop(key, None)
    table[key] = value
    if len(table) > most:
        del table[next(iter(table))]


def remember(filename: str, tree: ast.Module, plain: types.CodeType) -> None:
    """A cell has been parsed and compiled, whose text lies where tracebacks find it."""
    entry = linecache.cache.get(filename, ())
    if len(entry) == 4:
        keep(_FILES, filename, File(entry[2], tree, plain, True), _MOST_FILES)


def planned(filename: str, plain: types.CodeType, flags: int) -> Plan | None:
    """The plan of the cell ``filename``, if it was compiled before from the same text to the same code of Python's.

    A plan is a value: what runs is made from it anew for each run, so two runs of a cell may share it.
    """
    entry = linecache.cache.get(filename, ())
    if len(entry) != 4:
        return None
    known = _PLANNED.get((filename, "".join(entry[2]), flags))
    if known is None or known[0].plain != plain:
        return None
    keep(_FILES, filename, known[0], _MOST_FILES)
    return known[1]


def remember_plan(filename: str, tree: ast.Module, flags: int, plan: Plan) -> None:
    """The cell that was :func:`remembered <remember>` has been compiled."""
    known = _FILES.get(filename)
    if known is not None and known.tree is tree:
        keep(_PLANNED, (filename, "".join(known.lines), flags), (known, plan), _MOST_FILES)


def belongs_to_user(filename: str) -> bool:
    """Is this a file (or cell) of the user's own?"""
    if filename.startswith("<frozen") or filename == "<string>":
        return False
    return not os.path.realpath(filename).startswith(_FOREIGN)


def file_of(fn: types.FunctionType) -> File | str:
    """The file of a function of the user's, or why it is not to be had."""
    filename = fn.__code__.co_filename
    if not belongs_to_user(filename):
        return "it belongs to a library"
    lines = linecache.getlines(filename, fn.__globals__)
    if not lines:
        return "its source is not at hand"
    known = _FILES.get(filename)
    if known is None or known.lines != lines or (known.given and not known.contains(fn.__code__)):
        try:
            text = "".join(lines)
            tree = ast.parse(text, filename)
            scopes.note_own(walk(tree))
            plain = compile(text, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError:
            return "its source cannot be parsed"
        known = File(lines, tree, plain)
        keep(_FILES, filename, known, _MOST_FILES)
    return known


def _body(node: ast.FunctionDef | ast.Lambda) -> list[Any]:
    return [node.body] if isinstance(node, ast.Lambda) else list(node.body)


def _inside(place_: tuple[Any, ...], node: ast.FunctionDef | ast.Lambda) -> bool:
    line, end_line, column, end_column = place_
    first, last = _body(node)[0], _body(node)[-1]
    return bool((first.lineno, first.col_offset) <= (line, column) and (end_line, end_column) <= (last.end_lineno, last.end_col_offset))


def _contains(plain: types.CodeType, code: types.CodeType) -> bool:
    for constant in plain.co_consts:
        if isinstance(constant, types.CodeType):
            if constant is code or (
                constant.co_name == code.co_name
                and constant.co_firstlineno == code.co_firstlineno
                and constant.co_code == code.co_code
                and constant.co_names == code.co_names
                and constant.co_varnames == code.co_varnames
            ):
                return True
            if _contains(constant, code):
                return True
    return False


__all__ = ["Definition", "File", "belongs_to_user", "file_of", "keep", "planned", "remember", "remember_plan"]
