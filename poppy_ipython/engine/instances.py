"""Instances of the user's classes as operands: their special methods run like the methods that they are.

    ``instance(...)``      ``__call__``, unless calls of the object are declared
    ``super().name(...)``  the function is found in the classes further on, without running anything; ``object.__init__``
                           without arguments does nothing
    ``len(x)``, ``x[k]``, ``x[k] = v``, ``k in x``, ``x + y``, ``for … in x``   the method, as a unit

    ``x.name``             a property is the call of its function; not where an ``AttributeError`` of it would be caught natively
                           (``__getattr__``, ``hasattr``, ``getattr`` with a default): there it runs in order

Python finds a special method in the class, never in the instance, and so does :func:`lookup`. Only a plain function counts
here; whatever else stands there (a descriptor, a C method) is called natively, in order, as before.
"""

from __future__ import annotations

import ast
import operator
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..compiler.functions import definition_of
from ..compiler.generators import is_generator
from ..effects.registry import effect_of
from .atoms import ATOMS, BUILTIN_VALUES, CHAINED, MAPPINGS, defines, holds_others, lookup
from .pending import Pending
from .reach.stores import is_odd, is_users
from .streams import FRESH

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


#: classes made by a class statement
_HEAP = 1 << 9
_REFLECTED = {
    operator.add: ("__add__", "__radd__", "+"), operator.sub: ("__sub__", "__rsub__", "-"), operator.mul: ("__mul__", "__rmul__", "*"),
    operator.truediv: ("__truediv__", "__rtruediv__", "/"), operator.or_: ("__or__", "__ror__", "|"),
    operator.and_: ("__and__", "__rand__", "&"), operator.mod: ("__mod__", "__rmod__", "%"),
    operator.matmul: ("__matmul__", "__rmatmul__", "@"),
}  # fmt: skip


class _Sized:
    """Something of a given length, for the errors that ``len`` raises."""

    def __init__(self, length: Any) -> None:
        self.length = length

    def __len__(self) -> Any:
        return self.length


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
        if type(special) is not types.FunctionType:
            return NotImplemented
        effect = effect_of(fn)
        if effect is not None:
            return self._by_effect(effect, fn)(fn, args, kwargs)
        return self.call_method(types.MethodType(special, fn), args, kwargs)

    # ------------------------------------------------------------------ special methods
    def special_of(self, value: Any, name: str) -> types.MethodType | None:
        """The special method ``name`` of an instance of the user's, if it can be lowered; None leaves it to Python."""
        kind = type(value)
        if self.cur is self.ghost or not kind.__flags__ & _HEAP:
            return None
        found = lookup(kind, name)
        if type(found) is not types.FunctionType or self.twin_of(found) is None:
            return None
        return types.MethodType(found, value)

    def getter_of(self, kind: type, name: str) -> types.FunctionType | None:
        """The function of the user's behind ``x.name``, if that is a property and can be lowered, else None."""
        if self.cur is self.ghost or not kind.__flags__ & _HEAP:
            return None
        found = lookup(kind, name)
        if type(found) is not property or type(found.fget) is not types.FunctionType or not is_users(found.fget.__code__):
            return None
        if lookup(kind, "__getattribute__") is not object.__getattribute__ or defines(kind, "__getattr__"):
            return None
        return found.fget if self.twin_of(found.fget) is not None else None

    def acts(self, value: Any) -> bool:
        """Is ``value`` (or an item of it) an instance of the user's, whose special methods may write?"""
        kind = type(value)
        if kind is tuple or kind is frozenset:
            return any(self.acts(item) for item in value)
        if kind is slice:
            return self.acts(value.start) or self.acts(value.stop) or self.acts(value.step)
        if kind is Pending:
            if value.done:
                return self.acts(value.value)
            return value.elements is not None and any(self.acts(item) for item in value.elements)
        if kind in BUILTIN_VALUES or not kind.__flags__ & _HEAP or self.cur is self.ghost:
            return False
        users = any(
            is_users(f.__code__) if type(f) is types.FunctionType else name[:2] == "__" and is_odd(base, name, f)
            for base in kind.__mro__
            for name, f in vars(base).items()
        )
        return users and bool(self.writing_code()[0])

    def acts_inside(self, value: Any, depth: int = 3) -> bool:
        """The same of what is in containers, too."""
        kind = type(value)
        if kind in ATOMS:
            return False
        if kind is Pending:
            if value.done:
                return self.acts_inside(value.value, depth)
            return value.elements is not None and any(self.acts_inside(item, depth) for item in value.elements)
        if kind in CHAINED or kind is tuple or kind is frozenset:
            if not depth:
                return bool(self.writing_code()[0])
            if kind in CHAINED:
                value = self.view(value)
            items = [*value, *value.values()] if kind in MAPPINGS else value
            return any(self.acts_inside(item, depth - 1) or (type(item) is Pending and self.risky(item)) for item in items)
        if issubclass(kind, BaseException) or holds_others(kind):
            return bool(self.writing_code()[0])
        return self.acts(value)

    def length(self, special: types.MethodType) -> int:
        """``len`` of an instance."""
        found = self.force(self.call_method(special, (), {}))
        return found if type(found) is int and found >= 0 else len(_Sized(found))

    def operate(self, fn: Any, args: tuple[Any, ...]) -> Any:
        """A binary operator, if the left operand's method decides; else NotImplemented."""
        names = _REFLECTED.get(fn)
        if names is None or len(args) != 2:
            return NotImplemented
        left, right = args
        special = self.special_of(left, names[0]) if type(left) is not Pending else None
        if special is None or "NotImplemented" in special.__func__.__code__.co_names:
            return NotImplemented
        kind = type(right)
        if kind is Pending and not right.done:
            if self.risky(right) or right.position is None:
                return NotImplemented  # it may have a method of its own
        elif kind is not type(left) and (issubclass(kind, type(left)) or type(lookup(kind, names[1])) is types.FunctionType):
            return NotImplemented
        found = self.call_method(special, (right,), {})
        if found is NotImplemented:
            raise TypeError(f"unsupported operand type(s) for {names[2]}: {type(left).__name__!r} and {kind.__name__!r}")
        return found

    def iterated_instance(self, value: Any) -> Iterator[Any] | None:
        """An iterator over an instance whose ``__iter__`` is understood."""
        kind = type(value)
        if self.cur is self.ghost or not kind.__flags__ & _HEAP:
            return None
        special = lookup(kind, "__iter__")
        if type(special) is not types.FunctionType:
            return None
        if is_generator(special.__code__):
            return self._generator(types.MethodType(special, value), (), {})  # type: ignore[no-any-return]
        path = _delegates_to(special)
        if path is None or special.__globals__.get("iter", iter) is not iter:
            return None
        for name in path:
            if not self.reads_plainly(type(value), name, value):
                return None
            try:
                value = self.force_shape(self.ga(value, name))
            except AttributeError:
                return None  # Python says so, with the method's own frame
        return self.iterate(value) if type(value) in FRESH else None  # type: ignore[no-any-return]


def _delegates_to(fn: types.FunctionType) -> list[str] | None:
    """``["x", "y"]`` for an ``__iter__`` that is ``return iter(self.x.y)``."""
    node = definition_of(fn)
    if not isinstance(node, ast.FunctionDef) or len(node.args.args) != 1 or not isinstance(node.body[-1], ast.Return):
        return None
    if len(node.body) > 2 or len(node.body) == 2 and not isinstance(getattr(node.body[0], "value", None), ast.Constant):
        return None
    call = node.body[-1].value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "iter" or len(call.args) != 1 or call.keywords:
        return None
    path: list[str] = []
    part = call.args[0]
    while isinstance(part, ast.Attribute) and not part.attr.startswith("__"):
        path.insert(0, part.attr)
        part = part.value
    return path if path and isinstance(part, ast.Name) and part.id == node.args.args[0].arg else None


__all__ = ["Instances"]
