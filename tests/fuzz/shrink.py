"""Make a failing program small while it fails in the same way.

Delta debugging on the syntax tree: remove runs of statements (half, quarter, … one), put a compound statement's body
in its place, drop handlers, `else` and `finally`, decorators, arguments, and put an expression's own part, or a
constant, in its place. A candidate counts if its first difference is of the same kind. The result is `ast.unparse`
text, unless only the original layout fails: then lines are removed.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

Fails = Callable[[str], bool]

BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def shrink(source: str, fails: Fails, *, tries: int = 3000) -> str:
    """The smallest program found that still `fails`, in at most `tries` candidates.

    >>> shrink("a = 1\\nb = f(2 + g(a))\\nc = 3\\n", lambda text: "g(" in text).strip()
    'g'
    """
    left = [tries]

    def still(candidate: str) -> bool:
        if left[0] <= 0:
            return False
        left[0] -= 1
        return fails(candidate)

    source = _lines(source, still)
    text = ast.unparse(ast.parse(source)) + "\n"
    if not still(text):
        return source
    while left[0] > 0:
        smaller = _pass(text, still)
        if smaller == text:
            break
        text = smaller
    return text


def _lines(source: str, fails: Fails) -> str:
    """Remove runs of top-level statements with their layout."""
    tree = ast.parse(source)
    text = source.splitlines(True)
    starts = [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) for node in tree.body]
    bounds = [*starts, len(text) + 1]
    blocks = ["".join(text[a - 1 : b - 1]) for a, b in zip(bounds, bounds[1:])]
    kept = _reduce(
        [block for block in blocks if block], lambda blocks: _valid("".join(blocks)) and fails("".join(blocks))
    )
    return "".join(kept)


def _reduce(items: list[Any], fails: Callable[[list[Any]], bool]) -> list[Any]:
    size = max(1, len(items) // 2)
    while True:
        i = 0
        while i < len(items):
            candidate = items[:i] + items[i + size :]
            if len(candidate) < len(items) and fails(candidate):
                items = candidate
            else:
                i += size
        if size == 1:
            return items
        size //= 2


def _valid(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "?", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return True


def _pass(text: str, fails: Fails) -> str:
    """One sweep over all edits of the tree; each success is built upon at once."""
    position = 0
    while True:
        tree = ast.parse(text)
        edits = list(_edits(tree))
        if position >= len(edits):
            return text
        for position in range(position, len(edits)):
            candidate = _applied(tree, edits[position])
            if candidate is not None and len(candidate) < len(text) and _valid(candidate) and fails(candidate):
                text = candidate
                break
        else:
            return text


Edit = tuple[int, str, Any]
"""Number of the node in `ast.walk`, field, and what to do there."""


def _edits(tree: ast.AST) -> Iterator[Edit]:
    nodes = list(ast.walk(tree))
    for i, node in enumerate(nodes):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.AST):
                size = len(value)
                while size:
                    for start in range(0, len(value), size):
                        yield i, name, ("cut", start, start + size)
                    size //= 2
                for k, item in enumerate(value):
                    if isinstance(item, ast.stmt):
                        for inner in BODIES:
                            if isinstance(getattr(item, inner, None), list) and getattr(item, inner):
                                yield i, name, ("unwrap", k, inner)
    for i, node in enumerate(nodes):
        for name, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            for k, item in enumerate(values):
                if isinstance(item, ast.expr) and not isinstance(getattr(item, "ctx", None), (ast.Store, ast.Del)):
                    where = k if isinstance(value, list) else None
                    for part in range(len(_parts(item))):
                        yield i, name, ("part", where, part)
                    for constant in range(len(CONSTANTS)):
                        if not isinstance(item, ast.Constant):
                            yield i, name, ("constant", where, constant)
            if (
                value is not None
                and isinstance(value, ast.AST)
                and name in ("returns", "step", "format_spec", "cause", "msg", "value", "optional_vars")
            ):
                yield i, name, ("none", None, None)


CONSTANTS = (0, 1, "", None)


def _parts(node: ast.expr) -> list[ast.expr]:
    return [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]


def _applied(tree: ast.AST, edit: Edit) -> str | None:
    number, name, (what, a, b) = edit
    tree = copy.deepcopy(tree)
    node = list(ast.walk(tree))[number]
    value = getattr(node, name)
    match what:
        case "cut":
            del value[a:b]
            if name == "body" and not value and not isinstance(node, ast.Module):
                value.append(ast.Pass())
            if name == "defaults" or (name in ("keys", "values") and isinstance(node, ast.Dict)):
                if isinstance(node, ast.Dict):
                    del (node.values if name == "keys" else node.keys)[a:b]
        case "unwrap":
            inner = getattr(value[a], b)
            if b == "handlers":
                inner = [statement for handler in inner for statement in handler.body]
            elif b == "cases":
                inner = [statement for case in inner for statement in case.body]
            value[a : a + 1] = inner
        case "part" | "constant":
            old = getattr(node, name) if a is None else value[a]
            new: ast.expr = _parts(old)[b] if what == "part" else ast.Constant(CONSTANTS[b])
            if a is None:
                setattr(node, name, new)
            else:
                value[a] = new
        case "none":
            setattr(node, name, None)
    try:
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    except Exception:  # an edit that makes no program
        return None


def regression(source: str, seed: int, kind: str) -> str:
    """A test to paste into a module of regressions."""
    name = "".join(c if c.isalnum() else "_" for c in kind.lower()).strip("_")
    body = source.replace("\\", "\\\\").replace('"""', "'''")
    return f'def test_{name}_{seed}() -> None:\n    agree(\n        """\\\n{body}""",\n        seed={seed},\n    )\n'
