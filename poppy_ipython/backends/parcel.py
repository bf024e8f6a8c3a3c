"""A call as something that can be sent: function and arguments in bytes, large arrays beside them.

    (fn, args, kwargs) ─▶ fn's bytes (kept) + the arguments' bytes + buffers ─▶ Parcel ─▶ opened by a worker

* **cloudpickle**, so that functions and classes of the notebook travel. A function is packed once and its bytes kept as long as
  everything that it refers to outside itself is the same and cannot have changed: atoms, modules, importable classes and
  functions, and other functions of which the same is true. A function that reads a list of the notebook is packed every time.
* **Protocol 5**: buffers (arrays, frames' columns) stay out of the bytes. From a quarter of a megabyte on they go through a
  file in shared memory, which the other side maps: they are copied once, by whoever sends them, and not a second time. What
  arrives may be written to; that changes nobody else's (the mapping is private). Nothing of it stays: the receiver unlinks it.
* Nothing is *sent* that cannot be: packing fails here, at the call, and names what cannot travel and what to do.

`joblib`'s memory mapping was looked at: numpy arrays only, one file per array kept for the process's life, and private API.
"""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Cannot", "Parcel", "pack", "pack_call", "pack_here", "unpack"]

LARGE = 256 * 1024
_ATOMS = frozenset({str, int, float, bool, type(None), bytes, complex})
Packed = tuple[bytes, "list[bytes] | tuple[str, list[int]]"]


class Cannot(TypeError):
    """Something cannot leave this process."""


# ---------------------------------------------------------------- values


def pack(value: Any) -> Packed:
    """``value`` in bytes, all in memory."""
    return pack_here(value, None)


def pack_here(value: Any, folder: str | None) -> Packed:
    """``value`` in bytes; large buffers through a file in ``folder``, if there is one."""
    if type(value) in _ATOMS or (type(value) is tuple and all(type(item) in _ATOMS for item in value)):
        return pickle.dumps(value, 5), []
    import cloudpickle

    buffers: list[pickle.PickleBuffer] = []
    data = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    if not buffers:
        return data, []
    views = [buffer.raw() for buffer in buffers]
    if folder is not None and sum(view.nbytes for view in views) >= LARGE:
        try:
            return data, _into_file(views, folder)
        except OSError:  # shared memory is full: through the pipe, then
            pass
    return data, [bytes(view) for view in views]


def _into_file(views: list[memoryview], folder: str) -> tuple[str, list[int]]:
    handle, path = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            for view in views:
                rest = view
                while rest.nbytes:
                    rest = rest[file.write(rest) :]
                file.write(bytes(-view.nbytes % 64))  # the next one starts aligned
    except OSError:
        os.unlink(path)
        raise
    return path, [view.nbytes for view in views]


def unpack(packed: Packed) -> Any:
    """The value; of a file in shared memory nothing is copied, and the file is gone."""
    data, beside = packed
    if not isinstance(beside, tuple):
        return pickle.loads(data, buffers=[bytearray(one) for one in beside]) if beside else pickle.loads(data)
    path, sizes = beside
    with open(path, "rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    try:
        os.unlink(path)
    except OSError:  # Windows: while it is mapped; the folder goes at exit
        pass
    parts, at = [], 0
    for size in sizes:
        parts.append(whole[at : at + size])
        at += size + -size % 64
    return pickle.loads(data, buffers=parts)


def discard(packed: Packed) -> None:
    """Nobody will read it."""
    if isinstance(packed[1], tuple):
        try:
            os.unlink(packed[1][0])
        except OSError:
            pass


# ---------------------------------------------------------------- calls


@dataclass(frozen=True)
class Parcel:
    """One call, packed. ``folder``: for large results; ``stays``: the result is not packed, because it is not to travel."""

    code: bytes
    arguments: Packed
    folder: str | None = None
    stays: bool = False

    def open(self, load: Callable[[bytes], Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Function, arguments, keyword arguments."""
        try:
            fn = load(self.code)
        except ImportError as error:
            raise ImportError(
                f"a worker cannot import what the call needs: {error}. Install it there, or have its source sent along: "
                f"cloudpickle.register_pickle_by_value({error.name or 'the module'})"
            ) from error
        args, kwargs = unpack(self.arguments)
        return fn, args, kwargs

    def discard(self) -> None:
        discard(self.arguments)

    @property
    def nbytes(self) -> int:
        """How much has to travel, what lies in shared memory aside."""
        beside = self.arguments[1]
        return len(self.code) + len(self.arguments[0]) + (0 if isinstance(beside, tuple) else sum(map(len, beside)))


def pack_call(call: Any, folder: str | None = None, stays: bool = False) -> Parcel:
    """The parcel of a call of the engine's. Raises `Cannot`, which names what cannot travel and the way out."""
    fn, args, kwargs = call.fn, call.args, dict(call.kwargs)
    try:
        code = _code_of(fn)
    except Exception as error:
        raise Cannot(_why_function(fn, error)) from None
    try:
        return Parcel(code, pack_here((args, kwargs), folder), folder, stays)
    except Exception as error:
        raise Cannot(_why_argument(call, fn, args, kwargs, error)) from None


_codes: dict[int, tuple[Any, tuple[Any, ...], bytes]] = {}


def _code_of(fn: Any) -> bytes:
    """The bytes of a function, kept while nothing that it refers to can have changed."""
    import cloudpickle

    known = _codes.get(id(fn))
    now = _refers_to(fn)
    if known is not None and known[0] is fn and now is not None:
        before = known[1]
        if len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True)):
            return known[2]
    code: bytes = cloudpickle.dumps(fn, protocol=5)
    if now is not None:
        if len(_codes) > 256:
            _codes.clear()
        _codes[id(fn)] = fn, now, code
    return code


def _refers_to(fn: Any) -> tuple[Any, ...] | None:
    """Everything a function refers to outside itself, in a fixed order; None if any of it may change in place."""
    found: list[Any] = []
    seen: set[int] = set()
    work: list[Any] = [fn]
    while work:
        one = work.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found.append(one)
        if type(one) in _ATOMS or isinstance(one, types.ModuleType | types.BuiltinFunctionType):
            continue
        if isinstance(one, type):
            if one.__module__ == "__main__":
                return None
            continue
        if type(one) is not types.FunctionType or one.__dict__:
            return None
        if one.__module__ != "__main__":
            continue  # by its name
        code = one.__code__
        found.append(code)
        for cell in one.__closure__ or ():
            try:
                work.append(cell.cell_contents)
            except ValueError:  # empty
                return None
        work += one.__defaults__ or ()
        work += (one.__kwdefaults__ or {}).values()
        codes = [code]
        while codes:
            inner = codes.pop()
            work += [one.__globals__[name] for name in inner.co_names if name in one.__globals__]
            codes += [const for const in inner.co_consts if isinstance(const, types.CodeType)]
    return tuple(found)


# ---------------------------------------------------------------- why not

_WAY_OUT = (
    "Pass what it is made from (a path, an address, the data) and make it inside the function, "
    "or keep the call in this process with backend='threads'."
)


def _travels(value: Any) -> bool:
    import cloudpickle

    try:
        cloudpickle.dumps(value, protocol=5)
    except Exception:
        return False
    return True


def _why_function(fn: Any, error: Exception) -> str:
    name = getattr(fn, "__qualname__", type(fn).__name__)
    receiver = getattr(fn, "__self__", None)
    if receiver is not None and not _travels(receiver):
        what = f"{name}: its object, a {type(receiver).__qualname__}{_inside(receiver)}"
        return f"{what}, cannot be sent to another process ({error}). {_WAY_OUT}"
    inner = getattr(fn, "__func__", fn)
    code, names = getattr(inner, "__code__", None), getattr(inner, "__globals__", {})
    if code is not None:
        reached = {name: names[name] for name in code.co_names if name in names}
        for label, cell in zip(code.co_freevars, inner.__closure__ or (), strict=False):
            reached[label] = cell.cell_contents
        for label, value in reached.items():
            if not _travels(value):
                return (
                    f"{name} uses the variable `{label}`, a {type(value).__qualname__}{_inside(value)}, "
                    f"which cannot be sent to another process ({error}). {_WAY_OUT}"
                )
    return f"{name} cannot be sent to another process ({error}). {_WAY_OUT}"


def _why_argument(call: Any, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> str:
    import inspect

    name = getattr(fn, "__qualname__", type(fn).__name__)
    try:
        bound = inspect.signature(fn).bind(*args, **kwargs).arguments.items()
    except (TypeError, ValueError):
        bound = {**{f"number {n}": value for n, value in enumerate(args, 1)}, **kwargs}.items()
    for label, value in bound:
        if not _travels(value):
            variable = _variable(call, value)
            called = f"`{variable}`" if variable is not None and variable != label else f"`{label}`"
            place = f" (its argument `{label}`)" if variable is not None and variable != label else ""
            return (
                f"{name} was called with {called}{place}, a {type(value).__qualname__}{_inside(value)}, "
                f"which cannot be sent to another process ({error}). {_WAY_OUT}"
            )
    return f"the arguments of {name} cannot be sent to another process ({error}). {_WAY_OUT}"


def _variable(call: Any, value: Any) -> str | None:
    """The name under which the caller knows an object."""
    frame = getattr(call, "frame", None)
    if frame is None:
        return None
    for names in (frame.f_locals, frame.f_globals):
        for name, known in list(names.items()):
            if known is value and not name.startswith("_"):
                return str(name)
    return None


def _inside(value: Any, depth: int = 3) -> str:
    """Where in a container or an object the trouble is: ` (in ['lock'])`."""
    path = ""
    while depth:
        depth -= 1
        if type(value) is dict:
            parts = {f"[{key!r}]": item for key, item in value.items()}
        elif type(value) in (list, tuple):
            parts = {f"[{n}]": item for n, item in enumerate(value)}
        elif type(getattr(value, "__dict__", None)) is dict:
            parts = {f".{key}": item for key, item in vars(value).items()}
        else:
            break
        bad = next(((step, item) for step, item in parts.items() if not _travels(item)), None)
        if bad is None:
            break
        path, value = path + bad[0], bad[1]
    return f" (because of its `{path}`, a {type(value).__qualname__})" if path else ""
