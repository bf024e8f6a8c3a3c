"""Instances of the user's classes as operands: their special methods run like the methods that they are.

    ``instance(...)``      ``__call__``, unless calls of the object are declared
    ``super().name(...)``  the function is found in the classes further on, without running anything; ``object.__init__``
                           without arguments does nothing

Python finds a special method in the class, never in the instance, and so does :func:`lookup`. Only a plain function counts
here; whatever else stands there (a descriptor, a C method) is called natively, in order, as before.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from ..effects.registry import effect_of
from .atoms import lookup

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Instances(Base):
    """Part of the :class:`Machine`."""

    def call_object(self, fn: Any, kind: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call of an object that is no function and no class; NotImplemented if it is a matter for others."""
        if kind is types.MethodWrapperType:
            owner, name = fn.__self__, fn.__name__
            if fn.__objclass__ is object:
                if name == "__init__" and not args and not kwargs:
                    return None
                if name == "__setattr__" and len(args) == 2 and not kwargs:
                    return self.n_object_setattr(owner, *args)
            return self.fence(fn, args, kwargs, what=name)
        special = lookup(kind, "__call__")
        if special.__class__ is not types.FunctionType:
            return NotImplemented
        effect = effect_of(fn)
        if effect is not None:
            return self._by_effect(effect, fn)(fn, args, kwargs)
        return self.call_method(types.MethodType(special, fn), args, kwargs)
