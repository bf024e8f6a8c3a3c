"""The store buffer: stores that have been issued and not retired.

A store to an object that somebody older, or nobody of ours, may look at does not touch it: it becomes a link in the
*chain* of its slot and is performed on the real object when it retires.  Lowered code reads through the chain (store
forwarding), everybody else sees the real object, which is exactly as old as the head.

Two kinds of chain.  A :class:`Chain` belongs to a list, dict or set and holds operations, ``(position, function,
arguments)``; its view is the real object plus the operations before the reader, cached and extended in place.  A
:class:`Cell` belongs to one attribute or one global name and holds values; the youngest older one wins.

Retirement *repeats the operation* on the real object; it never installs a copy, because a callback on the loop may
have written to it meanwhile.  An operation whose key is still pending (``d[ask(k)] = v``, ``s.add(ask(x))``) waits in
the chain; readers wait for the key.  Such an operation can fail when it retires (unhashable key), as can a store whose
receiver was read through a stale bound: ``fallible`` says so to ``try``.

Decided against: storing pendings in real objects with an undo log (a thread, a widget callback or a finalizer would
see them).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from .atoms import ATOMS
from .pending import UNBOUND, Pending, real, settled

_position = itemgetter(0)
Operation = tuple[tuple[int, ...], Callable[..., Any], tuple[Any, ...]]


class Place:
    """Where an operation was issued: frame, instruction, callers (see ``tracebacks``)."""

    __slots__ = ("callers", "frame", "lasti")

    def __init__(self) -> None:
        self.frame: Any = None
        self.lasti = -1
        self.callers: Any = ()


#: operations that are looked at for the store of a key
_LOOK_BACK = 16


class Chain:
    """Unretired operations on one container, in program order."""

    __slots__ = (
        "appends", "failing", "fallible", "head", "generation", "key", "n_view", "ops", "owner", "places", "target", "view", "weighed",
    )  # fmt: skip

    def __init__(self, owner: dict[Any, Any], key: Any, target: Any) -> None:
        self.owner = owner
        self.key = key
        self.target = target
        self.ops: list[Any] = []
        self.head = 0
        self.view: Any = None
        self.n_view = 0
        #: when the view was copied: foreign code that has run since may have written to the real object
        self.generation = 0
        #: every operation so far is ``list.append``: readers use the chain as a tail of the real list
        self.appends = True
        self.fallible = False
        #: an element is stored that is no number, or not yet
        self.weighed = False
        #: where operations that can fail were issued, by position, and the place of the one that is being performed
        self.places: dict[tuple[int, ...], Place] = {}
        self.failing: Place | None = None

    def add(self, position: tuple[int, ...], fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        ops = self.ops
        if not ops or ops[-1] is None or ops[-1][0] < position:
            ops.append((position, fn, args))
        else:
            index = bisect_left(ops, position, self.head, key=_position)
            ops.insert(index, (position, fn, args))
            if index < self.n_view:
                self.view = None
                self.n_view = 0
        if fn is not list.append:
            self.appends = False
            if fn is set_item and type(args[1]) not in NUMBERS:
                self.weighed = True

    def retire(self, position: tuple[int, ...]) -> None:
        """Perform the operation of ``position``, which must be the oldest, on the real object."""
        head = self.head
        ops = self.ops
        found, fn, args = ops[head]
        assert found == position, (found, position)
        ops[head] = None
        self.head = head = head + 1
        if self.view is not None and self.n_view < head:
            self.view = None
        if head == len(ops):
            self.owner.pop(self.key, None)
        elif head > 64 and head * 2 > len(ops):
            del ops[:head]
            self.n_view = max(0, self.n_view - head)
            self.head = 0
        if self.fallible:
            self.failing = self.places.pop(position, None)
        fn(self.target, *[real(a) for a in args])

    def drop(self, position: tuple[int, ...]) -> None:
        """Forget the operation of ``position``: its unit was killed."""
        ops = self.ops
        index = len(ops) - 1
        while ops[index][0] != position:
            index -= 1
        del ops[index]
        if index < self.n_view:
            self.view = None
            self.n_view = 0
        if self.head == len(ops):
            self.owner.pop(self.key, None)

    def before(self, position: tuple[int, ...]) -> int:
        """Index behind the youngest operation older than ``position``."""
        ops = self.ops
        if len(ops) > self.head and ops[-1][0] < position:
            return len(ops)
        return bisect_left(ops, position, self.head, key=_position)

    def at(self, position: tuple[int, ...], generation: int) -> Any:
        """The container as a reader at ``position`` sees it; a view that must not be changed or kept."""
        if self.generation != generation:
            self.generation = generation
            self.view = None
        end = self.before(position)
        if end == self.head:
            return self.target
        if self.n_view > end:
            view = self.target.copy()
            for _, fn, args in self.ops[self.head : end]:
                fn(view, *args)
            return view
        if self.view is None:
            self.view = self.target.copy()
            self.n_view = self.head
        view, self.view = self.view, None  # one that fails does so again where it retires: what is half done is of no use
        for _, fn, args in self.ops[max(self.n_view, self.head) : end]:
            fn(view, *args)
        self.view, self.n_view = view, end
        return view

    def last_item(self, position: tuple[int, ...], key: Any) -> tuple[tuple[int, ...], Any] | None:
        """Position and value of the youngest store of ``key``, an atom, before ``position`` in a dict, if it is plain to see."""
        ops = self.ops
        last = self.before(position) - 1
        for index in range(last, max(self.head, last - _LOOK_BACK) - 1, -1):
            where, fn, args = ops[index]
            if fn is not set_item or type(args[0]) not in ATOMS:
                return None
            if args[0] == key:
                return where, args[1]
        return None

    def waiting_key(self, position: tuple[int, ...]) -> Pending | None:
        """A pending that an operation before ``position`` needs before it can be viewed (a key or set element)."""
        if not self.fallible:
            return None
        for i in range(self.head, self.before(position)):
            op = self.ops[i]
            if op[1] in KEYED:
                key = op[2][0]
                if type(key) is Pending:
                    if not key.done:
                        return key
                    self.ops[i] = (op[0], op[1], (key.value, *op[2][1:]))
        return None


class Cell:
    """Unretired values of one attribute (``target`` an object) or one name (``target`` a namespace)."""

    __slots__ = ("fallible", "head", "key", "ops", "owner", "perform", "target")

    def __init__(self, owner: dict[Any, Any], key: Any, target: Any, perform: Callable[[Any, Any], None]) -> None:
        self.owner = owner
        self.key = key
        self.target = target
        self.perform = perform
        self.ops: list[Any] = []
        self.head = 0
        self.fallible = False

    def add(self, position: tuple[int, ...], value: Any, phantom: bool = False) -> None:
        ops = self.ops
        if not ops or ops[-1] is None or ops[-1][0] < position:
            ops.append((position, value, phantom))
        else:
            ops.insert(bisect_left(ops, position, self.head, key=_position), (position, value, phantom))

    def retire(self, position: tuple[int, ...]) -> None:
        head = self.head
        ops = self.ops
        found, value, phantom = ops[head]
        assert found == position, (found, position)
        ops[head] = None
        self.head = head = head + 1
        if head == len(ops):
            self.owner.pop(self.key, None)
        elif head > 64 and head * 2 > len(ops):
            del ops[:head]
            self.head = 0
        if not phantom:
            self.perform(self.target, real(value))

    def drop(self, position: tuple[int, ...]) -> None:
        ops = self.ops
        index = len(ops) - 1
        while ops[index][0] != position:
            index -= 1
        del ops[index]
        if self.head == len(ops):
            self.owner.pop(self.key, None)

    def find(self, position: tuple[int, ...]) -> Any:
        """The youngest operation older than ``position``, or None."""
        ops = self.ops
        last = len(ops) - 1
        if last >= self.head and ops[last][0] < position:
            return ops[last]
        index = bisect_left(ops, position, self.head, key=_position)
        return ops[index - 1] if index > self.head else None


def set_item(target: Any, key: Any, value: Any) -> None:
    target[key] = value


def set_slice(target: list[Any], key: slice, items: list[Any]) -> None:
    target[key] = [settled(item) for item in items]


def extend_items(target: list[Any], items: list[Any]) -> None:
    target.extend([settled(item) for item in items])


def update_items(target: dict[Any, Any], items: dict[Any, Any]) -> None:
    target.update({key: settled(value) for key, value in items.items()})


def remove_item(target: Any, item: Any) -> None:
    """``target.remove(item)`` of a list or deque: a view may hold answers that have come since."""
    for place, one in enumerate(target):
        if type(one) is Pending:
            target[place] = settled(one)
    target.remove(item)


def set_add(target: set[Any], item: Any) -> None:
    target.add(item)


def set_merge(target: set[Any], item: Any) -> None:
    target |= {item}


def count_in(target: Counter[Any], item: Any) -> None:
    Counter.update(target, (item,))  # fails in its own line, as a plain run does


def count_out(target: Counter[Any], item: Any) -> None:
    Counter.subtract(target, (item,))


def named(name: str) -> Callable[..., Any]:
    """The operation that calls the method ``name`` on the target (the same function each time, for comparing)."""
    fn = _NAMED.get(name)
    if fn is None:

        def fn(target: Any, *args: Any) -> Any:
            return getattr(target, name)(*args)

        fn.__name__ = name
        _NAMED[name] = fn
    return fn


_NAMED: dict[str, Callable[..., Any]] = {}

#: operations whose first argument is a key that the view needs
KEYED = frozenset({set_item, set_add, set_merge, count_in, count_out})
#: by the method of a counter that is given many elements
COUNTS = {"update": count_in, "subtract": count_out}
NUMBERS = frozenset({int, float, bool})


def bind_name(namespace: dict[str, Any], name: str, value: Any) -> None:
    if value is UNBOUND:
        namespace.pop(name, None)
    else:
        namespace[name] = value
