"""Items of a text that is still being written: lines, sentences, JSON values.

    for idea in lines(client.chat.completions.create(..., stream=True)):
        out.append(expand(idea))              # each expand is sent as soon as its idea is there

The source is a stream of an `openai`, `anthropic`, `mistralai`, `google-genai` or `ollama` client or of a `langchain` chain, or any
iterable of texts. In a plain cell they are ordinary generators. An item is given as soon as it is known to be complete; what is left at the end is the last item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
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
def texts(source: Iterable[Any]) -> Iterator[str]:
    """The text of each piece that has one.

    >>> list(texts(["a", "", "b"]))
    ['a', 'b']
    """
    return (text for piece in source if (text := _text(piece)))


@pure(result="stream")
def lines(source: Iterable[Any]) -> Iterator[str]:
    """Lines that are not blank, without their ends.

    >>> list(lines(["one\\ntw", "o\\n\\nthree"]))
    ['one', 'two', 'three']
    """
    return _lines(source)


@pure(result="stream")
def sentences(source: Iterable[Any]) -> Iterator[str]:
    """Sentences: up to a full stop, question or exclamation mark with something behind it.

    >>> list(sentences(["One. Tw", "o? Three"]))
    ['One.', 'Two?', 'Three']
    """
    return _sentences(source)


@pure(result="stream")
def json_items(source: Iterable[Any]) -> Iterator[Any]:
    """The elements of a JSON array as each is complete; of several values behind each other, those.

    >>> list(json_items(['[{"a": 1}, {"a"', ': 2}]']))
    [{'a': 1}, {'a': 2}]
    """
    return _json_items(source)


def _lines(source: Iterable[Any]) -> Iterator[str]:
    left = ""
    for piece in source:
        *complete, left = (left + _text(piece)).split("\n")
        yield from (line.strip("\r") for line in complete if line.strip())
    if left.strip():
        yield left.strip("\r")


def _sentences(source: Iterable[Any]) -> Iterator[str]:
    left = ""
    for piece in source:
        *complete, left = _SENTENCE.split(left + _text(piece))
        yield from (sentence.strip() for sentence in complete if sentence.strip())
    if left.strip():
        yield left.strip()


def _json_items(source: Iterable[Any]) -> Iterator[Any]:
    decode = json.JSONDecoder().raw_decode
    left, started, inside = "", False, False
    for piece in source:
        left += _text(piece)
        while True:
            left = left.lstrip(" \t\r\n,") if started else left.lstrip()
            if not started and left:
                started, inside = True, left[0] == "["
                left = left[1:] if inside else left
                continue
            if not left or (inside and left[0] == "]"):
                break
            try:
                value, end = decode(left)
            except json.JSONDecodeError:
                break  # not complete yet
            if end == len(left) and left[0] not in '{["':
                break  # a number may go on
            yield value
            left = left[end:]
    left = left.strip(" \t\r\n,")
    if left and not (inside and left == "]"):
        yield json.loads(left.removesuffix("]").rstrip() if inside else left)
