"""Call objects for tests: what the engine hands over, with a note of how each one came back."""

from __future__ import annotations

import asyncio
from typing import Any

from poppy_ipython.effects import Effect, unordered
from poppy_ipython.trace.events import CallRecord


class Call:
    """Finishes into `outcome`; a second finish fails the test that looks at it."""

    def __init__(
        self, fn: Any, *args: Any, at: int | tuple[int, ...] = 0, effect: Effect = unordered(host="h"), back: list | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self.fn, self.args, self.kwargs, self.effect = fn, args, kwargs, effect
        self.position = at if isinstance(at, tuple) else (at,)
        self.record = CallRecord(0, "test", position=self.position)
        self.outcomes: list[tuple[Any, BaseException | None]] = []
        self.back = back if back is not None else []
        self.finished = asyncio.Event()

    def finish(self, value: Any, error: BaseException | None) -> None:
        self.outcomes.append((value, error))
        self.back.append(self)
        self.finished.set()

    async def answer(self) -> Any:
        await asyncio.wait_for(self.finished.wait(), 20)
        ((value, error),) = self.outcomes
        if error is not None:
            raise error
        return value


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status_code = status
