from __future__ import annotations

import datetime
import json
import threading
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy
import openai
import pandas
import pytest
from hypothesis import given, strategies as st
from openai.types.chat import ChatCompletion

from poppy_ipython.record.compare import Comparison
from poppy_ipython.record.errors import BadRecording, Unstorable
from poppy_ipython.record.reading import decode
from poppy_ipython.record.values import Numbers, encode, serializer, text_of

ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
KEYS = st.text() | st.integers() | st.tuples(st.integers(), st.text())
DATA = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner) | st.sets(st.integers()) | st.frozensets(st.text()),
)


@dataclass
class Note:
    title: str
    lines: list[str] = field(default_factory=list)


class Tagged(dict):
    __slots__ = ("tag",)


class Odd(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.one = one


def back(value: Any) -> Any:
    return decode(encode(value))


@given(DATA)
def test_data_comes_back_with_its_types(value: Any) -> None:
    comparison = Comparison({})
    comparison.of(value, back(value), "value")
    assert not comparison.found, comparison.found


def test_sharing_and_cycles_come_back() -> None:
    shared: list[Any] = [1]
    ring: dict[str, Any] = {"a": shared, "b": (shared, [shared])}
    ring["self"] = ring
    found = back(ring)
    assert found["a"] is found["b"][0] is found["b"][1][0] and found["self"] is found


def test_a_result_that_is_an_argument_is_that_argument() -> None:
    given_ = {"rows": [1, 2]}
    before, after = Numbers(), Numbers()
    text_of([given_], before)
    text = encode({"same": given_["rows"]}, before)
    again = {"rows": [1, 2]}
    text_of([again], after)
    assert decode(text, after)["same"] is again["rows"]


@pytest.mark.parametrize(
    "value",
    [
        datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), datetime.timedelta(days=1, microseconds=3), Decimal("1.10"), Path("/a/b"),
        Counter("abca"), OrderedDict(b=1, a=2), deque([1, 2], 3), Note("a", ["b"]), 1j, ..., bytearray(b"x"), float("inf"), 10**60,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_known_classes(value: Any) -> None:
    found = back(value)
    assert type(found) is type(value) and found == value


def test_arrays_frames_and_http() -> None:
    array = numpy.arange(6, dtype="int16").reshape(2, 3)
    assert back(array).dtype == array.dtype and (back(array) == array).all()
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
    pandas.testing.assert_frame_equal(back(frame), frame)
    answer = httpx.Response(201, json={"a": 1}, headers={"x-n": "1"}, request=httpx.Request("GET", "http://here/"))
    found = back(answer)
    assert (found.status_code, found.json(), found.headers["x-n"], str(found.url)) == (201, {"a": 1}, "1", "http://here/")


def test_a_model_with_what_the_server_added_and_what_it_left_out() -> None:
    choice = {"index": 0, "finish_reason": "a reason of tomorrow", "message": {"role": "assistant", "content": "hi", "mood": ["x"]}}
    answer = ChatCompletion.construct(id="1", choices=[choice], created=1, model="m", object="chat.completion", extra={"k": 1})
    found = back(answer)
    assert found == answer and type(found.choices[0]) is type(answer.choices[0])
    assert found.model_fields_set == answer.model_fields_set and found.choices[0].message.mood == ["x"] and found.extra == {"k": 1}


def test_exceptions_keep_type_arguments_attributes_and_cause() -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise Odd(1, 2) from inner
    except Odd as raised:
        found = back(raised)
    assert type(found) is Odd and found.args == ("1 and 2",) and found.one == 1
    assert type(found.__cause__) is KeyError and found.__cause__.args == ("inner",)
    response = httpx.Response(429, headers={"retry-after": "2"}, request=httpx.Request("POST", "http://here/"))
    limited = back(openai.RateLimitError("slow down", response=response, body={"code": "x"}))
    assert (limited.status_code, limited.body, limited.response.headers["retry-after"]) == (429, {"code": "x"}, "2")


def test_a_subclass_of_a_builtin() -> None:
    value = Tagged(a=1)
    value.tag = "t"
    found = back(value)
    assert type(found) is Tagged and found == {"a": 1} and found.tag == "t"


def test_what_no_text_can_stand_for_is_named() -> None:
    with pytest.raises(Unstorable, match="lock"):
        encode({"a": [threading.Lock()]})
    with pytest.raises(Unstorable, match="OpenAI"):
        encode(openai.OpenAI(api_key="k"))
    text, opaque = text_of([openai.OpenAI(api_key="k"), lambda: 1, print], Numbers())
    assert opaque == ["OpenAI", "a lambda", "builtin_function_or_method"] and "0x" not in text


def test_a_serializer_of_ones_own() -> None:
    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    with pytest.raises(Unstorable):
        encode(Point(3))
    serializer(Point, lambda point: point.x, Point)
    assert back([Point(3)])[0].x == 3


@pytest.mark.parametrize(
    "form",
    [
        {"$": "new", "t": "subprocess:Popen", "v": ["plain", {}, {}, None]},
        {"$": "error", "t": "os:system", "args": {"$": "tuple", "v": ["true"]}, "v": {}},
        {"$": "new", "t": "builtins:eval", "v": ["plain", {}, {}, None]},
        {"$": "own", "t": "builtins:list", "v": [1]},
        {"$": "call"},
        {"$": "same", "n": 99},
    ],
)
def test_a_file_that_somebody_wrote_runs_nothing(form: Any) -> None:
    with pytest.raises(BadRecording):
        decode(json.dumps(form))
