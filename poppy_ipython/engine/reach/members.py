"""``getattr(tools, name)(…)`` where ``name`` is not known yet: one of the members of ``tools``, whichever.

A continuation that calls what it finds under a name -- a step of a plan that a model has made, say -- may call any function that the
object has. Of a class of the user's, or an instance of one, these can be told: each of them is entered, with the arguments of the
call. So the unit that waits for the name keeps back what these functions may write, not everything.

Why this is right: functions in the classes are found as everywhere; what instances have under other names is looked at, too; and
an attribute that does not exist yet, but may be stored meanwhile by somebody older or by the continuation itself, makes the callee
unknown (then the unit may write anything, as before). What is not callable raises a ``TypeError``, which writes nothing.
Special methods that every object has, from ``object`` or ``type``, are not among the members: ``getattr(x, name)("n", 1)`` sets an attribute
if ``name`` turns out to be ``__setattr__``. Nothing could be published for that. So such a footprint says that it counts on other names
(``NO_SPECIAL``), and where a unit that has published it gives one of :data:`SPECIAL` to ``getattr`` the run ends with an error that
says so (``natives.refuse_special``), rather than go on with reads that were too early.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from ..atoms import _MISSING, lookup
from ..pending import Pending
from ..stored_kinds import has_only_methods
from .values import DATA, PLAIN, Args, Fresh, StandIn, Top, Values

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object

#: the pseudo-slot of a footprint that counts on it
NO_SPECIAL = ("=", "no special names")
#: what every object or class has that may write something when it is called
SPECIAL = frozenset(
    {
        "__setattr__", "__delattr__", "__getattribute__", "__dict__", "__class__", "__new__", "__call__", "__init__", "__reduce__", "__reduce_ex__",
        "__getstate__", "__init_subclass__", "__subclasshook__", "__subclasses__", "__format__", "__dir__", "__weakref__",
    }
)  # fmt: skip
_FUNCTIONS = (types.FunctionType, staticmethod, classmethod)


class Member:
    """Which objects some attribute of is meant by a stand-in."""

    __slots__ = ("name", "owners")

    def __init__(self, owners: Values) -> None:
        self.owners = owners
        self.name = StandIn("member")


class Members(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`: ``member_of`` and ``some_member``."""

    def member_of(self, owners: Values) -> Values:
        """Something that one of ``owners`` has, under a name that is not known."""
        members: dict[Any, Member] = self.footprints.members
        key = tuple(map(id, owners))
        found = members.get(key)
        if found is None:
            found = members[key] = Member(owners)
            members[id(found.name)] = found
        return (found.name,)

    def some_member(self, member: StandIn, args: Args) -> Values:
        """A call of ``member``."""
        known: Member | None = self.footprints.members.get(id(member))
        if known is None:
            raise Top("a callee that is not known")
        self.trail = None
        self.slots[NO_SPECIAL] = None
        found: list[Any] = []
        for owner in known.owners:
            for name in self.member_names(owner):
                for value in self.attribute_of(owner, name):
                    if value is DATA or type(value) in PLAIN or (type(value) is Fresh and value.kind is None) or type(value) is property:
                        continue
                    if type(value) in (StandIn, Pending, Fresh) or callable(value):
                        found += self.invoke(value, args)
        return self.distinct(found)  # type: ignore[no-any-return]

    def member_names(self, owner: Any) -> list[str]:
        """The names that ``owner`` has, those of :data:`SPECIAL` excepted."""
        is_class = type(owner) is type
        kind = owner if is_class else type(owner)
        if not has_only_methods(kind) or kind is object or lookup(kind, "__getattribute__") is not object.__getattribute__:
            raise Top("a callee that is not known")
        if lookup(kind, "__getattr__") is not _MISSING:
            raise Top("a callee that is not known")
        names = {
            name: None
            for base in kind.__mro__[:-1]
            for name, value in vars(base).items()
            if name not in SPECIAL and (not (name.startswith("__") and name.endswith("__")) or isinstance(value, _FUNCTIONS))
        }
        names.update(dict.fromkeys(getattr(owner, "__dict__", ()) if not is_class else ()))
        self.members_asked.append((owner, frozenset(names)))
        if any(self.adds(slot, owner, names) and self.older((slot,), self.machine.birth_of(owner)) for slot in list(self.machine.may)):
            raise Top("a callee that is not known")
        return list(names)

    def check_members(self) -> None:
        """After everything has been entered: does the continuation itself add a member?"""
        for owner, names in self.members_asked:
            if any(self.adds(slot, owner, names) for slot in self.slots):
                raise Top("a callee that is not known")

    def adds(self, slot: Any, owner: Any, names: Any) -> bool:
        """May who writes ``slot`` give ``owner`` an attribute beside ``names``?"""
        if type(slot) is not tuple:
            return False
        if slot[0] == "a":
            return slot[1] == id(owner) and slot[2] not in names
        return (slot[0] == "c" or (slot[0] == "*a" and type(owner) is not type)) and slot[1] not in names
