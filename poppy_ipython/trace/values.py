"""Arguments and results as short texts, for the view's details: made while the run goes on, kept beside the trace.

Never evaluated: only exact builtins are written out; of anything else the type is named, because its `repr` would run the
user's code in the middle of a run, may take long, and may raise. Texts of ten megabytes are cut before they are looked at.

    ask("Summarise", document, n=3)   ─▶   "'Summarise', 'It was a dark and…', n=3"

Texts are made when somebody asks for them: what cannot change and is short is only kept (1 µs a call), what can change or is
long is written out at once (10 µs for a list of messages), so that nothing of the user's lives longer for our sake.

In a trace there are none: prompts and patients' data do not belong into a file by accident. For a file that is to have them
`saved` takes the secrets out; a text is cut between words where it has any, so that no half of a key is left over.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from poppy_ipython.redact import redact
from poppy_ipython.trace.records import KEPT
from poppy_ipython.trace.usage import Usage

__all__ = ["Values", "brief"]

_TEXT, _INNER, _ITEMS, _DEPTH, _MOST, _WORD = 400, 80, 12, 3, 1200, 200
_SAVED = 400_000  # characters of all values in one file
_ATOMS = frozenset((int, float, complex, bool, type(None), type(...)))


def brief(value: Any, depth: int = _DEPTH) -> str:
    """A value in few characters, without running any code of the user's.

    >>> brief({"q": ["a" * 500, 1]})[:20], brief(object())
    ("{'q': ['aaaaaaaaaaaa", '<object>')
    """
    kind = type(value)
    if kind is int and not -(10**40) < value < 10**40:
        return "<a large int>"
    if kind in _ATOMS:
        return repr(value)
    if kind is str or kind is bytes:
        most = _TEXT if depth == _DEPTH else _INNER
        return repr(value) if len(value) <= most else f"{_cut(value, most)!r}… ({len(value):,} long)"
    if kind in (list, tuple, set, frozenset):
        if not value:
            return repr(value)
        parts = [] if depth == 0 else [brief(item, depth - 1) for item in islice(value, _ITEMS)]
        more = len(value) - len(parts)
        text = ", ".join(parts) + (f", … {more:,} more" if parts and more else f"{more:,} items" if more else "")
        opened, closed = "[]" if kind is list else "()" if kind is tuple else "{}"
        return f"{opened}{text}{closed}"
    if kind is dict:
        first = [] if depth == 0 else list(islice(value.items(), _ITEMS))
        pairs = [(brief(key, 0), brief(item, depth - 1)) for key, item in first]
        more = len(value) - len(pairs)
        text = ", ".join(f"{k}: {v}" for k, v in pairs)
        return f"{{{text}{', … ' if pairs and more else ''}{f'{more:,} more' if more else ''}}}"
    return f"<{type.__dict__['__qualname__'].__get__(kind)}>"


class _Said(str):
    """A text that is written out already."""

    __slots__ = ()


def _hold(value: Any) -> Any:
    """The value if nobody can change it and it is short, else its text."""
    kind = type(value)
    if (kind is str or kind is bytes) and len(value) <= _TEXT:
        return value
    return value if kind in _ATOMS else _Said(brief(value))


def _say(held: Any) -> str:
    return held if type(held) is _Said else brief(held)


def _cut(text: Any, most: int) -> Any:
    """At most `most` characters, not ending within a word unless that is a very long one."""
    if len(text) <= most:
        return text
    short = text[:most]
    words = short.rsplit(None, 1)
    return words[0] if len(words) == 2 and len(words[1]) < _WORD else short


class Values(Usage):
    """What went into each call and came out, by its number.

    >>> values = Values()
    >>> values.sent(1, ("q",), {"n": 3})
    >>> values.ended(1, "answer", None)
    >>> values.of(1)
    ("'q', n=3", "'answer'")
    """

    __slots__ = ("_arguments", "_results")

    def __init__(self) -> None:
        super().__init__()
        self._arguments: dict[int, tuple[list[Any], dict[str, Any]]] = {}
        self._results: dict[int, Any] = {}

    def sent(self, number: int, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        super().sent(number, args, kwargs)
        if number > KEPT:
            return
        try:
            held = [_hold(value) for value in args[:_ITEMS]]
            named = {name: _hold(value) for name, value in islice(kwargs.items(), _ITEMS)} if kwargs else {}
            self._arguments[number] = held, named
        except Exception:  # a container that another thread changes
            self._arguments[number] = [_Said("…")], {}

    def ended(self, number: int, value: Any, error: BaseException | None) -> None:
        super().ended(number, value, error)
        if number > KEPT:
            return
        try:
            self._results[number] = _hold(value) if error is None else _Said(f"raised {type(error).__name__}")
        except Exception:
            self._results[number] = _Said("…")

    def of(self, number: int) -> tuple[str, str] | None:
        """Arguments and result, or None if the call was never sent."""
        if number not in self._arguments:
            return None
        held, named = self._arguments[number]
        parts = [*map(_say, held), *(f"{name}={_say(value)}" for name, value in named.items())]
        return _cut(", ".join(parts), _MOST), _cut(_say(self._results.get(number, _Said())), _MOST)

    def saved(self) -> dict[int, tuple[str, str]]:
        """All of them for a file: without secrets, and the shorter the more there are."""
        room = max(16, _SAVED // (2 * max(1, len(self._arguments))))
        texts = ((number, self.of(number) or ("", "")) for number in self._arguments)
        return {number: (_short(redact(sent), room), _short(redact(result), room)) for number, (sent, result) in texts}


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
