"""Making lowered code ready for a run: operations for markers, names for tracebacks.

The compiler's code objects carry markers where operations belong and made-up names where pieces were outlined.  Here they
get the machine's bound operations as constants, and the name of the function that they are part of.  Functions that
the user defined inside lowered code keep their code, with the qualified name of a plain run.
"""

from __future__ import annotations

import inspect
import types
from typing import Any

from ..compiler.abi import MARK, PREFIX
from ..compiler.functions import is_coroutine
from ..compiler.plan import Lowered


class CodeInfo:
    """What the engine knows of one lowered code object."""

    __slots__ = ("code", "filename", "function", "group", "lowered", "merged", "piece", "positions", "sites")

    def __init__(self, code: types.CodeType, lowered: Lowered, merged: bool, piece: Any, group: Any = None) -> None:
        self.code = code
        self.lowered = lowered
        self.filename = lowered.filename
        self.function = lowered.name
        #: the logical frame that this code is part of
        self.group = group if group is not None else (id(lowered), None)
        #: a piece of its function: one frame with it in a traceback
        self.merged = merged
        self.piece = piece
        self.positions: list[Any] | None = None
        #: lasti -> what :meth:`site` has found
        self.sites: dict[int, tuple[str | None, int, int, int, int]] = {}

    @property
    def is_coroutine(self) -> bool:
        """Is it the code of a coroutine function, or part of it?"""
        original = self.lowered.original
        return original is not None and is_coroutine(original)

    def is_synthetic(self, lasti: int) -> bool:
        """Is the instruction at ``lasti`` the hand-over of an exception to a handler (no place in the source)?"""
        _, line, end_line, col, end_col = self.site(lasti)
        return col == 0 and end_col == 0 and line == end_line

    def site(self, lasti: int) -> tuple[str | None, int, int, int, int]:
        """Callee as written, line, end line, column, end column of the instruction at ``lasti``."""
        found = self.sites.get(lasti)
        if found is None:
            positions = self.positions
            if positions is None:
                positions = self.positions = list(self.code.co_positions())
            line, end_line, col, end_col = positions[lasti // 2]
            span = (line or 0, end_line or 0, col or 0, end_col or 0)
            found = self.sites[lasti] = (self.lowered.sites.get(span), *span)
        return found


def prepare(
    code: types.CodeType, lowered: Lowered, table: dict[str, Any], registry: dict[int, CodeInfo], outer: CodeInfo | None = None
) -> types.CodeType:
    """``code`` with operations in place of markers, registered together with everything nested in it."""
    piece = lowered.pieces.get(code.co_name)
    if outer is None:
        group: Any = (id(lowered), None)
    elif piece is None:
        group = outer.group  # a segment: part of whatever it stands in
    else:
        group = (id(lowered), piece.name if piece.frame else piece.owner)
    name, qualname = lowered.name, lowered.qualname
    owner = piece if piece is not None and piece.frame else lowered.pieces.get(group[1] or "")
    framed = False  # a comprehension: its name has no "<locals>" behind it
    if owner is not None and owner.frame:
        framed = True
        name = owner.frame
        qualname = owner.frame if lowered.cell else f"{lowered.qualname}.<locals>.{owner.frame}"
    info = CodeInfo(code, lowered, outer is not None and not (piece is not None and piece.frame), piece, group)
    constants: list[Any] = []
    for constant in code.co_consts:
        if type(constant) is str and constant.startswith(MARK):
            constants.append(table[constant])
        elif isinstance(constant, types.CodeType):
            if _is_piece(constant):
                constants.append(prepare(constant, lowered, table, registry, info))
            else:
                base = "" if name == "<module>" else f"{qualname}." if framed else f"{qualname}.<locals>."
                constants.append(_users(constant, f"{code.co_qualname}.<locals>.", base))
        else:
            constants.append(constant)
    info.code = new = code.replace(co_consts=tuple(constants), co_name=name, co_qualname=qualname)
    info.function = name
    registry[id(new)] = info
    return new


def _is_piece(code: types.CodeType) -> bool:
    if code.co_name.startswith(PREFIX):
        return True
    names = code.co_varnames[: code.co_argcount]
    return code.co_name == "<lambda>" and bool(names) and names[0].startswith(PREFIX)


def _users(code: types.CodeType, parent: str, base: str) -> types.CodeType:
    """A function of the user inside lowered code: the same code under the name that Python would give it.

    ``parent`` is the qualified name of the code around it as we compiled it, ``base`` what stands before the names of a plain run.
    """
    constants = tuple([_users(c, parent, base) if isinstance(c, types.CodeType) else c for c in code.co_consts])
    qualname = code.co_qualname
    if qualname.startswith(parent):
        qualname = base + qualname[len(parent) :]
    return code.replace(co_consts=constants, co_qualname=qualname)


def locals_of(frame: types.FrameType) -> dict[str, Any]:
    """The locals of a frame as they are now, without the frame keeping them: before Python 3.13 its ``f_locals`` holds what it was asked
    for until it is asked again, and what a variable has let go of would live on."""
    found = frame.f_locals
    if type(found) is not dict or not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return found
    copied = found.copy()
    found.clear()
    return copied
