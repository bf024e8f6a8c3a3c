"""What a reference may stand for when a footprint is made: real objects, calls in flight, and stand-ins for the rest.

``DATA`` is made by an external call of the continuation, or a number or string: nothing older is reached through it.
:class:`Fresh` is an object made by the continuation (a display, an instance): writing it needs no slot, its contents may
be anything that was put there. ``UNKNOWN`` may be any object; writing it takes a wildcard. ``CYCLE`` is ``UNKNOWN``
inside its own definition. ``HERE`` is a function whose body is part of the summary that mentions it.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Callable
from typing import Any

from ...compiler.maywrites import Call, Summary
from ...compiler.plan import Lowered
from ..atoms import ATOMS, lookup
from ..pending import UNBOUND

TOP_SLOT = "top"
#: the pseudo-slot of a function in flight whose result nobody else can have
FRESH_RESULT = ("=", "fresh result")
ANY_ELEMENTS = tuple([("*k", kind) for kind in (list, dict, set, collections.defaultdict, collections.Counter, collections.deque)])
EVERY_RESOURCE = ("r", "*")
#: ``direct`` of a pending that will be a stream
STREAM = "stream"
#: what units publish that may still touch a stream
TOUCHED = ("*k", STREAM)


class Top(Exception):
    """The continuation may write anything."""


class StandIn:
    """One of the four below."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


DATA, UNKNOWN, CYCLE, HERE = StandIn("data"), StandIn("unknown"), StandIn("cycle"), StandIn("here")
#: what a method of a call's result gives, or what is found in that: not known, but a library's and not of a class of the user's
GIVEN = StandIn("given")
#: some list, dict, set or tuple that a function in flight returns: what is in it is not known
DISPLAY = StandIn("display")
#: the pseudo-slot of everything that the continuation makes itself
MADE_HERE = ("made",)
#: of the attributes of instances: no element of a container is stored there, nor the other way round
MADE_ATTRIBUTES = ("made attributes",)
Values = tuple[Any, ...]
JUST_DATA: Values = (DATA,)
JUST_UNKNOWN: Values = (UNKNOWN,)
JUST_GIVEN: Values = (GIVEN,)
#: types of values that reach nothing and cannot be called
PLAIN = ATOMS - {
    type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodDescriptorType, types.WrapperDescriptorType,
    type(UNBOUND),
}  # fmt: skip
#: containers of the library whose methods run no user code
COLLECTIONS: frozenset[type] = frozenset(
    {collections.Counter, collections.deque, collections.OrderedDict, collections.defaultdict}
)
#: most values of one reference, and most elements of a container that are looked at one by one
MOST = 24


class Fresh:
    """An object that the continuation makes: an instance of ``kind``, or (None) a container of ``elements()``."""

    __slots__ = ("elements", "kind", "named", "origin")

    def __init__(self, kind: type | None, elements: Callable[[], Values] | None = None, origin: Any = None, named: Any = None) -> None:
        self.kind = kind
        self.elements = elements if elements is not None else _any
        #: which display of the source it is, or None
        self.origin = origin
        #: the class of a named tuple, or None
        self.named = named


def has_own(value: Fresh, name: str) -> bool:
    """Is ``name`` of a named tuple a method or property of its class's, and not one of its fields?"""
    return value.named is not None and isinstance(lookup(value.named, name), _PARTS)


_PARTS = (types.FunctionType, property, staticmethod, classmethod)


class Older:
    """Some instance of ``kind``, a class of the user's or a container, that exists or is made by somebody older: writing it
    takes a wildcard.

    What an unfinished older unit may put into a container has no identity yet, but often a class, and with it methods.
    """

    __slots__ = ("kind",)

    def __init__(self, kind: type) -> None:
        self.kind = kind


class Super:
    """``super()`` in a method of ``cls``, on ``owner``."""

    __slots__ = ("cls", "owner")

    def __init__(self, cls: type, owner: Any) -> None:
        self.cls, self.owner = cls, owner


#: instances that the continuation makes, or that somebody older makes: they have a ``kind``
INSTANCES = frozenset({Fresh, Older})


def _any() -> Values:
    return JUST_UNKNOWN


class Activation:
    """Some statements with the values of their names: a frame's rest, or a whole function that it may call."""

    __slots__ = ("closure", "given", "locals", "lowered", "memo", "namespace", "spread", "summary")

    def __init__(
        self, summary: Summary, lowered: Lowered, namespace: dict[str, Any], locals_: list[tuple[int, dict[str, Any]]],
        given: dict[str, Values], closure: dict[str, Any], spread: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.summary = summary
        self.lowered = lowered
        self.namespace = namespace
        #: (number of the frame, its locals), innermost first; a call has ``given`` values of its parameters instead
        self.locals = locals_
        self.given = given
        self.closure = closure
        #: targets of the assignment in progress: their values may be in temporaries only
        self.spread = spread
        self.memo: list[Values | None] = [None] * summary.size


class Args:
    """Arguments of a call, evaluated when somebody asks."""

    __slots__ = ("act", "call", "first", "reach")

    def __init__(self, reach: Any, act: Activation | None, call: Call | None, first: Values | None = None) -> None:
        self.reach, self.act, self.call, self.first = reach, act, call, first

    def bound(self, receiver: Any) -> Args:
        return Args(self.reach, self.act, self.call, (receiver,))

    def each(self) -> list[Values]:
        """Values of every argument, the receiver first."""
        found = [self.first] if self.first is not None else []
        if self.call is not None and self.act is not None:
            found += [self.reach.values(self.act, r) for r in self.call.args]
            found += [self.reach.values(self.act, r) for _, r in self.call.keywords]
        return found

    def parameters(self, code: types.CodeType, defaults: Values, kwdefaults: dict[str, Any]) -> dict[str, Values]:
        """Parameter -> values."""
        n = code.co_argcount
        names = code.co_varnames
        given: dict[str, Values] = {}
        total = n + code.co_kwonlyargcount
        stars = names[total : total + bool(code.co_flags & 4) + bool(code.co_flags & 8)]
        if self.call is None or self.act is None or self.call.spread:
            given = dict.fromkeys(names[:total], JUST_UNKNOWN)
            if self.first is not None and n:
                given[names[0]] = self.first
        else:
            values = self.reach.values
            positional = [self.first] if self.first is not None else []
            positional += [values(self.act, r) for r in self.call.args]
            given.update(zip(names[:n], positional, strict=False))
            for name, ref in self.call.keywords:
                if name in names[:total]:
                    given[name] = values(self.act, ref)
            for name, default in zip(names[n - len(defaults) : n], defaults, strict=True):
                given.setdefault(name, (default,))
            for name, default in kwdefaults.items():
                given.setdefault(name, (default,))
        for name in stars:
            given[name] = (Fresh(None),)
        return given
