"""The differences between two observations, each with a kind (what `shrink` keeps constant) and a line for a human.

Kinds are ordered: the first is the one a failure is known by, since a wrong exception usually brings wrong variables
with it. The values of `variables` and `aliasing` are told apart by forgetting the numbers of the walk: if the
difference goes with them, only the identities differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .observe import Observation


@dataclass(frozen=True, slots=True)
class Difference:
    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


def differences(plain: Observation, other: Observation) -> list[Difference]:
    """What `other` has otherwise than `plain`; empty when they agree."""
    found: list[Difference] = []

    def add(kind: str, detail: str) -> None:
        found.append(Difference(kind, detail))

    if other.leaks:
        add("leak", "; ".join(other.leaks[:5]))
    if any("<LEAK" in text for _, text in other.events):
        add("leak to foreign code", next(f"{name} {text}" for name, text in other.events if "<LEAK" in text))
    if plain.error != other.error:
        add(f"exception {plain.error} -> {other.error}", _shorten(f"{plain.message!r} / {other.message!r}"))
    elif plain.message != other.message:
        add("message", f"{plain.message!r} / {other.message!r}")
    if [event for event in plain.events if event[0] == "out"] != [event for event in other.events if event[0] == "out"]:
        a, b = ("".join(text for name, text in side.events if name == "out") for side in (plain, other))
        if a != b:
            add("output", _first(a.splitlines(), b.splitlines()))
    if [event for event in plain.events if event[0] != "out"] != [event for event in other.events if event[0] != "out"]:
        add("effects", _first([e for e in plain.events if e[0] != "out"], [e for e in other.events if e[0] != "out"]))
    elif not found and plain.events != other.events:
        add("interleaving", _first(plain.events, other.events))
    for part in ("variables", "value", "kept"):
        a, b = getattr(plain, part), getattr(other, part)
        if a != b:
            same_but_for_numbers = _anonymous(a) == _anonymous(b)
            add(
                "aliasing" if same_but_for_numbers else part,
                _mapping(a, b) if part == "variables" else _shorten(f"{a!r} / {b!r}"),
            )
    if plain.order != other.order and set(plain.order) == set(other.order):
        add("order of names", _first(list(plain.order), list(other.order)))
    if plain.error == other.error:
        if plain.chain != other.chain:
            add("chain", _first(plain.chain, other.chain))
        if plain.lines != other.lines:
            add("traceback lines", f"{plain.lines} / {other.lines}")
        elif (texts := [_told(side.text) for side in (plain, other)])[0] != texts[1]:
            add("traceback text", _first(*texts))
    missing = {call: n for call, n in plain.sent.items() if other.sent.get(call, 0) < n}
    if missing and not found:
        add("missing calls", _shorten(repr(missing)))
    return found


def _told(text: str) -> list[str]:
    """The lines of a traceback, but for the carets under a local name without a value.

    In CPython 3.11 these depend on how often the function has run: reading two locals becomes one instruction, whose place is the first's.

    >>> _told("    print(a, b)\\n          ^\\nUnboundLocalError: b")
    ['    print(a, b)', 'UnboundLocalError: b']
    """
    lines = text.splitlines()
    carets = {n for n in range(len(lines) - 1) if lines[n + 1].startswith("UnboundLocalError") and not lines[n].strip(" ^~")}
    return [line for n, line in enumerate(lines) if n not in carets]


def _anonymous(graph: Any) -> Any:
    """The graph without the numbers of its nodes, shared parts as they come."""
    if isinstance(graph, dict):
        return {key: _anonymous(part) for key, part in graph.items()}
    if isinstance(graph, tuple):
        if graph and graph[0] == "again":
            return "again"
        return tuple(_anonymous(part) for part in (graph[1:] if graph and type(graph[0]) is int else graph))
    return graph


def _mapping(a: dict[str, Any], b: dict[str, Any]) -> str:
    names = [name for name in sorted(set(a) | set(b)) if a.get(name, "unbound") != b.get(name, "unbound")]
    return "; ".join(
        _shorten(f"{name}: {a.get(name, 'unbound')!r} / {b.get(name, 'unbound')!r}", 160) for name in names[:4]
    )


def _first(a: list[Any], b: list[Any]) -> str:
    """The first place where two sequences part."""
    for i in range(max(len(a), len(b))):
        left, right = (side[i] if i < len(side) else "(nothing)" for side in (a, b))
        if left != right:
            return _shorten(f"at {i}: {left!r} / {right!r}")
    return ""


def _shorten(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
