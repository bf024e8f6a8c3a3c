"""Pages, pictures, the timeline in characters, graphs: whatever a run is called and however long it is."""

import base64
import doctest
import importlib
import json
import random
import re
import time
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

from poppy_ipython.display.chars import timeline
from poppy_ipython.display.layers import layers
from poppy_ipython.display.page import bundle, page
from poppy_ipython.display.sampler import Sampler
from poppy_ipython.display.saved import interactive, picture
from poppy_ipython.display.svg import MOST_BYTES
from poppy_ipython.display.whatif import saved as saved_whatif
from poppy_ipython.display.wire import full
from poppy_ipython.trace import CallRecord, Trace
from poppy_ipython.trace.run import Run
from poppy_ipython.trace.units import cells
from poppy_ipython.trace.values import Values, brief
from tests.display.test_svg import NASTY
from tests.trace.drawing import draw
from tests.trace.test_trace import runs

RUN = """
    ask   line 1            |======              |
    ask   line 1            |=========           |
    tag   line 3  data<2    |.........====       |
    save  line 4  branch<3  |.............====!  |
"""


@pytest.mark.parametrize("name", ["wire", "page", "sampler", "saved", "chars", "layers", "network", "plan", "steps"])
def test_examples_of_the_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"poppy_ipython.display.{name}"))
    assert result.attempted and not result.failed


@pytest.mark.parametrize("name", ["graph", "values", "usage"])
def test_examples_of_the_docstrings_of_the_trace(name):
    result = doctest.testmod(importlib.import_module(f"poppy_ipython.trace.{name}"))
    assert result.attempted and not result.failed


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.mark.parametrize("name", NASTY)
def test_a_page_holds_names_as_text(name):
    trace = Trace.of([CallRecord(1, name, host=name, line=1, started=0.0, ended=1.0, outcome="error", error=f"{name}('secret')")])
    text = page(trace, title=name)
    assert text.count("<script") == 2 and text.count("</script>") == 2
    found = data_of(text)
    assert "secret" not in text and len(found["rows"]) == 1
    text.encode("utf-8")


def test_who_performed_a_call_and_when_is_in_its_row():
    away = CallRecord(1, "embed", line=1, started=1.0, began=1.25, finished=2.5, ended=3.0, outcome="ok", worker="<b>process 1")
    message = full(Trace.of([away, CallRecord(2, "ask", line=2, started=0.0, ended=1.0, outcome="ok")]), "run")
    first, second = message["rows"]
    assert (message["strings"][first[25]], *first[26:]) == ("<b>process 1", 25_000, 125_000)
    assert len(second) < 26
    assert "<b>process" not in page(Trace.of([away]))


def test_what_a_call_occupied_is_in_its_row():
    call = CallRecord(1, "train", line=1, started=0.0, ended=1.0, outcome="ok", occupies=(("cpu", 3, 8), ("gpu", 1, 2)))
    message = full(Trace.of([call]), "run")
    names = message["strings"]
    assert message["rows"][0][25:] == [-1, -1, -1, [names.index("cpu"), 3, 8, names.index("gpu"), 1, 2]]


def test_a_page_needs_no_network():
    text = page(draw(RUN))
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["']?http""", text)


def long_run(size):
    rng = random.Random(5)
    records = []
    for number in range(1, size + 1):
        begin = number * 0.01
        cause = records[-40] if number > 40 and number % 2 else None
        record = CallRecord(number, "client.chat.completions.create", line=1 + number % 7, position=(number,))
        record.issued, record.ready, record.started = 0.001, begin, begin + 0.001
        record.ended, record.outcome = begin + 0.3 * rng.random(), "ok"
        if cause is not None and cause.ended <= begin:
            record.needs = [(cause, "data", 3, None)]
        records.append(record)
    return Trace.of(records, sources=[("<cell>", "x = 1\n" * 8)], filename="<cell>")


def test_a_page_of_ten_thousand_calls():
    run = Run(long_run(10_000))
    assert len(page(run.trace).encode()) <= 1_500_000
    assert len(interactive(run)["text/html"].encode()) <= 1_500_000


def test_what_if_of_a_saved_run_does_not_keep_anybody_waiting():
    began = time.process_time()
    assert saved_whatif(long_run(100))["sweeps"]
    assert time.process_time() - began < 1.0


def test_the_bundle():
    assert 20_000 < len(bundle().encode()) <= 150_000
    assert len(bundle("loader.js")) < 4_000


@given(runs(names=st.sampled_from(NASTY)))
@settings(max_examples=60)
def test_any_run_has_a_picture_and_a_page(trace):
    svg = picture(Run(trace), "00112233")["image/svg+xml"]
    assert len(svg.encode()) <= MOST_BYTES
    root = ET.fromstring(svg)
    assert "poppy-run-00112233" in root.get("class")
    json.dumps(full(trace, "00112233"))


def test_a_long_run_has_a_small_picture():
    assert len(picture(Run(long_run(3000)))["image/svg+xml"]) < 15_000


@given(runs(names=st.text(max_size=60)), st.integers(20, 160))
@settings(max_examples=60)
def test_the_timeline_in_characters_fits(trace, width):
    lines = timeline(trace, width).splitlines()
    rows = lines[len(str(Run(trace)).splitlines()) :]
    assert all(cells(line) <= max(width, 30) for line in rows)


def test_the_timeline_in_characters_marks_failures():
    assert "✗" in timeline(draw(RUN), 80)


@given(st.integers(0, 9), st.data())
def test_layers_hold_every_node_once_and_links_lead_on(size, data):
    nodes = st.integers(0, size - 1) if size else st.nothing()
    links = data.draw(st.lists(st.tuples(nodes, nodes), max_size=20)) if size else []
    found = layers(size, links)
    assert sorted(node for layer in found for node in layer) == list(range(size))
    depth = {node: at for at, layer in enumerate(found) for node in layer}
    forward = [(a, b) for a, b in links if a < b]  # no circle among these
    depth = {node: at for at, layer in enumerate(layers(size, forward)) for node in layer}
    assert all(depth[a] < depth[b] for a, b in forward)


def test_graph_as_dot():
    source = Run(draw(RUN)).graph().source
    assert source.count(" -> ") == 2 and "branch" in source and "1 failure" in source
    assert Run(draw(RUN)).graph(fold=True).source.count("penwidth") == 3 + 2


def test_a_graph_shows_itself_without_the_dot_program(monkeypatch):
    monkeypatch.setenv("PATH", "")
    shown = Run(draw(RUN)).graph()._repr_mimebundle_()
    assert "dot" in shown["text/plain"] and ET.fromstring(shown["image/svg+xml"]).tag.endswith("svg")


def test_to_html(tmp_path):
    Run(draw(RUN), error=ValueError("private")).to_html(tmp_path / "run.html")
    text = (tmp_path / "run.html").read_text()
    assert "private" not in text and data_of(text)["error"] == "ValueError"


def saved_data(html):
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    return json.loads(data)


def test_an_interactive_output_has_picture_page_and_text():
    run = Run(draw(RUN), error=ValueError("private"))
    shown = interactive(run, "0011223344556677", "In [3]")
    assert sorted(shown) == ["image/svg+xml", "text/html", "text/plain"]
    html = shown["text/html"]
    assert 'class="poppy-page poppy-run-0011223344556677"' in html and html.count("<script") == html.count("</script>") == 3
    assert not re.search(r"""(src|href)=["']?http""", html) and "private" not in html
    data = saved_data(html)
    assert data["run"] == "0011223344556677" and data["title"] == "In [3]" and len(data["rows"]) == 4 and "values" not in data
    picture = base64.b64decode(re.search(r'base64,([^"]+)"', html)[1]).decode()
    assert picture == shown["image/svg+xml"] and "poppy-run-" not in picture


@pytest.mark.parametrize("name", NASTY)
def test_an_interactive_output_holds_names_as_text(name):
    trace = Trace.of([CallRecord(1, name, host=name, line=1, started=0.0, ended=1.0)], sources=[("<cell>", name)], filename="<cell>")
    html = interactive(Run(trace), title=name)["text/html"]
    assert html.count("<script") == html.count("</script>") == 3 and len(saved_data(html)["rows"]) == 1


def test_saved_values_are_without_secrets_and_bounded(monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "correct-horse-battery")
    values = Values()
    values.sent(1, ("Bearer abcdef0123456789", {"api_key": "k123456"}), {"password": "hunter22", "text": "correct-horse-battery staple"})
    values.ended(1, "x " * 190 + "sk-proj-abcdef0123456789abcdef0123456789", None)
    run = Run(draw(RUN), values=values)
    for html in (interactive(run, values=True)["text/html"], page(run.trace, values=values.saved())):
        texts = str((saved_data(html) if html.startswith("<div") else data_of(html))["values"])
        for secret in ("abcdef0123456789", "k123456", "hunter22", "correct-horse", "sk-proj"):
            assert secret not in texts
        assert "staple" in texts
    assert "values" not in saved_data(interactive(run)["text/html"])
    many = Values()
    for number in range(1, 10_001):
        many.sent(number, ("q" * 1000,), {})
        many.ended(number, "a" * 1000, None)
    assert len(interactive(Run(long_run(10_000), values=many), values=True)["text/html"].encode()) <= 1_500_000


def test_secrets_in_the_source_are_taken_out_of_a_page():
    source = "client = Client(api_key='sk-abcdef0123456789')\n"
    trace = Trace.of([CallRecord(1, "ask", line=1, started=0.0, ended=1.0)], sources=[("<cell>", source)], filename="<cell>")
    assert "abcdef0123456789" not in page(trace) and "Client(api_key=" in page(trace)


def test_values_are_in_a_page_only_if_they_are_asked_for(tmp_path):
    values = Values()
    values.sent(1, ("a private question",), {})
    values.ended(1, "a private answer", None)
    run = Run(draw(RUN), values=values)
    run.to_html(tmp_path / "without.html")
    run.to_html(tmp_path / "with.html", values=True)
    assert "private" not in (tmp_path / "without.html").read_text()
    assert data_of((tmp_path / "with.html").read_text())["values"] == {"1": ["'a private question'", "'a private answer'"]}


# --- values ----------------------------------------------------------------------------------------------------------


class Hostile(type):
    __qualname__ = "Hostile"

    def __getattribute__(cls, name):
        raise RuntimeError(name)


class Mean(metaclass=Hostile):
    def __repr__(self):
        raise RuntimeError

    __str__ = __len__ = __iter__ = __repr__


class Words(str):
    def __repr__(self):
        raise RuntimeError


def test_values_run_no_code_of_the_users():
    assert brief([Mean(), Words("x"), {"k": Mean()}]) == "[<Mean>, <Words>, {'k': <Mean>}]"
    assert len(brief("x" * 10_000_000)) < 500
    assert len(brief([[["x" * 500] * 50] * 50] * 50)) < 250_000
    loop = []
    loop.append(loop)
    assert brief(loop) == "[[[[1 items]]]]"
    values = Values()
    values.sent(1, tuple("x" * 500 for _ in range(40)), {})
    assert len(values.of(1)[0]) <= 1200 and values.of(2) is None


# --- sampling ---------------------------------------------------------------------------------------------------------


def test_deltas_add_up_to_the_whole():
    records = [CallRecord(n, "ask", line=1, position=(n,), issued=10.0) for n in (1, 2, 3)]
    sampler = Sampler(records, 10.0, "<cell>", lambda name: None)
    strings, rows = [], {}

    def look(now):
        delta = sampler.look(now)
        if delta is not None:
            strings.extend(delta["strings"])
            rows.update({row[0]: row for row in delta["rows"]})
        return delta

    assert len(look(10.1)["rows"]) == 3 and look(10.2) is None
    records[0].ready = records[0].started = 10.2
    records[0].outcome = "running"
    assert [row[0] for row in look(10.3)["rows"]] == [1]
    records[0].ended, records[0].outcome = 10.4, "ok"
    records[1].ready, records[1].started, records[1].outcome = 10.4, 10.4, "running"
    records[1].needs = [(records[0], "branch", 2, None)]
    records.append(CallRecord(4, "tag", line=2, position=(4,), issued=10.4))
    assert sorted(row[0] for row in look(10.5)["rows"]) == [1, 2, 4]
    records[2].outcome = "unsent"
    assert [row[0] for row in look(10.6)["rows"]] == [3]
    whole = sampler.full(10.7)
    texts = whole["strings"]
    for row in whole["rows"]:
        mine = rows[row[0]]
        assert [strings[mine[i]] if mine[i] >= 0 else "" for i in (1, 4, 8)] == [texts[row[i]] if row[i] >= 0 else "" for i in (1, 4, 8)]
        assert mine[9:14] == row[9:14]
        assert [edge[:3] for edge in mine[14]] == [edge[:3] for edge in row[14]]
    assert rows[2][14][0][:3] == [1, 2, 2]
