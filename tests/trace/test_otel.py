"""A run as spans, read back from OpenTelemetry's own SDK."""

import sys

import pytest
from hypothesis import given, settings, strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import code_attributes, gen_ai_attributes, server_attributes
from opentelemetry.trace import SpanKind, StatusCode, use_span

from poppy_ipython.trace.otel import GEN_AI
from tests.trace.drawing import draw
from tests.trace.test_trace import runs
from tests.trace.test_usage import found as found  # a run of the real clients

RUN = """
    ask   line 1            @api:443 |======              |
    save  line 2  order<1 [db]       |......====!         |
    ask   line 3  branch<1  @api:443 |......--====c       |
    never line 4                     |    ....            |
"""


def spans_of(trace):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with use_span(provider.get_tracer("other").start_span("what is current now")):
        count = trace.to_otel(provider)
    spans = exporter.get_finished_spans()
    assert len(spans) == count
    return spans


def test_a_span_for_the_run_and_one_for_each_call_that_was_sent():
    trace = draw(RUN)
    *calls, root = spans_of(trace)
    assert root.parent is None and root.attributes["poppy.calls"] == 3
    assert root.end_time - root.start_time == pytest.approx(trace.wall * 1e9, abs=1000)  # a float of seconds since 1970 is not finer
    assert [(span.name, span.kind) for span in calls] == [("ask", SpanKind.CLIENT), ("save", SpanKind.CLIENT), ("ask", SpanKind.CLIENT)]
    for span, call in zip(calls, trace.sent, strict=True):
        assert span.parent.span_id == root.context.span_id
        assert span.start_time - root.start_time == pytest.approx(call.started * 1e9, abs=1000)  # a float of seconds since 1970 is not finer
        assert span.end_time - root.start_time == pytest.approx(call.until * 1e9, abs=1000)  # a float of seconds since 1970 is not finer
    first, save, last = calls
    assert [(link.context.span_id, link.attributes["poppy.reason"]) for link in save.links] == [(first.context.span_id, "order")]
    assert last.links[0].attributes["poppy.words"] == "what follows had to know its answer"
    assert first.attributes["server.address"] == "api" and first.attributes["server.port"] == 443
    assert [span.status.status_code for span in calls] == [StatusCode.UNSET, StatusCode.ERROR, StatusCode.UNSET]
    assert last.attributes["poppy.outcome"] == "cancelled" and last.attributes["poppy.waited_seconds"] == pytest.approx(0.8)


def test_calls_of_the_clients_have_the_names_of_the_conventions(found):
    trace = found[0].trace
    *calls, root = spans_of(trace)
    assert root.start_time == pytest.approx(trace.at * 1e9, abs=1e3)
    by_number = {span.attributes["poppy.call"]: span for span in calls}
    said = [
        tuple(by_number[call.number].attributes.get(GEN_AI[name]) for name in ("operation", "provider", "model", "sent", "received"))
        for call in trace.calls
    ]
    assert said == [
        (operation, provider, call.model, *call.tokens)
        for (operation, provider), call in zip(
            [("chat", "openai"), ("chat", "openai"), ("embeddings", "openai"), ("chat", "anthropic")], trace.calls, strict=True
        )
    ]
    assert by_number[1].name == f"chat {trace.calls[0].model}"


def test_the_names_are_those_of_the_installed_conventions():
    assert GEN_AI == {
        "operation": gen_ai_attributes.GEN_AI_OPERATION_NAME,
        "provider": gen_ai_attributes.GEN_AI_PROVIDER_NAME,
        "model": gen_ai_attributes.GEN_AI_REQUEST_MODEL,
        "sent": gen_ai_attributes.GEN_AI_USAGE_INPUT_TOKENS,
        "received": gen_ai_attributes.GEN_AI_USAGE_OUTPUT_TOKENS,
    }
    operations = {value.value for value in gen_ai_attributes.GenAiOperationNameValues}
    providers = {value.value for value in gen_ai_attributes.GenAiProviderNameValues}
    assert {"chat", "embeddings", "text_completion"} <= operations and {"openai", "anthropic"} <= providers
    call = spans_of(draw(RUN))[0].attributes
    assert {code_attributes.CODE_FILE_PATH, code_attributes.CODE_LINE_NUMBER, server_attributes.SERVER_ADDRESS} <= set(call)


@given(runs(names=st.text()))
@settings(max_examples=30)
def test_any_run_can_be_written(trace):
    assert len(spans_of(trace)) == 1 + len(trace.sent)


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r"poppy-ipython\[otel\]"):
        draw(RUN).to_otel()
