"""Which constructs a program contains, read off its syntax tree: independent of the generator, so the generator cannot
flatter itself.

Each construct of the list that the engine promises is a predicate over one node (`CONSTRUCTS`); the census asserts
that each occurs in at least one program of a hundred. "Pending" means here: an external call stands directly in the
place named.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

import ast
from collections.abc import Callable

from .world import EXTERNAL

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
MUTATORS = {
    "list": {"append", "extend", "insert", "sort", "reverse", "pop", "remove"},
    "dict": {"update", "setdefault", "popitem"},
    "set": {"add", "discard"},
}

Predicate = Callable[[ast.AST], bool]


def external(node: ast.AST) -> bool:
    """Is this a call of an external, or an `await` of one?"""
    if isinstance(node, ast.Await):
        node = node.value
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXTERNAL


def holds_external(node: ast.AST | None) -> bool:
    return node is not None and any(external(part) for part in ast.walk(node))


def is_(*kinds: type[ast.AST]) -> Predicate:
    return lambda node: isinstance(node, kinds)


def _any(nodes: list[ast.stmt], *kinds: type[ast.AST]) -> bool:
    return any(isinstance(part, kinds) for node in nodes for part in ast.walk(node))


def _method(name: str) -> Predicate:
    return lambda n: isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in MUTATORS[name]


def _early_return(node: ast.AST) -> bool:
    return isinstance(node, FUNCTION) and any(_any([part], ast.Return) for part in node.body if not isinstance(part, (ast.Return, *FUNCTION)))


def _recursive(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == node.name for part in ast.walk(node)
    )


def _closure(node: ast.AST) -> bool:
    return isinstance(node, FUNCTION) and _any(node.body, *FUNCTION, ast.Lambda)


CONSTRUCTS: dict[str, Predicate] = {
    "external call": external,
    "external call nested in an external call": lambda n: external(n) and isinstance(n, ast.Call) and any(map(holds_external, n.args)),
    "external call inside an operator": lambda n: isinstance(n, ast.BinOp) and holds_external(n),
    "if on a pending": lambda n: isinstance(n, ast.If) and holds_external(n.test),
    "elif": lambda n: isinstance(n, ast.If) and len(n.orelse) == 1 and isinstance(n.orelse[0], ast.If),
    "else": lambda n: isinstance(n, ast.If) and bool(n.orelse),
    "for": is_(ast.For),
    "for over a pending": lambda n: isinstance(n, ast.For) and holds_external(n.iter),
    "for ... else": lambda n: isinstance(n, ast.For) and bool(n.orelse),
    "while": is_(ast.While),
    "while on a pending": lambda n: isinstance(n, ast.While) and holds_external(n.test),
    "while ... else": lambda n: isinstance(n, ast.While) and bool(n.orelse),
    "break": is_(ast.Break),
    "continue": is_(ast.Continue),
    "function": is_(ast.FunctionDef),
    "method": lambda n: isinstance(n, ast.ClassDef) and sum(isinstance(part, ast.FunctionDef) for part in n.body) > 2,
    "early return": _early_return,
    "recursion": _recursive,
    "default argument": lambda n: isinstance(n, ast.FunctionDef) and bool(n.args.defaults),
    "default argument from an external": lambda n: isinstance(n, ast.FunctionDef) and any(map(holds_external, n.args.defaults)),
    "*args": lambda n: isinstance(n, FUNCTION) and n.args.vararg is not None,
    "**kwargs": lambda n: isinstance(n, FUNCTION) and n.args.kwarg is not None,
    "keyword-only": lambda n: isinstance(n, FUNCTION) and bool(n.args.kwonlyargs),
    "positional-only": lambda n: isinstance(n, FUNCTION) and bool(n.args.posonlyargs),
    "call with keyword": lambda n: isinstance(n, ast.Call) and any(word.arg for word in n.keywords),
    "call with *": lambda n: isinstance(n, ast.Call) and any(isinstance(arg, ast.Starred) for arg in n.args),
    "call with **": lambda n: isinstance(n, ast.Call) and any(word.arg is None for word in n.keywords),
    "list comprehension": is_(ast.ListComp),
    "set comprehension": is_(ast.SetComp),
    "dict comprehension": is_(ast.DictComp),
    "generator expression": is_(ast.GeneratorExp),
    "comprehension with an external": lambda n: isinstance(n, COMPREHENSION) and holds_external(n),
    "comprehension with if": lambda n: isinstance(n, COMPREHENSION) and any(g.ifs for g in n.generators),
    "comprehension with two for": lambda n: isinstance(n, COMPREHENSION) and len(n.generators) > 1,
    "comprehension in a comprehension": lambda n: isinstance(n, COMPREHENSION) and sum(isinstance(p, COMPREHENSION) for p in ast.walk(n)) > 1,
    "f-string": is_(ast.JoinedStr),
    "f-string with an external": lambda n: isinstance(n, ast.JoinedStr) and holds_external(n),
    "f-string with a format": lambda n: isinstance(n, ast.FormattedValue) and n.format_spec is not None,
    "f-string with a nested format": lambda n: isinstance(n, ast.FormattedValue) and n.format_spec is not None and _any([n.format_spec], ast.FormattedValue),  # type: ignore[list-item]
    "unpacking": lambda n: isinstance(n, ast.Assign) and isinstance(n.targets[0], (ast.Tuple, ast.List)),
    "starred unpacking": lambda n: isinstance(n, ast.Starred) and isinstance(n.ctx, ast.Store),
    "chained assignment": lambda n: isinstance(n, ast.Assign) and len(n.targets) > 1,
    "annotated assignment": is_(ast.AnnAssign),
    "augmented name": lambda n: isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name),
    "augmented attribute": lambda n: isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Attribute),
    "augmented subscript": lambda n: isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Subscript),
    "conditional expression": is_(ast.IfExp),
    "and": lambda n: isinstance(n, ast.BoolOp) and isinstance(n.op, ast.And),
    "or": lambda n: isinstance(n, ast.BoolOp) and isinstance(n.op, ast.Or),
    "and/or with an external": lambda n: isinstance(n, ast.BoolOp) and holds_external(n),
    "chained comparison": lambda n: isinstance(n, ast.Compare) and len(n.ops) > 1,
    "list mutation": _method("list"),
    "dict mutation": _method("dict"),
    "set mutation": _method("set"),
    "attribute store": lambda n: isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store),
    "subscript store": lambda n: isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store),
    "store under a pending key": lambda n: isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and holds_external(n.slice),
    "slice store": lambda n: isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and isinstance(n.slice, ast.Slice),
    "attribute of a pending": lambda n: isinstance(n, (ast.Attribute, ast.Subscript)) and external(n.value),
    "del": is_(ast.Delete),
    "try ... except": lambda n: isinstance(n, ast.Try) and bool(n.handlers),
    "try ... else": lambda n: isinstance(n, ast.Try) and bool(n.orelse),
    "try ... finally": lambda n: isinstance(n, ast.Try) and bool(n.finalbody),
    "nested try": lambda n: isinstance(n, ast.Try) and _any(n.body, ast.Try),
    "try in a loop": lambda n: isinstance(n, (ast.For, ast.While)) and _any(n.body, ast.Try),
    "return in a try": lambda n: isinstance(n, ast.Try) and _any(n.body, ast.Return),
    "external call in a handler": lambda n: isinstance(n, ast.ExceptHandler) and any(map(holds_external, n.body)),
    "except*": is_(ast.TryStar),
    "re-raise": lambda n: isinstance(n, ast.Raise) and n.exc is None,
    "raise": lambda n: isinstance(n, ast.Raise) and n.exc is not None and n.cause is None,
    "raise from": lambda n: isinstance(n, ast.Raise) and n.cause is not None,
    "assert": is_(ast.Assert),
    "print": lambda n: isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print",
    "global": is_(ast.Global),
    "nonlocal": is_(ast.Nonlocal),
    "closure": _closure,
    "lambda": is_(ast.Lambda),
    "lambda with a default": lambda n: isinstance(n, ast.Lambda) and bool(n.args.defaults or n.args.kw_defaults),
    "walrus": is_(ast.NamedExpr),
    "with": is_(ast.With),
    "class": lambda n: isinstance(n, ast.ClassDef) and n.name != "Box",
    "subclass": lambda n: isinstance(n, ast.ClassDef) and bool(n.bases) and not any(isinstance(b, ast.Name) and b.id == "object" for b in n.bases),
    "decorator": lambda n: isinstance(n, (*FUNCTION, ast.ClassDef)) and bool(n.decorator_list),
    "generator": lambda n: isinstance(n, (ast.Yield, ast.YieldFrom)),
    "match": is_(ast.Match),
    "import": lambda n: isinstance(n, (ast.Import, ast.ImportFrom)) and n.lineno > 1 and not any(a.name == "contextlib" for a in n.names),
    "await": is_(ast.Await),
    "async def": is_(ast.AsyncFunctionDef),
}


def constructs(source: str) -> set[str]:
    """The names of the constructs in a program.

    >>> sorted(constructs("x = [num(q) for q in y]"))[:2]
    ['comprehension with an external', 'external call']
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        found |= {name for name, holds in CONSTRUCTS.items() if name not in found and holds(node)}
    return found
