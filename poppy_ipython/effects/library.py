"""Library data: what callables of builtins, the standard library and clients do, read from `library/*.toml`.

Effects of libraries are data that one reads like documentation, not code. A file is named after its package and is read
when the package is in `sys.modules` (`builtins.toml` and `stdlib.toml` at once), and a module's names are resolved when
that module is: declaring something never imports it.

    [[json]]                                  # one group; a module may have several
    effect = "pure"                           # Effect's fields: effect, resource, external, backend, host, result
    resource = "<client>"                     # a name, or what `sources.py` finds: <client>, <host>, <path>
    names = ["dumps", "JSONEncoder.encode"]   # functions, classes, methods; "Class.*": methods of it and its subclasses;
                                              # "Class()": calling it or a subclass of it
    only = "<plain client>"                   # if this holds of receiver and arguments (`sources.py`); else undeclared
    at_most = 2                               # with more arguments by position: undeclared
    unless_callable = true                    # with a callable among the arguments: undeclared (a hook runs user code)
    unless_kwargs = ["stream"]                # given and not None/False: `otherwise`, or undeclared without one
    inside = "extra_body"                     # ... or given inside this dict
    otherwise = { effect = "sequential", resource = "<client>" }
    streams = { effect = "unordered", result = "stream" }     # ... instead, if `stream` is all that is given of them
    coroutines = true                         # "Class.*" matches coroutine functions only

    [attributes]
    pure = ["openai.OpenAI"]                  # reading an attribute of these does nothing anybody can see
    closed = ["tiktoken.core.Encoding"]       # nothing a program could change is reached through these
    ordered = ["tqdm.std.tqdm"]               # queued calls change these: an attribute is read in order

    [wrappers]                                # what somebody's decorator makes, and which variable holds what it wraps
    "tools.traced.<locals>.wrapper" = "func"  # (`wrappers.py`)

Names are resolved *forwards*, from the name to the object, and the object is what is looked up later. Going backwards,
from a function's `__module__` and `__qualname__`, was decided against: `functools.wraps` copies both onto wrappers that
log, count or cache. A name that the installed version does not have, or has moved, stays undeclared, and a warning names it
once; for the versions that the tests run with there is none.
"""

from __future__ import annotations

import importlib.machinery
import importlib.resources
import inspect
import logging
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from poppy_ipython.effects import effect as _effect
from poppy_ipython.effects.effect import Effect, settled
from poppy_ipython.effects.sources import HOSTS, PREDICATES, RESOURCES
from poppy_ipython.effects.table import MISSING, Table, class_attribute, underlying
from poppy_ipython.effects.wrappers import Wrappers

__all__ = ["Group", "Library", "Refinement", "read"]

_log = logging.getLogger("poppy_ipython.effects")
FOLDER = importlib.resources.files("poppy_ipython.effects").joinpath("library")
NAMES = frozenset(file.name[:-5] for file in FOLDER.iterdir() if file.name.endswith(".toml"))
ALWAYS = ("builtins", "stdlib")
Predicate = Callable[..., bool]
"""Of receiver, arguments and keyword arguments; the last are not always known, and then None."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """Arguments under which a call has another effect than its callee in general."""

    kwargs: tuple[str, ...] = ()
    inside: str | None = None
    callables: bool = False
    otherwise: Effect | None = None  # None: undeclared
    only: Predicate | None = None  # of receiver and arguments
    at_most: int | None = None  # arguments by position
    streams: Effect | None = None  # with `stream=True` and nothing else of `kwargs`

    def other(self, effect: Effect, receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Effect | None:
        """`effect`, or what this call has instead.

        Anything but None, False and a client's "not given" counts as given; no value is asked for its truth, so that a
        value which is not there yet counts as given, the cautious answer.
        """
        if self.only is not None and not self.only(receiver, args, kwargs):
            return None
        if self.at_most is not None and len(args) > self.at_most:
            return None
        if self.callables and (any(map(callable, args)) or any(map(callable, kwargs.values()))):
            return None
        stream = False
        for name in self.kwargs:
            if name in kwargs and _is_given(kwargs[name]):
                if name != "stream" or self.streams is None:
                    return self.otherwise
                stream = True
        if stream and self.streams is not None:
            effect = self.streams
        if self.inside is not None and self.inside in kwargs:
            body = kwargs[self.inside]
            if type(body) is not dict:
                return self.otherwise if _is_given(body) else effect
            return self.otherwise if any(name in body and _is_given(body[name]) for name in self.kwargs) else effect
        return effect


def _safely(predicate: Predicate) -> Predicate:
    """`predicate`, which does not hold where a library's objects are not as it expects them."""

    def holds(receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None) -> bool:
        try:
            return predicate(receiver, args, kwargs)
        except Exception as error:
            _log.debug("cannot tell of %s (%r); undeclared", type(receiver).__name__, error)
            return False

    return holds


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and type(value).__name__ not in ("Omit", "NotGiven")


@dataclass(frozen=True, slots=True)
class Group:
    """One entry of a file: names of a module that share an effect."""

    module: str
    names: tuple[str, ...]
    effect: Effect
    coroutines: bool = False


def _effect_from(entry: Mapping[str, Any], origin: str) -> Effect:
    base: Effect = replace(getattr(_effect, entry["effect"]), origin=origin)
    fields: dict[str, Any] = {key: entry[key] for key in ("external", "backend", "result") if key in entry}
    if "resource" in entry:
        fields["resource"] = RESOURCES.get(entry["resource"], entry["resource"])
    if "host" in entry:
        fields["host"] = HOSTS.get(entry["host"], entry["host"])
    return replace(base, **fields)


def _refined(entry: Mapping[str, Any], origin: str) -> Effect:
    effect = _effect_from(entry, origin)
    if not entry.keys() & {"unless_kwargs", "unless_callable", "only", "at_most"}:
        return effect
    return replace(
        effect,
        unless=Refinement(
            tuple(entry.get("unless_kwargs", ())),
            entry.get("inside"),
            entry.get("unless_callable", False),
            _effect_from(entry["otherwise"], origin) if "otherwise" in entry else None,
            _safely(PREDICATES[entry["only"]]) if "only" in entry else None,
            entry.get("at_most"),
            _effect_from(entry["streams"], origin) if "streams" in entry else None,
        ),
    )


def wrappers_in(text: str) -> Mapping[str, str]:
    """The `[wrappers]` of one file."""
    found: Mapping[str, str] = tomllib.loads(text).get("wrappers", {})
    return found


def read(text: str, origin: str = "library/") -> tuple[list[Group], dict[str, list[str]]]:
    """The groups of one file, and its `[attributes]`.

    >>> groups, _ = read('[[math]]\\neffect = "pure"\\nresult = "atom"\\nnames = ["sqrt"]')
    >>> groups[0].names, groups[0].effect.result
    (('sqrt',), 'atom')
    """
    groups: list[Group] = []
    attributes: dict[str, list[str]] = {}
    for module, entries in tomllib.loads(text).items():
        if module == "attributes":
            attributes = entries
            continue
        if module == "wrappers":
            continue
        for entry in entries:
            groups.append(Group(module, tuple(entry["names"]), _refined(entry, origin), entry.get("coroutines", False)))
    return groups, attributes


class Library:
    """The files, and how far they have been resolved against `sys.modules`.

    Owns `by_type` (class -> method name or '*' -> Group) and `plain` (classes with pure attributes); what can be keyed
    by the object itself goes into `effects.rows`. Does not decide a look-up; `registry` does.
    """

    def __init__(self) -> None:
        self._files = {name: FOLDER.joinpath(f"{name}.toml") for name in NAMES}
        self._waiting: dict[str, list[Group]] = {}  # by module
        self._waiting_attributes: dict[str, list[tuple[str, set[type]]]] = {}
        self._there: set[str] = set()  # modules that are not imported, but could be
        self._modules = 0
        self.by_type = Table()
        self.plain: set[type] = set()
        self.closed: set[type] = set()
        self.ordered: set[type] = set()
        self.kinds = {"pure": self.plain, "closed": self.closed, "ordered": self.ordered}
        self.wrappers = Wrappers()
        for root in ALWAYS:
            self._load(root)

    def _load(self, root: str) -> None:
        text = self._files.pop(root).read_text(encoding="utf-8")
        groups, attributes = read(text, f"library/{root}.toml")
        self.wrappers.add(wrappers_in(text))
        for group in groups:
            self._waiting.setdefault(group.module, []).append(group)
            if group.effect.external:  # now, not when its module is there: `openai` imports its resources at the first call
                _effect.external_names.update(name.rpartition(".")[2] for name in group.names)
        for said, names in attributes.items():
            for name in names:
                module, _, kind = name.rpartition(".")
                self._waiting_attributes.setdefault(module, []).append((kind, self.kinds[said]))

    def refresh(self) -> bool:
        """Resolve what can be by now; whether anything was."""
        modules = sys.modules
        for root in self._files.keys() & modules.keys():
            self._load(root)
        found = False
        for name in self._waiting.keys() & modules.keys():
            if _is_ready(modules[name]):
                found = True
                missing: list[str] = []
                for group in self._waiting.pop(name):
                    missing += self._resolve(group, modules[name])
                _moved(missing)
        for name in self._waiting_attributes.keys() & modules.keys():
            if _is_ready(modules[name]):
                found = True
                for path, known in self._waiting_attributes.pop(name):
                    kind = getattr(modules[name], path, None)
                    if isinstance(kind, type):
                        known.add(kind)
        _moved(self.wrappers.refresh())
        if len(modules) == self._modules:
            return found
        self._modules = len(modules)
        for name in [one for one in self._waiting if one not in self._there]:
            parent = name.rpartition(".")[0]
            if parent and parent in modules and _is_ready(modules[parent]):
                self._there.add(name)
                if not _can_come(name, modules[parent]):
                    _moved([f"{name}.{one}" for group in self._waiting.pop(name) for one in group.names])
        return found

    def _resolve(self, group: Group, module: ModuleType) -> list[str]:
        """Note what is known of the names; those that the module does not have."""
        missing = []
        for name, target in targets(group, module):
            if target is MISSING:
                missing.append(f"{group.module}.{name}")
            elif isinstance(target, tuple):
                kind, attribute = target
                if self.by_type.get(kind) is MISSING:
                    self.by_type.put(kind, {})
                self.by_type.get(kind)[attribute] = group
            elif _effect.effects.get(target, None) is None:  # what the user declared stays
                _effect.effects.put(target, in_library(target, group.effect))
        return missing


def _moved(names: list[str]) -> None:
    """Say, once for each library and version, what is not where the data expects it."""
    if not names:
        return
    root = names[0].partition(".")[0]
    version = getattr(sys.modules.get(root), "__version__", "")
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    _log.warning("%s is not in this version of %s; it stays undeclared and runs in order", shown, f"{root} {version}".strip())


def in_library(function: Any, effect: Effect) -> Effect:
    """Settled as `effect.settled` does, but a library's own wrappers may hide that a function is a coroutine function."""
    if effect.external and effect.backend == "auto":
        is_async = inspect.iscoroutinefunction(inspect.unwrap(function))
        effect = replace(effect, backend="loop" if is_async else "threads")
    return settled(function, effect)


def targets(group: Group, module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Each name with what it stands for: an object, `(class, method name or '*')`, or MISSING."""
    for name in group.names:
        owner, _, attribute = name.replace("()", ".()").rpartition(".")
        kind = getattr(module, owner, MISSING) if owner else MISSING
        if isinstance(kind, ModuleType):
            found = getattr(kind, attribute, MISSING)
            yield name, found if found is MISSING else underlying(found)
        elif not owner:
            found = getattr(module, name, MISSING)
            yield name, found if found is MISSING else underlying(found)
        elif not isinstance(kind, type):
            yield name, MISSING
        elif attribute == "()":
            yield name, (kind, "()")
        elif attribute == "*":
            yield name, (kind, "*")
        else:
            definer, raw = class_attribute(kind, attribute)
            if definer is None:
                yield name, MISSING
            elif definer is not kind:  # inherited: it is this class's method that is meant, not the base's
                yield name, (kind, attribute)
            else:
                yield name, raw.__func__ if isinstance(raw, (staticmethod, classmethod)) else raw


def _can_come(name: str, parent: Any) -> bool:
    """Whether a module that is not imported yet exists, as far as its parent tells."""
    path = getattr(parent, "__path__", None)
    return path is not None and importlib.machinery.PathFinder.find_spec(name, path) is not None


def _is_ready(module: Any) -> bool:
    return not getattr(getattr(module, "__spec__", None), "_initializing", False)
