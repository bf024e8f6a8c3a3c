"""External calls: arguments as they are at issue, dispatch as soon as they are known, results into the log.

An external call sees its arguments as a sequential run would have passed them.  Atoms are passed as they are.  A
container that holds pendings or has buffered stores is passed as a copy of the forwarded view, filled when the pendings
arrive; anything else is the real object, which the call's own log entry protects: younger stores cannot retire
before it.  An instance that is not current cannot be copied: such a call is dispatched at the head.
"""

from __future__ import annotations

from functools import partial
from sys import _getframe
from types import MethodType
from typing import TYPE_CHECKING, Any

from ..effects.doubts import unclear_of
from ..effects.opened import IN_MEMORY, named
from ..effects.registry import effect_of_call, resource_of
from ..effects.sources import SOURCES
from ..effects.table import underlying
from ..trace.events import CallRecord, Frame, Need
from ..trace.records import Records
from .answers import Advance
from .atoms import ATOMS
from .codes import CodeInfo
from .memory import MEMORY
from .naming import Told
from .pending import NotReady, Pending, real, resolve, settled
from .reach.values import STREAM
from .snapshot import Picture, instance_is_settled, look
from .tracebacks import is_ours
from .unit import Entry, Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

EVERYTHING = "*"
#: what the draws write whose numbers are known already (``ambient``)
DRAWN = ("rng", "drawn")
#: resources whose queued writes change objects that a call may be given
_IN_OBJECTS = frozenset({MEMORY, DRAWN, IN_MEMORY})


def _written(write: Entry, read: Entry) -> None:
    if write.error is None:
        read.arrived()


class External(Base):
    """Part of the :class:`Machine`: issues external calls and takes their results."""

    def _init_external(self) -> None:
        self.records = Records()
        #: takes short texts of arguments and results (``trace.values.Values``), or None
        self.values: Any = None
        #: outstanding ordered writes per resource, by position
        self.writes: dict[Any, list[Entry]] = {}

    def external(self, fn: Any, effect: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Issue an external call; its result as a pending."""
        unit = self.cur
        if unit is self.ghost:
            raise NotReady
        if self.outstanding > self.window or self.held > self.most_held:
            self.await_room()
        simple = known = True
        for value in (*args, *kwargs.values()) if kwargs else args:
            kind = type(value)
            if kind is Pending:
                known = False
            elif kind not in ATOMS:
                simple = False
        resource = None
        if effect.name != "unordered" or effect.unless is not None:
            effect, args, kwargs, resource = self.refine(fn, effect, args, kwargs)
            if effect is None:
                return self.fence(fn, args, kwargs, what=getattr(fn, "__qualname__", type(fn).__name__))
        at_head = effect.name == "sequential" or not self.speculate or self.names_written(args, kwargs)
        if self.streaming and self.escape(*args, *kwargs.values()):
            at_head = True
        holes: Any = None
        if not at_head and not simple and not self.all_current():
            picture = Picture()
            seen = [look(self, settled(a), picture) for a in args]
            named = {k: look(self, settled(v), picture) for k, v in kwargs.items()}
            if picture.opaque and not all(
                instance_is_settled(self, o) for o in picture.opaque
            ):
                at_head = True
            elif picture.shadowed or picture.holes:
                args, kwargs, holes = tuple(seen), named, picture.holes
                known = False
        if effect.name == "readonly":
            self.await_writers_of(resource)
        pending = Pending()
        entry = Entry(self, unit, self.run_external, fn, args, kwargs, pending, at_head)
        pending.position = entry.position
        pending.direct = effect.result != "any"
        if effect.result == "stream":
            self.streaming = True
            pending.direct = STREAM  # type: ignore[assignment]
        entry.effect = effect
        entry.holes = holes
        self.record_of(entry, fn, effect, resource)
        if effect.name != "sequential":
            self.tell_names(entry)
        else:
            entry.resource = resource
            self.writes.setdefault(resource, []).append(entry)
            if self.ahead:
                self.spoil(resource)
        if at_head:
            entry.record.reason = "order" if effect.name == "sequential" else "commit"
            entry.record.reason_detail = None if resource is None else str(resource)
            if unit.head and len(unit.log) == 1:
                self.post(self.advance, unit)
            return pending
        missing = self.after_writes(entry, resource) if effect.name == "readonly" and self.writes else 0
        if known and not missing:  # no pending among the arguments
            self.send(entry)
            return pending
        for value in args:
            if type(value) is Pending and not value.done:
                missing += 1
                value.when_done(entry.arrived)
        for value in kwargs.values():
            if type(value) is Pending and not value.done:
                missing += 1
                value.when_done(entry.arrived)
        if holes:
            for _, _, value in holes:
                if not value.done:
                    missing += 1
                    value.when_done(entry.arrived)
        if missing:
            entry.missing = missing
        else:
            self.run_external(entry)
        return pending

    def names_written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Is a call told the name of a file that is written in its turn, or of something in a folder that is made in its turn?"""
        if not self.file_names and not self.folders:
            return False
        values = (*args, *kwargs.values())
        return bool(self.file_names and self.names_file(values)) or bool(self.folders and self.names_folder(values))

    def all_current(self) -> bool:
        """Is every object as it will be when this position is at the head?"""
        return not self.chains and not self.may and (not self.writes or self.writes.keys().isdisjoint(_IN_OBJECTS))

    def refine(
        self, fn: Any, effect: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, tuple[Any, ...], dict[str, Any], Any]:
        """The effect of this very call (None: a fence after all) and its resource.

        Arguments that decide either are waited for; so the arguments come back too.
        """
        if callable(effect.resource):
            source = SOURCES.get(effect.resource)
            if source is None:
                args = tuple([self.force(a) for a in args])
                kwargs = {k: self.force(v) for k, v in kwargs.items()}
            else:
                count = source.positional - (type(fn) is MethodType)
                args = tuple([self.force(a) if i < count else a for i, a in enumerate(args)])
                kwargs = {k: self.force(v) if k in source.keywords else v for k, v in kwargs.items()}
        better = effect_of_call(fn, args, kwargs)
        if better is None:
            return None, args, kwargs, None
        resource = resource_of(better, fn, args, kwargs)
        if resource == EVERYTHING and callable(better.resource):
            use = self.use_of(fn, better)
            use.doubt = use.doubt or unclear_of(underlying(fn))
        return better, args, kwargs, resource

    # ------------------------------------------------------------------ resources
    def await_writers_of(self, resource: Any) -> None:
        """Stall a read of ``resource`` until no older unit may still write it."""
        while self.may:
            unit = self.cur
            slots: Any = (("r", EVERYTHING), *[("r", name) for name in named(resource)])
            if type(resource) is tuple:
                slots = (*slots, ("r", resource[:1]))
            writer = self.older_writer(slots, (*unit.path, unit.n + 1), None)
            if writer is None:
                return
            self.wait_for_writer(writer)

    def after_writes(self, entry: Entry, resource: Any) -> int:
        """How many outstanding older writes of ``resource`` the read ``entry`` has to wait for (its issuer need not)."""
        count = 0
        for name in (*named(resource), EVERYTHING, *((DRAWN,) if resource == "rng" else ())):
            for write in self.writes.get(name, ()):
                if write.position < entry.position:
                    count += 1
                    self.settle_callbacks.setdefault(write, []).append(partial(_written, write, entry))
        if count:
            entry.record.reason, entry.record.reason_line, entry.record.reason_detail = "order", entry.record.line, str(resource)
        return count

    def resource_done(self, entry: Entry) -> None:
        for key in entry.resource.keys if type(entry.resource) is Told else (entry.resource,):
            writes = self.writes[key]
            writes.remove(entry)
            if not writes:
                del self.writes[key]
        entry.resource = None

    # ------------------------------------------------------------------ dispatch
    def run_external(self, entry: Entry) -> None:
        """All operands have arrived (or the entry is at the head): hand the call to the dispatcher."""
        if entry.started and not entry.at_head:
            return
        if self.exclusive and not self._inside(entry.unit):
            self.parked.append((self.run_external, (entry,), self.cause))
            return
        try:
            args, kwargs = entry.args, entry.kwargs
            if entry.at_head:
                entry.args = tuple([real(a) for a in args])
                entry.kwargs = {k: real(v) for k, v in kwargs.items()}
            else:
                self.fill(entry)
        except NotReady as not_ready:
            self.wait_again(entry, not_ready)
            return
        except BaseException as error:
            entry.error = error
            self.settle(entry)
            return
        if not entry.at_head and self.names_written(entry.args, entry.kwargs):
            entry.at_head = True
            self.post(self.advance, entry.unit)
            return
        self.send(entry)

    def send(self, entry: Entry) -> None:
        """Hand the call, whose arguments are as they shall be, to the dispatcher."""
        if self.exclusive and not self._inside(entry.unit):
            self.parked.append((self.run_external, (entry,), self.cause))
            return
        entry.started = True
        self.hold(entry)
        record = entry.record
        record.ready = self.clock()
        cause = self.cause
        if cause is not None:
            record.cause = cause
            if entry.at_head:
                record.needs = [*(record.needs or ()), (cause, record.reason, record.line, record.reason_detail)]
            if record.reason == "start":
                unit = entry.unit
                if unit.cause is cause and unit.reason is not None:
                    record.reason, record.reason_line, record.reason_detail = unit.reason
                else:
                    record.reason = "data"
                    record.reason_line = record.line
        self.in_flight = flying = self.in_flight + 1
        if flying >= self.crowded:
            self.crowded = self.host.crowd(flying)
        if self.piece is not None:
            entry.piece = self.piece()
            entry.context = self.context.copy()
            entry.piece.adopt(entry.context)
            if entry.unit.head and entry.unit.log[0] is entry:
                entry.piece.replay()  # nothing is older: its output appears as it comes
        if self.values is not None:
            self.values.sent(record.number, entry.args, entry.kwargs)
        if not entry.effect.known:
            self.watch_arguments(entry)
        self.dispatcher.submit(entry)

    def fill(self, entry: Entry) -> None:
        """Put arrived values where pendings stood; a container that arrived is pictured at the entry's position."""
        if entry.holes:
            for container, key, pending in entry.holes:
                value = real(pending)
                container[key] = value if type(value) in ATOMS else self.arrived_value(entry, value)
            entry.holes = None
        args = entry.args
        for value in args:
            if type(value) is Pending:
                entry.args = tuple(
                    [self.arrived_value(entry, real(a)) if type(a) is Pending else a for a in args]
                )
                break
        kwargs = entry.kwargs
        for value in kwargs.values():
            if type(value) is Pending:
                entry.kwargs = {
                    k: self.arrived_value(entry, real(v)) if type(v) is Pending else v for k, v in kwargs.items()
                }
                break

    def arrived_value(self, entry: Entry, value: Any) -> Any:
        if type(value) in ATOMS or self.all_current():
            return value

        def picture_it() -> Any:
            picture = Picture()
            seen = look(self, value, picture)
            for _, _, pending in picture.holes:
                raise NotReady(pending)
            if picture.opaque and not all(
                instance_is_settled(self, o) for o in picture.opaque
            ):
                raise NotReady
            return seen if picture.shadowed else value

        return self.as_ghost(entry, picture_it, (), {})

    def external_ended(self, entry: Entry, value: Any, error: BaseException | None) -> None:
        """The dispatcher's answer."""
        self.in_flight -= 1
        if entry.dead or entry.done:
            return
        if entry.large is not None:
            self.let_go(entry)
        self.cause = entry.record
        if self.given:
            self.look_at_arguments(entry)
        if self.values is not None:
            self.values.ended(entry.record.number, value, error)
        if error is not None:
            entry.error = error
        else:
            if type(value) not in ATOMS:
                self.birth[id(value)] = (value, entry.unit, entry.position)
                if len(self.birth) > self.most_births:
                    self.forget_births()
                if entry.effect.result == "stream":
                    self.stream_arrived(entry, value)
                elif not entry.effect.known:
                    self.find_foreign(value)
            resolve(entry.pending, value)
        self.settle(entry)
        self.cause = None

    def cancel_call(self, entry: Entry) -> None:
        if entry.piece is not None:
            entry.piece.drop()
        if entry.done:
            self.dispatcher.release(entry)
        elif entry.started:
            self.in_flight -= 1
            if self.given:
                self.forget_arguments(entry)
            if entry.large is not None:
                self.let_go(entry)
            self.dispatcher.cancel(entry)
        else:
            entry.record.outcome = "unsent"

    def _resolve(self, pending: Pending, value: Any) -> None:
        resolve(pending, value)

    # ------------------------------------------------------------------ records
    def record_of(self, entry: Entry, fn: Any, effect: Any, resource: Any) -> None:
        self.locate(entry, _getframe(2))
        frame, lasti, unit = entry.frame, entry.lasti, entry.unit
        if is_ours(frame.f_code):  # called for a wrapper: that stands where our unit does
            frame, lasti, unit = unit.frame, unit.lasti, unit.parent  # type: ignore[assignment]
        info = self.lowered[id(frame.f_code)]
        name, line, end_line, col, end_col = info.site(lasti)
        if name is None or isinstance(fn, Advance):  # from 3.13 on, a step of a loop lies where the call of what it goes over is
            name = getattr(fn, "__qualname__", None) or type(fn).__name__
        records = self.records
        entry.record = record = CallRecord(
            len(records) + 1, name, effect.name, resource, None, info.filename, line, end_line, col, end_col,
            info.function, entry.position, self.clock(),
        )  # fmt: skip
        if info.function != "<module>":
            record.stack = self.stack_of(unit, info)
        cause = self.cause
        if cause is not None:
            record.needs = self.needs_of(entry.unit, cause, line)
        records.append(record)

    def needs_of(self, unit: Unit | None, cause: CallRecord, line: int) -> list[Need]:
        """Why the issuer was not here earlier: it, or a unit around it, was resumed by ``cause``."""
        while unit is not None:
            if unit.cause is cause and unit.reason is not None:
                why = unit.reason
                return [(cause, *why), *[(one, *why) for one in unit.behind if one is not cause]]
            unit = unit.parent
        return [(cause, "data", line, None)]

    def stack_of(self, unit: Unit | None, info: CodeInfo) -> tuple[Frame, ...]:
        """The functions around a call, innermost first."""
        found: list[Frame] = []
        lowered = self.lowered
        while unit is not None and unit.frame is not None:
            outer = lowered[id(unit.frame.f_code)]
            if (not unit.merged or outer.group != info.group) and not is_ours(outer.code):
                found.append((info.function, outer.filename, outer.site(unit.lasti)[1], unit.path))
                info = outer
            unit = unit.parent
        return tuple(found)
