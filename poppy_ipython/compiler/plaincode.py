"""Code objects of the user's own functions: those that Python makes of the whole cell or file.

A piece compiled by itself does not always give the instructions that it gives inside its module: Python calls
``json.dumps(x)`` in another way when the module says ``import json`` at its top level, and shares equal constants. So the
functions inside a piece get their code objects from the program compiled whole.
"""

from __future__ import annotations

import types

from .abi import PREFIX

#: code objects by name and first line
Found = dict[tuple[str, int], list[types.CodeType]]


def collect(code: types.CodeType, found: Found) -> Found:
    """Add the code objects inside ``code`` to ``found``."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found.setdefault((constant.co_name, constant.co_firstlineno), []).append(constant)
            collect(constant, found)
    return found


def as_in(code: types.CodeType, plain: Found, tuples: list[tuple[object, ...]], whole: bool = True) -> types.CodeType:
    """``code`` with its functions' code objects taken from the cell compiled whole, where there is one of that place.

    ``whole``: it is a statement of the cell, not an expression inside one.
    """
    constants = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            same = plain.get((constant.co_name, constant.co_firstlineno), ())
            if whole:  # its qualified name is that in the cell; the instructions may differ
                same = [c for c in same if c.co_qualname == constant.co_qualname]
                found = same[0] if len(same) == 1 else None
            else:
                found = next((c for c in same if _of_one_place(c, constant)), None)
            constant = found or as_in(constant, plain, [], whole)
        elif isinstance(constant, tuple):
            constant = next((t for t in tuples if repr(t) == repr(constant)), constant)
        constants.append(constant)
    return code.replace(co_consts=tuple(constants))


def with_users(code: types.CodeType, plain: Found) -> types.CodeType:
    """Lowered ``code`` with the user's functions inside it taken from ``plain``; pieces of ours stay."""
    constants = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            same = plain.get((constant.co_name, constant.co_firstlineno), ())
            found = next((c for c in same if _of_one_place(c, constant)), None)
            constant = found or with_users(constant, plain)
        constants.append(constant)
    return code.replace(co_consts=tuple(constants))


def _of_one_place(code: types.CodeType, other: types.CodeType) -> bool:
    """Were both compiled from the same place, with the same names? The instructions may differ."""
    return (
        code.co_freevars == other.co_freevars
        and code.co_varnames == other.co_varnames
        and set(code.co_names) == set(other.co_names)
        and not any(name.startswith(PREFIX) for name in (*other.co_names, *other.co_varnames))
        and set(code.co_positions()) == set(other.co_positions())
    )


__all__ = ["Found", "as_in", "collect", "with_users"]
