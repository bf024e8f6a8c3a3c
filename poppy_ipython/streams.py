"""Items of a text that is still being written: lines, sentences, JSON values.

    for idea in lines(client.chat.completions.create(..., stream=True)):
        out.append(expand(idea))              # each expand is sent as soon as its idea is there

The source is a stream of an `openai`, `anthropic`, `mistralai`, `google-genai` or `ollama` client or of a `langchain` chain, or
any iterable of texts; an asynchronous one gives an asynchronous generator, for `async for`. In a plain cell they are ordinary
generators. An item is given as soon as it is known to be complete; what is left at the end is the last item.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from poppy_ipython.effects.effect import pure

__all__ = ["json_items", "lines", "sentences", "texts"]

_SENTENCE = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"')\]]))\s+(?=\S)")


def _text(piece: Any) -> str:
    """The text in one piece of a stream: a text, a chunk of `openai`, an event of `anthropic` ..."""
    if isinstance(piece, str):
        return piece
    piece = getattr(piece, "data", piece)  # mistralai
    choices = getattr(piece, "choices", None)
    if choices is not None:
        return _said(choices[0].delta.content) if choices else ""
    if getattr(piece, "type", None) == "response.output_text.delta":
        return str(piece.delta)
    if hasattr(piece, "delta"):  # anthropic
        return _said(getattr(piece.delta, "text", None))
    for name in ("content", "text", "response"):  # langchain, google.genai, ollama
        if hasattr(piece, name):
            return _said(getattr(piece, name))
    return _said(getattr(getattr(piece, "message", None), "content", None))


def _said(content: Any) -> str:
    """The text of a piece's content, which may be missing, a text, or blocks of which some are text."""
    if isinstance(content, list):
        return "".join(_said(one.get("text")) for one in content if isinstance(one, dict))
    return content if isinstance(content, str) else ""


@pure(result="stream")
def texts(source: Any) -> Any:
    """The text of each piece that has one.

    >>> list(texts(["a", "", "b"]))
    ['a', 'b']
    """
    return _items(source, _Texts)


@pure(result="stream")
def lines(source: Any) -> Any:
    """Lines that are not blank, without their ends.

    >>> list(lines(["one\\ntw", "o\\n\\nthree"]))
    ['one', 'two', 'three']
    """
    return _items(source, _Lines)


@pure(result="stream")
def sentences(source: Any) -> Any:
    """Sentences: up to a full stop, question or exclamation mark with something behind it.

    >>> list(sentences(["One. Tw", "o? Three"]))
    ['One.', 'Two?', 'Three']
    """
    return _items(source, _Sentences)


@pure(result="stream")
def json_items(source: Any) -> Any:
    """The elements of a JSON array as each is complete; of several values behind each other, those.

    >>> list(json_items(['[{"a": 1}, {"a"', ': 2}]']))
    [{'a': 1}, {'a': 2}]
    """
    return _items(source, _JsonItems)


class _Texts:
    """Cuts a text that comes in pieces into items: `feed` gives those that are complete, `rest` what is left at the end."""

    left = ""

    def feed(self, text: str) -> Iterator[Any]:
        return iter([text] if text else [])

    def rest(self) -> Iterator[Any]:
        return iter(())


class _Lines(_Texts):
    def feed(self, text: str) -> Iterator[str]:
        *complete, self.left = (self.left + text).split("\n")
        return (line.strip("\r") for line in complete if line.strip())

    def rest(self) -> Iterator[str]:
        return iter([self.left.strip("\r")] if self.left.strip() else [])


class _Sentences(_Texts):
    def feed(self, text: str) -> Iterator[str]:
        *complete, self.left = _SENTENCE.split(self.left + text)
        return (sentence.strip() for sentence in complete if sentence.strip())

    def rest(self) -> Iterator[str]:
        return iter([self.left.strip()] if self.left.strip() else [])


class _JsonItems(_Texts):
    started = inside = False

    def feed(self, text: str) -> Iterator[Any]:
        left = self.left + text
        while True:
            self.left = left = left.lstrip(" \t\r\n,") if self.started else left.lstrip()
            if not self.started and left:
                self.started, self.inside = True, left[0] == "["
                left = left[1:] if self.inside else left
                continue
            if not left or (self.inside and left[0] == "]"):
                return
            try:
                value, end = _decode(left)
            except json.JSONDecodeError:
                return  # not complete yet
            if end == len(left) and left[0] not in '{["':
                return  # a number may go on
            left = left[end:]
            yield value

    def rest(self) -> Iterator[Any]:
        left = self.left.strip(" \t\r\n,")
        if left and not (self.inside and left == "]"):
            yield json.loads(left.removesuffix("]").rstrip() if self.inside else left)


_decode = json.JSONDecoder().raw_decode


def _items(source: Any, cutter: Callable[[], _Texts]) -> Any:
    if hasattr(type(source), "__aiter__") and not hasattr(type(source), "__iter__"):
        return _awaited(source, cutter())
    return _read(source, cutter())


def _read(source: Iterable[Any], cutter: _Texts) -> Iterator[Any]:
    for piece in source:
        yield from cutter.feed(_text(piece))
    yield from cutter.rest()


async def _awaited(source: Any, cutter: _Texts) -> AsyncIterator[Any]:
    async for piece in source:
        for item in cutter.feed(_text(piece)):
            yield item
    for item in cutter.rest():
        yield item
