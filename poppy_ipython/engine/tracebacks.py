"""Tracebacks as a plain run would have them.

Lowered code keeps file names, function names and positions, so most of a traceback is right by itself.  Two things are not:
frames of the engine stand in between, and the exception of a call that ran later starts at nobody's line.  So a traceback
is *rebuilt* with :class:`types.TracebackType`: engine frames are dropped, a statement outlined into a unit is one frame with
the function around it, and a late exception is given the frames that stood at its issue.

:func:`rebuild` works on lists of ``(frame, lasti, lineno)`` from the outermost inwards.
"""

from __future__ import annotations

import contextlib
import dis
import os
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_OURS = (os.path.join(_PACKAGE, "engine") + os.sep, os.path.join(_PACKAGE, "backends") + os.sep)
#: free variables of a trampoline (see ``callers``)
TRAMPOLINE = ("__poppy_call",)

#: native code that stands between the lowered frames of a unit: it drives a manager's generator
KEPT = frozenset({contextlib._GeneratorContextManager.__enter__.__code__, contextlib._GeneratorContextManager.__exit__.__code__})

_RAISE = dis.opmap["RAISE_VARARGS"]

Step = tuple[types.FrameType, int, int]


def steps_of(traceback: types.TracebackType | None) -> list[Step]:
    steps = []
    while traceback is not None:
        steps.append((traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno))
        traceback = traceback.tb_next
    return steps


def is_ours(code: types.CodeType) -> bool:
    """Is this code of the engine or of a backend (and so not of a plain run)?"""
    return code.co_filename.startswith(_OURS) or code.co_freevars == TRAMPOLINE


def rebuild(steps: list[Step], original: types.TracebackType | None = None) -> types.TracebackType | None:
    """A traceback of these steps; where ``original`` ends in the same ones, with its very objects."""
    kept = []
    while original is not None:
        kept.append(original)
        original = original.tb_next
    rest = list(steps)
    traceback: types.TracebackType | None = None
    while rest and kept and rest[-1] == (kept[-1].tb_frame, kept[-1].tb_lasti, kept[-1].tb_lineno):
        traceback = kept.pop()
        rest.pop()
    for frame, lasti, lineno in reversed(rest):  # code without line numbers has None, which is written as -1
        traceback = types.TracebackType(traceback, frame, lasti, -1 if lineno is None else lineno)  # type: ignore[redundant-expr]
    return traceback


def _raises(step: Step) -> bool:
    """Is it a ``raise`` that stands there, of an exception that has a traceback (and not a call)?"""
    return step[0].f_code.co_code[step[1]] == _RAISE


def line_of(code: types.CodeType, lasti: int) -> int:
    for start, end, line in code.co_lines():
        if start <= lasti < end and line is not None:
            return line
    return code.co_firstlineno


def name_of_method(code: types.CodeType, lasti: int, name: str) -> int | None:
    """Where lowered ``code`` loads the name of the method that the call at ``lasti`` looks up, if it is ``name``."""
    spans = list(code.co_positions())
    line, end_line, column, end_column = spans[lasti // 2]
    if None in (line, end_line, column, end_column):
        return None
    found = None
    for at in dis.get_instructions(code):
        if at.offset > lasti:
            break
        start, end, first, last = spans[at.offset // 2]
        within = (start, first) == (line, column) and (end, last) != (end_line, end_column)
        if within and at.opname == "LOAD_CONST" and at.argval == name:
            found = at.offset
    return found


def as_left(error: BaseException, coroutine: bool) -> BaseException:
    """The error that leaves a function or, if it is one, a coroutine: Python does not let a ``StopIteration`` out of one."""
    if not coroutine or not isinstance(error, StopIteration):
        return error
    changed = RuntimeError("coroutine raised StopIteration")
    changed.__cause__ = changed.__context__ = error
    return changed


class Tracebacks(Base):
    """Part of the :class:`Machine`."""

    def locate(self, entry: Any, frame: types.FrameType) -> None:
        """Note where ``entry`` is issued: the innermost lowered frame from ``frame`` outwards, and who called it in place."""
        lowered = self.lowered
        while id(frame.f_code) not in lowered:
            frame = frame.f_back  # type: ignore[assignment]
        entry.frame = frame
        entry.lasti = frame.f_lasti
        outer = frame.f_back
        code = outer.f_code  # type: ignore[union-attr]
        if code is self.base_code or code is self.root_code:
            return
        callers = []
        while outer is not None and code is not self.base_code and code is not self.root_code:
            if id(code) in lowered or code in KEPT:
                callers.append((outer, outer.f_lasti))
            outer = outer.f_back
            if outer is not None:
                code = outer.f_code
        entry.callers = callers

    def clean(self, steps: list[Step], error: BaseException) -> list[Step]:
        """Drop engine frames, each frame that only calls a piece outlined from itself, and that of a generator expression one of whose
        items did not fit (``fitting``)."""
        lowered = self.lowered
        outside = self.misfit[1] if self.misfit is not None and self.misfit[0] is error else None
        kept: list[Step] = []
        for step in steps:
            frame = step[0]
            code = frame.f_code
            if is_ours(code):
                continue
            info = lowered.get(id(code))
            if info is not None:
                if info.is_synthetic(step[1]) or info.group == outside:
                    continue
                if info.merged and kept and kept[-1][0] is not frame and not _raises(kept[-1]) and self._belongs(frame, info, kept[-1][0]):
                    kept.pop()
            kept.append(step)
        return kept

    def _belongs(self, piece: types.FrameType, info: Any, above: types.FrameType) -> bool:
        """Is ``above`` the frame of the invocation that ``piece`` is part of?

        The first time it is whoever stands above it with the same logical frame.  That is noted: when the exception
        has travelled further, the caller above may be another invocation of the same function.
        """
        owner, owner_info = piece, info
        while (found := self.enclosing.get(id(owner))) is not None and found[0] is owner:
            owner = found[1]
            owner_info = self.lowered[id(owner.f_code)]
        if owner is above:
            return True
        above_info = self.lowered.get(id(above.f_code))
        if above_info is None or above_info.group != info.group:
            return False
        root = above
        while (found := self.enclosing.get(id(root))) is not None and found[0] is root:
            root = found[1]
        if root is owner:
            return True  # both are pieces of one invocation
        if not owner_info.merged:
            return False  # the piece's own invocation is known, and it is not this one
        self.enclosing[id(owner)] = (owner, above)
        return True

    def tidy(self, error: BaseException) -> BaseException:
        """``error`` with the traceback that a plain run shows from the current function inwards."""
        error.__traceback__ = rebuild(self._at_name(error, self.clean(steps_of(error.__traceback__), error)), error.__traceback__)
        self._tidy_context(error)
        return error

    def _at_name(self, error: BaseException, steps: list[Step]) -> list[Step]:
        """Where the method of a call was not found: Python says so of the attribute, not of the call."""
        if type(error) is AttributeError and error.name is not None and steps:
            frame, lasti, _ = steps[-1]
            if id(frame.f_code) in self.lowered:
                at = name_of_method(frame.f_code, lasti, error.name)
                if at is not None:
                    return [*steps[:-1], (frame, at, line_of(frame.f_code, at))]
        return steps

    def cut(self, error: BaseException, frame: types.FrameType) -> BaseException:
        """``error``, caught in ``frame``: its traceback starts there, not with the frames that called it."""
        outer = set()
        above = frame.f_back
        while above is not None and above.f_code is not self.base_code and above.f_code is not self.root_code:
            outer.add(id(above))
            above = above.f_back
        steps = steps_of(error.__traceback__)
        while steps and id(steps[0][0]) in outer:
            del steps[0]
        error.__traceback__ = rebuild(steps, error.__traceback__)
        return error

    def left_coroutine(self, error: BaseException) -> BaseException:
        """``error``, with which the code of a coroutine ends, as who awaits it gets it."""
        return as_left(self.tidy(error), True) if isinstance(error, StopIteration) else error

    def out_of_coroutine(self, unit: Any, entry: Any, error: BaseException) -> BaseException:
        """``error`` of an ``entry`` that its ``unit`` has left behind, as who called the unit gets it."""
        if not isinstance(error, StopIteration) or unit.merged or unit.parent is None:
            return error
        frame = entry.callers[-1][0] if entry.callers else entry.frame
        return self.left_coroutine(error) if self.lowered[id(frame.f_code)].is_coroutine else error

    def _tidy_context(self, error: BaseException) -> None:
        """Take the engine's own exceptions out of the context chain, and the hand-over to a handler out of its tracebacks: it is left there
        when the class of an ``except`` clause cannot be found."""
        from .pending import Fault, Kill, NotReady

        seen = set()
        current: BaseException | None = error
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            context = current.__context__
            while isinstance(context, (Fault, Kill, NotReady)):
                context = context.__context__
            if context is not current.__context__:
                current.__context__ = context
            if context is not None:
                steps = steps_of(context.__traceback__)
                kept = [step for step in steps if not self._hands_over(step)]
                if len(kept) < len(steps):
                    context.__traceback__ = rebuild(kept, context.__traceback__)
            current = context

    def _hands_over(self, step: Step) -> bool:
        info = self.lowered.get(id(step[0].f_code))
        return info is not None and info.is_synthetic(step[1])

    def explain(self, entry: Any, error: BaseException) -> BaseException:
        """``error`` of an entry that failed later: as if raised where the entry was issued."""
        steps = [(frame, lasti, line_of(frame.f_code, lasti)) for frame, lasti in reversed(entry.callers)]
        steps.append((entry.frame, entry.lasti, line_of(entry.frame.f_code, entry.lasti)))
        if isinstance(error, StopIteration):
            error, steps = self._out_of_comprehensions(error, steps)
        steps += steps_of(error.__traceback__)
        error.__traceback__ = rebuild(self._at_name(error, self.clean(steps, error)))
        self._tidy_context(error)
        return error

    def _out_of_comprehensions(self, error: BaseException, steps: list[Step]) -> tuple[BaseException, list[Step]]:
        """A ``StopIteration`` on its way out of frames of which one may be that of a comprehension that awaits, and the steps further out."""
        for place in reversed(range(len(steps))):
            info = self.lowered.get(id(steps[place][0].f_code))
            piece = None if info is None else info.piece
            if piece is not None and piece.frame and piece.awaits:
                error.__traceback__ = rebuild([*steps[place:], *steps_of(error.__traceback__)])
                return self.left_coroutine(error), steps[:place]
        return error, steps
