"""Scripts and functions know nothing of our event loop: what runs natively in them finds none.

A cell of a notebook runs on a loop, and its code may ask for it. A script does not: there `asyncio.run(main())` is right, as is
whatever a library does when no loop runs. So while native code of such a run is called, the thread says that none does; the
calls in flight wait for that long. A machine's two ways into native code are wrapped for one run.

It stands among the backends, whose frames no traceback shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

__all__ = ["hide_loop"]


def hide_loop(machine: Any) -> None:
    """Have native code of this run find no running loop."""
    machine.natively = _hidden(machine.natively)
    machine.natively_at = _hidden(machine.natively_at)


def _hidden(native: Callable[..., Any]) -> Callable[..., Any]:
    get, put = asyncio._get_running_loop, asyncio._set_running_loop

    def without_loop(*args: Any) -> Any:
        loop = get()
        if loop is None:
            return native(*args)
        put(None)
        try:
            return native(*args)
        finally:
            put(loop)

    return without_loop
