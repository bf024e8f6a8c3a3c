"""Asynchronous managers: an ``async with`` of lowered code is a ``with`` over a manager that awaits what the real one gives.

The task that runs the cell awaits it, so a timeout, a task group or a cancel scope finds in ``__aexit__`` the task of ``__aenter__``, which
it may cancel meanwhile: that arrives where the head stands (``run.Session``). As with any undeclared manager nothing else runs from
the one to the other, and the body has drained before ``__aexit__``; in between its calls overlap.

Decided against: stepping the statement as written by a task of its own. It would need a second task, which is not the one that the
managers above look for.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .atoms import lookup
from .pending import Fault, Kill

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_MISSING: Any = lookup(object, "no such attribute")


class Managers(Base):
    """Part of the :class:`Machine`."""

    def awaited_manager(self, manager: Any) -> Any:
        """``manager`` of an ``async with``, for a ``with``."""
        kind = type(manager)
        methods = [lookup(kind, name) for name in ("__aenter__", "__aexit__")]
        if _MISSING in methods:
            _refuse(manager)
        return AwaitedManager(self, *[m.__get__(manager, kind) if hasattr(type(m), "__get__") else m for m in methods])


class AwaitedManager:
    """A manager whose two methods await those of another one."""

    __slots__ = ("enter", "leave", "machine")

    def __init__(self, machine: Any, enter: Any, leave: Any) -> None:
        self.machine, self.enter, self.leave = machine, enter, leave

    def __enter__(self) -> Any:
        return self.run(self.enter, "__aenter__")

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        if isinstance(error, (Kill, Fault)):
            return False
        if error is not None:
            traceback = self.machine.tidy(error).__traceback__
        return self.run(self.leave, "__aexit__", kind, error, traceback)

    def run(self, method: Any, name: str, *args: Any) -> Any:
        found = self.machine.fence(method, args, {}, what="async with")
        if not inspect.isawaitable(found):
            raise TypeError(f"'async with' received an object from {name} that does not implement __await__: {type(found).__name__}")
        return self.machine.await_value(found)


def _refuse(manager: Any) -> None:
    """Fail as Python does where ``manager`` has not both methods."""

    async def entered() -> None:
        async with manager:
            pass

    entered().send(None)


__all__ = ["AwaitedManager", "Managers"]
