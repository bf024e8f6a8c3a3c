"""Streaming answers: a loop over an answer that is still being written runs its body for each item as it arrives.

A *stream* is what a declared call with ``result="stream"`` has returned (``client.chat.completions.create(stream=True)``), or
what a helper such as ``lines`` has made of one; an ``async for`` of the cell over one is such a loop too. It is told by identity,
as tame iterators are. An advance of it is an external call of its own, with the loop as the one who waits: the loop's unit
stalls until the item is there, so what stands behind the loop goes on, and the body may dispatch calls that go on past it.
Nothing is read ahead: a loop that breaks off leaves the stream as a plain run does, for whoever reads on.

Advances of one stream are made by one loop at a time, in its own order, and run ahead of the head as long as nobody else can
see how far the stream has been read. Whoever is handed it (:meth:`Answers.escape`: a call, native code, what is queued for
the head) makes it an ordinary iterator again, whose advances wait for the head. Older units that may still touch a stream
publish the slot ``TOUCHED``, for which each advance waits (not for units older than the stream itself); while a loop reads a stream, others see an object that
is not settled. All advances share one record: it began with the first one, for the first one's reasons, and notes when each
item was there.

Decided against: a thread that reads into a buffer. It would be simpler to wait for, and would have read items that a plain
run leaves in the stream.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from sys import _getframe
from typing import TYPE_CHECKING, Any

from ..effects.effect import unordered
from ..trace.records import KEPT
from .atoms import ATOMS
from .pending import Pending
from .reach.values import STREAM, TOUCHED
from .streams import Stream
from .unit import Entry

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_END: Any = object()
#: sending an advance twice would lose an item
_ADVANCE = replace(unordered, backend="threads", host="streams", result="any", retry=0)


class Advance:
    """One step of an iterator, as something that a backend calls."""

    __slots__ = ("__qualname__", "iterator", "record")
    effect = _ADVANCE

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator
        self.record: Any = None
        self.__qualname__ = "stream"

    def __call__(self) -> Any:
        return next(self.iterator, _END)


class AsyncAdvance(Advance):
    """One step of an asynchronous iterator: a Task on the loop."""

    effect = replace(_ADVANCE, backend="loop")

    async def __call__(self) -> Any:
        try:
            return await self.iterator.__anext__()
        except StopAsyncIteration:
            return _END


class Answers(Base):
    """Part of the :class:`Machine`."""

    def _init_answers(self) -> None:
        #: True once a call that returns a stream was issued: before that nothing here costs anything
        self.streaming = False
        #: id -> stream that nobody has read from or been handed (kept, so that the number stays its own)
        self.streams: dict[int, Any] = {}
        #: id -> stream that a loop is reading now
        self.reading: dict[int, Any] = {}
        #: those of them that somebody was handed meanwhile
        self.escaped: set[int] = set()
        #: unit -> iterators over streams of the loops in it
        self.readers: dict[Any, list[Iterator[Any]]] = {}
        #: id of ``lines(stream)`` -> the stream
        self.made_of: dict[int, Any] = {}

    def is_stream(self, value: Any) -> bool:
        return self.streams.get(id(value), self) is value

    def is_being_read(self, value: Any) -> bool:
        return self.reading.get(id(value), self) is value

    def escape(self, *values: Any) -> bool:
        """Somebody is handed ``values``: streams among what is reachable, buffered stores included, are ordinary from now
        on, also for a loop that is reading one.  True if one is being read."""
        chains = self.chains
        owners: dict[int, list[Any]] = {}
        for key, chain in chains.items():
            owners.setdefault(key if type(key) is int else key[0], []).append(chain)
        seen: set[int] = set()
        stack = list(values)
        found = False
        while stack:
            value = stack.pop()
            kind = type(value)
            if kind is Pending:
                if value.done:
                    stack.append(value.value)
                elif value.direct is STREAM:
                    value.direct = True
                elif value.elements is not None:
                    stack += value.elements
                continue
            if kind in ATOMS or id(value) in seen or issubclass(type(value), type):
                continue
            key = id(value)
            seen.add(key)
            self.streams.pop(key, None)
            if key in self.reading:
                found = True
                self.escaped.add(key)
            if len(seen) > 10_000:
                self.streams.clear()
                self.escaped.update(self.reading)
                return bool(self.reading)
            for chain in owners.get(key, ()):
                for operation in chain.ops[chain.head :]:
                    stack += operation[1:]
            stack += gc.get_referents(value)
        return found

    def stream_arrived(self, entry: Entry, value: Any) -> None:
        """The answer of a call that returns a stream; nobody was handed it while it was pending, or ``direct`` says so."""
        pending: Any = entry.pending
        if pending.direct is STREAM and (hasattr(type(value), "__iter__") or hasattr(type(value), "__aiter__")):
            self.streams[id(value)] = value

    def derived_stream(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any) -> Any:
        """``lines(stream)``: a stream, if what it is made of is one."""
        args = tuple([self.force(a) for a in args])
        kwargs = {k: self.force(v) for k, v in kwargs.items()}
        if not args or not self.is_stream(args[0]):
            return self.fence(fn, args, kwargs, what=getattr(fn, "__name__", "stream"), pure=True)
        source = self.streams.pop(id(args[0]))
        value = self.natively(fn, args, kwargs)
        self.streams[id(value)] = value
        self.made_of[id(value)] = source
        return value

    def iterate_async(self, value: Any) -> Iterator[Any]:
        """An iterator over ``value`` for an ``async for`` of lowered code."""
        if type(value) is Stream:
            return value.items
        value = self.force(value)
        if self.is_stream(value) and hasattr(type(value), "__aiter__"):
            return self.advance_stream(value, True)
        return self._await_each(value)

    def _await_each(self, value: Any) -> Iterator[Any]:
        """What ``async for`` does, in order, by the task that runs the cell; asks for the iterator at once."""
        kind = type(value)
        self.escape(value)
        self.drain("unknown", "async for")
        if not hasattr(kind, "__aiter__"):
            raise TypeError(f"'async for' requires an object with __aiter__ method, got {kind.__name__}")
        iterator = self.fence(kind.__aiter__, (value,), {}, what="async for")
        if not hasattr(type(iterator), "__anext__"):
            name = type(iterator).__name__
            raise TypeError(f"'async for' received an object from __aiter__ that does not implement __anext__: {name}")
        return self._await_next(iterator)

    def _await_next(self, iterator: Any) -> Iterator[Any]:
        while True:
            try:
                item = self.await_value(self.fence(type(iterator).__anext__, (iterator,), {}, what="async for"))
            except StopAsyncIteration:
                return
            yield item

    def advance_stream(self, stream: Any, awaited: bool = False) -> Iterator[Any]:
        """The items of a stream for a loop of lowered code."""
        reader = self._advance_stream(stream, awaited)
        self.readers.setdefault(self.cur, []).append(reader)
        return reader

    def stop_reading(self, unit: Any) -> None:
        """The unit has ended, and the loops in it: what they have left of a stream is let go of, also where a traceback is kept."""
        for reader in self.readers.pop(unit, ()):
            reader.close()  # type: ignore[attr-defined]

    def _advance_stream(self, stream: Any, awaited: bool) -> Iterator[Any]:
        unit = self.cur
        if unit is self.ghost or unit.handling or not self.is_stream(stream):  # (``zip(s, s)``)
            self.escape(stream)
            if awaited:
                yield from self._await_each(stream)
            else:
                yield from self._advance_native(self.fence(iter, (stream,), {}, what="stream", pure=True), stream)
            return
        del self.streams[id(stream)]
        read = [stream]
        while id(read[-1]) in self.made_of:
            read.append(self.made_of.pop(id(read[-1])))
        reading, escaped, birth = self.reading, self.escaped, self.birth
        reading.update((id(one), one) for one in read)
        born = self.birth_of(read[-1])  # who is older than the stream cannot know it
        try:
            advance = (AsyncAdvance if awaited else Advance)(self.natively(aiter if awaited else iter, (stream,), {}))
            first: Any = None
            while True:
                while self.may:
                    writer = self.older_writer((TOUCHED,), (*unit.path, unit.n + 1), born)
                    if writer is None:
                        break
                    self.wait_for_writer(writer)
                if escaped and any(id(one) in escaped for one in read):
                    yield from self._await_next(advance.iterator) if awaited else self._advance_native(advance.iterator, stream)
                    return
                item = self.force(self._next_of(advance))
                record = advance.record
                if first is None:
                    first = record.ready, record.started, record.cause, record.reason, record.reason_line, record.reason_detail
                    record.chunks = [record.started]
                else:
                    record.ready, record.started, record.cause, record.reason, record.reason_line, record.reason_detail = first
                if item is _END:
                    return
                if len(record.chunks) <= KEPT:
                    record.chunks.append(record.ended)
                yield item
        finally:
            for one in read:
                reading.pop(id(one), None)
                escaped.discard(id(one))
                birth.pop(id(one), None)  # as far as we are concerned it may close now

    def _next_of(self, advance: Advance) -> Pending:
        pending = Pending()
        entry = Entry(self, self.cur, self.run_external, advance, (), {}, pending, not self.speculate)  # type: ignore[arg-type]
        pending.position = entry.position
        entry.effect = advance.effect
        if advance.record is None:
            self.record_of(entry, advance, advance.effect, None)
            advance.record = entry.record
        else:
            self.locate(entry, _getframe(1))
            entry.record = advance.record
        if not entry.at_head:
            self.run_external(entry)
        elif entry.unit.head and len(entry.unit.log) == 1:
            self.post(self.advance, entry.unit)
        return pending
