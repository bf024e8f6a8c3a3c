"""Pending values, and the private exceptions that unwind a unit.

A :class:`Pending` stands for the value of a call in flight (or of something computed from one). It lives only in
local variables of lowered code, in buffered stores and in log entries -- never inside a real object, so nothing
outside the engine can meet one.

A tuple display that holds pendings becomes a *structured* pending: ``elements`` is known at once, so that unpacking
waits for nothing, and the pending resolves to a real tuple when all elements have.

A failed call never resolves its pending: whoever waits for it is killed when the fault reaches the head.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .machine import Machine


class Pending:
    """The value of something that has not finished yet."""

    __slots__ = ("callbacks", "copy", "data", "direct", "done", "elements", "kind", "late", "maybe_unbound", "name", "plain_items", "position", "unit", "value")

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None
        self.callbacks: list[Callable[[], None]] | None = None
        self.elements: tuple[Any, ...] | None = None
        #: the class of named tuples that it will be an instance of, or None
        self.kind: Any = None
        #: the name it stands for may turn out to be unbound: readers must look
        self.maybe_unbound = False
        #: birth position of the value if it aliases nothing older (result of an external call), else None
        self.position: tuple[int, ...] | None = None
        #: the result of an external call itself, new and unseen: until it resolves nothing can be written through it
        self.direct = False
        #: the unit that it is the result of, or that binds the ``name`` which it stands for, or None
        self.unit: Any = None
        self.name = ""
        #: it will be a number or a string (``counters``)
        self.data = False
        #: it will be a tuple (or None) whose items with True here will be numbers or strings (``results``), or nothing is known
        self.plain_items: tuple[bool, ...] | None = None
        #: a read that came later than its statement, of something that is changed and stored back
        self.late = False

    #: of a file that is not open yet: what is read from it (``contents``); most pendings have none
    copy: Any

    def __repr__(self) -> str:
        return f"<pending {self.value!r}>" if self.done else "<pending>"

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` once the value is there; the pending must not be done yet."""
        if self.callbacks is None:
            self.callbacks = [callback]
        else:
            self.callbacks.append(callback)


class BoundRef:
    """A method that was looked up before its arguments were evaluated, as Python does."""

    __slots__ = ("fn",)

    def __init__(self, fn: Any) -> None:
        self.fn = fn


class NotReady(Exception):
    """A deferred operation met something that it would have to wait for."""

    def __init__(self, pending: Pending | None = None, writer: Any = None) -> None:
        super().__init__()
        self.pending = pending
        self.writer = writer


class _Unbound:
    """A name that is not bound (Python has no value for it)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unbound>"


UNBOUND = _Unbound()


class Kill(BaseException):
    """Thrown into a unit that a plain run would never have reached; no user code may see it."""


class Fault(BaseException):
    """Thrown into a unit at the head when its log entry number ``number`` failed with ``error``.

    ``position`` is that of the innermost entry that failed (it may belong to a child unit).
    """

    def __init__(self, number: int, error: BaseException, position: tuple[int, ...]) -> None:
        super().__init__(number)
        self.number = number
        self.error = error
        self.position = position
        #: it has passed a ``try`` that a plain run would not have reached
        self.older = False


def resolve(pending: Pending, value: Any) -> None:
    """Give ``pending`` its value (adopting the value of another pending) and call whoever waits."""
    while type(value) is Pending:
        if value.done:
            value = value.value
        else:
            value.when_done(partial(resolve, pending, value))
            return
    pending.value = value
    pending.done = True
    callbacks = pending.callbacks
    if callbacks is not None:
        pending.callbacks = None
        for callback in callbacks:
            callback()


def unbound(name: str, own: bool) -> NameError:
    """What Python says of a variable of a function that has no value, its ``own`` or one of a function around it."""
    if own:
        return UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value")
    return NameError(f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope", name=name)


def settled(value: Any) -> Any:
    """The value behind a resolved pending; anything else unchanged."""
    if type(value) is Pending and value.done:
        return value.value
    return value


def real(value: Any) -> Any:
    """The value behind a pending that must be resolved by now (used at the head)."""
    if type(value) is Pending:
        assert value.done, "a pending reached the head unresolved"
        return value.value
    return value


def structured(items: tuple[Any, ...], kind: Any = None, machine: Machine | None = None) -> Any:
    """``items`` as a tuple value (of the named tuple ``kind``): itself, or a structured pending if some items are pending.

    A ``machine`` is told which calls are behind the tuple.
    """
    items = tuple([settled(item) for item in items])
    waiting = {id(item): item for item in items if type(item) is Pending}
    if not waiting:
        return items if kind is None else tuple.__new__(kind, items)
    pending = Pending()
    pending.elements = items
    pending.kind = kind
    left = len(waiting)
    causes: tuple[Any, ...] = ()

    def arrived() -> None:
        nonlocal left, causes
        left -= 1
        if machine is not None and machine.cause is not None:
            causes = machine.arrivals(causes)
        if left == 0:
            value = tuple.__new__(tuple if kind is None else kind, [real(x) for x in items])
            if machine is None:
                resolve(pending, value)
                return
            before, machine.behind = machine.behind, causes
            resolve(pending, value)
            machine.behind = before

    for item in waiting.values():
        item.when_done(arrived)
    return pending
