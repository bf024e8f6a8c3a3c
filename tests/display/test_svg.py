"""The chart: well-formed whatever the names are, small whatever the run is, and every call where its times say."""

import doctest
import importlib
import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from poppy_ipython.display.axis import Axis
from poppy_ipython.display.sheet import WIDTH
from poppy_ipython.display.svg import MOST_BYTES, gantt_svg
from poppy_ipython.trace import CallRecord, Trace
from tests.trace.drawing import draw
from tests.trace.test_trace import runs

SVG = "{http://www.w3.org/2000/svg}"
NASTY = [
    "<script>alert(1)</script>",
    "a & b \"quoted\" 'twice' ]]> <!-- -->",
    "שאל_את_המודל",
    "\u202eevil\u202c",
    "🦊👩‍👩‍👧‍👦",
    "\x00\x1b[31m\ud800\uffff",
    "line\nbreak\tand more",
    "",
]


def parsed(trace):
    svg = gantt_svg(trace)
    assert len(svg.encode()) <= MOST_BYTES
    return ET.fromstring(svg)


def texts(root):
    return [re.sub("[\u2066-\u2069]", "", "".join(text.itertext())) for text in root.iter(f"{SVG}text")]


def bars(root, kind):
    """The bars of a kind, without the legend's samples (which are 9 high) and the stops of failed bars."""
    return [r for r in root.iter(f"{SVG}rect") if r.get("class") == kind and r.get("height") == "14"]


@pytest.mark.parametrize("name", ["axis", "sheet", "strips", "svg"])
def test_examples_of_the_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"poppy_ipython.display.{name}"))
    assert result.attempted and not result.failed


# --- what is on it --------------------------------------------------------------------------------------------------


def test_bars_stand_where_the_times_say():
    root = parsed(
        draw("""
        ask line 1 |=====     |
        ask line 2 |  ===     |
        ask line 3 |     =====|
    """)
    )
    places = [(float(bar.get("x")), float(bar.get("width"))) for bar in bars(root, "run")]
    unit = (WIDTH - 20) / 10
    assert places == [
        pytest.approx((10 + begin * unit, length * unit), abs=0.06) for begin, length in ((0, 5), (2, 3), (5, 5))
    ]
    assert texts(root)[-5:] == ["ask · line 1", "ask · line 2", "ask · line 3", "in flight", "critical path"]


def test_no_two_calls_cover_each_other():
    trace = draw("\n".join(f"ask line {n} |{' ' * (n % 7)}{'=' * (1 + n % 5)}{' ' * 9}|" for n in range(1, 40)))
    found = [
        (float(bar.get("y")), float(bar.get("x")), float(bar.get("x")) + float(bar.get("width")))
        for bar in bars(parsed(trace), "run")
    ]
    assert len(found) == 39
    for (y, low, high), (other_y, other_low, other_high) in itertools.combinations(found, 2):
        assert y != other_y or high <= other_low or other_high <= low


def test_neighbours_in_a_lane_keep_a_distance():
    root = parsed(draw("\n".join(f"f line {n} |{'  ' * n}==|" for n in range(5))))
    found = sorted((float(b.get("y")), float(b.get("x")), float(b.get("width"))) for b in bars(root, "run"))
    assert len(found) == 5 and len({y for y, _, _ in found}) == 2  # touching calls take turns in two lanes
    for (y, x, width), (other_y, other_x, _) in itertools.pairwise(found):
        assert y != other_y or other_x - (x + width) >= 3.9


@pytest.mark.parametrize(("calls", "at_once", "fold"), [(400, 20, False), (401, 20, True), (60, 60, False), (61, 61, True)])
def test_what_is_folded(calls, at_once, fold):
    records = [
        CallRecord(n, "a", line=1, started=n // at_once, ended=n // at_once + 0.5, outcome="ok") for n in range(calls)
    ]
    title = parsed(Trace.of(records, ended=calls / at_once)).find(f"{SVG}title").text
    assert title == f"Timeline of {calls} calls" + (", folded by call site" if fold else "")


def test_waiting_is_lighter_and_in_front():
    root = parsed(
        draw("""
        ask line 1        |====        |
        ask line 2 data<1 |....--====  |
    """)
    )
    (strip,) = [r for r in root.iter(f"{SVG}rect") if r.get("class") == "wait" and r.get("width") != "16"]
    assert float(strip.get("x")) == 10
    assert float(strip.get("width")) == pytest.approx((WIDTH - 20) / 2, abs=0.1)
    assert "waiting" in texts(root)


def test_endings_are_told_apart_by_shape_and_by_word():
    root = parsed(
        draw("""
        ask   line 1 |===!           |
        fetch line 2 |===c           |
        slow  line 3 |  ====>        |
        late  line 4 |.......        |
        ask   line 5 |===            |
    """)
    )
    assert len(bars(root, "run")) == len(bars(root, "fail")) == len(bars(root, "gone")) == 1
    stops = [r for r in root.iter(f"{SVG}rect") if r.get("class") == "fail" and r.get("height") == "19"]
    assert len(stops) == 1
    assert any("gone" in path.get("class") for path in root.iter(f"{SVG}path"))
    assert {"ask · line 1 · failed", "fetch · line 2 · cancelled", "slow · line 3 · abandoned"} <= set(texts(root))
    assert "late · line 4 · never sent" in texts(root)


def test_the_critical_path_is_outlined_and_linked():
    root = parsed(
        draw("""
        ask line 1         |====           |
        ask line 2         |==             |
        ask line 3 data<1  |....======     |
        ask line 4 data<3  |..........==== |
    """)
    )
    assert len(bars(root, "path")) == 3
    assert sum(path.get("class") == "path link" for path in root.iter(f"{SVG}path")) == 2
    assert "critical path" in texts(root)


def test_one_call_needs_no_critical_path():
    root = parsed(draw("ask line 3 |====|"))
    assert len(bars(root, "run")) == 1 and not bars(root, "path")


def test_instants_can_be_seen():
    moments = [CallRecord(n, "ask", line=n, issued=t, started=t, ended=t, outcome="ok") for n, t in ((1, 0.5), (2, 1.0))]
    for trace in (Trace.of(moments, ended=1.0), Trace.of(moments[:1], started=0.5, ended=0.5)):
        for bar in bars(parsed(trace), "run"):
            assert float(bar.get("width")) == 2
            assert float(bar.get("x")) + 2 <= WIDTH - 10


def test_no_call():
    assert texts(parsed(Trace.of([], ended=0.3))) == ["no external call seen"]


def test_calls_of_which_none_was_sent():
    root = parsed(draw("ask line 1 |....|"))
    assert "ask · line 1 · never sent" in texts(root) and not bars(root, "run")


def test_a_screen_reader_hears_the_summary():
    trace = draw("ask line 3 |====|")
    root = parsed(trace)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Timeline of 1 call" and "0.40 s of calls" in description.text


def test_two_charts_on_a_page_do_not_share_ids():
    one, two = (parsed(draw(drawing)) for drawing in ("ask line 3 |====|", "ask line 4 |====|"))
    assert one.get("aria-labelledby") != two.get("aria-labelledby")


def test_it_scales_and_has_colours_for_both_schemes():
    svg = gantt_svg(draw("ask line 3 |====|"))
    root = ET.fromstring(svg)
    assert root.get("width") == "760" and root.get("viewBox").startswith("0 0 560 ")
    assert "max-width:100%" in root.get("style")
    assert "@media(prefers-color-scheme:dark)" in svg
    rules = re.findall(r"([^{}]+)\{", svg[svg.index("<style>") + 7 : svg.index("</style>")])
    assert all(rule.strip().startswith((".poppy-gantt", "@media")) for rule in rules)


def contrast(one, two):
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(
            k * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for k, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_bars_stand_out_from_what_is_under_them():
    from poppy_ipython.display.sheet import _DARK, _LIGHT

    for colour in (_LIGHT, _DARK):
        for text, ground in (("ink", "panel"), ("faint", "panel"), ("on", "run"), ("on", "fail"), ("on", "stream")):
            assert contrast(colour[text], colour[ground]) >= 4.5
        assert contrast(colour["again"], colour["panel"]) >= 3 and contrast(colour["stream"], colour["panel"]) >= 3
        assert contrast(colour["run"], colour["panel"]) >= 3 and contrast(colour["fail"], colour["panel"]) >= 3
        assert contrast(colour["run"], colour["wait"]) >= 2.5


# --- any name, any run, any size ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_are_text(name):
    records = [
        CallRecord(1, name, filename=name, line=1, issued=0.0, started=0.1, ended=0.2, outcome="error", error=name),
        CallRecord(2, "ask", line=2, issued=0.0, started=0.0, ended=1.0, outcome="ok", reason_detail=name, host=name),
    ]
    records[1].reason = "unknown"
    records[1].cause = records[0]
    root = parsed(Trace.of(records))
    assert not list(root.iter(f"{SVG}script")) and not list(root.iter("script"))
    assert "ask · line 2" in texts(root)


def test_a_name_from_right_to_left_turns_only_itself():
    root = parsed(Trace.of([CallRecord(1, "שאל", line=2, started=0.0, ended=1.0, outcome="ok")]))
    (label, *_) = [t.text for t in root.iter(f"{SVG}text") if "line 2" in (t.text or "")]
    assert label == "\u2068שאל\u2069 · line 2"


def test_ten_megabytes_of_name_and_repr():
    huge = "<é&" * 3_500_000
    record = CallRecord(1, huge, filename=huge, line=1, started=0.0, ended=1.0, outcome="error", error=huge)
    record.reason, record.reason_detail = "unknown", huge
    trace = Trace.of([record])
    assert len(gantt_svg(trace).encode()) < 6000
    assert len(trace.to_text(width=100).splitlines()) == 3


@given(runs(names=st.text(max_size=40) | st.sampled_from(NASTY)))
@settings(max_examples=60)
def test_any_run_is_well_formed(trace):
    root = parsed(trace)
    height = float(root.get("viewBox").split()[3])
    for rect in root.iter(f"{SVG}rect"):
        x, y, width = (float(rect.get(key)) for key in ("x", "y", "width"))
        assert width >= 0 and 0 <= x and x + width <= WIDTH + 0.1 and 0 <= y <= height


@pytest.mark.parametrize("calls", [59, 61, 399, 401, 5000])
@pytest.mark.parametrize("at_once", [1, 16, 5000])
@pytest.mark.parametrize("name", ["ask", "<&\"'>" * 8, "é🦊" * 20])
def test_a_chart_never_outgrows_its_limit(calls, at_once, name):
    free, records = [0.0] * min(at_once, calls), []
    for n in range(calls):
        lane = n % len(free)
        started, free[lane] = free[lane], free[lane] + 0.1 + n % 7 / 10
        records.append(CallRecord(n + 1, f"{name}{n % 30}", line=n % 40, issued=0.0, ready=started, started=started))
        records[-1].ended, records[-1].outcome = free[lane], "error" if n % 5 == 0 else "ok"
        if n >= len(free):
            records[-1].cause, records[-1].reason = records[n - len(free)], "data"
    root = parsed(Trace.of(records))
    assert f"{calls:,} calls" in root.find(f"{SVG}title").text


def test_a_folded_chart_shows_every_site_and_the_path():
    records = [
        CallRecord(n, "ask" if n % 2 else "judge", line=n % 2, issued=0.0, started=n / 10, ended=n / 10 + 1, outcome="ok")
        for n in range(500)
    ]
    records[7].outcome = "error"
    root = parsed(Trace.of(records))
    assert texts(root)[-3:] == [
        "critical path · 1 call · 1.0 s",
        "judge · 250 calls · up to 5 at once",
        "ask · line 1 · 250 calls · up to 5 at once · 1 failed",
    ]


def test_a_folded_chart_keeps_to_twelve_rows():
    records = [
        CallRecord(n, f"f{n % 40}", line=1 + n % 40, issued=0.0, started=0.0, ended=1.0 + n % 40, outcome="ok")
        for n in range(800)
    ]
    shown = texts(parsed(Trace.of(records)))
    assert shown[-1] == "29 other call sites · 580 calls · up to 580 at once"
    assert sum("calls · up to" in text for text in shown) == 12
    assert "f39 · line 40 · 20 calls · up to 20 at once" in shown  # the longest ones keep a row of their own


# --- the axis -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (0.0, ["0"]),
        (0.00025, ["0", "50 µs", "100 µs", "150 µs", "200 µs", "250 µs"]),
        (0.94, ["0", "0.2 s", "0.4 s", "0.6 s", "0.8 s"]),
        (7.3, ["0", "2 s", "4 s", "6 s"]),
        (100, ["0", "20 s", "40 s", "60 s", "80 s", "100 s"]),
        (150, ["0", "30 s", "60 s", "90 s", "120 s", "150 s"]),
        (700, ["0", "2 min", "4 min", "6 min", "8 min", "10 min"]),
        (20000, ["0", "1 h", "2 h", "3 h", "4 h", "5 h"]),
    ],
)
def test_ticks(seconds, labels):
    assert [label for _, label in Axis(0.0, seconds, 0, 100).ticks()] == labels


@given(st.floats(1e-9, 1e8))
def test_ticks_are_few_even_and_different(length):
    ticks = Axis(0.0, length, 0.0, 540.0).ticks()
    assert 1 <= len(ticks) <= 6 and ticks[0] == (0.0, "0")
    assert ticks[-1][0] <= length * (1 + 1e-9)
    assert len({label for _, label in ticks}) == len(ticks)


# --- order and room -------------------------------------------------------------------------------------------------


def test_rows_are_in_program_order_whatever_was_sent_first():
    records = [CallRecord(n + 1, "ask", line=n + 1, started=(9 - n) / 20, ended=1.0, outcome="ok") for n in range(8)]
    for record in records:
        record.position = (record.line,)
    root = parsed(Trace.of(reversed(records), ended=1.0))
    rows = sorted((float(bar.get("y")), float(bar.get("x"))) for bar in bars(root, "run"))
    assert [x for _, x in rows] == sorted((x for _, x in rows), reverse=True) and len({y for y, _ in rows}) == 8


@pytest.mark.parametrize(("begin", "end"), [(0.0, 0.1), (0.3, 0.7), (0.45, 0.95), (0.9, 1.0), (0.0, 1.0)])
def test_no_label_starts_before_the_sheet_or_ends_after_it(begin, end):
    name = "client.chat.completions.create"
    trace = Trace.of(
        [CallRecord(1, name, line=9, filename="/tmp/ipykernel_1/2.py", started=begin, ended=end, outcome="ok")],
        filename="/tmp/ipykernel_1/3.py",
        ended=1.0,
    )
    label = next(text for text in parsed(trace).iter(f"{SVG}text") if "9" in "".join(text.itertext()))
    x, width = float(label.get("x")), len("".join(label.itertext())) * 6.1
    left, right = (x - width, x) if label.get("class") == "end" else (x, x + width)
    assert left >= 0 and right <= WIDTH


def test_a_line_of_another_cell_is_named_by_the_cells_number():
    record = CallRecord(1, "ask", line=9, filename="/tmp/ipykernel_1/2.py", started=0.0, ended=0.5, outcome="ok")
    trace = Trace.of([record], filename="/tmp/ipykernel_1/3.py")
    assert "ask · 2.py:9" in texts(parsed(trace))
    assert "ask · In [2], line 9" in texts(parsed(replace(trace, titles=(("/tmp/ipykernel_1/2.py", "In [2]"),))))


# --- workers --------------------------------------------------------------------------------------------------------


def away(number, started, began, finished, ended, outcome="ok", **more):
    return CallRecord(
        number, "embed", line=1, started=started, began=began, finished=finished, ended=ended, outcome=outcome, worker="process 1", **more
    )


def test_the_way_to_a_worker_and_back_is_low_and_has_a_word():
    trace = Trace.of([away(1, 0.0, 2.0, 9.0, 10.0), away(2, 0.0, 0.001, 9.999, 10.0)], ended=10.0)
    root = parsed(trace)
    ways = [(float(r.get("x")), float(r.get("width"))) for r in root.iter(f"{SVG}rect") if r.get("class") == "carry"]
    unit = (WIDTH - 20) / 10
    assert ways[:-1] == [pytest.approx((10, 2 * unit), abs=0.06), pytest.approx((10 + 9 * unit, unit), abs=0.06)]
    assert sorted(float(bar.get("width")) for bar in bars(root, "run")) == [pytest.approx(7 * unit, abs=0.1), 10 * unit]
    assert "transfer" in texts(root)
    assert "process 1, 3.0 s of it transfer" in ET.tostring(root, encoding="unicode")


def test_of_a_call_that_was_sent_twice_the_last_way_counts():
    tried = away(1, 0.0, 6.0, 9.0, 10.0, tries=[(0.0, 4.0, "WorkerLost"), (5.0, None, "")])
    assert Trace.of([tried], ended=10.0).calls[0].transfers == ((5.0, 6.0), (9.0, 10.0))
    assert len([r for r in parsed(Trace.of([tried], ended=10.0)).iter(f"{SVG}rect") if r.get("class") == "carry"]) == 2 + 1


def test_a_cancelled_call_of_a_worker_is_hollow_all_over():
    root = parsed(Trace.of([away(1, 0.0, 2.0, 9.0, 10.0, outcome="cancelled")], ended=10.0))
    assert not [r for r in root.iter(f"{SVG}rect") if r.get("class") == "carry"] and "transfer" not in texts(root)


@given(st.lists(st.floats(0, 10), min_size=4, max_size=4).map(sorted), st.sampled_from(["ok", "error"]))
def test_the_parts_of_a_bar_add_up(times, outcome):
    root = parsed(Trace.of([away(1, *times, outcome=outcome)], ended=10.0))
    kind = "run" if outcome == "ok" else "fail"
    (bar,) = bars(root, kind)
    assert 10 <= float(bar.get("x")) and float(bar.get("x")) + float(bar.get("width")) <= WIDTH - 10 + 0.15
    assert float(bar.get("width")) >= 1


# --- resources ------------------------------------------------------------------------------------------------------


def occupying(number, started, ended, *occupies):
    return CallRecord(number, "train", line=1, started=started, ended=ended, outcome="ok", occupies=occupies)


def levels(root):
    """Of each strip, where its outline goes: x of a step, and the part of the strip that it fills."""
    found = []
    for room, used in itertools.pairwise(root.iter(f"{SVG}path")):
        if room.get("class") != "room":
            continue
        bottom = float(re.search(r"V([\d.]+)", room.get("d"))[1])
        steps = re.findall(r"H([\d.]+)V([\d.]+)", used.get("d"))
        found.append([(float(x), round((bottom - float(y)) / 10, 2)) for x, y in steps][:-1])
    return found


def test_a_strip_per_resource_shows_what_is_in_use():
    gpu, cpu = ("gpu:a100", 1, 2), ("cpu", 3, 4)
    trace = Trace.of([occupying(1, 0.0, 10.0, gpu), occupying(2, 5.0, 10.0, gpu, cpu)], ended=20.0)
    root = parsed(trace)
    middle, quarter = 10 + (WIDTH - 20) / 2, 10 + (WIDTH - 20) / 4
    of_cpu, of_gpu = levels(root)
    assert of_gpu == [(10.0, 0.5), (pytest.approx(quarter, abs=0.1), 1.0), (pytest.approx(middle, abs=0.1), 0.0)]
    assert of_cpu == [(pytest.approx(quarter, abs=0.1), 0.75), (pytest.approx(middle, abs=0.1), 0.0)]
    assert [text for text in texts(root) if "used" in text] == ["cpu · 19 % of 4 used, at most 3", "gpu:a100 · 38 % of 2 used"]


def test_no_strip_where_no_capacity_was_said():
    assert not [path for path in parsed(draw("ask line 1 |====|")).iter(f"{SVG}path") if path.get("class") == "room"]


@pytest.mark.parametrize("calls", [2, 500])
def test_strips_of_many_resources_and_of_nasty_names_stay_small(calls):
    records = [occupying(n, n / 2, n / 2 + 3, *((f"{name}{n % 9}", 1, 9) for name in NASTY)) for n in range(calls)]
    root = parsed(Trace.of(records))
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "room"]) == 6
    assert any(re.fullmatch(r"and \d+ more resources, used less", text) for text in texts(root))
