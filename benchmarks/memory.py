"""How much more memory a piece of work takes at its peak: what the kernel of the machine says of this process.

Linux keeps the largest resident size of a process and lets the process forget it. Elsewhere nobody knows: None.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Peak:
    """KB that were resident at most, above what was resident before; None if that cannot be known."""

    kilobytes: int | None = None


def resident(what: str) -> int:
    """`VmRSS` (now) or `VmHWM` (at most), in KB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1])


@contextmanager
def peak() -> Iterator[Peak]:
    """Measure what happens inside.

    >>> with peak() as found:
    ...     block = bytearray(50_000_000)
    >>> found.kilobytes is None or found.kilobytes > 40_000
    True
    """
    found = Peak()
    gc.collect()
    try:
        FORGET.write_text("5")
        before = resident("VmRSS")
    except (OSError, StopIteration):
        yield found
        return
    yield found
    found.kilobytes = max(0, resident("VmHWM") - before)
