"""What the live view costs: a real kernel runs a cell of many short calls with it and without (`tests.display.measure`)."""

from __future__ import annotations

from benchmarks import report
from tests.display.measure import measure

CALLS = 1_500


def main(rounds: int, calls: int = CALLS) -> None:
    print("The view:", flush=True)
    found = measure(calls, rounds)
    off, on = found["line"], found["live"]
    rows = [(name, f"{one['cpu']:.2f}", f"{one['wall']:.2f}") for name, one in (("off", off), ("on", on))]
    share = (on["cpu"] - off["cpu"]) / on["wall"]
    note = f"{calls:,} calls, {calls / on['wall']:,.0f} a second, medians of {rounds}; the view takes {share:.1%} of the time."
    report.publish("view", "The live view, off and on", ("view", "CPU s", "wall s"), rows, note, found)
