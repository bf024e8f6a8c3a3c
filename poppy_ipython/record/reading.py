"""Values of a recording, read back: the other half of `values`.

A class is found by its name only where such values may come from: the libraries in `values.KNOWN`, the builtins, and what this
session has defined itself. An instance is filled field by field; none of its class's code runs, except through a serializer that
somebody declared here. So the worst that a file can do is to hold wrong data.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

from poppy_ipython.record.errors import BadRecording
from poppy_ipython.record.values import ATOMS, BASES, KNOWN, LOADERS, Numbers, declare_known, users_module

__all__ = ["Resolve", "class_named", "decode", "within"]

Resolve = Callable[[str, str], Any]
_BY_BASE: dict[str, Any] = {base.__name__: base for base in BASES}


def decode(text: str, numbers: Numbers | None = None, resolve: Resolve | None = None) -> Any:
    """The value that `encode` wrote. Raises `BadRecording`.

    `resolve(module, qualified name)` finds a class (`class_named`, unless given).
    """
    try:
        return Reader(numbers or Numbers(), resolve or class_named).of(json.loads(text))
    except BadRecording:
        raise
    except RecursionError:
        raise
    except Exception as error:
        raise BadRecording(f"a value of the recording cannot be read ({error!r})") from None


def within(namespace: dict[str, Any]) -> Resolve:
    """How to find classes for a cell that runs in `namespace`, which need not be that of a module."""

    def resolve(module: str, name: str) -> Any:
        found: Any = namespace if module == namespace.get("__name__", "__main__") else None
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else getattr(found, part, None)
        return found if isinstance(found, type) else class_named(module, name)

    return resolve


def class_named(module: str, name: str) -> Any:
    """The class of that name, if values of it may come from a file."""
    root = module.partition(".")[0]
    found: Any = sys.modules.get(module)
    if found is None and root in KNOWN:
        try:
            found = __import__(module, fromlist=["_"])
        except ImportError:
            found = None
    for part in name.split("."):
        found = getattr(found, part, None)
    allowed = root in KNOWN or module in ("builtins", "__main__") or users_module(module)
    if not isinstance(found, type) or not allowed:
        raise BadRecording(f"the recording holds a {module}.{name}, which this session does not have")
    return found


class Reader:
    """One value on its way in; the mirror of `Writer`."""

    def __init__(self, numbers: Numbers, resolve: Resolve) -> None:
        self.numbers = numbers
        self.resolve = resolve

    def of(self, form: Any) -> Any:
        kind = type(form)
        if kind in ATOMS:
            return form
        if kind is list:
            made: Any = []
            self.numbers.add(made)
            made.extend([self.of(item) for item in form])
            return made
        tag = form.get("$")
        if tag is None:
            made = {}
            self.numbers.add(made)
            for key, item in form.items():
                made[key] = self.of(item)
            return made
        read = getattr(self, f"_{tag}", None)
        if read is None:
            raise BadRecording(f"a value of the recording is of an unknown kind ({tag!r})")
        return read(form)

    def _held(self, form: Any, make: Callable[[], Any]) -> Any:
        place = self.numbers.add(form)
        made = make()
        self.numbers.kept[place] = made
        self.numbers.found[id(made)] = place
        return made

    def _same(self, form: Any) -> Any:
        return self.numbers.kept[form["n"]]

    def _dict(self, form: Any) -> Any:
        made: dict[Any, Any] = {}
        self.numbers.add(made)
        for named, item in form["v"]:
            key = self.of(named)  # first: as they were numbered
            made[key] = self.of(item)
        return made

    def _tuple(self, form: Any) -> Any:
        return self._held(form, lambda: tuple([self.of(item) for item in form["v"]]))

    def _set(self, form: Any) -> Any:
        made: set[Any] = set()
        self.numbers.add(made)
        made.update([self.of(item) for item in form["v"]])
        return made

    def _frozenset(self, form: Any) -> Any:
        return self._held(form, lambda: frozenset([self.of(item) for item in form["v"]]))

    def _bytes(self, form: Any) -> Any:
        return self._held(form, lambda: base64.b64decode(form["v"]))

    def _bytearray(self, form: Any) -> Any:
        return self._held(form, lambda: bytearray(base64.b64decode(form["v"])))

    def _complex(self, form: Any) -> Any:
        return self._held(form, lambda: complex(*form["v"]))

    def _constant(self, form: Any) -> Any:
        return self._held(form, lambda: {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}[form["v"]])

    def _own(self, form: Any) -> Any:
        name = form["t"]
        if name not in LOADERS:
            kind = self._class(name)
            declare_known(kind)
        load = LOADERS.get(name)
        if load is None:
            raise BadRecording(f"the recording holds a {name.replace(':', '.')}, stored by a serializer that nobody declared")
        return self._held(form, lambda: load(self.of(form["v"])))

    def _error(self, form: Any) -> Any:
        kind = self._class(form["t"])
        if not issubclass(kind, BaseException):
            raise BadRecording(f"{form['t']} is no exception")
        place = self.numbers.add(form)
        args = self.of(form["args"])
        error = kind.__new__(kind, *args)
        error.args = args
        self.numbers.kept[place] = error
        self.numbers.found[id(error)] = place
        state = self.of(form["v"])
        error.__cause__ = state.pop("__cause__", None)
        error.__dict__.update(state)
        return error

    def _new(self, form: Any) -> Any:
        kind = self._class(form["t"])
        sort, *parts = form["v"]
        if sort == "model":
            made = kind.__new__(kind)
            self.numbers.add(made)
            fields, extra, given, private = [self.of(part) for part in parts]
            for name, part in (("__dict__", fields), ("__pydantic_extra__", extra), ("__pydantic_private__", private)):
                object.__setattr__(made, name, part)
            object.__setattr__(made, "__pydantic_fields_set__", set(given))
            return made
        if parts[2] is None:
            made = object.__new__(kind)
            self.numbers.add(made)
        elif parts[2][0] in ("dict", "list"):
            made = _BY_BASE[parts[2][0]].__new__(kind)
            self.numbers.add(made)
        else:
            made = None
            place = self.numbers.add(form)
        attributes, slots = self.of(parts[0]), self.of(parts[1])
        if made is None:
            held = self.of(parts[2])
            made = _BY_BASE[held[0]].__new__(kind, held[1])
            self.numbers.kept[place] = made
            self.numbers.found[id(made)] = place
        elif parts[2] is not None:
            held = self.of(parts[2])
            (made.update if held[0] == "dict" else made.extend)(held[1])
        if attributes:
            made.__dict__.update(attributes)
        for name, item in slots.items():
            object.__setattr__(made, name, item)
        return made

    def _class(self, named: Any) -> Any:
        if type(named) is list:
            origin, *parts = [self._class(part) for part in named]
            return origin[tuple(parts)] if len(parts) > 1 else origin[parts[0]]
        module, _, name = named.partition(":")
        return self.resolve(module, name)
