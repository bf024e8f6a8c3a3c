"""More deliberate breakages (`breakages.py`): of the rules by which effects are known, or queued, ahead of their turn."""

from __future__ import annotations

from typing import Any

from .breakages import mutant, replaced


@mutant("a loop that reads ahead of its file goes in order once somebody else has touched the file", "files")
def lines_ahead_are_never_spoiled() -> None:
    replaced("poppy_ipython.engine.lines:Lines.spoil", lambda _: lambda self, resource=None: None)


@mutant("what an exception drops may be the end of a `with open`, whose file it closes then", "files")
def files_of_a_fault_stay_open() -> None:
    replaced("poppy_ipython.engine.openings:Openings.leave", lambda _: lambda self, managers: [])


@mutant("random numbers and the environment are foreseen only if nobody older may still change them", "ambient")
def foresees_past_older_units() -> None:
    replaced("poppy_ipython.engine.ambient:Ambient._may_change", lambda _: lambda self, resource, target: False)


@mutant("a shadow of a generator of which draws were undone is not used again", "ambient")
def shadows_survive_faults() -> None:
    from poppy_ipython.engine.draws import source_of

    def make(shadow_for: Any) -> Any:
        def broken(self: Any, original: Any) -> Any:
            return self.shadows.get(id(source_of(original))) or shadow_for(self, original)

        return broken

    replaced("poppy_ipython.engine.draws:Draws._shadow_for", make)


@mutant("what is shown is made of plain data, or waits for the head", "display|pprint")
def shows_anything_late() -> None:
    replaced("poppy_ipython.engine.ambient:Ambient._is_plain", lambda _: lambda self, value: True)


@mutant("a cell of a frame is read past stores to other columns only", "tables")
def cells_are_read_past_stores() -> None:
    replaced("poppy_ipython.engine.tables:Tables._apart", lambda _: lambda self, frame, one, other: True)

    def make(_: Any) -> Any:
        def broken(self: Any, target: Any, key: Any) -> Any:
            return self.natively(lambda: target[key], (), {})

        return broken

    replaced("poppy_ipython.engine.tables:Tables.cell_read", make)


@mutant("whatever may see the memory of an array waits for the stores to arrays that are queued", r"\bnp\.|{frame!}")
def arrays_share_nothing() -> None:
    replaced("poppy_ipython.engine.memory:has_no_memory", lambda _: lambda kind: True)


@mutant("an operation on a pending result that runs code of the user's, which writes, is waited for", "specials")
def deferred_operations_write_unseen() -> None:
    replaced("poppy_ipython.engine.instances:Instances.acts_inside", lambda _: lambda self, value, depth=3: False)
