"""Objects whose memory others may share: what may read an array's elements without being that array.

A store to an array or a frame shows in every view of it: slices, columns, rows, tensors and buffers made of it, whatever library
they belong to. So while such a store is queued (``tables``) an object is looked at ahead of its turn only if no memory of that kind
can be reached from it: builtin values (a ``bytearray`` aside), scalars of numpy, and instances of classes made by class
statements, down to their bases. Classes written in C, those few aside, may hold anything.
"""

from __future__ import annotations

import collections
import functools
import re
import sys
import types
from typing import Any

from .atoms import BUILTIN_VALUES, CHAINED

#: the resource that queued stores to arrays and frames write
MEMORY = ("memory",)
_BASES = (
    BUILTIN_VALUES - {bytearray}
    | CHAINED
    | {object, BaseException, Exception, re.Match, functools.partial, types.SimpleNamespace, types.MethodType, types.MappingProxyType, collections.OrderedDict}
)  # fmt: skip
_HEAP = 1 << 9
_IN_C = (types.MethodDescriptorType, types.ClassMethodDescriptorType, types.WrapperDescriptorType, types.BuiltinFunctionType)
_known: dict[type, bool] = {}


def has_no_memory(kind: type) -> bool:
    """True if an instance of ``kind`` shares no memory itself (what it refers to may).

    >>> has_no_memory(dict), has_no_memory(memoryview), has_no_memory(type("C", (), {}))
    (True, False, True)
    """
    known = _known.get(kind)
    if known is None:
        known = _known[kind] = all(_is_harmless(base) for base in kind.__mro__) or _is_scalar(kind)
    return known


def is_scalar(value: Any) -> bool:
    """Is it a number or a text of one of numpy's own classes? These never change and reach nothing that can."""
    kind = type(value)
    numpy: Any = sys.modules.get("numpy")
    return kind.__module__ == "numpy" and numpy is not None and issubclass(kind, (numpy.number, numpy.bool_, numpy.str_))


def _is_harmless(base: type) -> bool:
    if base in _BASES or issubclass(base, BaseException):
        return True
    if base.__module__.partition(".")[0] in ("numpy", "pandas") or not base.__flags__ & _HEAP:
        return False
    for name, found in vars(base).items():
        if type(found) in _IN_C or (type(found) is types.GetSetDescriptorType and name not in ("__dict__", "__weakref__")):
            return False
    return True


def _is_scalar(kind: type) -> bool:
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, numpy.generic) and not issubclass(kind, numpy.void)


__all__ = ["MEMORY", "has_no_memory", "is_scalar"]
