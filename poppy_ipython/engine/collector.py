"""How often the cyclic garbage collector passes over what is young, while a run goes on.

Python looks at the objects that were made last whenever 700 more have been made than freed. A call in flight keeps some 30 to 50
objects alive (its entry, its task, its record, …), none of them garbage, and each is looked at: at thousands of calls in
flight that was a third of the engine's CPU, and with a fixed threshold of 50,000 still 8 to 10 µs per call. So during a run the
threshold is higher, and grows with the number of calls in flight: garbage of the user's is collected after so many objects *more*
than ours, as before. When the run is over it is Python's again.

Decided against: ``gc.freeze()`` (what it hides stays hidden until a full collection), switching the collector off (a run may take hours).
"""

from __future__ import annotations

import gc
from threading import Lock

#: allocations between two passes, without and for each call in flight
_BASE, _EACH = 50_000, 100


class Collector:
    """Sets the threshold of the youngest generation from :meth:`begin` to :meth:`end`, unless somebody else does meanwhile.

    Runs may overlap (threads of a server): the first one notes what was set before, the last one sets it again.

    >>> collector = Collector(); before = gc.get_threshold(); collector.begin()
    >>> collector.crowd(600), gc.get_threshold()[0]
    (1200, 170000)
    >>> collector.end(); gc.get_threshold() == before
    True
    """

    __slots__ = ()
    _lock = Lock()
    _runs = 0
    _before = _ours = gc.get_threshold()

    def begin(self) -> None:
        with self._lock:
            if not Collector._runs:
                Collector._before = Collector._ours = gc.get_threshold()
            Collector._runs += 1
        self._set(_BASE)

    def crowd(self, in_flight: int) -> int:
        """There are so many calls in flight now; at how many this wants to know again."""
        self._set(_BASE + 2 * _EACH * in_flight)
        return 2 * in_flight

    def end(self) -> None:
        with self._lock:
            Collector._runs -= 1
            if not Collector._runs and gc.get_threshold() == self._ours:
                gc.set_threshold(*self._before)

    def _set(self, young: int) -> None:
        if gc.get_threshold() == self._ours and 0 < self._ours[0] < young:
            Collector._ours = (young, *self._ours[1:])
            gc.set_threshold(*self._ours)
