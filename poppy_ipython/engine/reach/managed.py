"""``with`` in a continuation: the methods of its manager, where they are those of a class of the user's or nobody's.

The manager is in a variable of its own (``compiler.abi.manager_name``) once the statement has begun; before that it is what the
expression gives, often an instance yet to be made, whose class is enough to know the methods. What the run would enter alone
(:mod:`~poppy_ipython.engine.managed`) may write anything.
"""

from __future__ import annotations

import contextlib
import types
from typing import TYPE_CHECKING, Any

from ...compiler.generators import is_generator
from ..atoms import lookup
from .stores import is_users
from .values import INSTANCES, JUST_DATA, JUST_UNKNOWN, Args, Fresh, Top, Values

if TYPE_CHECKING:
    from ..base import Base
else:
    Base = object

#: managers of ``contextlib`` that change nothing
KNOWN_MANAGERS = frozenset({contextlib.suppress, contextlib.nullcontext})
#: what `contextmanager` makes of a function makes such managers
GENERATED = contextlib._GeneratorContextManager
_HELPER = contextlib.contextmanager(lambda: iter(())).__code__  # type: ignore[attr-defined,arg-type,return-value]
#: generators and coroutines
_SUSPENDED = 0x20 | 0x80 | 0x200


def methods_of(kind: type) -> tuple[types.FunctionType, types.FunctionType] | None:
    """``__enter__`` and ``__exit__`` of a class of the user's, if both are plain functions of the program."""
    enter, leave = lookup(kind, "__enter__"), lookup(kind, "__exit__")
    for method in (enter, leave):
        if type(method) is not types.FunctionType or not is_users(method.__code__) or method.__code__.co_flags & _SUSPENDED:
            return None
    return enter, leave


def generator_function(fn: Any) -> types.FunctionType | None:
    """The generator function of the user's that ``contextlib.contextmanager`` made ``fn`` of, or None."""
    if type(fn) is not types.FunctionType or fn.__code__ is not _HELPER or fn.__closure__ is None:
        return None
    wrapped = fn.__closure__[_HELPER.co_freevars.index("func")].cell_contents
    return wrapped if type(wrapped) is types.FunctionType and is_generator(wrapped.__code__) and is_users(wrapped.__code__) else None


class ManagedStatements(Base):
    """Part of :class:`~poppy_ipython.engine.reach.Reach`."""

    def managed(self, manager: Any, name: str, args: Args) -> Values:
        """The call of ``__enter__`` or ``__exit__`` of the manager of a ``with``."""
        kind = manager.kind if type(manager) in INSTANCES else type(manager)
        if kind in KNOWN_MANAGERS:
            return JUST_UNKNOWN if name == "__enter__" else JUST_DATA
        if kind is GENERATED and self.machine.managers and (type(manager) is Fresh or self.machine.is_driven(manager)):
            # where it was made its function was looked into; once it is entered its frame is one of its unit's
            return JUST_UNKNOWN if name == "__enter__" else JUST_DATA
        methods = methods_of(kind) if kind is not None else None
        if methods is None or not self.machine.managers:
            raise Top("with")
        return self.function(methods[name == "__exit__"], args.bound(manager))  # type: ignore[no-any-return]


__all__ = ["KNOWN_MANAGERS", "ManagedStatements", "methods_of"]
