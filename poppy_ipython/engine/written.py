"""Statements of the cell that run as written: definitions, imports, `await`, whatever is not lowered, and native forms behind a guard.

A definition or an import of what is loaded already binds names and does nothing else, so it runs ahead, into a namespace of its own; its
names are stored like any others. A closed piece does so, too (``detached``). Everything else waits for the head.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..compiler.plan import Lowered
from .codes import CodeInfo

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object


class Written(Base):
    """Part of the :class:`Machine`."""

    generation: int
    defined: list[Any]
    detaching: Any

    def _native_runner(self, lowered: Lowered, namespace: dict[str, Any], store: Callable[..., Any]) -> Callable[[int], Any]:
        """``nat(k)``: run the cell's native statement number ``k`` as written."""
        natives = lowered.natives
        codes: dict[int, types.CodeType] = {}

        def run(index: int) -> Any:
            native = natives[index]
            code = codes.get(index)
            if code is None:
                code = codes[index] = native.code.replace()
                self.lowered[id(code)] = CodeInfo(code, lowered, True, None)
            world = self.detaching
            if world is not None:
                self.detaching = None
                return self.detached_cell(code, world, namespace, store)
            if native.binds is not None and not self.quiescent() and self._loaded(native.modules):
                scratch: dict[str, Any] = {}
                exec(code, namespace, scratch)
                self.defined += scratch.values()
                for name, value in scratch.items():
                    store(name, value)
                return None
            self.drain("commit" if native.binds is not None else "unknown", native.reason)
            self.native_code = True
            self.generation += 1
            if self.ahead:
                self.spoil()
            try:
                if code.co_flags & inspect.CO_COROUTINE:
                    return self._await_as_written(code, namespace)
                else:
                    return eval(code, namespace)
            finally:
                self.native_code = False
                self.plain_reads.clear()

        return run

    def _await_as_written(self, code: types.CodeType, namespace: dict[str, Any]) -> Any:
        """Run a statement that awaits.  Its coroutine is ours: what it makes of a ``StopIteration`` is undone here."""
        try:
            return self.host_await(types.FunctionType(code, namespace)())
        except RuntimeError as error:
            stop, tb = error.__cause__, error.__traceback__
            while tb is not None and tb.tb_frame.f_code is not code:
                tb = tb.tb_next
            if tb is not None or not isinstance(stop, StopIteration):
                raise
        raise stop

    def _loaded(self, modules: tuple[str, ...]) -> bool:
        return all(name in sys.modules and not getattr(getattr(sys.modules[name], "__spec__", None), "_initializing", False) for name in modules)


__all__ = ["Written"]
