"""Which IPython and ipykernel we run on, and what to say when they are too old.

`%load_ext` is the moment to find out: later, the user would meet an AttributeError from the middle of a cell. The
floors are what the tests run on (see JUPYTER facts in `transform`): IPython 8.31 is the first with the coroutine
runner protocol used here under every Python we support, ipykernel 6.29 the first whose messages stay with their cell
when tasks print.

Versions are compared by their leading numbers only; a release candidate of the first good version passes. `packaging`
would do it by the book but is not ours to require.
"""

from __future__ import annotations

import re
import sys

IPYTHON = (8, 31)
IPYKERNEL = (6, 29)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version.

    >>> numbers("8.31.0"), numbers("9.0.0rc1"), numbers("7.x")
    ((8, 31, 0), (9, 0, 0), (7,))
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def complaint(ipython: str, ipykernel: str | None) -> str | None:
    """What is too old and what to install, or None. `ipykernel` is None where there is no kernel (a terminal).

    >>> complaint("9.18.1", "7.4.0"), complaint("8.31.0", None)
    (None, None)
    >>> print(complaint("8.20.0", "6.29.5"))
    poppy_ipython needs IPython >= 8.31 and found IPython 8.20.0 here. Install it and restart the kernel:
        pip install --upgrade "ipython>=8.31"
    """
    wanted = [("IPython", IPYTHON, ipython), ("ipykernel", IPYKERNEL, ipykernel)]
    old = [(name, floor, found) for name, floor, found in wanted if found is not None and numbers(found) < floor]
    if not old:
        return None
    floors = {name: ".".join(map(str, floor)) for name, floor, _ in old}
    needs = " and ".join(f"{name} >= {floor}" for name, floor in floors.items())
    found_here = " and ".join(f"{name} {found}" for name, _, found in old)
    packages = " ".join(f'"{name.lower()}>={floor}"' for name, floor in floors.items())
    return (
        f"poppy_ipython needs {needs} and found {found_here} here. Install {'it' if len(old) == 1 else 'them'} "
        f"and restart the kernel:\n    pip install --upgrade {packages}"
    )


def complaint_here() -> str | None:
    """`complaint` about this process. A kernel counts only where one is loaded."""
    import IPython

    kernel = sys.modules.get("ipykernel")
    return complaint(IPython.__version__, getattr(kernel, "__version__", None))
