"""Method calls of a continuation.

Methods of builtin containers write the elements of their receiver if they are mutators; methods of user instances are
entered with ``self`` bound. A method of an external call's result touches, by the meaning of ``unordered``, that result
only -- unless some class of the user's has a method of that name.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from ...compiler.operands import FORMAT, KEY, ORDER
from ...compiler.references import ANY_KEY, SEQUENCE_KEY, TAIL_KEY
from ...compiler.references import UNKNOWN as UNKNOWN_REF
from ...effects.registry import effect_of
from ..atoms import CHAINED, CONTAINERS, MAPPINGS
from ..methods import MUTATORS, PURE_NAMES
from ..pending import Pending
from .managed import generator_function
from .stores import is_users
from .asked import NATIVES_ASK
from .values import (
    COLLECTIONS,
    DATA,
    INSTANCES,
    JUST_DATA,
    JUST_GIVEN,
    JUST_UNKNOWN,
    PLAIN,
    Activation,
    Args,
    Fresh,
    Older,
    StandIn,
    Super,
    Top,
    Values,
    has_own,
)

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object


class Receivers(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`: ``method(receiver, name, args)``."""

    def bound_method(self, method: types.MethodType, args: Args) -> Values:
        fn, owner = method.__func__, method.__self__
        if type(owner) not in INSTANCES:
            effect = effect_of(method)
        else:
            effect = effect_of(fn)
        if effect is not None:
            return self.declared(effect, args, owner)
        wrapped = generator_function(fn)
        if wrapped is not None and self.machine.managers:
            return self.makes_manager(fn, args.bound(owner), wrapped)  # type: ignore[no-any-return]
        if type(fn) is types.FunctionType:
            return self.function(fn, args.bound(owner))
        raise Top(getattr(method, "__qualname__", "method"))

    def method(self, receiver: Any, name: str, args: Args) -> Values:
        """A call of ``receiver.name``."""
        kind = type(receiver)
        if self.machine.streaming:
            self.touches(receiver)
        if args.call is not None and args.call.callee.kind == UNKNOWN_REF:
            return self.managed(receiver, name, args)
        if name == "__aiter__":
            return self.awaited_each(receiver)
        if name in _FILE_WRITERS and (kind in PLAIN or kind is Pending or kind is StandIn or kind is Fresh):
            self.may_write_file(name, args)
        self.method_asks(receiver, kind, name, args)
        if kind in PLAIN:
            if name == "join":
                self.reads_all(args)
            return JUST_DATA
        if kind in CONTAINERS:
            return self.container_method(receiver, kind, name, args)
        if kind is tuple or kind is frozenset:
            return self.pure_method(receiver, name)
        if kind is Pending or kind is StandIn or (kind is Fresh and receiver.kind is None and not has_own(receiver, name)):
            return self.unseen_method(receiver, name, args)
        if kind is Super:
            return self.super_method(receiver, name, args)
        if kind is Older and receiver.kind in CHAINED:
            kind = receiver.kind
        if kind in COLLECTIONS and (name in MUTATORS or name in PURE_NAMES or name in _OWN):
            if name not in PURE_NAMES and name not in _READS:
                self.mutates(receiver, name, args)
            if name in ("extend", "extendleft", "update", "subtract"):
                self.reads_all(args)
            return self.pure_method(receiver, name, args) if kind in CHAINED and hasattr(kind, name) else JUST_UNKNOWN
        if kind is not type(receiver) and kind in CONTAINERS:
            return self.container_method(receiver, kind, name, args)
        found: list[Any] = []
        for callee in self.distinct(self.attribute_of(receiver, name)):
            if issubclass(type(callee), types.BuiltinFunctionType) and callee.__self__ is receiver and kind is not types.ModuleType:
                effect = effect_of(callee)
                if effect is None:
                    raise Top(f"{kind.__name__}.{name}")
                found += self.declared(effect, args, receiver)
            else:
                found += self.invoke(callee, args)
        return self.distinct(found)  # type: ignore[no-any-return]

    def method_asks(self, receiver: Any, kind: type, name: str, args: Args) -> None:
        """Special methods that a method of a builtin calls: of its arguments, and of what is in the container."""
        text = kind in PLAIN or receiver is DATA
        asks = _OF_TEXTS if text else _METHODS_ASK.get(name, ())
        if asks and self.machine.operators_write():
            keyed = name == "sort" and args.call is not None and any(key == "key" for key, _ in args.call.keywords)
            inside = () if text else JUST_UNKNOWN if keyed else self.elements_of(receiver)
            self.asked((*self.given_and_inside(args), *inside), asks)

    def awaited_each(self, receiver: Any) -> Values:
        """``async for`` over ``receiver``: a stream writes nothing, anything else may."""
        machine = self.machine
        if receiver is DATA or machine.is_stream(receiver) or machine.is_being_read(receiver):
            return JUST_DATA
        if type(receiver) is Pending and receiver.direct == "stream":
            return JUST_DATA
        raise Top("async for")

    def may_write_file(self, name: str, args: Args) -> None:
        """The receiver may be a path, an atom whose methods are not all pure."""
        if name in ("write_text", "write_bytes"):
            self.slots["r", ("file",)] = None
        elif name != "replace" or args.call is None or args.call.spread or len(args.call.args) == 1:
            raise Top(name)  # (`replace` of a text has two arguments)

    def super_method(self, receiver: Super, name: str, args: Args) -> Values:
        """``super().name(…)``."""
        owner = receiver.owner
        if type(owner) is StandIn or type(owner) is Pending:
            raise Top("super")
        kind = owner.kind or object if type(owner) in INSTANCES else type(owner)
        mro = kind.__mro__
        if receiver.cls not in mro:
            raise Top("super")
        for base in mro[mro.index(receiver.cls) + 1 :]:
            found = base.__dict__.get(name)
            if found is None:
                continue
            if found is object.__init__:
                return JUST_DATA
            if name == "__init__" and issubclass(base, BaseException) and type(found) is types.WrapperDescriptorType:
                if type(owner) is Older:
                    raise Top("super")
                if type(owner) is not Fresh:
                    self.slots["a", id(owner), "args"] = None
                return JUST_DATA
            if type(found) is types.FunctionType:
                return self.invoke(types.MethodType(found, owner), args)
            break
        raise Top(f"super().{name}")

    def mutates(self, receiver: Any, name: str, args: Args) -> None:
        """``name`` is a mutator: it may store its arguments, or their elements, in ``receiver``."""
        key = _KEYS.get(name, SEQUENCE_KEY)
        kinds = _KINDS.get(name, ())
        if name in ("extend", "extendleft", "update", "subtract"):
            self.store_element(receiver, key, lambda: self.inside_of(args), kinds)
        elif name in _STORES:
            self.store_element(receiver, key, lambda: self.all_of(args), kinds)
        else:
            self.store_element(receiver, key, tuple, kinds)

    def inside_of(self, args: Args) -> Values:
        """What ``extend`` and ``update`` store: elements (or, of pairs, theirs) of the arguments, and named ones."""
        call, act = args.call, args.act
        if call is None or act is None or call.spread:
            return JUST_UNKNOWN
        inside = [e for r in call.args for v in self.values(act, r) for e in self.elements_of(v)]
        pairs = [e for v in inside if type(v) in (tuple, list, Fresh) for e in self.elements_of(v)]
        return self.distinct([*inside, *pairs, *[v for _, r in call.keywords for v in self.values(act, r)]])  # type: ignore[no-any-return]

    def all_of(self, args: Args) -> Values:
        """The values of all arguments."""
        if args.call is None:
            return JUST_UNKNOWN
        return self.distinct([v for values in args.each() for v in values])  # type: ignore[no-any-return]

    def container_method(self, receiver: Any, kind: type, name: str, args: Args) -> Values:
        if name in MUTATORS:
            self.mutates(receiver, name, args)
            if name == "sort":
                self.callbacks(args)
            elif name in ("extend", "update"):
                self.reads_all(args)
            if name not in _RETURNS_ELEMENT:
                return JUST_DATA
        elif not hasattr(kind, name):
            return ()
        elif name.startswith("__") and name not in _READING:
            raise Top(name)
        return self.pure_method(receiver, name, args)

    def pure_method(self, receiver: Any, name: str, args: Args | None = None) -> Values:
        """What a method that has written nothing (more) returns."""
        if name in _RETURNS_ELEMENT:
            by_key = type(receiver) in MAPPINGS and name != "popitem"
            found = list(self.item_of(receiver, ANY_KEY) if by_key else self.elements_of(receiver))
            if args is not None and (name != "pop" or by_key):
                given = args.each()
                if by_key and args.first is None and args.call is not None and not args.call.spread:
                    del given[:1]  # the key is not among what it returns
                found += [v for values in given for v in values]
            if name == "popitem":
                return (Fresh(None, lambda: tuple(found)),)
            return self.distinct(found)  # type: ignore[no-any-return]
        if name == "items" or name == "most_common":
            pair = Fresh(None, lambda: self.elements_of(receiver))
            return (Fresh(None, lambda: (pair,)),)
        if name in _RETURNS_NEW:
            return (Fresh(None, lambda: self.elements_of(receiver)),)
        return JUST_DATA if name in PURE_NAMES else JUST_UNKNOWN

    def unseen_method(self, receiver: Any, name: str, args: Args) -> Values:
        """A method of an object that does not exist yet, or that we do not know."""
        if type(receiver) is not Fresh and name in self.users_methods(args):
            if type(receiver) is not Pending:
                raise Top(name)
            self.watch[id(receiver)] = receiver
        own = name in (_OWN if type(receiver) is Fresh else _NOBODY_ELSES)
        if name in PURE_NAMES or own and name in _READS:
            return self.pure_method(receiver, name, args)
        if name in MUTATORS or own:
            self.mutates(receiver, name, args)
            if name == "sort":
                self.callbacks(args)
            return self.pure_method(receiver, name, args) if name in _RETURNS_ELEMENT else JUST_DATA
        if name in ("write_text", "write_bytes"):
            return JUST_DATA
        if type(receiver) is Fresh and receiver.origin is not None and not any(hasattr(kind, name) for kind in _DISPLAYS):
            return ()  # Python raises AttributeError
        if (type(receiver) is StandIn and receiver is not DATA) or type(receiver) is Fresh:
            raise Top(f"….{name}")
        if not all(v is DATA or type(v) in PLAIN for values in args.each() for v in values):
            raise Top(name)
        if type(receiver) is Pending:
            self.watch[id(receiver)] = receiver
            return JUST_GIVEN
        return JUST_DATA

    def users_methods(self, args: Args) -> frozenset[str]:
        """Names of methods of the classes that the cell can name (forgotten when native code has run)."""
        namespace = args.act.namespace if args.act is not None else {}
        key = ("methods of users", id(namespace))
        found = self.machine.plain_reads.get(key)
        if found is None:
            names: set[str] = set()
            for value in list(namespace.values()):
                if issubclass(type(value), type):
                    for base in value.__mro__:
                        if base is object:
                            break
                        names.update(n for n, v in base.__dict__.items() if type(v) is types.FunctionType and is_users(v.__code__))
            found = self.machine.plain_reads[key] = frozenset(names)
        return found  # type: ignore[no-any-return]

    def super_(self, act: Activation) -> Values:
        """``super()``: unknown, except as a receiver (see :meth:`method`)."""
        params = act.lowered.params
        if not params:
            return JUST_UNKNOWN
        if act.locals:
            self.trail = None
            cls = next((place["__class__"] for _, place in act.locals if "__class__" in place), None)
            receivers = self.distinct([place[params[0]] for _, place in act.locals if params[0] in place])
        else:
            cell = act.closure.get("__class__")
            cls = cell.cell_contents if cell is not None else None
            receivers = act.given.get(params[0], JUST_UNKNOWN)
        return tuple([Super(cls, r) for r in receivers]) if cls is not None else JUST_UNKNOWN


_OF_TEXTS = NATIVES_ASK
#: methods of containers -> special methods of elements and arguments
_METHODS_ASK: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "get", "pop", "setdefault", "add", "discard", "remove", "index", "count", "update", "union", "intersection", "difference", "symmetric_difference",
            "issubset", "issuperset", "isdisjoint", "intersection_update", "difference_update", "symmetric_difference_update", "fromkeys", "move_to_end",
            "subtract", "__contains__", "__getitem__", "__setitem__", "__delitem__", "__eq__", "__ne__", "insert", "rotate",
        ),
        KEY,
    ),
    "sort": ORDER, "most_common": ORDER, "__lt__": (*ORDER, "__eq__"), "__gt__": (*ORDER, "__eq__"), "__str__": FORMAT, "__repr__": FORMAT, "__format__": FORMAT,
}  # fmt: skip
#: special methods of containers that write nothing
_READING = frozenset({
    *(name for name in _METHODS_ASK if name.startswith("__")), "__len__", "__iter__", "__reversed__", "__le__", "__ge__", "__add__", "__mul__",
    "__rmul__", "__or__", "__ror__", "__and__", "__sub__", "__xor__", "__class__", "__sizeof__", "__length_hint__",
}) - {"__setitem__", "__delitem__"}  # fmt: skip
_DISPLAYS = (list, dict, set, tuple, types.GeneratorType)
#: methods of `pathlib.Path` that change files
_FILE_WRITERS = frozenset(
    {
        "write_text", "write_bytes", "chmod", "hardlink_to", "lchmod", "link_to", "mkdir", "open", "rename", "replace", "rmdir",
        "symlink_to", "touch", "unlink",
    }
)  # fmt: skip
_RETURNS_ELEMENT = frozenset({"get", "pop", "setdefault", "popitem", "popleft"})
_RETURNS_NEW = frozenset({"elements", "keys", "values", "copy", "union", "intersection", "difference", "symmetric_difference", "split", "rsplit", "splitlines"})
#: mutators that put their arguments into the receiver
_STORES = frozenset({"append", "insert", "add", "setdefault", "appendleft"})
#: the builtin containers that have them
_KINDS = {
    **{name: tuple([kind for kind in (list, dict, set) if hasattr(kind, name)]) for name in MUTATORS},
    "appendleft": (list,), "extendleft": (list,), "popleft": (list,),
}  # fmt: skip
_KEYS = {"append": TAIL_KEY, "extend": TAIL_KEY, "add": TAIL_KEY, "update": ANY_KEY, "setdefault": ANY_KEY, "subtract": ANY_KEY}
#: methods of library containers that neither mutate nor read builtin ones
_OWN = frozenset({"appendleft", "extendleft", "popleft", "rotate", "most_common", "elements", "total", "subtract", "move_to_end"})
#: those that no class of another library is known to have
_NOBODY_ELSES = frozenset({"appendleft", "extendleft", "popleft", "most_common"})
_READS = frozenset({"most_common", "elements", "total"})
