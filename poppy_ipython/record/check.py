"""`%%poppy --check`: is it true, for this cell, that the parallel run leaves what a plain run leaves?

    before    copy what the cell can reach (`scratch`); refuse, by name, what cannot be copied: nothing has run yet
    the run   as ever, in parallel, with every answer written down (`takes`); what it writes is heard (`ears`)
    after     the cell once more, plain, by CPython, on the copies, told the same answers (`plain`); then compare

Compared are: every name that the cell can reach or has bound, deeply and with its sharing; the value of the last line; what was
written, stream by stream; the ordered calls, resource by resource; which calls were made at all; the exception with its
arguments and the user's lines in its traceback; and the state of `random`. Calls that ran ahead of a failure and that a plain
run would not have made are no difference: the promise says so.

What a plain run cannot be compared in is said: clocks that were not heard, objects that cannot be looked into.
"""

from __future__ import annotations

import ast
import copy
import inspect
import random
import sys
from collections import deque
from dataclasses import dataclass
from difflib import unified_diff
from types import CodeType
from typing import Any

from poppy_ipython.compiler.functions import belongs_to_user
from poppy_ipython.effects.table import display_name, underlying
from poppy_ipython.record.compare import Comparison
from poppy_ipython.record.ears import Ears
from poppy_ipython.record.errors import CheckRefused
from poppy_ipython.record.plain import Asker, Harm, Other, run_plain
from poppy_ipython.record.scratch import Scratch, Uncopyable
from poppy_ipython.record.takes import Takes
from poppy_ipython.trace.values import brief

__all__ = ["Check", "Checked", "publishers"]

_HIDDEN = frozenset({"__builtins__", "__annotations__"})
#: resources that tell a run something: the plain run is told the same
_TOLD = ("clock", "entropy", "rng")


@dataclass(frozen=True)
class Checked:
    """What a check found.

    >>> print(Checked(("x: 1 in parallel, 2 plain",), "1 variable"))
    checked, NOT the same as a plain run:
      x: 1 in parallel, 2 plain
    """

    differences: tuple[str, ...]
    compared: str
    notes: tuple[str, ...] = ()
    #: why there was nothing to compare; empty if there was
    refused: str = ""

    @property
    def same(self) -> bool:
        return not self.differences and not self.refused

    def __str__(self) -> str:
        if self.refused:
            return f"not checked: {self.refused} (--check-anyway does it all the same)"
        said = f"checked, the same as a plain run: {self.compared}"
        if self.differences:
            said = "\n  ".join(["checked, NOT the same as a plain run:", *self.differences])
        return "; ".join([said, *self.notes]) if not self.differences else "\n  ".join([said, *[f"({n})" for n in self.notes]])


class Check:
    """One check of one cell. Made before the run; raises `CheckRefused` where something cannot be copied."""

    def __init__(self, tree: ast.Module, filename: str, namespace: dict[str, Any], options: Any, *publishers: Any) -> None:
        self.tree = copy.deepcopy(tree)
        self.filename = filename
        self.namespace = namespace
        self.options = options
        self.publishers = publishers
        self.before = set(namespace)
        self.scratch = Scratch(namespace, options.check_anyway)
        self.scratch.need({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"__annotations__"} & self.before)
        if self.scratch.refused:
            named = tuple(dict.fromkeys(self.scratch.refused))
            raise CheckRefused(
                f"--check runs the cell a second time on copies, and these cannot be copied: {', '.join(named[:8])}. "
                "Nothing was run. --check-anyway shares them between both runs.",
                named,
            )
        self.told: dict[str, deque[Any]] = {}
        self.ears = Ears(*publishers)
        self.random = random.getstate()
        self.not_lowered: dict[str, str] = {}  # the engine's: what runs as it is written, and why

    def begin(self, machine: Any) -> None:
        """The run begins: listen."""
        self.ears.open()
        self.not_lowered = machine.not_lowered
        machine.foresees = False  # what the head is told is heard in the order of the program
        at_head_value = machine.at_head_value
        told = self.told

        def heard(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effect: Any = None, resource: Any = None) -> Any:
            if effect is None or effect.resource not in _TOLD or getattr(fn, "__self__", None) is random._inst:  # type: ignore[attr-defined]
                return at_head_value(fn, args, kwargs, effect, resource)
            said = told.setdefault(display_name(underlying(fn)), deque())

            def listened(*args: Any, **kwargs: Any) -> Any:
                value = fn(*args, **kwargs)
                said.append(value)
                return value

            return at_head_value(listened, args, kwargs, effect)

        machine.at_head_value = heard

    def keep(self, value: Any) -> Any:
        """A result that no text can stand for, copied before the program has it: in a tuple; None if it cannot be."""
        before = len(self.scratch.refused)
        try:
            made = self.scratch.copy(value, "result")
            self.scratch.need(set())
        except Uncopyable:
            return None
        if len(self.scratch.refused) > before:
            del self.scratch.refused[before:]
            return None
        return (made,)

    def stop(self) -> None:
        """The parallel run is over."""
        self.ears.close()

    async def end(self, takes: Takes, error: BaseException | None, value: Any) -> Checked:
        """Run the cell plain, and compare."""
        done = takes.ranked()
        asker = Asker(self.scratch, done, self.told, self.options.check_anyway)
        ears = Ears(*self.publishers, mute=True)
        after = random.getstate()
        random.setstate(self.random)
        ears.open()
        try:
            plain_error, plain_value = await run_plain(self.tree, self.filename, self.options.flags, self.scratch, asker)
        except Harm as reason:
            return Checked((), "", (), str(reason))
        except Other as call:
            as_written = next((name for name in map(self._as_written, call.within) if name), None)
            if as_written is not None:
                return Checked((), "", (), f"{call} is made inside {as_written}, which runs as it is written and is not recorded")
            return Checked((f"the plain run makes a call that the parallel run did not make: {call}",), "")
        finally:
            ears.close()
            drawn = random.getstate()
            random.setstate(after)
        comparison = Comparison(self.scratch.classes)
        names = self._variables(comparison)
        comparison.of(value, plain_value, "the value of the last line")
        found = comparison.found
        found += _outputs(self.ears.heard, ears.heard)
        found += self._exceptions(error, plain_error, comparison, asker)
        found += self._calls(done, asker, error)
        if drawn != after:
            found.append("the state of random: the two runs drew differently")
        return Checked(tuple(found), _compared(names, self.ears.heard, asker, error), tuple(_notes(asker, comparison)))

    def _as_written(self, code: CodeType) -> str | None:
        """A function that the engine does not follow, so that nobody heard what it called."""
        if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR):
            return code.co_name
        return code.co_name if any(name.rpartition(".")[2] == code.co_name for name in self.not_lowered) else None

    def _variables(self, comparison: Comparison) -> int:
        count = 0
        for title, real, scratch in self.scratch.worlds:
            fresh = {name for name in real if name not in self.before} if real is self.namespace else set()
            for name in sorted((scratch.keys() | fresh) - _HIDDEN):
                if name.startswith("__") and name.endswith("__"):
                    continue
                path = f"{title}.{name}" if title else name
                if name not in real or name not in scratch:
                    comparison.differ(path, "bound" if name in real else "not bound", "bound" if name in scratch else "not bound")
                    continue
                count += not title
                comparison.of(real[name], scratch[name], path)
        return count

    def _exceptions(
        self, error: BaseException | None, plain: BaseException | None, comparison: Comparison, asker: Asker
    ) -> list[str]:
        if error is None or plain is None:
            if error is None and plain is None:
                return []
            return [f"the exception: {_error(error)} in parallel, {_error(plain)} plain"]
        before = len(comparison.found)
        comparison.of(error, plain, "the exception")
        found = comparison.found[before:]
        del comparison.found[before:]
        mine, others = self._lines(error), self._lines(plain)
        told = any(plain is one for one in asker.raised)  # what it went through inside the call is not in the record
        if (mine[: len(others)] if told else mine) != others:
            found.append(f"the traceback of {type(error).__name__}: lines {mine} in parallel, {others} plain")
        return found

    def _lines(self, error: BaseException) -> list[tuple[str, int | None]]:
        found: list[tuple[str, int | None]] = []
        tb = error.__traceback__
        while tb is not None:
            if belongs_to_user(tb.tb_frame.f_code.co_filename):
                found.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
            tb = tb.tb_next
        return found

    def _calls(self, done: list[Any], asker: Asker, error: BaseException | None) -> list[str]:
        found = []
        unused = [take for take in asker.unused if error is None or take.call.effect.name == "sequential"]
        for take in unused[:3]:
            shown = f"{take.call.record.callee}({take.key.text[1:-1][:120]}), line {take.call.record.line}"
            found.append(f"the plain run does not make a call of the parallel run: {shown}")
        missing = set(map(id, asker.unused))
        ordered = [take for take in done if take.call.effect.name == "sequential" and id(take) not in missing]
        ordered.sort(key=lambda take: take.call.record.started)
        mine: dict[str, list[tuple[str, str]]] = {}
        for take in ordered:
            mine.setdefault(str(take.call.record.resource), []).append((take.key.callee, take.key.arguments))
        others: dict[str, list[tuple[str, str]]] = {}
        sequential = {(take.key.callee, take.key.arguments) for take in ordered}
        for resource, callee, arguments in asker.effects:
            if (callee, arguments) in sequential:
                others.setdefault(resource, []).append((callee, arguments))
        for resource in mine.keys() | others.keys():
            one, other = mine.get(resource, []), others.get(resource, [])
            if one != other:
                at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
                found.append(f"the order of the effects on {resource}: from number {at + 1} of {len(one)} on")
        return found


def _outputs(mine: list[tuple[str, str]], others: list[tuple[str, str]]) -> list[str]:
    found = []
    for stream in ("stdout", "stderr", "display"):
        one, other = ("".join(_settled(text) for name, text in heard if name == stream) for heard in (mine, others))
        if one != other:
            lines = list(unified_diff(one.splitlines(), other.splitlines(), "parallel", "plain", lineterm="", n=0))[2:8]
            found.append(f"{stream}: " + " / ".join(line[:120] for line in lines))
    order = [[name for name, text in heard if name != "stderr"] for heard in (mine, others)]
    if not found and order[0] != order[1]:
        found.append("the order of text and displays")
    return found


def _settled(text: str) -> str:
    """Without what a progress bar has overwritten: how often it was drawn is a matter of time."""
    return "\n".join(line for line in text.split("\n") if "\r" not in line) if "\r" in text else text


def _error(error: BaseException | None) -> str:
    return "none" if error is None else f"{type(error).__name__}: {brief(str(error))}"


def _compared(names: int, heard: list[tuple[str, str]], asker: Asker, error: BaseException | None) -> str:
    lines = sum(text.count("\n") for name, text in heard if name != "display")
    parts = [_count(names, "variable"), _count(lines, "line") + " of output", _count(asker.answered, "call")]
    if asker.effects:
        parts[-1] += f", {len(asker.effects):,} of them in order"
    if error is not None:
        parts.append(f"the {type(error).__name__}")
    return ", ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _notes(asker: Asker, comparison: Comparison) -> list[str]:
    notes = []
    if asker.live:
        notes.append(f"read again, so it may differ: {', '.join(asker.live)}")
    if comparison.unseen:
        notes.append(f"not looked into: {', '.join(comparison.unseen)}")
    return notes


def publishers() -> list[Any]:
    """The display publisher of the shell that we are in."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return [] if shell is None else [shell.display_pub]
