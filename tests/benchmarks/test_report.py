"""What the benchmarks say is what was measured: differences are found, noise is no regression, draws repeat."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks import history, overhead, report, results
from benchmarks.outcome import Result, differences, measured, twin_differences
from benchmarks.plots import bars, curves, gantt
from benchmarks.service import latency


def left(source: str) -> Result:
    return measured({}, lambda namespace: exec(source, namespace))


def test_a_run_that_leaves_the_same_has_no_differences() -> None:
    source = "class A: pass\na = A(); a.b = [1, {2: (3,)}]; print(a.b)"
    assert differences(left(source), left(source)) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = [1, 3]; print('x')", "a = ('list', [1, 3]); plain: ('list', [1, 2])"),
        ("a = (1, 2); print('x')", "a = ('tuple', [1, 2]); plain: ('list', [1, 2])"),
        ("print('x')", "a is not there; plain: the other way round"),
        ("a = [1, 2]; print('y')", "printed 'y'; plain: 'x'"),
        ("a = [1, 2]; print('x'); 1 / 0", "raised ZeroDivisionError('division by zero'); plain: None"),
    ],
)
def test_every_difference_is_said(source: str, said: str) -> None:
    assert differences(left("a = [1, 2]; print('x')"), left(source)) == [said]


def test_the_address_of_the_service_is_no_difference() -> None:
    one, other = (left(f"a = [('http://h:{port}/x', {{'u': {{'http://h:{port}'}}}})]; print('http://h:{port}')") for port in (1, 22))
    assert len(differences(one, other)) == 2
    one.root, other.root = "http://h:1", "http://h:22"
    assert differences(one, other) == []


def test_a_twin_is_compared_by_what_it_returns() -> None:
    plain = Result({"a": 1, "b": 2})
    assert twin_differences(plain, Result({"a": 1})) == []
    assert twin_differences(plain, Result({"a": 2})) == ["a = 2; plain: 1"]
    assert twin_differences(plain, Result({}, error=KeyError("x"))) == ["raised KeyError('x')"]


def test_latencies_repeat_and_have_a_heavy_tail() -> None:
    drawn = [latency("/v1/chat/completions", str(n).encode()) for n in range(2000)]
    assert drawn == [latency("/v1/chat/completions", str(n).encode()) for n in range(2000)]
    assert median(drawn) == pytest.approx(0.6, rel=0.1)
    assert max(drawn) > 4 * median(drawn)


def test_every_table_of_the_overhead_has_its_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "WHERE", tmp_path)
    monkeypatch.setattr(overhead, "SIZES", (20, 40))
    monkeypatch.setattr(overhead, "MANY", 80)
    overhead.main(1)
    assert {path.name for path in tmp_path.glob("*.md")} == {"cpu.md", "memory.md"}
    assert [one["n"] for one in json.loads((tmp_path / "cpu.json").read_text())["measured"]] == [20, 40, 80, 20, 40]


def program(name: str, ratio: float, spread: float, **more: Any) -> dict[str, Any]:
    made = {"program": name, "ratio": ratio, "spread": spread, "speedup": 8.0, "requests": 9, "plain": 8.0, "computed": False, "same": True}
    return {**made, "poppy": [1.0], "asyncio": [1.0], "differences": [], **more}


def test_only_what_is_beyond_the_noise_is_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "WHERE", tmp_path)
    base = tmp_path / "base.json"
    then = [program("slower", 1.0, 0.02), program("noisy", 1.0, 0.4), program("faster", 1.0, 0.0)]
    now = [program("slower", 1.2, 0.02), program("noisy", 1.2, 0.1), program("faster", 0.8, 0.0)]
    base.write_text(json.dumps({"commit": "x", "programs-1.0": {"measured": then}}))
    (tmp_path / "programs-1.0.json").write_text(json.dumps({"measured": now}))
    assert history.compare(base) == 1
    said = capsys.readouterr().out
    assert "WORSE  slower, time over asyncio, 1.0: 1 -> 1.2 (+20%, noise 5%)" in said
    assert "better faster" in said
    assert "noisy" not in said


def test_the_headline_has_a_row_for_each_program_run_or_computed() -> None:
    tenth = [program("a_b", 1.1, 0), program("slow", 9.0, 0, same=False)]
    full = [program("a_b", 1.02, 0), program("slow", 9.5, 0, computed=True), program("bad", 0, 0, poppy=[])]
    text = results.headline({"programs-1.0": {"measured": full, "machine": "m"}, "programs-0.1": {"measured": tenth}})
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    assert rows[2] == ["a b", "9", "8", "1.0", "1.0", "8.0x", "1.02", "1.10", "yes"]
    assert rows[3] == ["slow", "9", "8", "≈ 1.0", "1.0", "8.0x", "9.50", "9.00", "NO"]
    assert rows[4][3:] == ["failed", "1.0", "8.0x", "0.00", "", "yes"]
    assert rows[5][-3:] == ["3.11", "3.15", ""]
    assert "in order for the most part (1 programs)" in text


def test_bars_above_the_aim_have_another_colour() -> None:
    drawn = bars({"good": 1.0, "bad": 1.5}, "Ratios <1>")
    assert drawn.count("#e45756") == 1
    assert "Ratios &lt;1&gt;" in drawn


def test_calls_are_drawn_plain_and_as_they_ran() -> None:
    drawn = gantt([(0.0, 1.0), (0.0, 2.0), (1.5, 2.0)], "Three")
    assert drawn.count("<rect x") == 6
    assert ">4 s</text>" in drawn and ">2.0 s</text>" in drawn
    heights = {line.split('y="')[1].split('"')[0] for line in drawn.splitlines() if line.startswith("<rect x")}
    assert len(heights) == 3  # plain, and two lanes: the third call takes the place of the first


def test_what_is_linear_is_a_straight_line() -> None:
    drawn = curves({"a": [(10, 1), (100, 10), (1000, 100)]}, "Growth", "N")
    points = [tuple(map(float, point.split(","))) for point in drawn.split('points="')[1].split('"')[0].split()]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert (y1 - y0) / (x1 - x0) == pytest.approx((y2 - y1) / (x2 - x1), rel=0.01)


def test_a_suite_that_fails_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks import __main__ as whole

    ran: list[Any] = []
    suites = {"bad": lambda: 1 / 0, "good": lambda: ran.append("good")}
    monkeypatch.setattr(whole, "SUITES", suites)
    monkeypatch.setattr(report, "forget", lambda names: None)
    monkeypatch.setattr(results, "main", ran.append)
    assert whole.everything() == 1
    assert ran == ["good", ["bad: ZeroDivisionError: division by zero"]]
    assert "FAILED bad" in capsys.readouterr().out


def test_a_noisy_machine_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "WHERE", tmp_path)
    for spread, said in ((0.02, False), (0.3, True)):
        monkeypatch.setattr(report, "noise", lambda spread=spread: spread)
        report.publish("x", "X", ("a",), [("1",)], "note", [])
        assert ("too noisy to tell" in (tmp_path / "x.md").read_text()) is said
