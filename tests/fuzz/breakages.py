"""Deliberate breakages of the engine, each of which removes one *rule* of its design, not just any line.

A mutant replaces one function of the engine by name, at run time, in a process of its own. `replaced` insists that the
name exists, so a mutant cannot turn into a no-op when the engine is rearranged. `mutants.py` runs them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule."""

    name: str
    rule: str
    install: Callable[[], None]
    focus: str | None


MUTANTS: dict[str, Mutant] = {}


def mutant(rule: str, focus: str | None = None) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the decorated function, which installs the breakage, under its own name.

    The focus says which fragments of the grammar are about that rule: programs that have many of them notice its breakage
    soon. A rule that all programs are about has none.
    """

    def register(install: Callable[[], None]) -> Callable[[], None]:
        name = install.__name__.strip("_").replace("_", "-")
        MUTANTS[name] = Mutant(name, rule, install, focus)
        return install

    return register


def replaced(target: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of `module:name` or `module:Class.name`, wherever the engine's modules bound it."""
    path, _, dotted = target.partition(":")
    owner: Any = importlib.import_module(path)
    *classes, name = dotted.split(".")
    for part in classes:
        owner = getattr(owner, part)
    original = owner.__dict__[name]
    replacement = make(original)
    setattr(owner, name, replacement)
    if not classes:
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").startswith("poppy_ipython.") and module.__dict__.get(name) is original:
                setattr(module, name, replacement)


@mutant("the log retires from its head, in program order")
def retire_out_of_order() -> None:
    def make(advance: Any) -> Any:
        def broken(self: Any, unit: Any) -> None:
            log = unit.log
            if unit.head and len(log) > 1 and not isinstance(log[0], tuple) and isinstance(log[1], tuple):
                log[0], log[1] = log[1], log[0]
            advance(self, unit)

        return broken

    replaced("poppy_ipython.engine.retirement:Retirement.advance", make)


@mutant("an external call gets its arguments as of its issue")
def no_argument_snapshot() -> None:
    replaced("poppy_ipython.engine.snapshot:look", lambda look: lambda machine, value, picture: value)


@mutant("a second attempt of a function that `@retry` has wrapped may write what the first may", "tenacity.*lambda s")
def second_attempts_write_nothing() -> None:
    replaced("poppy_ipython.engine.reach.callees:Callees.again", lambda _: lambda self, callee, args: ())


@mutant("a first attempt that has failed is not made again, but is what the wrapper finds", "tenacity")
def first_attempts_are_made_twice() -> None:
    from contextlib import nullcontext

    replaced("poppy_ipython.engine.answered:answered", lambda _: lambda *answer: nullcontext())


@mutant("what is in a cache is found out in program order", "cache as")
def caches_are_asked_out_of_order() -> None:
    def make(original: Any) -> Any:
        def broken(self: Any, target: Any, slots: Any) -> None:
            if not (slots[0][0] == "r" and slots[0][1][0] == "cache"):
                original(self, target, slots)

        return broken

    replaced("poppy_ipython.engine.maywrites:MayWrites.await_writers", make)


@mutant("a cache changes in its turn, by a call of its wrapper", "cache as")
def caches_are_not_told() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, record: Any, *call: Any) -> None:
            record.end()

        return broken

    replaced("poppy_ipython.engine.caches:Caches._settle", make)


@mutant("a fault drops the stores of what it kills")
def stores_of_a_killed_unit_kept() -> None:
    def make(rollback: Any) -> Any:
        def broken(self: Any, log: Any) -> None:
            for entry in [entry for entry in log if isinstance(entry, tuple)]:
                try:
                    entry[0].retire(entry[1])
                except Exception:
                    continue
                log.remove(entry)
            rollback(self, log)

        return broken

    replaced("poppy_ipython.engine.retirement:Retirement._rollback", make)


@mutant("a read waits for older units that may still write what it reads")
def read_ignores_footprints() -> None:
    replaced("poppy_ipython.engine.maywrites:MayWrites.older_writer", lambda _: lambda *a, **k: None)


@mutant("readiness is deep: an answer that arrived may still be shadowed")
def shallow_readiness() -> None:
    replaced("poppy_ipython.engine.external:External.arrived_value", lambda _: lambda self, entry, value: value)


@mutant("a readonly call waits for older outstanding and possible writes", r"(?<![.\w])(get|put)\(")
def readonly_passes_writes() -> None:
    replaced("poppy_ipython.engine.external:External.await_writers_of", lambda _: lambda self, resource: None)
    replaced("poppy_ipython.engine.external:External.after_writes", lambda _: lambda self, entry, resource: 0)


@mutant("print is written at the head")
def print_at_once() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, *args: Any, **kwargs: Any) -> None:
            print(*[self.force(arg) for arg in args], **{key: self.force(value) for key, value in kwargs.items()})

        return broken

    replaced("poppy_ipython.engine.natives:Natives.n_print", make)


@mutant("undeclared code runs at the head, with everything retired")
def fence_without_drain() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, fn: Any, args: Any, kwargs: Any, what: str = "", pure: bool = False) -> Any:
            return fn(*[self.force(arg) for arg in args], **{key: self.force(value) for key, value in kwargs.items()})

        return broken

    replaced("poppy_ipython.engine.calls:Calls.fence", make)


@mutant("a handler runs only when all older calls have finished")
def handler_before_older_calls() -> None:
    def make(caught: Any) -> Any:
        def broken(self: Any, error: BaseException, mark: int) -> BaseException:
            if not isinstance(error, Exception):  # a kill or a fault of the engine
                return caught(self, error, mark)
            self.cur.fault = None
            return error

        return broken

    replaced("poppy_ipython.engine.control:Control.caught", make)


@mutant("a handler finds the locals of the failing statement", "retries")
def locals_not_restored() -> None:
    def make(restore: Any) -> Any:
        def broken(self: Any, bindings: Any, names: Any) -> Any:
            self.cur.fault = None
            return restore(self, bindings, names)

        return broken

    replaced("poppy_ipython.engine.control:Control.restore", make)


@mutant("a read sees the stores that are older than it, and only those")
def reads_see_younger_stores() -> None:
    replaced("poppy_ipython.engine.buffer:Chain.before", lambda _: lambda self, position: len(self.ops))


@mutant("a store to an object that is not young waits for its turn")
def stores_not_buffered() -> None:
    replaced("poppy_ipython.engine.heap:Heap.direct", lambda _: lambda self, target, key: key not in self.chains)


@mutant("a container is viewed when the keys of its older stores have arrived", "filling")
def views_with_keys_in_flight() -> None:
    replaced("poppy_ipython.engine.buffer:Chain.waiting_key", lambda _: lambda self, position: None)


@mutant("an ordered call is sent when its turn comes", r"(?<![.\w])(note|send|put)\(")
def ordered_calls_at_once() -> None:
    def make(external: Any) -> Any:
        def broken(self: Any, *args: Any, **kwargs: Any) -> Any:
            pending = external(self, *args, **kwargs)
            entry: Any = self.cur.log[-1] if self.cur.log else None
            if getattr(entry, "resource", None) is not None and entry.pending is pending and not entry.started:
                given = (*entry.args, *entry.kwargs.values())
                if all(value.done for value in given if value.__class__.__name__ == "Pending"):
                    self.run_external(entry)
            return pending

        return broken

    replaced("poppy_ipython.engine.external:External.external", make)


@mutant("a continuation may write attributes")
def footprints_without_attributes() -> None:
    replaced("poppy_ipython.engine.reach.stores:Stores.store_attribute", lambda _: lambda *a: None)


@mutant("a footprint follows the functions and methods that are called")
def footprints_without_callees() -> None:
    def make(_: Any) -> Any:
        from poppy_ipython.engine.reach.values import JUST_UNKNOWN

        return lambda self, callee, args: JUST_UNKNOWN

    replaced("poppy_ipython.engine.reach.callees:Callees.invoke", make)


@mutant("what cannot be followed stands for every older object of its kind")
def no_wildcards() -> None:
    def make(older_writer: Any) -> Any:
        def broken(self: Any, slots: tuple[Any, ...], here: Any, born: Any, newer: Any = None) -> Any:
            exact = tuple([s for s in slots if s.__class__ is str or s[0] not in ("*a", "*k")])
            return older_writer(self, exact, here, born, newer)

        return broken

    replaced("poppy_ipython.engine.maywrites:MayWrites.older_writer", make)


@mutant("undeclared code may have written to what was viewed before it ran")
def views_survive_undeclared_code() -> None:
    replaced("poppy_ipython.engine.buffer:Chain.at", lambda at: lambda self, position, _: at(self, position, 0))


@mutant("a deferred read sees what stood before its place in the program")
def deferred_reads_see_younger_stores() -> None:
    def make(as_ghost: Any) -> Any:
        def broken(self: Any, entry: Any, fn: Any, args: Any, kwargs: Any) -> Any:
            number, entry.number = entry.number, 1 << 40
            try:
                return as_ghost(self, entry, fn, args, kwargs)
            finally:
                entry.number = number

        return broken

    replaced("poppy_ipython.engine.deferred:Deferred.as_ghost", make)


@mutant("a try ends when all that it has issued has finished")
def tries_end_early() -> None:
    replaced("poppy_ipython.engine.early:Early.join", lambda _: lambda self, mark: None)


@mutant("an iterator that is not the loop's own is advanced at the head", r"= (iter|map|zip|enumerate)\(")
def foreign_iterators_run_ahead() -> None:
    replaced(
        "poppy_ipython.engine.control:Control._advance_native", lambda _: lambda self, iterator, value: iter(iterator)
    )


@mutant("the native form of a loop or function runs in a quiescent unit only", "pieces")
def native_forms_anywhere() -> None:
    def make(quiet_for: Any) -> Any:
        def broken(self: Any, guards: Any, *rest: Any) -> Any:
            quiet = quiet_for(self, guards, *rest)

            def anywhere(index: int, *values: Any) -> bool:
                unit = self.cur
                log, unit.log, head, unit.head = unit.log, (), unit.head, True
                try:
                    return quiet(index, *values)  # type: ignore[no-any-return]
                finally:
                    unit.log, unit.head = log, head

            return anywhere

        return broken

    replaced("poppy_ipython.engine.guards:Guards.quiet_for", make)


@mutant("who reads a name waits if it may turn out to be unbound", "except NameError")
def names_are_taken_for_bound() -> None:
    replaced("poppy_ipython.engine.control:Control.is_bound", lambda _: lambda self, namespace, name, here: True)


@mutant("a call that failed late fails where it was issued")
def tracebacks_as_they_come() -> None:
    replaced("poppy_ipython.engine.tracebacks:Tracebacks.explain", lambda _: lambda self, entry, error: error)


@mutant("a store in an instance that an older unit makes is announced", r"Box\(q\)")
def older_instances_need_no_slot() -> None:
    def make(store_attribute: Any) -> Any:
        from poppy_ipython.engine.reach.values import Older

        def broken(self: Any, target: Any, name: str, stored: Any, straight: bool = False) -> None:
            if type(target) is not Older:
                store_attribute(self, target, name, stored, straight)

        return broken

    replaced("poppy_ipython.engine.reach.stores:Stores.store_attribute", make)


@mutant("an item's own store hides what comes before it, not what comes between", "filling")
def own_items_hide_what_comes_between() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, target: Any, key: Any) -> Any:
            chain = self.chains.get(id(target))
            unit = self.cur
            return None if chain is None else chain.last_item((*unit.path, unit.n + 1), key)

        return broken

    replaced("poppy_ipython.engine.heap:Heap.stored_item", make)


@mutant("a detached piece changes only what nobody older can see", "pieces")
def detached_pieces_change_what_they_like() -> None:
    replaced("poppy_ipython.engine.detached:World.changes", lambda _: lambda self, closed: True)


@mutant("a detached piece reads only what nobody older may still write", "pieces")
def detached_pieces_read_what_they_like() -> None:
    def make(admits: Any) -> Any:
        def broken(self: Any, value: Any) -> Any:
            chains, standing, self.machine.chains, self.standing = self.machine.chains, self.standing, {}, False
            try:
                return admits(self, value)
            finally:
                self.machine.chains, self.standing = chains, standing

        return broken

    replaced("poppy_ipython.engine.detached:World.admits", make)


@mutant("what a function may bind of the one around it is part of its footprint", "nonlocal")
def footprints_without_nonlocal_names() -> None:
    replaced("poppy_ipython.engine.reach.shared:SharedVariables.bind_shared", lambda _: lambda self, act: None)


@mutant("a file is read after the older writes of it", "files")
def files_are_read_before_they_are_written() -> None:
    replaced("poppy_ipython.engine.reading:Reading.write_before", lambda _: lambda self, here, keys: None)


@mutant("a file is read when no older unit may still write it", "files")
def files_are_read_past_units_that_may_write_them() -> None:
    replaced("poppy_ipython.engine.reading:Reading.writer_before", lambda _: lambda self, here, keys, folder: None)


@mutant("what is read from a copy is read from the file itself, in its turn", "files")
def files_stand_where_they_were_opened() -> None:
    replaced("poppy_ipython.engine.contents:Contents._read_later", lambda _: lambda self, copy, fn, args: None)


@mutant("a copy of a file is used while nothing else has been done with the file", r"for @l in @:.*@\.read")
def copies_of_files_are_used_too_long() -> None:
    replaced("poppy_ipython.engine.contents:Contents._is_untouched", lambda _: lambda self, copy: True)


@mutant("a folder that is made on the way to another one is written, too", "mkdir")
def folders_above_are_made_unseen() -> None:
    replaced("poppy_ipython.engine.folders:Folders.missing_above", lambda _: lambda self, path: ())


@mutant("what a pattern captures is the object that was matched, not the copy it was tried on", r"\bcase |_match")
def captures_are_copies() -> None:
    replaced("poppy_ipython.engine.matches:_original", lambda _: lambda value, copies: value)


@mutant("a pattern looks at what the store buffer shows, as deep as it looks", r"\bcase |_match")
def patterns_see_the_surface() -> None:
    def make(as_matched: Any) -> Any:
        return lambda self, value, depth, copies: as_matched(self, value, min(depth, 1), copies)

    replaced("poppy_ipython.engine.matches:Matches.as_matched", make)


@mutant("a name is deleted once nobody older may still bind it", r"\bdel @")
def names_are_deleted_unseen() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, cell_of: Any, slot: Any, name: str) -> Any:
            cell = cell_of(name)
            return None if cell is None else cell.find((*self.cur.path, self.cur.n + 1))

        return broken

    replaced("poppy_ipython.engine.unbinding:Unbinding.bound_here", make)


@mutant("of a frame with stores in flight only what they leave alone is taken", "tables")
def frames_are_taken_as_they_stand() -> None:
    replaced("poppy_ipython.engine.tables:Tables._untouched", lambda _: lambda self, frame, label: True)
    replaced("poppy_ipython.engine.tables:Tables.stores_elsewhere", lambda _: lambda self, row: True)


@mutant("what has been drawn from a copy is drawn from the generator itself, in its turn", "ambient")
def draws_are_not_repeated() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, shadow: Any, method: Any, args: Any, kwargs: Any) -> None:
            shadow.last = self.at_head(int, (), {})

        return broken

    replaced("poppy_ipython.engine.draws:Draws._draw_later", make)


@mutant("a merge of dicts is a store: it waits for its turn", "merged")
def dicts_are_merged_at_once() -> None:
    def make(_: Any) -> Any:
        def broken(self: Any, target: Any, value: Any) -> Any:
            value = self.force(value)
            target |= {key: self.force(item) for key, item in self.view(value).items()} if isinstance(value, dict) else value
            return target

        return broken

    replaced("poppy_ipython.engine.displays:Displays.merge_into", make)


@mutant("who is given a file in memory finds in it what has been written so far", r"\b(sb|bb)\b")
def files_in_memory_are_handed_out_early() -> None:
    def make(number_of: Any) -> Any:
        from poppy_ipython.effects.opened import KEPT

        return lambda file: ("file", "memory", 1) if type(file) in KEPT else number_of(file)

    replaced("poppy_ipython.effects.opened:number_of", make)


@mutant("frames are put together when their turn comes", "concat")
def frames_grow_in_any_order() -> None:
    def make(at_head_value: Any) -> Any:
        def broken(self: Any, fn: Any, args: Any, *rest: Any) -> Any:
            if getattr(fn, "__name__", "") == "concat" and self.cur is not self.ghost:
                return fn([self.force(part) for part in args[0]], *args[1:], **(rest[0] if rest else {}))
            return at_head_value(self, fn, args, *rest)

        return broken

    replaced("poppy_ipython.engine.calls:Calls.at_head_value", make)
