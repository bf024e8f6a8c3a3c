"""``del name`` of a global name: a store like any other, of nothing.

Deleting a name needs no value, so the loop that forgets its answers with ``del answer`` need not wait for them: the name is unbound
in the store buffer, and in the namespace when its turn has come. What could tell the difference:

* A name that is not bound raises ``NameError`` in its place. So the name must be bound here for certain: a buffered store says so, or the
  namespace, and no older unit that stands still may bind or unbind it. (It is waited for, as by a read.)
* What the name was the last to hold goes with it, and that may run code: ``__del__``, the callback of a weak reference. Statements
  behind the ``del`` see in a plain run what that code did. So the value must be a number or a string, or one on its way that nothing older
  is reached through, and no class of the user's may have a ``__del__``. A local of a function is nobody's business: the sentinel takes its
  place, as with any rebinding.

Everything else waits for its turn, as before: ``del`` of a list (memory that the user wants back *there*), in a handler, of a name that may
be unbound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .atoms import _MISSING, ATOMS, lookup
from .pending import UNBOUND, Pending, settled

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Unbinding(Base):
    """Part of the :class:`Machine`: ``del`` of global names."""

    def deleter(self, namespace: dict[str, Any], store: Callable[[str, Any], Any]) -> Callable[[str], None]:
        """``del name`` in code whose globals are ``namespace``; ``store`` binds its names."""
        chains = self.name_chains.setdefault(id(namespace), {})
        slot_of = ("n", id(namespace))

        def delete(name: str) -> None:
            unit = self.cur
            if (unit.log or not unit.head) and not unit.handling:
                found = self.bound_here(chains.get, (*slot_of, name), name)
                value = settled(found[1]) if found is not None else namespace.get(name, UNBOUND)
                if self.goes_unseen(value):
                    store(name, UNBOUND)
                    return
            self.drain()
            if name not in namespace:
                raise NameError(f"name '{name}' is not defined", name=name)
            del namespace[name]

        return delete

    def bound_here(self, cell_of: Callable[[str], Any], slot: tuple[Any, ...], name: str) -> Any:
        """The youngest buffered store of the name before this point, once nobody older may still bind it."""
        while True:
            unit = self.cur
            here = (*unit.path, unit.n + 1)
            cell = cell_of(name)
            found = cell.find(here) if cell is not None else None
            writer = self.older_writer((slot,), here, None, found[0] if found is not None else None) if self.may else None
            if writer is None:
                return found
            self.wait_for_writer(writer)

    def goes_unseen(self, value: Any) -> bool:
        """Is ``value`` surely one whose end runs no code?"""
        if type(value) is not Pending:
            return type(value) in ATOMS and value is not UNBOUND
        if value.maybe_unbound or (value.position is None and not value.data):
            return False
        return all(lookup(cls, "__del__") is _MISSING for cls in self.users_classes()[0])
