"""Source for functions that the standard library writes: the ``__init__`` of a dataclass.

Such a function has no source file, so by itself it would be undeclared native code. Its text follows from the fields of its
class. Here the text is written again and compiled, and believed only if what comes out is the function's own code,
instruction for instruction, with the same names and constants. Then the text says what the function does whatever version of
Python wrote it, and the function is lowered like one of the user's: factories and ``__post_init__`` are calls in it.

Decided against: storing the fields ourselves, without the function (its frame belongs into tracebacks, and the order of
factories, stores and ``__post_init__`` would be a second copy of Python's rules, with nothing to check it against).
"""

from __future__ import annotations

import ast
import dataclasses
import types
from typing import Any

#: how versions of Python call the closure variables: default of a field, type of a field, "make one"
_SPELLINGS = (
    ("_dflt_{}", "_type_{}", "_HAS_DEFAULT_FACTORY"),
    ("__dataclass_dflt_{}__", "__dataclass_type_{}__", "__dataclass_HAS_DEFAULT_FACTORY__"),
)
_MISSING = dataclasses.MISSING


def generated_init(cls: type, init: types.FunctionType) -> ast.FunctionDef | None:
    """The definition of ``init`` if it is the ``__init__`` that a dataclass ``cls`` or a base of it has been given.

    >>> @dataclasses.dataclass
    ... class P:
    ...     x: int
    ...     l: list = dataclasses.field(default_factory=list)
    >>> ast.unparse(generated_init(P, P.__init__).body[0])
    'self.x = x'
    """
    for base in cls.__mro__:
        if base.__dict__.get("__init__") is init and "__dataclass_fields__" in base.__dict__:
            break
    else:
        return None
    code = init.__code__
    if not code.co_filename.startswith("<"):
        return None
    for spelling in _SPELLINGS:
        try:
            text = _text(base, *spelling)
            tree = ast.parse(text)
            made = compile(text, code.co_filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        found = next((c for c in _codes(made) if c.co_name == "__init__"), None)
        if found is not None and _same(found, code):
            node = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "__init__")
            ast.increment_lineno(node, code.co_firstlineno - found.co_firstlineno)
            return node
    return None


def _text(cls: Any, default_name: str, type_name: str, factory: str) -> str:
    """A module with the ``__init__`` inside a function that has its closure variables as parameters."""
    fields = list(cls.__dataclass_fields__.values())
    frozen = cls.__dataclass_params__.frozen
    slots = "__slots__" in cls.__dict__
    receiver = "__dataclass_self__" if any(f.name == "self" for f in fields) else "self"
    around = {factory: None, "MISSING": None, "__dataclass_builtins_object__": None}
    positional: list[str] = []
    keyword: list[str] = []
    body: list[str] = []
    only_at_init = [f.name for f in fields if f._field_type is dataclasses._FIELD_INITVAR]  # type: ignore[attr-defined]
    for field in fields:
        if field._field_type is dataclasses._FIELD_CLASSVAR:  # type: ignore[attr-defined]
            continue
        default = default_name.format(field.name)
        made = field.default_factory is not _MISSING
        given = field.default is not _MISSING
        around[type_name.format(field.name)] = around[default] = None
        if field.init:
            parameter = f"{field.name}:{type_name.format(field.name)}" + (f"={default}" if given else f"={factory}" if made else "")
            (keyword if field.kw_only else positional).append(parameter)
        if made:
            value = f"{default}() if {field.name} is {factory} else {field.name}" if field.init else f"{default}()"
        elif field.init:
            value = field.name
        elif slots and given:
            value = default
        else:
            continue
        if field.name in only_at_init:
            continue
        if frozen:
            body.append(f"__dataclass_builtins_object__.__setattr__({receiver},{field.name!r},{value})")
        else:
            body.append(f"{receiver}.{field.name}={value}")
    if hasattr(cls, "__post_init__"):
        body.append(f"{receiver}.__post_init__({','.join(only_at_init)})")
    parameters = [receiver, *positional, *(["*", *keyword] if keyword else [])]
    lines = "".join(f"  {line}\n" for line in body or ["pass"])
    return f"def __create_fn__({', '.join(around)}, _return_type):\n def __init__({','.join(parameters)}):\n{lines} return __init__"


def _codes(code: types.CodeType) -> list[types.CodeType]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return [code, *[found for c in inner for found in _codes(c)]]


def _same(one: types.CodeType, other: types.CodeType) -> bool:
    def lines(code: types.CodeType) -> list[Any]:
        return [(start, end, line and line - code.co_firstlineno) for start, end, line in code.co_lines()]

    return lines(one) == lines(other) and all(getattr(one, name) == getattr(other, name) for name in _PARTS)


_PARTS = (
    "co_code", "co_names", "co_varnames", "co_cellvars", "co_freevars", "co_consts", "co_argcount", "co_kwonlyargcount",
    "co_posonlyargcount", "co_flags", "co_exceptiontable",
)  # fmt: skip
