"""A run as OpenTelemetry spans: for whoever collects those of the rest of a system already.

    In [4]                             one span for the run
    ├─ chat local-small                one for each call that was sent, from sent to ended
    ├─ chat local-small    ── link ──▶ the call whose answer it waited for, with the reason
    └─ search

Calls of the known clients have the names of the GenAI conventions. These still move: all of them stand in this file, and a
test compares them with the package of the conventions that is installed. Names, times and tokens only, as in every export;
of an error its type. Needs `pip install poppy-ipython[otel]`, which is OpenTelemetry's API; where spans go is the provider's
concern. Written after the run, with the run's own times: nothing is added to a call's way.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.units import shorten

if TYPE_CHECKING:
    from poppy_ipython.trace.edges import Edge
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["GEN_AI", "to_otel"]

GEN_AI = {
    "operation": "gen_ai.operation.name",
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.request.model",
    "sent": "gen_ai.usage.input_tokens",
    "received": "gen_ai.usage.output_tokens",
}
_SERVER, _PORT, _ERROR = "server.address", "server.port", "error.type"
_CODE = {"file": "code.file.path", "line": "code.line.number"}
# By the end of the callee as it is written: operation and provider.
_OPERATIONS = (
    ("chat.completions.create", "chat", "openai"),
    ("chat.completions.parse", "chat", "openai"),
    ("responses.create", "chat", "openai"),
    ("responses.parse", "chat", "openai"),
    ("embeddings.create", "embeddings", "openai"),
    ("completions.create", "text_completion", "openai"),
    ("messages.create", "chat", "anthropic"),
)


def to_otel(trace: Trace, provider: Any = None, name: str = "poppy_ipython run") -> int:
    """Write the run as spans to a tracer provider, by default the one that is set; gives their number."""
    try:
        from opentelemetry import trace as api
    except ImportError:
        raise ImportError("to_otel() needs OpenTelemetry: pip install 'poppy-ipython[otel]'") from None

    provider = api.get_tracer_provider() if provider is None else provider
    tracer = provider.get_tracer("poppy_ipython")
    zero = time.time() - trace.wall if trace.at is None else trace.at

    def at(seconds: float) -> int:
        return round((zero + seconds) * 1e9)

    root = tracer.start_span(name, context=_no_context(), attributes=_whole(trace), start_time=at(trace.started))
    around = api.set_span_in_context(root)
    contexts: dict[int, Any] = {}
    for call in sorted(trace.sent, key=lambda call: (call.started or 0.0, call.until or 0.0, call.number)):
        links = [
            api.Link(contexts[edge.cause], _of_edge(edge)) for edge in trace.edges[call.number] if edge.cause in contexts
        ]
        span = tracer.start_span(
            _name(call),
            context=around,
            kind=api.SpanKind.CLIENT,
            attributes=_attributes(trace, call),
            links=links,
            start_time=at(call.started or 0.0),
        )
        if call.outcome == "error":
            span.set_status(api.StatusCode.ERROR)
        span.end(at(call.until or 0.0))
        contexts[call.number] = span.get_span_context()
    root.end(at(trace.ended))
    return 1 + len(contexts)


def _no_context() -> Any:
    from opentelemetry.context import Context

    return Context()  # the run is over: what is current now is not what was then


def _operation(call: Call) -> tuple[str, str] | None:
    """What a client's call is called, and whose it is. Without a model nobody knows that it was one."""
    if call.model is None:
        return None
    return next((found for end, *found in _OPERATIONS if call.callee.endswith(end)), None)  # type: ignore[return-value]


def _name(call: Call) -> str:
    operation = _operation(call)
    return f"{operation[0]} {call.model}" if operation is not None else shorten(call.callee, 100)


def _whole(trace: Trace) -> dict[str, Any]:
    return {
        "poppy.calls": len(trace.sent),
        "poppy.sequential_seconds": trace.sequential,
        "poppy.critical_path_seconds": trace.critical_path.length,
        "poppy.calls_at_once": trace.at_once,
    }


def _attributes(trace: Trace, call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {
        "poppy.call": call.number,
        "poppy.effect": call.effect,
        "poppy.outcome": call.outcome,
        "poppy.attempts": call.attempts,
        "poppy.waited_seconds": max(0.0, (call.started or 0.0) - call.issued_at),
        _CODE["file"]: dict(trace.titles).get(call.filename, call.filename),
        _CODE["line"]: call.line,
    }
    if call.host is not None:
        address, _, port = call.host.rpartition(":")
        found |= {_SERVER: address, _PORT: int(port)} if address and port.isdecimal() else {_SERVER: call.host}
    if call.error is not None:
        found[_ERROR] = call.error.partition("(")[0]
    operation = _operation(call)
    if operation is not None:
        found |= {GEN_AI["operation"]: operation[0], GEN_AI["provider"]: operation[1], GEN_AI["model"]: call.model}
        if call.tokens is not None:
            found |= {GEN_AI["sent"]: call.tokens.sent, GEN_AI["received"]: call.tokens.received}
    return found


def _of_edge(edge: Edge) -> dict[str, Any]:
    return {"poppy.reason": edge.reason, "poppy.words": edge.words()}
