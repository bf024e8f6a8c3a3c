"""External calls that a cell makes without awaiting them at once: `await asyncio.gather(*[ask(q) for q in questions])`.

For the engine such a call only makes a coroutine, which native code then drives; no dispatcher ever sees it. While a run is
recorded or replayed, the coroutine that is made is one of ours around the client's, or in its place. What it is told is
written down under the place in the program where it was made, which is its place in a plain run.

A coroutine of the user's own that is handed on in this way runs as it is written, and what it awaits inside is not seen: neither
recorded nor answered. Declare its function (`@unordered`): then it is one call. (Awaited at once, it is followed.)
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from poppy_ipython.effects.registry import effect_of, effect_of_call, host_of, resource_of
from poppy_ipython.effects.table import display_name, underlying
from poppy_ipython.record.keys import key_of
from poppy_ipython.record.streams import tap
from poppy_ipython.record.values import Numbers
from poppy_ipython.trace.events import CallRecord

__all__ = ["Loose", "listen"]


class Loose:
    """A call that the engine does not know as one: what `takes` and a source ask of a call."""

    piece = context = None

    def __init__(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any, position: tuple[int, ...]) -> None:
        self.fn, self.args, self.kwargs, self.effect, self.position = fn, args, kwargs, effect, position
        name = getattr(fn, "__qualname__", None) or display_name(underlying(fn))
        resource = resource_of(effect, fn, args, kwargs)
        self.record = CallRecord(0, name, effect.name, resource, host_of(effect, fn, args, kwargs), position=position)


def listen(machine: Any, dispatcher: Any) -> None:
    """From now on coroutines of external calls, made in `machine`, ask `dispatcher` first."""
    fence = machine.fence
    made = count(1)

    def listening(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], what: str = "", pure: bool = False) -> Any:
        effect = effect_of(fn) if pure else None
        if effect is None or not effect.external or effect.backend != "loop":
            return fence(fn, args, kwargs, what, pure)
        unit, line = machine.cur, machine.caller_line()

        def begin(*args: Any, **kwargs: Any) -> Any:
            found = effect_of_call(fn, args, kwargs)
            if found is None or not found.external:
                return fn(*args, **kwargs)
            call = Loose(fn, args, kwargs, found, (*unit.path, unit.n, next(made)))
            call.record.line = line or 0
            coroutine: Any = _performed(call, dispatcher)
            coroutine.__name__ = getattr(fn, "__name__", "call")
            coroutine.__qualname__ = call.record.callee
            return coroutine

        return fence(begin, args, kwargs, what, pure)

    machine.fence = listening


async def _performed(call: Loose, dispatcher: Any) -> Any:
    record, clock = call.record, dispatcher.clock
    record.started = clock()
    if dispatcher.source is not None:
        numbers = Numbers()
        answer = dispatcher.source.find(call, key_of(call.fn, call.args, call.kwargs, numbers))
        if answer is not None:
            dispatcher.answered += 1
            await asyncio.sleep(answer.seconds)
            value, error = answer.outcome(numbers)
            if error is not None:
                raise error
            return value
    take = None if dispatcher.takes is None else dispatcher.takes.sent(call)
    value, error = None, None
    try:
        value = await call.fn(*call.args, **call.kwargs)
    except Exception as raised:
        error = raised
    record.ended, record.outcome = clock(), "ok" if error is None else "error"
    if take is not None:
        if error is None and call.effect.result == "stream" and (heard := tap(value, clock)) is not None:
            value, take.stream = heard
        dispatcher.takes.ended(take, value, error)
    if error is not None:
        raise error
    return value
