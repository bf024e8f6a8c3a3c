"""%%poppy: ordinary, sequential notebook cells whose independent calls overlap, with exactly the results of a plain run.

>>> import poppy_ipython
>>> @poppy_ipython.unordered
... def ask(q): return q.upper()
>>> poppy_ipython.run("out = [ask(q) for q in 'ab']", ns := {"ask": ask}).error
>>> ns["out"]
['A', 'B']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .backends.limits import limit
from .effects import declare, local, pure, readonly, sequential, unordered
from .functions import parallel
from .options import Options

if TYPE_CHECKING:
    from .trace.run import Run

__version__ = "0.1.0"

#: the last run of this process, or None
last_run: Run | None = None


def run(source: str, namespace: dict[str, Any] | None = None, **options: Any) -> Run:
    """Run a cell's text on an event loop of its own; see :func:`poppy_ipython.cell.run`."""
    from .cell import run as run_cell

    return run_cell(source, namespace, **options)


def use_cluster(client: Any) -> None:
    """Where calls with `backend="dask"` go: a `distributed.Client`, a scheduler's address, or None for Dask's own choice."""
    from .backends.cluster import use_cluster as use

    use(client)


def load_ipython_extension(ip: Any) -> None:
    """``%load_ext poppy_ipython``."""
    from .magic import load

    load(ip)


def unload_ipython_extension(ip: Any) -> None:
    """``%unload_ext poppy_ipython``."""
    from .magic import unload

    unload(ip)


__all__ = [
    "Options", "declare", "last_run", "limit", "local", "parallel", "pure", "readonly", "run", "sequential", "unordered",
    "use_cluster",
]  # fmt: skip
