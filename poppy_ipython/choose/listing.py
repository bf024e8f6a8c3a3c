"""`%poppy profiles`: what is known of every alternative, as a table with a small plot.

    alternative   calls  failed  seconds       per 1,000 characters  first  money    Wh      quality   0 s          2.4 s
    ask_large        31       0  1.20 ± 0.14   +0.21                        0.004    0.11    0.94            ├──●──┤
    ask_small        40       1  0.41 ± 0.05                                0.001    0.02    0.81        ├●┤

The plot has the mean and two standard deviations around it, all on one scale.
"""

from __future__ import annotations

from poppy_ipython.choose.profiles import Profile
from poppy_ipython.choose.store import Store

__all__ = ["profiles_table"]

_WIDTH = 32


def profiles_table(store: Store) -> str:
    """The table as text.

    >>> profiles_table(Store(path=Store().path.with_name("nowhere.sqlite")))
    'No call of alternatives has been seen yet.'
    """
    profiles = [profile for key in store.names() if (profile := store.profile(key)) is not None]
    if not profiles:
        return "No call of alternatives has been seen yet."
    high = max(profile.mean * (1 + 2 * profile.spread) for profile in profiles) or 1.0
    head = ("alternative", "calls", "failed", "seconds", "per 1,000 chars", "money", "Wh", "quality")
    rows = [(*head, f"0 s{f'{high:.3g} s'.rjust(_WIDTH - 3)}")]
    for one in sorted(profiles, key=lambda profile: profile.key):
        slope = f"+{one.slope * 1000:.3g}" if one.slope else ""
        figures = (_figure(one.price), _figure(one.energy), _figure(one.quality))
        name = one.key + (" (another machine)" if one.elsewhere else "")
        took = f"{one.mean:.3g} ± {one.mean * one.spread:.2g}"
        rows.append((name, f"{one.count:,}", f"{one.failures:,}", took, slope, *figures, _bar(one, high)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        columns = enumerate(zip(row, widths, strict=True))
        lines.append("  ".join(one.ljust(width) if n in (0, 8) else one.rjust(width) for n, (one, width) in columns).rstrip())
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _bar(profile: Profile, high: float) -> str:
    """Mean and spread on a line of characters."""

    def at(seconds: float) -> int:
        return min(_WIDTH - 1, max(0, round(seconds / high * (_WIDTH - 1))))

    low, middle, top = at(profile.mean * (1 - 2 * profile.spread)), at(profile.mean), at(profile.mean * (1 + 2 * profile.spread))
    line = [" "] * _WIDTH
    line[low : top + 1] = "─" * (top - low + 1)
    if top > low:
        line[low], line[top] = "├", "┤"
    line[middle] = "●"
    return "".join(line).rstrip()
