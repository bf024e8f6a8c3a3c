"""Which pydantic models are data only: making, dumping and validating one runs no code of the user's.

A model may have validators, serializers, computed fields, a `model_post_init`, an `__init__` or factories for defaults, and any
of them may print, count or ask somebody. Whether it has is read off the schema that pydantic itself has made of the class, in
which all of that stands as a function; so nested models, `Annotated` types and unions are covered as well. A schema that
is not built yet (forward references) is not data only: the class is used in order, as an undeclared one is.

Decided against: reading annotations. They would have to be understood exactly as pydantic does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, get_args

from poppy_ipython.effects.table import MISSING, Table

__all__ = ["copies", "is_plain_answer", "is_plain_model", "plain"]

_SKIPPED = frozenset({"metadata", "cls", "members", "default", "config", "ref", "schema_ref", "expected", "title"})
"""Parts of a schema that are not called when a value is validated or dumped."""
_BY_NAME = frozenset({"fields", "choices"})
"""Parts whose keys are names of fields or tags, and none of the schema's own."""
_OURS = frozenset({"pydantic", "pydantic_core", "builtins"})
_seen = Table()  # class -> (its schema, whether it is data only)


def _inside(part: Any) -> list[Any]:
    """The parts of a part of a schema that count."""
    if isinstance(part, list | tuple):
        return list(part)
    found: list[Any] = []
    for key, value in part.items() if isinstance(part, dict) else ():
        if key in _BY_NAME and isinstance(value, dict):
            found += value.values()
        elif key not in _SKIPPED:
            found.append(value)
    return found


def calls_nobody(schema: Any) -> bool:
    """Whether a core schema names no function but pydantic's own.

    >>> calls_nobody({"type": "str"}), calls_nobody({"type": "default", "default_factory": calls_nobody})
    (True, False)
    """
    stack = [schema]
    while stack:
        one = stack.pop()
        stack += _inside(one)
        if isinstance(one, dict):
            if one.get("custom_init") or one.get("post_init") or one.get("computed_fields"):
                return False
        elif callable(one) and str(getattr(one, "__module__", "")).partition(".")[0] not in _OURS:
            return False
    return True


def plain(kind: Any) -> bool:
    """Whether `kind` is a pydantic model that is data only."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not isinstance(kind, type) or not issubclass(kind, pydantic.BaseModel):
        return False
    schema = kind.__dict__.get("__pydantic_core_schema__")
    row = _seen.get(kind)
    if row is not MISSING and row[0] is schema:
        return bool(row[1])
    base = pydantic.BaseModel
    found = (
        type(schema) is dict
        and type(kind) is type(base)
        and kind.__new__ is base.__new__
        and kind.__getattribute__ is base.__getattribute__
        and calls_nobody(schema)
    )
    _seen.put(kind, (schema, found))
    return found


_COPIED = frozenset(
    {
        "bool", "bytes", "date", "datetime", "decimal", "default", "dict", "enum", "float", "frozenset", "int", "list", "literal",
        "model", "model-field", "model-fields", "none", "nullable", "set", "str", "time", "timedelta", "tuple", "union", "url",
        "uuid",
    }
)  # fmt: skip
"""Kinds of schemas that give values which never change, or new containers of such."""


def copies(kind: type) -> bool:
    """Whether an instance of a plain model shares nothing that could change with what it was made of."""
    schema = kind.__dict__.get("__pydantic_core_schema__")
    stack = [schema]
    while stack:
        one = stack.pop()
        stack += _inside(one)
        if isinstance(one, dict):
            said = one.get("type")
            if isinstance(said, str) and (said not in _COPIED or (said == "model" and one is not schema)):
                return False
            if said in ("list", "set", "frozenset", "tuple", "dict") and not one.keys() & {"items_schema", "values_schema"}:
                return False
    return True


def is_plain_model(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """A model, an instance of one or a `TypeAdapter`, of data only."""
    if type(receiver).__module__ == "pydantic.type_adapter":
        return type(receiver.core_schema) is dict and calls_nobody(receiver.core_schema)
    return plain(receiver if isinstance(receiver, type) else type(receiver))


def is_plain_answer(wanted: Any) -> bool:
    """What a client shall parse its answer into: a model of data only, a list of one, no class at all.

    >>> is_plain_answer({"type": "json_object"}), is_plain_answer(None), is_plain_answer(object)
    (True, True, False)
    """
    if isinstance(wanted, type) and not get_args(wanted):
        return plain(wanted) or wanted in (str, int, float, bool)
    inner = get_args(wanted)
    if inner:
        return all(map(is_plain_answer, inner))
    return wanted is None or type(wanted) in (dict, str, bool, int) or type(wanted).__name__ in ("Omit", "NotGiven")
