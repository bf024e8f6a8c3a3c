"""The two generations of Jupyter's kernel that are promised: that of this environment, and ipykernel 6.31 with IPython 8.

The older one is laid over this environment: its few packages are installed, by pip, into a folder of their own
(`.build/chaos/`, once), which a kernel has in front of everything else on its path. All else is the same, so what differs
between two runs is Jupyter's doing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["NEW", "OLD", "Stack"]

ROOT = Path(__file__).parents[2]
OLDER = ("ipykernel==6.31.0", "ipython==8.39.0", "nest-asyncio==1.6.0", "decorator==5.2.1")


@dataclass(frozen=True)
class Stack:
    """Where a kernel finds its packages first."""

    name: str
    packages: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """For a kernel's process; installs what is missing."""
        found = dict(os.environ)
        if self.packages:
            first = [str(self._installed()), found.get("PYTHONPATH", str(ROOT))]
            found["PYTHONPATH"] = os.pathsep.join(first)
        return found

    def _installed(self) -> Path:
        folder = ROOT / ".build" / "chaos" / "-".join(self.packages).replace("==", "-")
        made = folder / ".made"
        if not made.exists():
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *self.packages]
            subprocess.run(command, check=True)
            made.touch()
        return folder


NEW = Stack("new")
OLD = Stack("old", OLDER)
