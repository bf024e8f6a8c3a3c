"""Cells for the tests of recordings, and a small outside world for them."""

from __future__ import annotations

import itertools
from typing import Any

from poppy_ipython import Options, run, sequential, unordered
from poppy_ipython.trace.run import Run


class World:
    """Who answers, and what they were asked. Every answer is another one, so that a repeated call can be told from a replay."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.saved: list[Any] = []
        numbers = itertools.count(1)

        @unordered
        def ask(question: Any) -> Any:
            self.asked.append(question)
            if question == "fail":
                raise ValueError("no answer", question)
            return {"question": question, "number": next(numbers)}

        @sequential("store")
        def save(value: Any) -> int:
            self.saved.append(value)
            return len(self.saved)

        self.names = {"ask": ask, "save": save, "__name__": "__main__"}

    def run(self, source: str, names: dict[str, Any] | None = None, **options: Any) -> tuple[Run, dict[str, Any]]:
        """Run a cell in a namespace of its own."""
        namespace = {**self.names, **(names or {})}
        return run(source, namespace, options=Options(**options)), namespace
