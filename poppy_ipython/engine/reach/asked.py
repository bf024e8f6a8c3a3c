"""Special methods that native code calls, of what it is given and of what is in that.

They matter only where one of them, in some class of the user's, writes (`Origins.operators_write`); so a list may be longer than
what a native really calls.
"""

from __future__ import annotations

from ...compiler.operands import FORMAT, KEY, OPERATOR

#: of zones of time, which a date asks when it is compared, hashed, subtracted or written down
ZONE = ("utcoffset", "dst", "tzname")
#: of what is copied or pickled
COPIED = (
    "__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__",
)  # fmt: skip
#: what a declared native may call
NATIVES_ASK = tuple(dict.fromkeys([
    *[name for names in OPERATOR.values() for name in names], *KEY, *FORMAT, "__bool__", "__int__", "__float__",
    "__complex__", "__round__", "__trunc__", "__floor__", "__ceil__", "__abs__", "__divmod__", "__rdivmod__", "__bytes__", *COPIED,
    "__iter__", "__next__", "__len__", "__getitem__", "__missing__", "__fspath__", "__array__", "__getattr__", "__getattribute__", "keys", "items", *ZONE,
    "__instancecheck__", "__subclasscheck__",
]))  # fmt: skip
#: builtins that call some of them
ASKS = {
    print: ("__str__", "__repr__", "__bool__", "__len__"), str: ("__str__", "__repr__"), repr: ("__repr__",), len: ("__len__",), hash: ("__hash__",),
    bool: ("__bool__", "__len__"), int: ("__int__", "__index__", "__trunc__"), float: ("__float__", "__index__"), hasattr: ("__getattr__", "__getattribute__"),
    isinstance: ("__instancecheck__",), issubclass: ("__subclasscheck__",),
}  # fmt: skip
#: those whose answer looks at attributes by name, which may be properties
LOOKS = "__getattr__"

__all__ = ["ASKS", "COPIED", "LOOKS", "NATIVES_ASK", "ZONE"]
