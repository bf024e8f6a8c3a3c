"""The machine: one run's engine, and the table of operations that lowered code calls.

One object owns all state of a run, so that two runs in one process share nothing.  Its methods are grouped by concept:

    scheduler   units, greenlets, waiting                heap      attributes, elements, names
    retirement  in program order, faults, kills          exclusive an undeclared ``with`` runs alone
    branches    an ``if`` on a value in flight
    maywrites   footprints and who waits for them        buffer    chains of unretired stores
    deferred    operations with pending operands         natives   builtins on forwarded views
    calls       who is called                            methods   methods of builtin types
    external    arguments, dispatch, results             control   truth, iteration, try
    iterables   progress bars, iterators known to be tame    snapshot  looking through arguments
    tracebacks  as a plain run shows them
    standins    frames for whoever looks into them       callers   who calls native code
    guards      native or lowered form                   counters  reads that may come later
    instances   special methods of instances         constructors  calls of classes
    unpacking   also of what is not there yet            aggregates  builtins over a whole container
    origins     what operating on a pending may run      streams     generators and the like, read at once
    keyed       keys of sorted, max and min          tickets     numbers of a counter
    sources     forked comprehensions, late views and maps    collected   deque, Counter, defaultdict
    texts       str and repr of instances                spreading   ``*xs`` and ``**named``
    results     of functions: numbers and strings in known places    early       faults before the head
    unbinding   `del` of a global name    matches     `match` on values in flight
    opened      files of the program                     lines       their lines, ahead of the file
    reading     files by their names                     contents    of files opened in their turn
    naming      names that calls were told               folders     that are made in their turn
    ambient     the environment, what is shown           shared      ``nonlocal`` variables
    tables      stores to arrays and frames                taking    rows and cells of frames
    openings    `with open(…)`                           draws     random numbers
    attempts    `@retry`      caches    `@cache`            answered    functions whose next call is answered
    managed     `with` over managers whose methods are known    generated   those of `contextmanager`
    cellunits   compound statements of the cell          closing     generators that are let go of

The *host* (an event loop, or the simulated clock) drives it: it calls :meth:`flush` when asked to by ``wake``.
"""

from __future__ import annotations

import builtins
import importlib
import operator
import sys
import types
import weakref
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

from greenlet import getcurrent

from ..compiler import lower_function
from ..compiler.abi import MARK
from ..compiler.functions import lower_coroutine, lower_generator
from ..compiler.plan import Lowered
from ..effects import registry
from .aggregates import Aggregates
from .ambient import Ambient
from .answers import Answers
from .atoms import ATOMS, CHAINED
from .branches import Branches
from .caches import Caches
from .callers import Callers
from .calls import Calls
from .cellunits import CellUnits
from .closing import Closing
from .codes import CodeInfo, prepare
from .columns import Columns
from .constructors import Constructors
from .contents import Contents
from .control import Control
from .counters import Counters
from .deferred import Deferred
from .detached import Detached
from .draws import Draws
from .early import Early
from .exclusive import Exclusive
from .external import External
from .fitting import Fitting
from .folders import Folders
from .folding import Folding
from .generated import GeneratedManagers
from .guards import Guards, rest
from .heap import Heap
from .instances import Instances
from .iterables import Iterables
from .keyed import Keyed
from .lines import Lines
from .managed import ManagedStatements
from .managers import Managers
from .matches import Matches
from .maywrites import MayWrites
from .methods import Methods
from .mutations import Mutations
from .naming import Naming
from .natives import Natives
from .opened import OpenFiles
from .openings import READS, WRITES, Openings
from .origins import Origins
from .pending import UNBOUND, BoundRef, Fault, Kill, NotReady, Pending
from .reading import Reading
from .results import Results
from .retirement import Retirement
from .scheduler import Scheduler
from .shared import Shared
from .sources import Sources
from .spreading import Spreading
from .standins import StandIns
from .streams import Streams
from .tables import Tables
from .taking import Taking
from .texts import Texts
from .tickets import Tickets
from .tracebacks import Tracebacks
from .unbinding import Unbinding
from .unpacking import Unpacking
from .window import Window
from .written import Written

#: what :meth:`Machine.close` leaves
_RECORDED = frozenset(
    "awake cause cur detached_pieces dispatcher engine_error finished held host in_flight lowered not_lowered outstanding queue records uses waits".split()
)


class Machine(
    Closing,
    CellUnits,
    Scheduler,
    Window,
    Retirement,
    Branches,
    Exclusive,
    MayWrites,
    Heap,
    Deferred,
    Natives,
    Methods,
    Calls,
    External,
    Mutations,
    Control,
    Iterables,
    Answers,
    Counters,
    Guards,
    Detached,
    Tracebacks,
    StandIns,
    Callers,
    Constructors,
    Instances,
    Origins,
    Unpacking,
    Aggregates,
    Streams,
    Keyed,
    Sources,
    Spreading,
    Texts,
    Tickets,
    Results,
    Early,
    Written,
    Columns,
    Unbinding,
    OpenFiles,
    Openings,
    Reading,
    Folders,
    Naming,
    Contents,
    Ambient,
    Draws,
    GeneratedManagers,
    ManagedStatements,
    Managers,
    Tables,
    Taking,
    Matches,
    Lines,
    Shared,
    Folding,
    Fitting,
    Caches,
):
    """One run of one cell.  ``host`` provides ``wake()``, ``finished()``, ``wait_for(awaitable, ended, handled)`` and ``crowd(in_flight)``."""

    def __init__(
        self,
        dispatcher: Any,
        clock: Callable[[], float],
        host: Any,
        speculate: bool = True,
        context: Context | None = None,
    ) -> None:
        self.dispatcher = dispatcher
        self.clock = clock
        self.host = host
        self.speculate = speculate
        self.context: Context | None = context if context is not None else copy_context()
        self.in_flight = 0
        #: at how many calls in flight the host wants to know
        self.crowded = 256
        #: makes what keeps the output of an external call (``display.output.Piece``), or None
        self.piece: Callable[[], Any] | None = None
        self.lowered: dict[int, CodeInfo] = {}
        self.tables: dict[int, dict[str, Any]] = {}
        self.twins: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.coroutine_twins: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.managed_twins: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.generator_twins: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        #: objects whose `__dict__` somebody has, by id: what they hold is read and written in order
        self.exposed: dict[int, Any] = {}
        #: tracebacks of exceptions on their way from ``caught`` to a handler
        self.tracebacks: dict[int, tuple[BaseException, Any]] = {}
        #: the error of an item that did not fit, and the logical frame of the generator expression that it is not shown in
        self.misfit: tuple[BaseException, Any] | None = None
        #: piece frame -> the frame it is part of, as far as tracebacks have shown
        self.enclosing: dict[int, tuple[types.FrameType, types.FrameType]] = {}
        self.not_lowered: dict[str, str] = {}
        self.namespace: dict[str, Any] = {}
        self.base_code = Scheduler._run.__code__
        self.root_code = Scheduler._root_body.__code__
        self._init_scheduler()
        self._init_window()
        self._init_origins()
        self._init_may_writes()
        self._init_heap()
        self._init_deferred()
        self._init_natives()
        self._init_iterables()
        self._init_answers()
        self._init_calls()
        self._init_callers()
        self._init_external()
        self._init_mutations()
        self._init_guards()
        self._init_detached()
        self._init_streams()
        self._init_results()
        self._init_ambient()
        self._init_draws()
        self._init_lines()
        self._init_tables()
        self._init_taking()
        self._init_openings()
        self._init_reading()
        self._init_folders()
        self._init_caches()
        self._init_closing()

    # ------------------------------------------------------------------ host
    def wake_host(self) -> None:
        self.host.wake()

    def host_finished(self) -> None:
        self.host.finished()

    def host_await(self, awaitable: Any) -> Any:
        """Have the task that runs the cell await ``awaitable`` for the current unit, in order."""
        unit = self.cur
        done: list[Any] = []
        token = unit.waiting + 1

        def ended(value: Any, error: BaseException | None) -> None:
            done.append((value, error))
            self.post(self.resume, unit, token)

        handled = sys.exc_info()[1]
        self.host.wait_for(awaitable, ended, None if isinstance(handled, (Fault, Kill, NotReady)) else handled)
        self.stall("unknown", "await", hold=True)
        value, error = done[0]
        if error is not None:
            raise self.as_raised(error)
        return value

    def attributes_are_pure(self, kind: type) -> bool:
        return registry.attributes_are_pure(kind)

    def close(self) -> None:
        """After the run: keep what was recorded and what a late answer asks for, let go of the rest.

        The collector cannot. It sees neither what an idle greenlet stands in (the switch to another one: circles of them)
        nor through code objects, and lowered code has our operations as its constants. Such code stays as long as a
        traceback that the user keeps; the machine and the namespace must not stay with it.
        """
        here = getcurrent()
        for idle in self.pool:
            idle.parent = here
            idle.throw()
        for table in self.tables.values():
            for operation in table.values():
                if type(operation) is types.FunctionType:
                    for cell in operation.__closure__ or ():
                        cell.cell_contents = None
        self.queue.clear()
        self.lowered.clear()
        for name in self.__dict__.keys() - _RECORDED:
            del self.__dict__[name]

    # ------------------------------------------------------------------ lowered code
    def function(self, lowered: Lowered, namespace: dict[str, Any]) -> types.FunctionType:
        """The cell's lowered function, ready to run in ``namespace``."""
        self.namespace = namespace
        code = prepare(lowered.code, lowered, self.table(namespace, lowered, {}), self.lowered)
        return types.FunctionType(code, namespace, lowered.name)

    def twin_of(self, fn: types.FunctionType) -> Callable[..., Any] | None:
        """The lowered twin of a user's function, or None if it runs natively."""
        found = self.twins.get(fn)
        if found is not None and found.__defaults__ is fn.__defaults__ and found.__kwdefaults__ is fn.__kwdefaults__:
            return found  # type: ignore[no-any-return]
        return self.make_twin(fn, lower_function(fn), self.twins)

    def generator_twin_of(self, fn: types.FunctionType) -> Callable[..., Any] | None:
        """The lowered twin of a generator function of the user's, or None."""
        found = self.generator_twins.get(fn)
        if found is not None and found.__defaults__ is fn.__defaults__ and found.__kwdefaults__ is fn.__kwdefaults__:
            return found  # type: ignore[no-any-return]
        return self.make_twin(fn, lower_generator(fn), self.generator_twins)

    def coroutine_twin_of(self, fn: types.FunctionType) -> Callable[..., Any] | None:
        """The lowered twin of a coroutine function of the user's, which is awaited at once; or None."""
        found = self.coroutine_twins.get(fn)
        if found is not None and found.__defaults__ is fn.__defaults__ and found.__kwdefaults__ is fn.__kwdefaults__:
            return found  # type: ignore[no-any-return]
        return self.make_twin(fn, lower_coroutine(fn), self.coroutine_twins)

    def make_twin(self, fn: types.FunctionType, lowered: Lowered | str, twins: Any) -> Callable[..., Any] | None:
        if isinstance(lowered, str):
            self.not_lowered.setdefault(fn.__qualname__, lowered)
            return None
        cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
        code = prepare(lowered.code, lowered, self.table(fn.__globals__, lowered, cells), self.lowered)
        try:
            closure = tuple([cells[name] for name in code.co_freevars])
        except KeyError:
            return None
        twin = types.FunctionType(code, fn.__globals__, fn.__name__, fn.__defaults__, closure)
        twin.__kwdefaults__ = fn.__kwdefaults__
        twin.__qualname__ = fn.__qualname__
        twins[fn] = twin
        return twin

    def table(self, namespace: dict[str, Any], lowered: Lowered, cells: dict[str, Any]) -> dict[str, Any]:
        """Marker -> operation for code whose globals are ``namespace``."""
        found = self.tables.get(id(namespace))
        if found is None:
            read, store, phantom = self.globals_of(namespace)
            cell_stmt, cell_if = self.cell_branches(namespace, phantom)
            cell_unit = self.cell_unit_of(namespace, phantom)
            names = {
                "g": read, "gl": self.global_late(namespace, read), "gal": self.ga_late, "gas": self.ga_stored, "st": store, "gd": self.deleter(namespace, store), "ga": self.ga, "sa": self.sa, "da": self.da,
                "gi": self.gi, "si": self.si, "di": self.di, "seg": self.seg, "op": self.op, "call": self.call,
                "meth": self.meth, "meth_told": self.meth_told, "own": self.own, "truth": self.truth, "ld": self.ld, "force": self.force,
                "drain": self.drain, "iterate": self.iterate, "iterate_new": self.iterate_new, "iterate_async": self.iterate_async, "stream_call": self.stream_call, "stream_meth": self.stream_meth, "read": self.read,
                "read_join": self.read_join, "reads_at_once": self.reads_at_once, "combining_writes": self.combining_writes, "fit": self.fit, "close_behind": self.close_behind, "fits": self.fits, "joins_at_once": self.joins_at_once, "delegate": self.delegate, "iterate_call": self.iterate_call,
                "iterate_method": self.iterate_method, "finish": self.finish, "unpack": self.unpack, "stmt": self.stmt,
                "unit": self.unit, "expr": self.expr, "expr_if": self.expr_if, "comp": self.comp, "is_": self.is_,
                "is_not": self.is_not, "in_": self.in_, "not_in": self.not_in, "not_": self.not_, "inplace": self.inplace,
                "new_list": self.new_list, "new_dict": self.new_dict, "spread_mapping": self.spread_mapping, "new_set": self.new_set, "new_tuple": self.new_tuple,
                "slice": slice, "format": self.format, "concat": self.concat, "await_call": self.await_call,
                "await_value": self.await_value, "with_keywords": self.with_keywords, "spread": self.spread, "spread_in_set": self.spread_in_set, "real_iterable": self.real_iterable,
                "mark": self.mark, "joins": self.joins, "caught": self.caught, "restore": self.restore, "live": self.live,
                "handling": self.handling, "flush_handler": self.flush_handler, "end_handler": self.end_handler, "join": self.join, "log_binding": self.log_binding, "as_raised": self.as_raised,
                "as_handled": self.as_handled, "raise_": self.reraise, "before_raise": self.before_raise, "enter_exclusive": self.enter_exclusive,
                "leave_exclusive": self.leave_exclusive, "opening": self.opening, "drain_with": self.drain_with, "leave_with": self.leave_with, "managed": self.managed, "end_managed": self.end_managed, "leave_managed": self.leave_managed, "with": self.with_, "cell_with": self.cell_with(cell_unit), "pin": self.pin, "current": self.current, "top_module": _top_module,
                "before_import": self.before_import, "setup_annotations": lambda: namespace.setdefault("__annotations__", {}),
                "pack_args": self.pack_args, "pack_kwargs": self.pack_kwargs, "call_star": self.call_star,
                "meth_star": self.meth_star, "UNBOUND": UNBOUND, "OLDEST": (), "BaseException": BaseException, "AssertionError": AssertionError,
                "cell_unit": cell_unit, "cell_stmt": cell_stmt, "cell_if": cell_if, "stmt_if": self.stmt_if,
                "truth_of": self.truth_of,
                "collect": self.collector_of(namespace), "settle_locals": self.settle_locals, "run_native": self.run_native, "rest": rest,
                "UnboundLocalError": UnboundLocalError, "StopIteration": StopIteration, "awaited_manager": self.awaited_manager, "left": self.left_coroutine, "fork_over": self.fork_over, "select": self.select, "captured": self.captured, "cell_of": self.cell_of, "shared": self.shared_read, "shared_late": self.shared_late, "shared_store": self.shared_store,
            }  # fmt: skip
            found = self.tables[id(namespace)] = {MARK + name: value for name, value in names.items()}
            for name in _OPERATORS:
                found[f"{MARK}o:{name}"] = getattr(operator, name)
            self._phantoms = phantom
        if lowered.guards:
            quiet = self.quiet_for(lowered.guards, namespace, cells, lowered.cell)
            ticker = self.ticker_for(lowered.guards, namespace, cells)
            found = self.tables[id(quiet)] = {**found, MARK + "quiet": quiet, MARK + "ticker": ticker}
        if lowered.cell:
            nat = self._native_runner(lowered, namespace, found[MARK + "st"])
            nat_rest = self.rest_runner(lowered, namespace)
            found = self.tables[id(lowered)] = {**found, MARK + "nat": nat, MARK + "nat_rest": nat_rest}
        return found

    # ------------------------------------------------------------------ small operations
    def comp(self, fn: Callable[..., Any], source: Any, *values: Any) -> Any:
        """An unconditional comprehension: in place (its stalls are those of the unit around it)."""
        return fn(source, *values)

    def own(self, target: Any, name: str, calls: bool) -> Any:
        """Look ``target.name`` up before the arguments of a method call are evaluated."""
        if type(target) is Pending:
            if not target.done:
                if not calls or (name in WRITES and id(target) in self.opened) or (name in _OF_FILES and getattr(target, "copy", None) is not None):
                    return target
                target = self.force(target)
            else:
                target = target.value
        kind = type(target)
        if kind in _BUILTIN_RECEIVERS:
            if not hasattr(kind, name):
                getattr(target, name)
            return target
        return BoundRef(self.ga(target, name))

    def meth(self, target: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        kind = type(target)
        if kind is list and name == "append" and len(args) == 1 and not kwargs:  # what most loops do
            return self.append(target, args[0])
        if kind is BoundRef:
            return self.call(target.fn, *args, **kwargs)
        return Methods.meth(self, target, name, *args, **kwargs)

    def pack_args(self, values: tuple[Any, ...]) -> Any:
        """``*args`` of a twin: a tuple display."""
        return self.new_tuple(*values)

    def pack_kwargs(self, values: dict[str, Any]) -> Any:
        """``**kwargs`` of a twin: a dict display."""
        return self.new_dict(list(values.items()))

    def pin(self, value: Any) -> Any:
        """The value for a captured name that closures may already see: a real one, once nothing older is in flight."""
        value = self.force(value)
        self.drain()
        return value

    def current(self, name: str) -> bool:
        """Wait until no older statement may still bind a captured variable of that ``name``."""
        if self.may:
            self.await_writers(None, (("v", name),))
        return True

    def concat(self, *parts: Any) -> Any:
        for part in parts:
            if type(part) is Pending:
                return self.native(_concat, parts, None, True)
        return "".join(parts)

    def real_iterable(self, value: Any) -> Any:
        """The iterable of a free-standing generator expression: real, and current."""
        value = self.force(value)
        self.drain("commit")
        return value

    def before_import(self, *modules: str) -> None:
        if not self._loaded(modules) or not modules:
            self.drain("unknown", "import")


_BUILTIN_RECEIVERS = CHAINED | {str, tuple, bytes, int, float, frozenset, range, bool, type(None)}
_OF_FILES = READS | {"close"}
_OPERATORS = [
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor", "lshift", "rshift", "matmul", "lt", "le",
    "gt", "ge", "eq", "ne", "neg", "pos", "invert", "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "iand",
    "ior", "ixor", "ilshift", "irshift", "imatmul",
]  # fmt: skip


def _concat(*parts: str) -> str:
    return "".join(parts)


def _top_module(name: str) -> Any:
    return importlib.import_module(name)


__all__ = ["ATOMS", "Machine", "builtins"]
