"""From seconds to a place on the sheet, and where the ticks go.

Steps are what people count in: 1, 2 and 5 times a power of ten below half a minute, then half minutes, minutes and
hours. All labels of one axis share a unit, chosen by the step, so that they can be read as one scale.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Axis"]

_LONG_STEPS = (30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear time axis from `begin` to `end` seconds, drawn from `left` to `right`.

    >>> axis = Axis(0.0, 0.94, 0.0, 470.0)
    >>> axis.x(0.5)
    250.0
    >>> [label for _, label in axis.ticks()]
    ['0', '0.2 s', '0.4 s', '0.6 s', '0.8 s']
    """

    begin: float
    end: float
    left: float
    right: float

    def x(self, seconds: float) -> float:
        length = self.end - self.begin
        share = (seconds - self.begin) / length if length > 0 else 0.0
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """At most `most` times with their labels; a single zero for an axis without length."""
        length = self.end - self.begin
        if length <= 0:
            return [(self.begin, "0")]
        step = _step(length / (most - 1e-6))
        name, unit = _unit(step)
        found = []
        for number in range(int(length / step + 1e-9) + 1):
            value = number * step
            found.append((self.begin + value, f"{value / unit:,.6g} {name}" if number else "0"))
        return found


def _step(least: float) -> float:
    """The smallest sensible step that is not below `least`."""
    if least > 20:
        days = next((step for step in _LONG_STEPS if step >= least), None)
        return days if days is not None else 86400.0 * -(-least // 86400)
    power = 1e-12
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least * (1 - 1e-9):
                return float(f"{factor * power:.3g}")
        power *= 10


def _unit(step: float) -> tuple[str, float]:
    if step >= 3600:
        return "h", 3600.0
    if step >= 60:
        return "min", 60.0
    if step >= 0.1:
        return "s", 1.0
    if step >= 1e-4:
        return "ms", 1e-3
    return "µs", 1e-6
