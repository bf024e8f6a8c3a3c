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
from collections.abc import Callable, Sequence
from sys import _getframe
from types import CodeType, FunctionType
from typing import Any

from ..compiler.abi import PREFIX
from ..compiler.maywrites import continuation, plain_names, summarise, targets_at
from ..compiler.plan import Lowered
from ..compiler.references import Summary
from .codes import locals_of
from .pending import Pending
from .reach import Reach, alike, look_local
from .reach.values import FRESH_RESULT, TOP_SLOT, Activation, Fresh, Top
from .scheduler import Scheduler
from .stored_kinds import StoredKinds

_log = logging.getLogger("poppy_ipython.engine")
#: functions at the base of a unit's greenlet
_BASES = frozenset({id(Scheduler._run.__code__), id(Scheduler._root_body.__code__)})
_TOP = (TOP_SLOT,)
#: passes before a footprint that does not settle becomes TOP
_PASSES = 6
#: footprints kept for a continuation: one for each receiver, say
_KEPT = 4
_NO_LOCALS: dict[str, Any] = {}
Trail = list[tuple[Callable[..., Any], Any, Any, Any]]


def footprint(machine: Any, unit: Any) -> tuple[Any, ...]:
    """Slots that the continuation of ``unit`` may write."""
    try:
        footprints = machine.footprints
    except AttributeError:
        footprints = machine.footprints = Footprints(machine)
    return footprints.of(unit)  # type: ignore[no-any-return]


class Suspended:
    """A frame of lowered code that stands still: which code, at which ``place`` (code, line), with which locals."""

    __slots__ = ("globals", "info", "locals", "place")

    def __init__(self, info: Any, place: tuple[int, int], globals_: dict[str, Any], locals_: dict[str, Any]) -> None:
        self.info = info
        self.place = place
        self.globals = globals_
        self.locals = locals_


class Footprints(StoredKinds):
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
        #: stand-ins for some member of objects (``reach.members``)
        self.members: dict[Any, Any] = {}
        #: how many of the frames found last are of the unit itself
        self.own = 0
        self._init_stored_kinds()

    def of(self, unit: Any) -> tuple[Any, ...]:
        frames = self.frames(unit) if unit.begin is None else (self.unstarted(unit.begin),)
        self.key = key = (*unit.path, unit.n + 1)
        cache = self.machine.plain_reads  # forgotten when native code has run, as it may have changed a class
        name: Any = frames[0].place if len(frames) == 1 else tuple([frame.place for frame in frames])
        known = cache.get(name)
        if known is not None:
            for trail, slots in known:
                if self.still(trail, frames):
                    return slots  # type: ignore[no-any-return]
        slots, trail, watched = self.evaluate(key, frames)
        if watched:
            self.watch(unit, watched)
        elif trail is not None:
            known = cache.setdefault(name, [])
            if len(known) >= _KEPT:
                known.pop(0)
            known.append((trail, slots))
        return slots

    def still(self, trail: Trail, frames: Sequence[Suspended]) -> bool:
        """Does everything that a footprint depended on look as it did then?"""
        for look, where, what, token in trail:
            now = look(self, frames[where].locals, what) if look is look_local else look(self, where, what)
            if now is not token and not alike(now, token):
                return False
        return True

    def evaluate(self, key: tuple[int, ...], frames: Sequence[Suspended]) -> tuple[tuple[Any, ...], Trail | None, dict[int, Pending]]:
        """Slots, what they depend on if that can be said, and the calls in flight that they depend on."""
        reach, passes = self.followed(key, frames)
        trail = reach.trail if passes == 1 else None
        if reach.failed:
            return _TOP, trail, {}
        reach.mark()
        if len(frames) == 1 and frames[0].info.piece is None and not frames[0].info.lowered.cell and reach.gives_fresh():
            reach.slots[FRESH_RESULT] = None
        if reach.draws:
            reach.slots["r", "rng"] = None
        return tuple(reach.slots), trail, reach.watch

    def followed(self, key: tuple[int, ...], frames: Sequence[Suspended]) -> tuple[Reach, int]:
        """The evaluation for ``frames`` at ``key``, made until there is no news (or it ``failed``), and how often that was."""
        stored: dict[Any, Any] = {}
        for number in range(1, _PASSES + 1):
            reach = Reach(self, key, stored)
            inner: dict[int, list[tuple[int, dict[str, Any]]]] = {}
            try:
                for place, frame in enumerate(frames):
                    lowered = frame.info.lowered
                    # a piece that runs in place has newer locals than its function's frame, which sees both
                    visible = inner[id(lowered)] = [*inner.get(id(lowered), ()), (place, frame.locals)]
                    summary = self.rest_of(frame)
                    if lowered.original is not None:
                        for name in lowered.original.co_cellvars:
                            if name in summary.bindings:
                                reach.slots["v", name] = None
                    reach.enter(Activation(summary, lowered, frame.globals, visible, {}, {}, self.spread_at(frame)))
                reach.run()
                if reach.believed():
                    return reach, number
            except (Top, RecursionError):
                break
            except Exception:  # ours: a footprint runs no user code
                _log.exception("a footprint failed; this unit may write anything")
                reach.trail = None
                break
        reach.failed = True
        return reach, number

    def reach_of(self, unit: Any) -> tuple[Reach, Sequence[Suspended]] | None:
        """The evaluation behind what ``unit``, which stands still, has published, and the frames of its own code."""
        frames = self.frames(unit) if unit.begin is None else [self.unstarted(unit.begin)]
        own = self.own if unit.begin is None else 1
        reach, _ = self.followed(unit.published[0], frames)
        return None if reach.failed else (reach, frames[:own])

    def frames(self, unit: Any) -> list[Suspended]:
        """The lowered frames of ``unit`` and of the ancestors that wait for it in place, innermost first."""
        lowered = self.machine.lowered
        found: list[Suspended] = []
        self.own = 0
        frame: Any = _getframe(1) if self.machine.cur is unit else unit.greenlet.gr_frame
        while True:
            while frame is not None:
                code = id(frame.f_code)
                if code in _BASES:
                    break
                info = lowered.get(code)
                if info is not None and not (info.merged and info.piece is None):
                    found.append(Suspended(info, (code, frame.f_lineno), frame.f_globals, _visible(frame.f_code, locals_of(frame))))
                frame = frame.f_back
            if not self.own:
                self.own = len(found)
            for generator in self.machine.suspended.get(unit, ()):
                inside = generator.gi_frame
                if inside is not None and not generator.gi_running and (info := lowered.get(id(inside.f_code))) is not None:
                    found.append(Suspended(info, (id(inside.f_code), inside.f_lineno), inside.f_globals, locals_of(inside)))
            if unit.origin is None or unit.parent is None or unit.parent.parent is None:
                return found
            unit = unit.parent
            frame = unit.greenlet.gr_frame

    def unstarted(self, begin: Any) -> Suspended:
        """Where a unit that has not been started stands: at its first line, with its arguments for locals, and what it closes over."""
        fn, args = begin.fn, begin.args
        code = fn.__code__
        info = self.machine.lowered[id(code)]
        visible = _NO_LOCALS
        if args:
            names = code.co_varnames[: code.co_argcount]
            visible = dict(zip(names[len(names) - len(args) :], args, strict=True))
        if fn.__closure__:  # as in the locals of a frame
            visible = _visible(code, _enclosed(fn, dict(visible)))
        return Suspended(info, (id(code), info.piece.source[0].lineno), fn.__globals__, visible)

    # ------------------------------------------------------------------ summaries
    def rest_of(self, frame: Suspended) -> Summary:
        found = self.summaries.get(frame.place)
        if found is None:
            info, line = frame.info, frame.place[1]
            lowered, piece = info.lowered, info.piece
            if piece is None:
                statements = continuation(lowered.source, line)
            else:
                statements = continuation(piece.source, line, piece.name, piece.params)
            found = self.summaries[frame.place] = summarise(
                statements, cell=lowered.cell, global_names=lowered.global_names, class_name=class_of(lowered), line=line,
                plain=self.plain_names(lowered), generator=lowered.generator,
            )  # fmt: skip
        return found

    def spread_at(self, frame: Suspended) -> frozenset[str]:
        """Targets of the assignment to several targets that ``frame`` stands in: evaluating it again would not give the
        same, as ``a, b = b, a`` shows."""
        found = self.spread.get(frame.place)
        if found is None:
            found = self.spread[frame.place] = targets_at(frame.info.lowered.source, frame.place[1])
        return found

    def plain_names(self, lowered: Lowered) -> frozenset[str]:
        found = self.plain.get(id(lowered))
        if found is None:
            names = plain_names(lowered.source, lowered.params) - lowered.global_names - lowered.shared
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
                plain=self.plain_names(lowered), generator=lowered.generator,
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


def _visible(code: CodeType, place: dict[str, Any]) -> dict[str, Any]:
    """``place``, the locals of a piece, and the function's names that only the pieces inside it close over."""
    for name in code.co_freevars:
        if name.startswith(PREFIX) and type(place.get(name)) is FunctionType:
            place = _enclosed(place[name], dict(place))
    return place


def _enclosed(piece: Any, place: dict[str, Any]) -> dict[str, Any]:
    """Add to ``place`` what ``piece`` closes over, and the pieces that it closes over in turn."""
    for name, cell in zip(piece.__code__.co_freevars, piece.__closure__ or (), strict=True):
        if name in place:
            continue
        try:
            place[name] = cell.cell_contents
        except ValueError:
            continue
        if name.startswith(PREFIX) and type(place[name]) is FunctionType:
            _enclosed(place[name], place)
    return place


def class_of(lowered: Lowered) -> str | None:
    """The class around a function, for names that begin with two underscores."""
    parts = lowered.qualname.split(".")
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] != "<locals>" and parts[i + 1] != "<locals>":
            return parts[i]
    return None
