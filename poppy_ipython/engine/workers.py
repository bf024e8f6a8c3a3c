"""Pooled greenlets, which run the code of one unit after another."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet

from .unit import Unit

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

#: how many greenlets may have started one another down to one that is used again
LEVELS = 4


class Workers(Base):
    """Part of the :class:`Machine`: owns ``pool``."""

    hub: greenlet
    context: Context | None
    pool: list[greenlet]
    _run: Callable[[Unit, Callable[..., Any], tuple[Any, ...], dict[str, Any]], None]

    def worker(self) -> greenlet:
        """A greenlet that waits for a job: ``[unit, fn, args, kwargs]``."""
        pool = self.pool
        if pool:
            return pool.pop()
        worker = greenlet(self._worker, self.hub)
        worker.gr_context = self.context
        worker.level = getattr(getcurrent(), "level", 0) + 1  # type: ignore[attr-defined]
        return worker

    def _worker(self, job: list[Any]) -> None:
        """Body of a pooled greenlet: runs one job after another.

        A greenlet begins as deep in Python's stack as the one that starts it, for as long as it lives. So one that was started by one that was
        started … is not used again: the stack would grow with every generation, up to a ``RecursionError`` that a plain run does not have.

        A job is a list and is emptied: the arguments of a greenlet's first switch live as long as it does, and so would what the
        user's function was given and what it returned.
        """
        while True:
            unit, fn, args, kwargs = job
            job.clear()
            self._run(unit, fn, args, kwargs)
            unit.greenlet = None
            target = unit.origin
            unit.origin = None
            del unit, fn, args, kwargs
            worker = getcurrent()
            if target is None:
                target = self.hub
            if worker.level > LEVELS:
                worker.parent = target
                return
            self.pool.append(worker)
            del worker
            job = target.switch()


__all__ = ["Workers"]
