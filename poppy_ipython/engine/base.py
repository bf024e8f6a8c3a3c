"""What the parts of the :class:`~poppy_ipython.engine.machine.Machine` know of each other, for the type checker.

The machine is one object -- one owner mutates -- whose methods are grouped by concept into the modules of this folder.
At run time the parts inherit from ``object``; under the type checker from this class, which lets any part name a method
of any other without a circle of imports.
"""

from __future__ import annotations

from typing import Any


class Base:
    """The rest of the machine, as seen from one of its parts."""

    def __getattr__(self, name: str) -> Any: ...
