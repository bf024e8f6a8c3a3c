"""The synchronous entry: running a coroutine from code that IPython does not await.

Behind `%%time`, `%%capture`, `ip.run_cell(...)` in a cell, and `%autoawait off`, our entry is called as a plain
function, in a kernel below an event loop that already runs. That loop has to be re-entered, because the user's
clients and locks belong to it. `nest_asyncio2` does that (it patches asyncio's classes for good, so it is imported
here and only then, never on the main path); cancelling what the cell started is ours, by the same `session.interrupt`
as everywhere.

Measured with nest_asyncio2 1.7.4 on ipykernel 7.4 and 6.29: it defers callbacks whose context is entered further up
the stack, and ipykernel 7 runs all cells in one context. The coroutine must therefore run as a Task (a Task has a
copy of the context), never by callbacks bound to the cell's own context.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_now(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on IPython's loop, whether that runs already or not."""
    from IPython.core.async_helpers import get_asyncio_loop

    loop: asyncio.AbstractEventLoop = get_asyncio_loop()
    if loop.is_running():
        import nest_asyncio2

        nest_asyncio2.apply(loop)
    return loop.run_until_complete(loop.create_task(main))
