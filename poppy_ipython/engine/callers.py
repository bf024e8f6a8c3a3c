"""Who calls native code: a frame that looks like the user's.

Native code may look at its caller: ``warnings.warn`` names its file and line and keeps a registry in its globals, a logger
its function, others read ``sys._getframe(1)``.  Called from the engine it would find the engine.  So a native call goes
through a *trampoline*: a tiny function, made once for each place of lowered code, with the file, line, function name and
globals of that place.  At the level of a cell its ``f_locals`` are the namespace, as in a plain run; inside a
function they are not the function's.

Functions of the user's run in units, so their trampoline's own caller is another trampoline, for the place that called
the function (``warn(..., stacklevel=2)``).  Further out the callers are the engine's.

In a traceback the lowered frame tells the same, so the trampoline's step is left out (``tracebacks.is_ours``).
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from sys import _getframe
from typing import TYPE_CHECKING, Any

from ..compiler.abi import const, function, load, place
from .tracebacks import TRAMPOLINE

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_CALL = TRAMPOLINE[0]
_NONE: dict[str, Any] = {}


class Callers(Base):
    """Part of the :class:`Machine`."""

    def _init_callers(self) -> None:
        #: (id of a lowered code object, instruction) -> its trampoline, and that as the caller of another one's function
        self.trampolines: dict[tuple[int, int], Callable[[], Any]] = {}
        self.outer_trampolines: dict[tuple[int, int], Callable[[], Any]] = {}
        #: what the trampoline that is entered next calls: function, arguments, keyword arguments
        self.next_call = types.CellType()
        self.next_outer = types.CellType()
        #: the deferred entry that runs now: where it was issued, if no lowered frame tells
        self.running: Any = None

    def natively(self, fn: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """``fn(*args, **kwargs)``, called from the place in the user's code where we stand."""
        lowered = self.lowered
        frame: types.FrameType | None
        try:
            frame = _getframe(4)  # lowered code, call, a handler, fence: each frame that is looked at costs
        except ValueError:
            frame = _getframe(1)
        if id(frame.f_code) not in lowered:
            frame = _getframe(1)
            while id(frame.f_code) not in lowered:  # type: ignore[union-attr]
                frame = frame.f_back  # type: ignore[union-attr]
                if frame is None:
                    entry = self.running
                    if entry is None or entry.frame is None:
                        return fn(*args, **kwargs)
                    return self.natively_at(entry.unit, entry.frame, entry.lasti, fn, args, kwargs)
        return self.natively_at(self.cur, frame, frame.f_lasti, fn, args, kwargs)  # type: ignore[union-attr]

    def natively_at(
        self, unit: Any, frame: types.FrameType, lasti: int, fn: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """``fn(*args, **kwargs)``, called from instruction ``lasti`` of the lowered ``frame``, which runs in ``unit``."""
        code = frame.f_code
        trampoline = self.trampolines.get((id(code), lasti))
        if trampoline is None:
            trampoline = self.trampolines[id(code), lasti] = self._trampoline(frame, lasti, self.next_call)
        call = self.next_call
        if code.co_name != "<module>":
            caller = self._caller(unit, frame)
            if caller is not None:
                key = (id(caller[0].f_code), caller[1])
                outer = self.outer_trampolines.get(key)
                if outer is None:
                    outer = self.outer_trampolines[key] = self._trampoline(*caller, self.next_outer)
                self.next_outer.cell_contents = (trampoline, (), _NONE)
                trampoline = outer
        call.cell_contents = (fn, args, kwargs)
        try:
            return trampoline()
        finally:
            call.cell_contents = None

    def _caller(self, unit: Any, frame: types.FrameType) -> tuple[types.FrameType, int] | None:
        """Where the function that ``frame`` is part of was called, if that was in lowered code."""
        group = self.lowered[id(frame.f_code)].group
        if unit is not None and unit.handling:  # functions are called in place
            above = frame.f_back
            while above is not None:
                info = self.lowered.get(id(above.f_code))
                if info is not None and info.group != group:
                    return above, above.f_lasti
                above = above.f_back
        while unit is not None and unit.frame is not None:
            if not unit.merged or self.lowered[id(unit.frame.f_code)].group != group:
                return unit.frame, unit.lasti
            unit = unit.parent
        return None

    def _trampoline(self, frame: types.FrameType, lasti: int, cell: types.CellType) -> Callable[[], Any]:
        info = self.lowered[id(frame.f_code)]
        _, line, end_line, col, end_col = info.site(lasti)
        original = info.lowered.original
        first = original.co_firstlineno if original is not None else 1
        parts = [ast.Subscript(load(_CALL), const(k), ast.Load()) for k in range(3)]
        called = ast.Call(parts[0], [ast.Starred(parts[1], ast.Load())], [ast.keyword(None, parts[2])])
        body = ast.Return(called)
        place(body, ast.Pass(lineno=line, end_lineno=end_line, col_offset=col, end_col_offset=end_col))
        inner = function("trampoline", [], [body])
        outer = function("outer", [_CALL], [inner])
        place(outer, ast.Pass(lineno=first, end_lineno=first, col_offset=0, end_col_offset=0))
        code = compile(ast.Module([outer], []), info.filename, "exec", dont_inherit=True)
        for _ in range(2):
            code = next(c for c in code.co_consts if isinstance(c, types.CodeType))
        flags = code.co_flags
        if info.function == "<module>":
            flags &= ~0x03  # neither optimized nor with new locals: the globals are the locals
        code = code.replace(co_name=info.function, co_qualname=frame.f_code.co_qualname, co_flags=flags)
        return types.FunctionType(code, frame.f_globals, info.function, None, (cell,))
