"""What a run writes, listened to where it leaves: both streams and the display publisher, in order.

Installed below `display.output`, which holds back what external calls write until it is their turn: what arrives here is what the
user sees, as the user sees it. With `mute` it goes no further.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["Ears"]


class Ears:
    """Listens from `open` to `close`. `heard`: stream and text, neighbours of one stream joined.

    >>> ears = Ears(mute=True)
    >>> ears.open(); print("a"); print("b"); ears.close()
    >>> ears.heard
    [('stdout', 'a\\nb\\n')]
    """

    def __init__(self, *publishers: Any, mute: bool = False) -> None:
        self.heard: list[tuple[str, str]] = []
        self.mute = mute
        self._targets = [("stdout", sys.stdout, "write"), ("stderr", sys.stderr, "write")]
        self._targets += [("display", publisher, "publish") for publisher in publishers if publisher is not None]
        self._undo: list[tuple[Any, str, Any, Any]] = []

    def open(self) -> None:
        for name, target, method in self._targets:
            before = getattr(target, "__dict__", {}).get(method)
            hook = self._hook(name, getattr(target, method))
            hook.__name__ = method
            try:
                setattr(target, method, hook)
            except (AttributeError, TypeError):  # takes no attributes: what it writes is not compared
                continue
            self._undo.append((target, method, hook, before))

    def close(self) -> None:
        while self._undo:
            target, method, hook, before = self._undo.pop()
            if target.__dict__.get(method) is not hook:
                continue
            if before is None:
                delattr(target, method)
            else:
                setattr(target, method, before)

    def _hook(self, name: str, original: Any) -> Any:
        def hook(*args: Any, **kwargs: Any) -> Any:
            self._hear(name, args, kwargs)
            if self.mute:
                return len(args[0]) if args and isinstance(args[0], str) else None
            return original(*args, **kwargs)

        return hook

    def _hear(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if name == "display":
            data = kwargs.get("data", args[0] if args else {})
            text = "\n".join(f"{kind}: {content}" for kind, content in sorted(data.items()))
        else:
            text = str(args[0]) if args else ""
        if not text:
            return
        if self.heard and self.heard[-1][0] == name and name != "display":
            self.heard[-1] = (name, self.heard[-1][1] + text)
        else:
            self.heard.append((name, text))
