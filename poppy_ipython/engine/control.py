"""Control flow on pending values: truth, iteration, operators, try."""

from __future__ import annotations

import operator
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from itertools import islice
from sys import _getframe, exc_info
from typing import Any

from greenlet import greenlet

from .atoms import ATOMS, CHAINED, COLLECTED, MAPPINGS, SEQUENCES, defines, has_python, hashes_plainly
from .constructors import is_record, never_is
from .counters import is_data
from .dictloops import DictLoops
from .iterables import is_progress_bar
from .lines import LINED
from .pending import UNBOUND, Fault, Kill, Pending, settled, structured, unbound
from .streams import Stream
from .tables import is_index
from .walks import walk_of

_SKIP: Any = object()
#: behind everything that belongs to an entry: where a binding that follows it stands
_AFTER = 1 << 62


#: classes of values by which ``+=`` may extend a list
_EXTEND = frozenset({Pending, str, bytes, range})

_COMPARISONS = frozenset({operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge})


class Control(DictLoops):
    """Part of the :class:`Machine`."""

    # ------------------------------------------------------------------ truth and names
    def truth(self, value: Any) -> bool:
        """``bool(value)``; waits for it."""
        if type(value) is Pending:
            value = self.force(value, "branch")
        kind = type(value)
        if kind in CHAINED:
            return bool(self.view(value)) if self.chains or self.may or kind is defaultdict else bool(value)
        if kind in ATOMS or kind is tuple or not defines(kind, "__bool__", "__len__"):
            return bool(value)
        if self.reads_scalars((value,)):
            return self.natively(bool, (value,), {})  # type: ignore[no-any-return]
        if has_python(kind, "__bool__", "__len__"):
            return self.fence(bool, (value,), {}, what="__bool__")
        return bool(self.force(self.native(bool, (value,), None, True)))  # a library's: what is queued for it comes first

    def ld(self, value: Any, name: str, nested: bool = False) -> Any:
        """A local variable that may be unbound here; ``nested``: in a comprehension's own function."""
        if type(value) is Pending:
            if value.done:
                value = value.value
            elif value.maybe_unbound:
                value = self.force(value)
        if value is UNBOUND:
            raise unbound(name, not nested)
        return value

    def captured(self, read: Callable[[], Any], name: str) -> Any:
        """A local variable that inner functions mention, and that may be unbound here."""
        try:
            return read()
        except NameError:
            pass  # the next one has no context
        raise unbound(name, True)

    # ------------------------------------------------------------------ statements and expressions as units
    def unit(self, fn: Callable[..., Any], maybe: tuple[bool, ...], *values: Any) -> Any:
        """A compound statement that may stall: as a unit."""
        if self.cur.handling:
            return fn(*values)
        return self._outs(self.run_unit(fn, values, {}, len(maybe), True), maybe)

    def _outs(self, outs: Any, maybe: tuple[bool, ...]) -> Any:
        if type(outs) is list:  # it has forked
            for pending, flag in zip(outs, maybe, strict=True):
                pending.maybe_unbound = flag
        return outs

    def expr(self, fn: Callable[..., Any], *values: Any) -> Any:
        """An expression with control flow of its own (``and``, ``if``/``else``, a comprehension): as a unit."""
        if self.cur.handling or self.cur is self.ghost:
            return fn(*values)
        return self.run_unit(fn, values, {}, None, True)

    # ------------------------------------------------------------------ iteration
    def iterate(self, value: Any) -> Iterator[Any]:
        """An iterator over ``value`` for a ``for`` statement or a comprehension of lowered code."""
        if type(value) is Stream:
            return value.items  # type: ignore[no-any-return]
        if type(value) is Pending and not value.done and getattr(value, "copy", None) is not None:
            return self.lines_of(value)
        value = self.force_shape(value)
        kind = type(value)
        if kind is list:
            return self._iterate_list(value)
        if kind is Pending:
            return iter([settled(x) for x in value.elements])
        if kind in SEQUENCES:
            return iter(value)
        if kind is dict:
            return self.iterate_dict(value)
        if kind is set:
            if self.view(value) is not value:
                self.drain()  # a copy of a set may iterate in another order than the set itself
            return self.iterate_dict(value)
        if kind in COLLECTED:
            return self.iterate_collected(value)
        if kind is frozenset or is_record(kind):
            return iter(value)
        if self.is_stream(value):
            return self.advance_stream(value)
        if self.tame.get(id(value), self) is value:
            return self.advance_tame(value)
        if is_progress_bar(value):
            return self.with_progress(value)
        effect = self.special(kind, "__iter__")
        if effect is not None:
            return self.advance_tame(self.native(iter, (value,), None, False, effect), is_index(kind), walk_of(value, "__iter__"))
        found = self.lines_ahead(value) if kind in LINED else self.iterated_instance(value)
        if found is not None:
            return found
        return self._advance_native(self.fence(iter, (value,), {}, what=type(value).__name__), value)

    def iterate_new(self, maker: Any, value: Any) -> Iterator[Any]:
        """The same for ``list(…)``, ``sorted(…)`` (``maker`` is what was called) and ``xs[a:b]`` in the ``for`` statement itself.

        If it is a builtin that made the list, nobody else has it, so nobody can change it: its elements of now are all there are, and
        no round has to wait for those before it to see the next.
        """
        if type(value) is list and (maker is list or maker is sorted or (maker is None and value is self.sliced)):
            self.sliced = None
            return iter([settled(item) for item in self.view(value)])
        return self.iterate(value)

    def _iterate_list(self, target: list[Any]) -> Iterator[Any]:
        i = 0
        while True:
            if not self.chains and not self.may:
                view = target
            else:
                chain = self.chains.get(id(target))
                if not self.may and chain is not None and chain.appends:
                    unit = self.cur
                    if chain.ops[-1][0] < (*unit.path, unit.n + 1):
                        n = len(target)
                        if i < n:
                            yield target[i]
                        elif i - n < len(chain.ops) - chain.head:
                            yield settled(chain.ops[chain.head + i - n][2][0])
                        else:
                            return
                        i += 1
                        continue
                view = self.view(target)
            if i >= len(view):
                return
            item = view[i]
            yield item.value if type(item) is Pending and item.done else item
            i += 1

    def _advance_native(self, iterator: Iterator[Any], value: Any) -> Iterator[Any]:
        """Anything else: ``iter()`` and every advance wait for the head."""
        looping, keys = self.looping, (id(iterator), id(value))
        looping.update(keys)
        try:
            while (item := self.fence(next, (iterator, _SKIP), {}, what=type(value).__name__)) is not _SKIP:
                yield item
        finally:
            looping.subtract(keys)

    def iterate_call(self, fn: Any, /, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """``for … in fn(…)``: ``enumerate``, ``zip`` and ``reversed`` look through to what they iterate."""
        if type(fn) is not Pending:
            if fn is enumerate and len(args) + len(kwargs) <= 2 and args and kwargs.keys() <= {"start"}:
                start = args[1] if len(args) == 2 else kwargs.get("start", 0)
                return self._enumerate(self.iterate(args[0]), self.force(start))
            if fn is zip and not kwargs:
                return self._zip([self.iterate(a) for a in args])
            if fn is reversed and len(args) == 1:
                source = self.force_shape(args[0])
                if type(source) is list:
                    return self.iterate_backwards(source, len(self.view(source)))
                if type(source) is deque:
                    return self.iterate_collected(source, -1)
        return self.iterate(self.call(fn, *args, **kwargs))

    def iterate_method(self, target: Any, name: str, /, *args: Any) -> Iterator[Any]:
        """``for … in target.items()`` (``keys``, ``values``)."""
        if not args:
            target = self.force(target)
            if type(target) in MAPPINGS:
                if name == "keys":
                    return self.iterate_dict(target)
                if name == "values":
                    return self._items(target, lambda key, value: value)
                if name == "items":
                    return self._items(target, lambda key, value: structured((key, value)))
        return self.iterate(self.meth(target, name, *args))

    def _items(self, target: dict[Any, Any], make: Callable[[Any, Any], Any]) -> Iterator[Any]:
        for place, key in enumerate(self.iterate_dict(target)):
            view = self.view(target)
            yield make(key, settled(view[key] if hashes_plainly(key) else _at(view, place, key)))

    def _enumerate(self, source: Iterator[Any], start: int) -> Iterator[Any]:
        for item in source:
            yield structured((start, item)) if type(item) is Pending else (start, item)
            start += 1

    def _zip(self, sources: list[Iterator[Any]]) -> Iterator[Any]:
        while sources:
            items = []
            for source in sources:
                item = next(source, _SKIP)
                if item is _SKIP:
                    return
                items.append(item)
            yield structured(tuple(items))

    def finish(self, parts: list[Any]) -> list[Any]:
        """Items of a filtered comprehension: each part is pending or a list of zero or more items."""
        items: list[Any] = []
        for part in parts:
            items.extend(self.force(part, "branch"))
        return items

    # ------------------------------------------------------------------ operators
    def op(self, fn: Callable[..., Any], *args: Any) -> Any:
        """An operator of a stepwise segment."""
        for value in args:
            if type(value) not in ATOMS:
                break
        else:
            return fn(*args)
        if not self.quiescent():
            if fn is operator.add and type(args[0]) is list and type(args[1]) is list:
                return self.new_list([*self.view(args[0]), *self.view(args[1])])
            if fn is operator.or_ and type(args[0]) is dict and type(args[1]) is dict:
                views = self.view(args[0]), self.view(args[1])
                if all(map(hashes_plainly, views[0])) and all(map(hashes_plainly, views[1])):
                    return self.dict_like(*views)
            result = self.operate(fn, args)
            if result is not NotImplemented:
                return result
            if fn in _COMPARISONS and self.reads_scalars(args):
                return self.natively(fn, args, {})
        result = self.native(fn, args)
        kind = type(result)
        return self.born(result) if kind in CHAINED and not self.quiescent() else result

    def is_(self, left: Any, right: Any) -> Any:
        """``left is right``, which looks into neither."""
        if never_is(left, right):
            return False
        left, right = settled(left), settled(right)
        if (type(left) is Pending or type(right) is Pending) and self.cur is not self.ghost:
            return self.defer_atom(self.is_, left, right)
        return self.force(left) is self.force(right)

    def is_not(self, left: Any, right: Any) -> Any:
        """``left is not right``."""
        left, right = settled(left), settled(right)
        if (type(left) is Pending or type(right) is Pending) and self.cur is not self.ghost:
            return self.defer_atom(self.is_not, left, right)
        return self.force(left) is not self.force(right)

    def in_(self, item: Any, container: Any) -> Any:
        """``item in container``: structural for dicts and sets."""
        container = self.force_shape(container)
        kind = type(container)
        if kind is set or kind in MAPPINGS:
            if type(item) is Pending and not item.done and not self.risky(item):
                return self.defer_atom(self.in_, item, container)
            item = self.force(item)
            if not hashes_plainly(item):
                return self.fence(operator.contains, (container, item), {}, what="__hash__")
            return item in self.view(container)
        special = None if self.quiescent() else self.special_of(container, "__contains__")
        if special is not None:
            return self.truth(self.call_method(special, (item,), {}))
        return self.native(_contains, (container, item), None, True)

    def not_in(self, item: Any, container: Any) -> Any:
        result = self.in_(item, container)
        return self.op(operator.not_, result) if type(result) is Pending else not result

    def not_(self, value: Any) -> Any:
        if type(value) is Pending and not value.done and not self.risky(value):
            return self.defer_atom(self.not_, value)
        return not self.truth(value)

    def is_bound(self, namespace: dict[str, Any], name: str, here: tuple[int, ...]) -> bool:
        """Is the global ``name`` bound at ``here`` for certain?"""
        cell = self.name_chains[id(namespace)].get(name)
        found = cell.find(here) if cell is not None else None
        if self.may and self.older_writer((("n", id(namespace), name),), here, None, found[0] if found is not None else None):
            return False
        if found is None:
            return name in namespace
        value = found[1]
        if type(value) is Pending:
            return value.value is not UNBOUND if value.done else not value.maybe_unbound
        return value is not UNBOUND

    def inplace(self, fn: Callable[..., Any], target: Any, value: Any) -> Any:
        """The value of ``target op= value``."""
        target = settled(target)
        if type(target) is list and fn is operator.iadd:
            unit = self.cur
            if not unit.log and unit.head and type(value) is not Pending:
                return fn(target, value)
            self.extend(target, value)
            return target
        if type(target) is deque and fn is operator.iadd and not self.quiescent():
            self.collected_method(target, "extend", (value,), {})
            return target
        if fn is operator.ior and (type(target) is dict or type(target) is set) and not (self.quiescent() and type(value) is not Pending):
            return self.merge_into(target, value)
        if type(target) is Pending:
            value = settled(value)
            if target.late:
                if not self.may_come_later(value):
                    return self.inplace(fn, self.force(target), value)
                result = self.defer(self.late_inplace, (fn, target, value))
                result.data = True
                return result
            if target.position is None and not target.data and self.changes_in_place(fn):
                return self.inplace(fn, self.force(target), value)
            older = target.position is None and not target.data  # it may be a list, say, that has another name already
            if (older if type(value) in _EXTEND else type(value) not in ATOMS) or self.risky(target):
                target = self.force(target)
                return self.inplace(fn, target, value)
            result = self.defer(self.late_inplace, (fn, target, value))
            result.data = target.data and self.may_come_later(value)
            return result
        if type(target) in ATOMS or type(target) is tuple:
            result = self.op(fn, target, value)
            if type(result) is Pending and not result.done and is_data(target) and self.may_come_later(settled(value)):
                result.data = True  # as if it had been read late
            return result
        if self.quiescent():
            return fn(target, self.force(value))
        return self.fence(fn, (target, value), {}, what=fn.__name__)

    def late_inplace(self, fn: Callable[..., Any], target: Any, value: Any) -> Any:
        if type(target) in ATOMS:
            return self.op(fn, target, value)
        return self.fence(fn, (target, value), {}, what=fn.__name__)

    def new_tuple(self, *items: Any) -> Any:
        for item in items:
            if type(item) is Pending:
                return structured(items, None, self)  # type: ignore[arg-type]
        return items

    # ------------------------------------------------------------------ try
    def caught(self, error: BaseException, mark: int, for_handler: bool = True) -> BaseException:
        """In a lowered ``except``: the exception that a plain run would raise here; passes on what is not ours.

        Not ``for_handler``: a manager gets it, and if it swallows it nobody calls ``as_handled``.
        """
        if self.cur is not None:
            self.left(mark)
        while True:
            if isinstance(error, Kill) or self.cur is None or self.cur.killed:
                raise error
            if isinstance(error, Fault):
                if error.number <= mark:
                    error.older = True
                    raise error
                self.cur.fault = error
                found = self.cut(error.error, _getframe(1))
                return self._handed(found) if for_handler else found
            if self.quiescent() or (not self.cur.head and self.nothing_outstanding(self.cur)):
                self.cur.fault = None
                self.cur.fell_at = self.fell_at(self.cur, error)
                found = self.tidy(error)
                return self._handed(found) if for_handler else found
            try:
                self.settle_own()
            except Fault as fault:
                error = fault

    def _handed(self, error: BaseException) -> BaseException:
        self.tracebacks[id(error)] = (error, error.__traceback__)
        return error

    def as_raised(self, error: BaseException) -> BaseException:
        """The operand of the ``raise`` that hands ``error`` to a handler.

        ``raise`` would overwrite the exception's own context if another one is being handled; an exception that
        arrives from another greenlet keeps it.
        """
        if exc_info()[1] is None:
            return error
        greenlet(_throw).switch(error)
        raise AssertionError("unreachable")

    def as_handled(self, error: BaseException | None) -> None:
        """At the start of a handler: the exception shows the traceback of a plain run."""
        if error is not None:
            found = self.tracebacks.pop(id(error), None)
            if found is not None and found[0] is error:
                error.__traceback__ = found[1]

    def live(self) -> bool:
        """In a lowered ``finally``: may its body run?  Not in a killed unit, nor for an older fault."""
        error = exc_info()[1]
        if isinstance(error, Fault):
            return self.cur.handling > 0 and not error.older  # then it is the handler's own, or of what the handler calls
        return not isinstance(error, Kill) and not self.cur.killed

    def handling(self, step: int) -> None:
        """Enter (1) or leave (-1) a handler: inside, everything runs in order, in this greenlet."""
        unit = self.cur
        unit.handling += step
        if step > 0:
            if unit.handled is None:
                unit.handled, unit.began = [], []
            unit.handled.append(exc_info()[1])
            unit.began.append(unit.n)
        else:
            unit.handled.pop()
            unit.began.pop()

    def flush_handler(self, error: BaseException) -> None:
        """An exception leaves a handler: what the handler has issued comes first, and may fail first."""
        if isinstance(error, Fault):
            error.older = False  # nothing was outstanding when the handler began: whatever fails in it is its own
        elif not isinstance(error, Kill):
            self.end_handler()

    def log_binding(self, bindings: list[Any], name: str, value: Any) -> Any:
        """Inside ``try``: note that ``name`` was bound here, for a handler that finds the locals of the failing line.

        With nothing outstanding no line before this one can fail any more, so what ``name`` was before is let go.
        """
        unit = self.cur
        here = (*unit.path, unit.n, _AFTER)
        if unit.head and not unit.log:
            bindings[:] = [b for b in bindings if b[1] != name or b[0] > here]
        bindings.append((here, name, value))
        return value

    def restore(self, bindings: list[Any], names: tuple[str, ...]) -> list[Any]:
        """The values that ``names`` had when the entry failed."""
        unit = self.cur
        position = unit.fault.position if unit.fault is not None else unit.fell_at
        values: dict[str, Any] = {}
        last: dict[str, Any] = {}
        for where, name, value in bindings:
            if where < position and (name not in last or last[name] <= where):
                last[name] = where
                values[name] = value
        # what comes later in this unit has not happened; what a parent bound that had gone on past this unit has
        path, k = unit.path, len(unit.path)
        bindings[:] = [b for b in bindings if b[0] < position or b[0][:k] != path or b[0][k] == _AFTER]
        return [settled(values.get(name, UNBOUND)) for name in names]

    def reraise(self, value: Any, made: bool) -> Any:
        """The operand of ``raise``: a real object; ``made`` by a call that stands there.

        Raising writes to an exception: its traceback and its context. One that others may hold is raised when nothing before
        the ``raise`` can fail any more, or it would keep the steps of a ``raise`` that a plain run does not come to.
        """
        value = self.force(value)
        if isinstance(value, BaseException) and not (made and value.__traceback__ is None):
            self.before_raise()
        return value

    def before_raise(self) -> None:
        """An exception that others may hold is raised next (:meth:`reraise`)."""
        if not self.quiescent():
            self.drain()


def _throw(error: BaseException) -> None:
    raise error


def _contains(container: Any, item: Any) -> bool:
    return item in container


def _at(view: dict[Any, Any], place: int, key: Any) -> Any:
    """The value of a key that is there, at ``place`` unless others have gone, without asking the key for its hash."""
    for items in (islice(view.items(), place, None), view.items()):
        for one, value in items:
            if one is key:
                return value
    return view[key]
