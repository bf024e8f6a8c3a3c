"""Which of the waiting calls goes first: the oldest, unless another one's chain would make the run longer.

    [ask(x) for x in xs]                 200 calls, 16 at once: 13 rounds           ████████████████
    for _ in range(10): d = refine(d)    a chain of 10, later in the program        ─▶─▶─▶─▶─▶─▶─▶─▶─▶─▶

In program order the chain would begin when the list is done: 23 rounds. Its first call has to go 10 rounds before the end,
whatever else waits: 13 rounds. *What heads the longest remaining chain goes first* (Graham's list scheduling; dask's
`order.py`), but not sooner than it must: an older call is passed only by one

* whose remaining chain is longer than its own, and
* at least as long as all that waits will take at full width (its slack is gone).

Decided against: always the longest first. Where all chains are equal, that sends every first call before any second one: the
first line of output comes at the very end, and a failure then has wasted most of the calls. With the slack, calls go in
program order as long as that costs nothing.

What is known of a chain:

* **Who waits for it already**: calls that are issued and wait for the call's value (`call.followers()`), and theirs. Where
  the program itself waits for a call of a place that has never answered, the chain is taken to be long.
* **What usually follows**: for each call site, how often the end of its calls let a call of which other site become ready
  (the last-arrival edge of the record), learned in this run while calls wait. A site's *tail* is the mean of what follows:
  a loop that goes on with probability p has 1/(1-p) rounds.

Nobody starves: after `JUMPS` calls in a row that passed an older one, the oldest goes (`tests/backends/test_slots.py`). Nothing
here decides *whether* a call is sent, so no result depends on it. `python -m tests.backends.order` shows what it gains.

Pure bookkeeping.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

__all__ = ["JUMPS", "Chains", "Queue", "Waiting"]

JUMPS = 3
MOST_SITES = 512
_MOST_FOLLOWERS = 64
_AGAIN = 16  # releases after which a chain of followers is looked at again

Waiting = tuple[Any, int, Any, float]
"""A call that waits: position, arrival, call, tokens."""


class Site:
    """What is known of the calls of one place in the program."""

    __slots__ = ("edges", "ended", "last", "seconds", "tail")

    def __init__(self) -> None:
        self.ended = 0
        self.seconds = 0.0  # of all that ended
        self.edges: dict[Any, int] = {}  # what followed -> how often
        self.last = 0  # the number of the call that was followed last
        self.tail = 0.0  # seconds that usually follow the end of one


class Chains:
    """What usually follows a call.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> chains, before = Chains(), None
    >>> for number in range(1, 9):                      # draft, refine, refine, refine; and once more
    ...     record = CallRecord(number, "ask", line=1 if number % 4 == 1 else 2, cause=before)
    ...     chains.ready(record)
    ...     chains.ended(record, 1.0)
    ...     before = record if number % 4 else None
    >>> [round(chains.tail(CallRecord(9, "ask", line=line)), 1) for line in (1, 2)]
    [3.0, 2.0]
    """

    __slots__ = ("_ended", "_seconds", "_stale", "sites")

    def __init__(self) -> None:
        self.sites: dict[Any, Site] = {}
        self._ended = 0
        self._seconds = 0.0
        self._stale = False

    def ready(self, record: Any) -> None:
        """A call can be sent; its record says whose end it waited for last."""
        cause = getattr(record, "cause", None)
        if cause is None:
            return
        before = self.sites.get(site_of(cause))
        if before is None or before.last == cause.number:
            return  # one that was followed by many counts once: the chain is what matters, not the fan
        before.last = cause.number
        site = site_of(record)
        before.edges[site] = before.edges.get(site, 0) + 1
        self._stale = True

    def ended(self, record: Any, seconds: float) -> None:
        """A call came back well, after so long."""
        key = site_of(record)
        site = self.sites.get(key)
        if site is None:
            if len(self.sites) >= MOST_SITES:
                return
            site = self.sites[key] = Site()
        site.ended += 1
        site.seconds += seconds
        self._ended += 1
        self._seconds += seconds
        self._stale = True

    def seconds(self, key: Any) -> float:
        """How long a call of that site takes; one of a site of which none is back yet: as long as the others."""
        site = self.sites.get(key)
        if site is not None and site.ended:
            return site.seconds / site.ended
        return self._seconds / self._ended if self._ended else 0.0

    def tail(self, record: Any) -> float:
        return self.tail_of(site_of(record))

    def tail_of(self, key: Any) -> float:
        """How long what usually follows the end of a call of that site takes."""
        if self._stale:
            self._settle()
        site = self.sites.get(key)
        return 0.0 if site is None else site.tail

    def _settle(self) -> None:
        """tail(s) = Σ share(s → t) · (seconds(t) + tail(t)): a few sweeps from where it stood, loops of one site solved."""
        self._stale = False
        sites = self.sites
        for _ in range(3):
            for own, site in sites.items():
                if not site.edges:
                    continue
                after, again = 0.0, 0
                for key, often in site.edges.items():
                    if key == own:
                        again = often
                        after += often * self.seconds(key)
                    else:
                        after += often * (self.seconds(key) + (sites[key].tail if key in sites else 0.0))
                left = max(site.ended, sum(site.edges.values())) - again
                # a loop that nobody has seen end is as long as all that was
                site.tail = min(after / left, self._seconds) if left else self._seconds

    def rest(self, call: Any) -> float:
        """Seconds from sending the call to the end of its chain, as far as anybody can know."""
        key = site_of(call.record)
        return self.seconds(key) + max(self.tail_of(key), self._issued(call))

    def _issued(self, call: Any) -> float:
        """The longest chain among the calls that are issued already and wait for this one."""
        followers: Callable[[], Any] | None = getattr(call, "followers", None)
        if followers is None:
            return 0.0
        longest = 0.0
        key = site_of(call.record)
        work = [(follower, key, 0.0) for follower in followers()]
        left = _MOST_FOLLOWERS
        while work and left:
            left -= 1
            follower, key, before = work.pop()
            if follower is None:  # the program itself
                site = self.sites.get(key)
                if site is None or not site.ended:
                    return self._seconds
                continue
            if follower.record is not None:
                key = site_of(follower.record)
                before += self.seconds(key)
                longest = max(longest, before + self.tail_of(key))
            work += [(one, key, before) for one in follower.followers()]
        return longest


def site_of(record: Any) -> Any:
    """Where the call stands, the calls around it included: a helper that all use is another site for each of them."""
    if record is None:
        return None
    stack = record.stack
    if not stack:
        return record.filename, record.line, record.col
    return (record.filename, record.line, record.col, *[frame[2] for frame in stack])


class Group:
    """The waiting calls of one site, oldest first."""

    __slots__ = ("count", "looked", "of", "rest", "waiting")

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []  # heap; withdrawn and sent calls stay until they are met
        self.count = 0
        self.of: Any = None  # the call that `rest` is about
        self.rest = 0.0
        self.looked = 0  # at which release


class Queue:
    """The calls that wait in one lane. `still(call)`: whether it does.

    In program order, unless there are `chains`; `width()` is how many are out at once.
    """

    __slots__ = ("_groups", "_jumps", "_releases", "_still", "chains", "heap")

    def __init__(self, still: Callable[[Any], bool], chains: Chains | None) -> None:
        self.heap: list[Waiting] = []
        self.chains = chains
        self._still = still
        self._groups: dict[Any, Group] = {}
        self._jumps = 0
        self._releases = 0

    def add(self, entry: Waiting) -> None:
        heappush(self.heap, entry)
        if self.chains is not None:
            key = site_of(entry[2].record)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = Group()
            group.count += 1
            heappush(group.waiting, entry)

    def withdrawn(self, call: Any) -> None:
        """A call waits no more, although it was not taken."""
        if self.chains is not None:
            group = self._groups.get(site_of(call.record))
            if group is not None:
                group.count -= 1

    def clear(self) -> None:
        """Forget withdrawn calls, which stay until they are met."""
        self.heap.clear()
        self._groups.clear()

    def take(self, width: int, eligible: Callable[[Waiting], bool]) -> Waiting:
        """Take the call that goes next out of the queue; the oldest is the heap's first, which waits and may go."""
        oldest = entry = self.heap[0]
        chains = self.chains
        if chains is not None:
            if len(self._groups) > 1:
                self._releases += 1
                if self._jumps < JUMPS:
                    entry = self._urgent(chains, oldest, max(1, width), eligible)
                self._jumps = 0 if entry is oldest else self._jumps + 1
            self._leave(entry)
        if entry is oldest:
            heappop(self.heap)
        return entry

    def _leave(self, entry: Waiting) -> None:
        key = site_of(entry[2].record)
        group = self._groups[key]
        group.count -= 1
        waiting = group.waiting
        if waiting and waiting[0] is entry:
            heappop(waiting)
        if not group.count:
            del self._groups[key]

    def _urgent(self, chains: Chains, oldest: Waiting, width: int, eligible: Callable[[Waiting], bool]) -> Waiting:
        """The call with the longest chain, if that is longer than the oldest's and than all that waits will take."""
        best, longest, work = oldest, 0.0, 0.0
        own = site_of(oldest[2].record)
        for key, group in self._groups.items():
            waiting = group.waiting
            while waiting and not self._still(waiting[0][2]):
                heappop(waiting)
            if not waiting:
                continue
            rest = self._rest(chains, group, waiting[0][2])
            work += group.count * (chains.seconds(key) + chains.tail_of(key))
            if key == own:
                rest = self._rest(chains, group, oldest[2])
                if rest >= longest:
                    best, longest = oldest, rest
            elif rest > longest and waiting[0][3] <= oldest[3] and eligible(waiting[0]):
                best, longest = waiting[0], rest
        return best if longest * width >= work else oldest

    def _rest(self, chains: Chains, group: Group, call: Any) -> float:
        if group.of is not call or self._releases - group.looked >= _AGAIN:
            group.of, group.looked, group.rest = call, self._releases, chains.rest(call)
        return group.rest
