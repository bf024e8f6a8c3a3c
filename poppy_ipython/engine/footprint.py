"""The footprint of a stalled unit: the slots that its continuation may still write.

The compiler says what the rest of each frame may write, as references (:mod:`~poppy_ipython.compiler.maywrites`); here
they are evaluated against the values that names have now, through the store buffer and without running user code.  A
reference may be followed only through slots that nobody older, and nothing in the continuation itself, may write; else
it stands for a wildcard.  Calls are followed into user functions and methods with their parameters bound to the
values of the arguments.

A call in flight has no value yet, so nothing that exists can be written through it: it needs no slot.  When it resolves,
the footprint is made anew, before anybody can read the value (:meth:`Footprints.resolved`).

One pass in most cases, two or three where the continuation follows paths through what it stores itself: what it may
store there is then among the values of the path, until nothing is news.

A loop stalls at the same line again and again, over the same objects. So a footprint is kept with the list of what was looked
at to make it, and used again where all of that looks the same. Measured (CPython 3.11, `python -m tests.engine.measure`): 3 to
7 µs for one that is remembered, 17 µs made anew for a branch in a function, 46 µs for a function that calls two others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from sys import _getframe
from types import FrameType
from typing import Any

from ..compiler.maywrites import continuation, plain_names, summarise, targets_at
from ..compiler.plan import Lowered
from ..compiler.references import Summary
from .pending import Pending
from .reach import Method, Reach, look_local
from .reach.values import TOP_SLOT, Activation, Fresh, Top
from .scheduler import Scheduler

_log = logging.getLogger("poppy_ipython.engine")
#: functions at the base of a unit's greenlet
_BASES = frozenset({id(Scheduler._run.__code__), id(Scheduler._root_body.__code__)})
_TOP = (TOP_SLOT,)
#: passes before a footprint that does not settle becomes TOP
_PASSES = 6
#: footprints kept for a continuation: one for each receiver, say
_KEPT = 4
Trail = list[tuple[Callable[..., Any], Any, Any, Any]]


def footprint(machine: Any, unit: Any) -> tuple[Any, ...]:
    """Slots that the continuation of ``unit`` may write."""
    try:
        footprints = machine.footprints
    except AttributeError:
        footprints = machine.footprints = Footprints(machine)
    return footprints.of(unit)  # type: ignore[no-any-return]


class Footprints:
    """Footprints of one run: what has been summarised, and which calls in flight they depend on."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        #: position of the continuation that is looked at
        self.key: tuple[int, ...] = ()
        #: (code, line) -> summary of the rest of that code
        self.summaries: dict[tuple[int, int], Summary] = {}
        #: id(pending) -> (pending, [(unit, its stall)])
        self.watched: dict[int, tuple[Pending, list[tuple[Any, int]]]] = {}
        #: classification of callees, by identity
        self.callees: dict[int, Any] = {}
        #: (code, line) -> targets of the assignment in progress there
        self.spread: dict[tuple[int, int], frozenset[str]] = {}
        self.bodies: dict[int, tuple[Lowered, Summary]] = {}
        self.plain: dict[int, tuple[Lowered, frozenset[str]]] = {}
        self.globals_known: tuple[tuple[int, int], frozenset[str]] = ((0, 0), frozenset())
        #: stand-ins for stored objects that the continuation has made
        self.made: dict[type | None, Fresh] = {}

    def of(self, unit: Any) -> tuple[Any, ...]:
        frames = self.frames(unit)
        self.key = key = (*unit.path, unit.n + 1)
        cache = self.machine.plain_reads  # forgotten when native code has run, as it may have changed a class
        name = tuple([part for frame, _ in frames for part in (id(frame.f_code), frame.f_lineno)])
        places = [frame.f_locals for frame, _ in frames]
        known = cache.get(name)
        if known is not None:
            for trail, slots in known:
                if self.still(trail, places):
                    return slots  # type: ignore[no-any-return]
        slots, trail, watched = self.evaluate(key, frames, places)
        if watched:
            self.watch(unit, watched)
        elif trail is not None:
            known = cache.setdefault(name, [])
            if len(known) >= _KEPT:
                known.pop(0)
            known.append((trail, slots))
        return slots

    def still(self, trail: Trail, places: list[dict[str, Any]]) -> bool:
        """Does everything that a footprint depended on look as it did then?"""
        for look, where, what, token in trail:
            now = look(self, places[where], what) if look is look_local else look(self, where, what)
            if now is not token and not (token.__class__ is Method and token.same(now)):
                return False
        return True

    def evaluate(
        self, key: tuple[int, ...], frames: list[tuple[FrameType, Any]], places: list[dict[str, Any]]
    ) -> tuple[tuple[Any, ...], Trail | None, dict[int, Pending]]:
        """Slots, what they depend on if that can be said, and the calls in flight that they depend on."""
        stored: dict[Any, Any] = {}
        for number in range(_PASSES):
            reach = Reach(self, key, stored)
            inner: dict[int, list[tuple[int, dict[str, Any]]]] = {}
            try:
                for place, (frame, info) in enumerate(frames):
                    # a piece that runs in place has newer locals than its function's frame, which sees both
                    visible = inner[id(info.lowered)] = [*inner.get(id(info.lowered), ()), (place, places[place])]
                    reach.enter(Activation(self.rest_of(frame, info), info.lowered, frame.f_globals, visible, {}, {}, self.spread_at(frame, info)))
                reach.run()
                believed = reach.believed()
            except (Top, RecursionError):
                return _TOP, reach.trail if number == 0 else None, {}
            except Exception:  # ours: a footprint runs no user code
                _log.exception("a footprint failed; this unit may write anything")
                break
            if believed:
                reach.mark()
                return tuple(reach.slots), reach.trail if number == 0 else None, reach.watch
        return _TOP, None, {}

    def frames(self, unit: Any) -> list[tuple[FrameType, Any]]:
        """The lowered frames of ``unit`` and of the ancestors that wait for it in place, innermost first."""
        lowered = self.machine.lowered
        found = []
        frame: Any = _getframe(1) if self.machine.cur is unit else unit.greenlet.gr_frame
        while True:
            while frame is not None:
                code = id(frame.f_code)
                if code in _BASES:
                    break
                info = lowered.get(code)
                if info is not None and not (info.merged and info.piece is None):
                    found.append((frame, info))
                frame = frame.f_back
            if unit.origin is None or unit.parent is None or unit.parent.parent is None:
                return found
            unit = unit.parent
            frame = unit.greenlet.gr_frame

    # ------------------------------------------------------------------ summaries
    def rest_of(self, frame: FrameType, info: Any) -> Summary:
        key = (id(frame.f_code), frame.f_lineno)
        found = self.summaries.get(key)
        if found is None:
            lowered, piece, line = info.lowered, info.piece, frame.f_lineno
            if piece is None:
                statements = continuation(lowered.source, line)
            else:
                statements = continuation(piece.source, line, piece.name, piece.params)
            found = self.summaries[key] = summarise(
                statements, cell=lowered.cell, global_names=lowered.global_names, class_name=class_of(lowered), line=line,
                plain=self.plain_names(lowered),
            )  # fmt: skip
        return found

    def spread_at(self, frame: FrameType, info: Any) -> frozenset[str]:
        """Targets of the assignment to several targets that ``frame`` stands in: evaluating it again would not give the
        same, as ``a, b = b, a`` shows."""
        key = (id(frame.f_code), frame.f_lineno)
        found = self.spread.get(key)
        if found is None:
            found = self.spread[key] = targets_at(info.lowered.source, frame.f_lineno)
        return found

    def plain_names(self, lowered: Lowered) -> frozenset[str]:
        found = self.plain.get(id(lowered))
        if found is None:
            names = plain_names(lowered.source, lowered.params) - lowered.global_names
            found = self.plain[id(lowered)] = (lowered, names)
        return found[1]

    def global_names(self) -> frozenset[str]:
        """Names that some function which has run, or which a continuation may call, declares ``global``."""
        known = len(self.machine.lowered), len(self.bodies)
        if known != self.globals_known[0]:
            names = [info.lowered.global_names for info in self.machine.lowered.values()]
            names += [lowered.global_names for lowered, _ in self.bodies.values()]
            self.globals_known = (known, frozenset().union(*names))
        return self.globals_known[1]

    def fresh(self, kind: type | None) -> Fresh:
        """An object of that kind that the continuation has made, somewhere."""
        found = self.made.get(kind)
        if found is None:
            found = self.made[kind] = Fresh(kind)
        return found

    def body_of(self, lowered: Lowered) -> Summary:
        """The summary of a whole function."""
        found = self.bodies.get(id(lowered))
        if found is None:
            summary = summarise(
                lowered.source, cell=False, global_names=lowered.global_names, class_name=class_of(lowered),
                plain=self.plain_names(lowered),
            )  # fmt: skip
            found = self.bodies[id(lowered)] = (lowered, summary)
        return found[1]

    # ------------------------------------------------------------------ calls in flight
    def watch(self, unit: Any, pendings: dict[int, Pending]) -> None:
        """Make the footprint of ``unit`` anew when one of ``pendings`` resolves, if it still stands at this stall."""
        stall = unit.waiting + (self.machine.cur is unit)
        for key, pending in pendings.items():
            found = self.watched.get(key)
            if found is None:
                self.watched[key] = (pending, [(unit, stall)])
                pending.when_done(lambda key=key: self.resolved(key))  # type: ignore[misc]
            else:
                found[1].append((unit, stall))

    def resolved(self, key: int) -> None:
        """A call that footprints depend on has its value, which nobody has seen yet: older footprints first."""
        _, units = self.watched.pop(key)
        units.sort(key=lambda item: (*item[0].path, item[0].n + 1))
        for unit, stall in units:
            if unit.waiting == stall and unit.published is not None and not unit.code_done and not unit.killed:
                self.machine.publish(unit)


def class_of(lowered: Lowered) -> str | None:
    """The class around a function, for names that begin with two underscores."""
    parts = lowered.qualname.split(".")
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] != "<locals>" and parts[i + 1] != "<locals>":
            return parts[i]
    return None
