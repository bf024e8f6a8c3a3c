"""More deliberate breakages (`breakages.py`): of `with` over managers whose methods are known."""

from __future__ import annotations

from .breakages import mutant, replaced


@mutant("what the methods of a manager may write is part of the footprint of its `with`")
def footprints_without_managers() -> None:
    replaced("poppy_ipython.engine.reach.managed:ManagedStatements.managed", lambda _: lambda self, manager, name, args: (manager,))


@mutant("a manager is left when nothing of the body can fail any more")
def managers_are_left_early() -> None:
    replaced("poppy_ipython.engine.managed:ManagedStatements.end_managed", lambda _: lambda self, guard, mark: None)
