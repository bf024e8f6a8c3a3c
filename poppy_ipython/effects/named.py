"""The user's word by name: `declare("shop.search", unordered)`, `pyproject.toml`, `%poppy effects set search unordered`.

    [tool.poppy_ipython.effects]              # pyproject.toml, in this folder or one above it
    "shop.search" = "unordered"
    "shop.Till.pay" = "sequential('till')"    # as in Python, constants only
    "ask" = "unordered"                       # a function of the notebook

A name is resolved as an `import` would, forwards, from the module to the object (never from an object's `__qualname__`,
which wrappers copy). A module that is not imported yet is waited for, and not imported by this. A name that its module
does not have is an error with the nearest one; for a module that comes later it is a warning, once, and the callee stays
undeclared, which is the safe side.

A function of the notebook (`__main__`) is a new object each time its cell runs, so its name is kept and looked at whenever
an unknown function is met. What stands in the file can be replaced in code, and what is said in code stays.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import logging
import os
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

from poppy_ipython.effects import effect as _effect
from poppy_ipython.effects.effect import Effect
from poppy_ipython.effects.table import MISSING, underlying

__all__ = ["BadDeclaration", "Names", "parse"]

_log = logging.getLogger("poppy_ipython.effects")
MAIN = "__main__"
WORDS = ("pure", "local", "unordered", "readonly", "sequential")


class BadDeclaration(ValueError):
    """A declaration by name that cannot be meant."""


def parse(text: str) -> Effect:
    """An effect as it is written: `unordered`, `sequential('db')`, `unordered(host="api", retry=3)`; `sequential(db)` too.

    >>> parse("readonly('db')"), parse("sequential(db)")
    (readonly('db'), sequential('db'))
    >>> parse("unorderd")
    Traceback (most recent call last):
    ...
    poppy_ipython.effects.named.BadDeclaration: 'unorderd' is no effect; did you mean 'unordered'?
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise BadDeclaration(f"{text!r} is no effect; for example: unordered, sequential('db').") from None
    name = node.func if isinstance(node, ast.Call) else node
    if not isinstance(name, ast.Name) or name.id not in WORDS:
        word = name.id if isinstance(name, ast.Name) else text
        raise BadDeclaration(f"{word!r} is no effect; {_nearest(word, WORDS)}")
    base: Effect = getattr(_effect, name.id)
    if isinstance(node, ast.Name):
        return base
    assert isinstance(node, ast.Call)
    try:
        args = [one.id if isinstance(one, ast.Name) else ast.literal_eval(one) for one in node.args]
        settings = {str(one.arg): ast.literal_eval(one.value) for one in node.keywords}
    except ValueError:
        raise BadDeclaration(f"{text!r}: constants only; for a function of the arguments declare it in code.") from None
    if len(args) > 1:
        raise BadDeclaration(f"{text!r}: one resource, not {len(args)}.")
    try:
        found = base(*args, **settings) if args or settings else base
    except (TypeError, ValueError) as error:
        raise BadDeclaration(f"{text!r}: {error}") from None
    assert isinstance(found, Effect)
    return found


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known)[:12])}."


class Names:
    """What was declared by name, and how far it has been resolved. One per process, owned by `registry`."""

    def __init__(self) -> None:
        self._waiting: dict[str, Effect] = {}
        self._main: dict[str, Effect] = {}
        self._file: Any = None

    def declare(self, name: str, effect: Effect, now: bool = False) -> None:
        """Declare what `name` stands for, now or when its module is imported. Raises `BadDeclaration`.

        With `now` a name of the notebook must be there.
        """
        module, path = _split(name)
        if module == MAIN:
            if _follow(sys.modules[MAIN], path) is not MISSING or now:
                self._resolve(name, module, path, effect)
            self._main[path] = effect
        elif module is None:
            self._waiting[name] = effect
        else:
            self._resolve(name, module, path, effect)

    def _resolve(self, name: str, module: str, path: str, effect: Effect) -> None:
        found: Any = sys.modules[module]
        for part in path.split("."):
            before, found = found, _follow(found, part)
            if found is MISSING:
                known = [one for one in dir(before) if not one.startswith("_")]
                owner = "the notebook" if before is sys.modules[MAIN] else getattr(before, "__name__", type(before).__name__)
                raise BadDeclaration(f"{name}: {owner} has no {part!r}; {_nearest(part, known)}")
        self._say(name, found, effect)

    def _say(self, name: str, found: Any, effect: Effect) -> None:
        try:
            _effect.declare(found, effect)
        except TypeError as error:
            raise BadDeclaration(f"{name}: {error}") from None

    def refresh(self) -> None:
        """Resolve what can be by now; what cannot be meant is warned of once and forgotten."""
        for name, effect in list(self._waiting.items()):
            module, path = _split(name)
            if module is not None and not getattr(getattr(sys.modules[module], "__spec__", None), "_initializing", False):
                del self._waiting[name]
                try:
                    self._resolve(name, module, path, effect)
                except BadDeclaration as error:
                    _log.warning("%s (%s); it stays undeclared and runs in order", error, effect.origin)

    def of_main(self, function: Any) -> Effect | None:
        """What was said by name of a function of the notebook's, which may be another object by now."""
        if self._main and type(function) is FunctionType and function.__module__ == MAIN:
            effect = self._main.get(function.__qualname__)
            if effect is not None:
                found = _follow(sys.modules[MAIN], function.__qualname__)
                if found is not MISSING and underlying(found) is function:
                    try:
                        self._say(function.__qualname__, found, effect)
                    except BadDeclaration as error:
                        _log.warning("%s (%s); it stays undeclared and runs in order", error, effect.origin)
                        return None
                    return effect
        return None

    # -- the file

    def read_file(self) -> None:
        """Read the nearest `pyproject.toml` if there is another one than last time. Raises `BadDeclaration`."""
        path, state = nearest_project()
        if (path, state) == self._file:
            return
        self._file = (path, state)
        if path is None:
            return
        where = f"{path}, [tool.poppy_ipython.effects]"
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("poppy_ipython", {}).get("effects", {})
        except (OSError, ValueError, AttributeError):
            return  # somebody else's to say
        if not isinstance(table, dict):
            raise BadDeclaration(f"{where}: a table of names is expected, not {table!r}")
        for name, text in table.items():
            try:
                if not isinstance(text, str):
                    raise BadDeclaration(f"{name} = {text!r}: expected for example \"unordered\"")
                self.declare(name, replace(parse(text), origin="pyproject.toml"))
            except BadDeclaration as error:
                self._file = None
                raise BadDeclaration(f"{where}: {error}") from None


def _split(name: str) -> tuple[str | None, str]:
    """The module that a dotted name begins with (None: not imported yet) and the rest; raises if there is none."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise BadDeclaration(f"{name!r} is no name; for example 'package.module.function'.")
    if parts[0] == MAIN:
        return MAIN, ".".join(parts[1:])
    for size in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:size])
        if module in sys.modules:
            return module, ".".join(parts[size:])
    if len(parts) == 1 or _follow(sys.modules[MAIN], parts[0]) is not MISSING:
        return MAIN, name
    try:
        there = importlib.util.find_spec(parts[0])
    except (ImportError, ValueError):
        there = None
    if there is None:
        known = {one.partition(".")[0] for one in sys.modules if not one.startswith("_")}
        raise BadDeclaration(f"{name}: there is no module {parts[0]!r}; {_nearest(parts[0], known)}")
    return None, name


def _follow(found: Any, path: str) -> Any:
    for part in path.split("."):
        found = getattr(found, part, MISSING)
    return found


def nearest_project() -> tuple[Path | None, Any]:
    """The nearest `pyproject.toml` from the working directory upwards, and what tells its versions apart."""
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return None, None
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        try:
            state = os.stat(path)
        except OSError:
            continue
        return path, (state.st_mtime_ns, state.st_size)
    return None, None
