"""Serializers of what other people's libraries give: dates, paths, arrays, answers of HTTP clients.

Declared when a value of the class is first met, so that no library is imported for it. An answer of `httpx` or `requests`
is stored as what came over the wire (status, headers, decoded body, the request's method and URL); connections are not.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from poppy_ipython.record.errors import Unstorable
from poppy_ipython.record.values import serializer

__all__ = ["declare"]

#: what a body that is stored decoded no longer is
_ENCODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def declare(kind: type) -> None:
    """Declare the serializer for `kind`, if there is one here."""
    found = _MAKERS.get(f"{kind.__module__}.{kind.__qualname__}")
    if found is not None:
        serializer(kind, *found(kind))


Pair = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def _iso(kind: Any) -> Pair:
    return lambda value: value.isoformat(), kind.fromisoformat


def _text(kind: Any) -> Pair:
    return str, kind


def _timedelta(kind: Any) -> Pair:
    return lambda value: [value.days, value.seconds, value.microseconds], lambda parts: kind(*parts)


def _ordered(kind: Any) -> Pair:
    return lambda value: [list(pair) for pair in value.items()], lambda pairs: kind([tuple(pair) for pair in pairs])


def _counter(kind: Any) -> Pair:
    return lambda value: [list(pair) for pair in value.items()], lambda pairs: kind(dict(map(tuple, pairs)))


def _deque(kind: Any) -> Pair:
    return lambda value: [value.maxlen, list(value)], lambda parts: kind(parts[1], parts[0])


def _array(kind: Any) -> Pair:
    import numpy

    def dump(value: Any) -> Any:
        if value.dtype.hasobject:
            raise Unstorable("an array of objects")
        return [value.dtype.str, list(value.shape), base64.b64encode(numpy.ascontiguousarray(value).tobytes()).decode()]

    def load(parts: Any) -> Any:
        return numpy.frombuffer(base64.b64decode(parts[2]), dtype=parts[0]).reshape(parts[1]).copy()

    return dump, load


def _frame(kind: Any) -> Pair:
    import pandas

    def dump(value: Any) -> Any:
        columns = [[name, str(value[name].dtype), value[name].tolist()] for name in value.columns]
        parts = [columns, value.index.tolist(), type(value.index).__name__]
        try:
            same = load(parts)
            pandas.testing.assert_frame_equal(same, value, check_index_type=True)
        except Exception:
            raise Unstorable("a DataFrame with unusual columns") from None
        return parts

    def load(parts: Any) -> Any:
        columns, index, name = parts
        rows = pandas.RangeIndex(len(index)) if name == "RangeIndex" else pandas.Index(index)
        series = {title: pandas.Series(values, dtype=dtype, index=rows) for title, dtype, values in columns}
        return pandas.DataFrame(series, index=rows)

    return dump, load


def _headers(pairs: Any) -> list[list[str]]:
    return [[name, value] for name, value in pairs if name.lower() not in _ENCODED]


def _httpx_response(kind: Any) -> Pair:
    import importlib

    httpx = importlib.import_module(kind.__module__.partition(".")[0])

    def dump(value: Any) -> Any:
        try:
            body = value.content
        except Exception:
            raise Unstorable("an HTTP response that is still being read") from None
        request = value._request
        asked = None if request is None else [request.method, str(request.url)]
        return [value.status_code, _headers(value.headers.multi_items()), body, asked]

    def load(parts: Any) -> Any:
        status, headers, body, asked = parts
        request = None if asked is None else httpx.Request(*asked)
        return kind(status, headers=[tuple(pair) for pair in headers], content=body, request=request)

    return dump, load


def _httpx_request(kind: Any) -> Pair:
    return lambda value: [value.method, str(value.url)], lambda parts: kind(*parts)


def _requests_response(kind: Any) -> Pair:
    def dump(value: Any) -> Any:
        body = value.content  # reads what is left of it, as the program would
        return [value.status_code, _headers(value.headers.items()), body, value.url, value.reason, value.encoding]

    def load(parts: Any) -> Any:
        made = kind()
        made.status_code, headers, made._content, made.url, made.reason, made.encoding = parts
        made.headers.update(dict(headers))
        made._content_consumed = True
        return made

    return dump, load


_MAKERS: dict[str, Callable[[Any], Pair]] = {
    "datetime.datetime": _iso,
    "datetime.date": _iso,
    "datetime.time": _iso,
    "datetime.timedelta": _timedelta,
    "decimal.Decimal": _text,
    "fractions.Fraction": _text,
    "uuid.UUID": _text,
    "pathlib.PosixPath": _text,
    "pathlib.WindowsPath": _text,
    "pathlib.PurePosixPath": _text,
    "pathlib._local.PosixPath": _text,
    "pathlib._local.WindowsPath": _text,
    "collections.OrderedDict": _ordered,
    "collections.Counter": _counter,
    "collections.deque": _deque,
    "numpy.ndarray": _array,
    "pandas.core.frame.DataFrame": _frame,
    "pandas.DataFrame": _frame,
    "httpx.URL": _text,
    "httpx._urls.URL": _text,
    "httpx.Response": _httpx_response,
    "httpx._models.Response": _httpx_response,
    "httpx2.Response": _httpx_response,
    "httpx2._models.Response": _httpx_response,
    "httpx.Request": _httpx_request,
    "httpx._models.Request": _httpx_request,
    "httpx2.Request": _httpx_request,
    "httpx2._models.Request": _httpx_request,
    "requests.models.Response": _requests_response,
}
