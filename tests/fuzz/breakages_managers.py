"""More deliberate breakages (`breakages.py`): of `with` over managers whose methods are known."""

from __future__ import annotations

from typing import Any

from .breakages import mutant, replaced


@mutant("what the methods of a manager may write is part of the footprint of its `with`", "managers")
def footprints_without_managers() -> None:
    replaced("poppy_ipython.engine.reach.managed:ManagedStatements.managed", lambda _: lambda self, manager, name, args: (manager,))


@mutant("a manager is left when nothing of the body can fail any more", "managers")
def managers_are_left_early() -> None:
    replaced("poppy_ipython.engine.managed:ManagedStatements.end_managed", lambda _: lambda self, guard, mark: None)


@mutant("the suspended generator of a manager is part of what its unit may still do", "contextmanager")
def footprints_without_suspended_managers() -> None:
    def make(generated: Any) -> Any:
        def broken(self: Any, manager: Any) -> Any:
            enter, leave, abandon = generated(self, manager)

            def entered() -> Any:
                value = enter()
                self.suspended[self.cur] = [_Unseen(one) for one in self.suspended[self.cur]]
                return value

            return entered, leave, abandon

        return broken

    replaced("poppy_ipython.engine.generated:GeneratedManagers.generated", make)


class _Unseen:
    """A generator whose frame nobody finds."""

    gi_frame = None

    def __init__(self, generator: Any) -> None:
        self.generator = generator

    def __eq__(self, other: object) -> bool:
        return other is self.generator or other is self
