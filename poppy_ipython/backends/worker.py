"""What runs at the other end: one call, in a worker process, with everything a plain run would have shown of it.

    parcel ─▶ perform ─▶ (value or exception) + what it wrote, in order + when, where

Shared by the processes of this machine and by a cluster's workers; it imports nothing of the engine. The value, or the
exception with its chain of causes and tracebacks, is packed *inside* `perform`, so that whatever cannot travel back is an
error of this call and not of the pool.

* **Output.** `write` of `sys.stdout` and `sys.stderr` is hooked once per worker; a context variable names the call that writes,
  so that threads of one worker do not mix. Log records are taken as records: the notebook's own handlers see them.
* **Tracebacks** travel as places (`frames`): file, function, line and columns of each frame. Locals stay where they are.
* **Cancelling.** Each call has a place in a small shared table (`Slots`): its worker's process id, and a flag. Whoever wants the
  call no more sets the flag and sends the process SIGINT; the handler raises only if the flag of *its present call* is set.
  So a signal that comes late, or the Stop button's (which reaches the whole process group), hits nobody else.

Decided against: killing the worker (a pool then loses all its calls), and an exception set asynchronously from another thread
(it does not wake `time.sleep`, a signal does).
"""

from __future__ import annotations

import logging
import mmap
import os
import pickle
import signal
import struct
import sys
import threading
import time
from collections import OrderedDict
from contextvars import ContextVar
from typing import Any

from poppy_ipython.backends.frames import describe, rebuild

__all__ = ["CANCELLED", "Slots", "load_function", "perform", "prepare", "unpack_error"]

Tape = list[tuple[str, Any]]
_tape: ContextVar[Tape | None] = ContextVar("poppy_ipython_tape", default=None)
_functions: OrderedDict[bytes, Any] = OrderedDict()
_FUNCTIONS = 64
_lock = threading.Lock()

#: what `perform` answers for a call that was no longer wanted
CANCELLED = "cancelled"


# ---------------------------------------------------------------- who may be interrupted


class Slots:
    """A table in a file that notebook and workers map: process id and cancel flag of each call.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     home = Slots(os.path.join(folder, "slots"), create=True)
    ...     number = home.take()
    ...     Slots(home.path).begin(number)
    ...     home.pid(number) == os.getpid(), home.flagged(number), home.flag(number), home.flagged(number)
    (True, False, None, True)
    """

    COUNT = 2048
    _ROW = struct.Struct("=iB3x")

    def __init__(self, path: str, create: bool = False) -> None:
        self.path = path
        if create:
            with open(path, "wb") as file:
                file.write(bytes(self.COUNT * self._ROW.size))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), self.COUNT * self._ROW.size)
        self._free = list(range(self.COUNT - 1, -1, -1))

    def take(self) -> int:
        """A free place, or -1: then the call cannot be interrupted."""
        if not self._free:
            return -1
        number = self._free.pop()
        self._ROW.pack_into(self._map, number * self._ROW.size, 0, 0)
        return number

    def give_back(self, number: int) -> None:
        if number >= 0:
            self._free.append(number)

    def begin(self, number: int) -> None:
        struct.pack_into("=i", self._map, number * self._ROW.size, os.getpid())

    def pid(self, number: int) -> int:
        found: int = self._ROW.unpack_from(self._map, number * self._ROW.size)[0]
        return found

    def flag(self, number: int) -> None:
        self._map[number * self._ROW.size + 4] = 1

    def flagged(self, number: int) -> bool:
        return self._map[number * self._ROW.size + 4] == 1


_slots: Slots | None = None
_present = -1


def _on_signal(number: int, frame: Any) -> None:
    if _present >= 0 and _slots is not None and _slots.flagged(_present):
        raise KeyboardInterrupt


# ---------------------------------------------------------------- a worker


def prepare(slots: str | None = None) -> None:
    """Once per worker process: hooks on its streams; with a table of calls also who may interrupt."""
    global _slots
    with _lock:
        for name in ("stdout", "stderr"):
            _hook(name)
        root = logging.getLogger()
        if not any(isinstance(handler, _Records) for handler in root.handlers):
            root.addHandler(_Records())
        if slots is not None:
            _slots = Slots(slots)
            signal.signal(signal.SIGINT, _on_signal)


def _hook(name: str) -> None:
    stream: Any = getattr(sys, name)
    if stream is None or getattr(getattr(stream, "write", None), "poppy_tape", False):
        return
    original = stream.write

    def write(text: str) -> Any:
        tape = _tape.get()
        if tape is None:
            return original(text)
        tape.append((name, text))
        return len(text)

    write.poppy_tape = True  # type: ignore[attr-defined]
    try:
        stream.write = write
    except (AttributeError, TypeError):  # takes no attributes: its output appears in the worker's own
        pass


class _Records(logging.Handler):
    """Puts log records onto the tape, as the standard library's `QueueHandler` prepares them for a journey."""

    def emit(self, record: logging.LogRecord) -> None:
        tape = _tape.get()
        if tape is not None:
            from logging.handlers import QueueHandler

            tape.append(("log", QueueHandler(None).prepare(record)))  # type: ignore[arg-type]


def load_function(code: bytes) -> Any:
    """The function of a parcel; the latest are kept, so that a worker makes each once."""
    with _lock:
        found = _functions.get(code)
        if found is not None:
            _functions.move_to_end(code)
            return found
    found = pickle.loads(code)
    with _lock:
        _functions[code] = found
        while len(_functions) > _FUNCTIONS:
            _functions.popitem(last=False)
    return found


def perform(parcel: Any, slot: int = -1, around: dict[str, Any] | None = None, fill: Any = None) -> tuple[Any, ...]:
    """Call what is in ``parcel``: ``(word, packed, tape, began, ended, process id)``; word is ok, error or cancelled.

    ``fill`` are the values that belong into places of the arguments (results that have stayed on a cluster).
    """
    global _present
    from poppy_ipython.backends.parcel import pack, pack_here

    prepare()
    began = time.time()
    if slot >= 0 and _slots is not None:
        _slots.begin(slot)
        _present = slot
        if _slots.flagged(slot):
            _present = -1
            parcel.discard()
            return CANCELLED, None, [], began, began, os.getpid()
    tape: Tape = []
    token = _tape.set(tape)
    word, packed, value = "ok", None, None
    try:
        surround(around)
        fn, args, kwargs = parcel.open(load_function)
        if fill:
            args = tuple(fill.get(n, value) for n, value in enumerate(args))
        value = fn(*args, **kwargs)
        ended = time.time()
        _present = -1
        packed = value if parcel.stays else pack_here(value, parcel.folder)
    except BaseException as error:
        ended = time.time()
        wanted = not (slot >= 0 and _slots is not None and _slots.flagged(slot))
        _present = -1
        if wanted:
            word, packed = "error", pack(pack_error(error))
        else:
            word = CANCELLED
    finally:
        _present = -1
        _tape.reset(token)
    return word, packed, tape, began, ended, os.getpid()


def surround(around: dict[str, Any] | None) -> None:
    """The surroundings of the notebook that a call brings along: environment, working directory, level of the root logger."""
    if around is None:
        return
    for name, text in around["environ"].items():
        if text is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = text
    if os.getcwd() != around["cwd"] and os.path.isdir(around["cwd"]):
        os.chdir(around["cwd"])
    if around["path"] != sys.path:
        sys.path[:] = around["path"]
    logging.getLogger().setLevel(around["level"])


# ---------------------------------------------------------------- exceptions on their way


def pack_error(error: BaseException, depth: int = 0) -> tuple[Any, ...]:
    """An exception as a value: itself or what it is made of, its traceback, its cause and context."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    frames = describe(trace)
    cause = context = None
    if depth < 20:
        cause = None if error.__cause__ is None else pack_error(error.__cause__, depth + 1)
        if error.__context__ is not None and error.__context__ is not error.__cause__:
            context = pack_error(error.__context__, depth + 1)
    return _made_of(error), frames, cause, context, error.__suppress_context__


def _made_of(error: BaseException) -> tuple[str, Any]:
    import cloudpickle

    for how in (("itself", error), ("parts", (type(error), error.args, dict(error.__dict__)))):
        try:
            data = cloudpickle.dumps(how[1])
            if how[0] == "parts" or type(pickle.loads(data)) is type(error):
                return how[0], data
        except Exception:
            continue
    try:
        said = repr(error)
    except Exception:
        said = type(error).__name__
    return "words", (type(error).__qualname__, said)


def unpack_error(packed: tuple[Any, ...]) -> BaseException:
    """The exception that `pack_error` took apart, with frames that say what the real ones said."""
    from poppy_ipython.backends.remote import RemoteError

    (how, what), frames, cause, context, suppress = packed
    error: BaseException
    try:
        if how == "itself":
            error = pickle.loads(what)
        elif how == "parts":
            cls, args, state = pickle.loads(what)
            error = cls.__new__(cls, *args)
            error.args = args
            error.__dict__.update(state)
        else:
            error = RemoteError(f"{what[0]}, which cannot leave its worker: {what[1]}")
    except Exception as mistake:
        error = RemoteError(f"an exception of a worker cannot be read here: {mistake!r}")
    error.__traceback__ = rebuild(frames)
    error.__cause__ = None if cause is None else unpack_error(cause)
    error.__context__ = error.__cause__ if context is None else unpack_error(context)
    error.__suppress_context__ = suppress
    return error
