"""Functions that a library has wrapped: the wrapped function runs ahead, the wrapper finds what it has come to."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import run_simulated
from tests.engine.overlap import ask, makespan
from tests.fuzz.check import agree

RETRY = "import tenacity as t\nfrom tenacity import retry, stop_after_attempt, wait_none, wait_random_exponential\n"
#: a wrapper and a loop -> rounds
FIRST_ATTEMPTS = {
    "@retry(wait=wait_random_exponential(min=1, max=60), stop=stop_after_attempt(6))\ndef f(q): return ask(q)\nout = [f(q) for q in range(9)]": 1,
    "@retry\ndef f(q): return ask(q) + '!'\nout = []\nfor q in range(9): out.append(f(q).upper())": 1,
    "class C:\n    n = 0\n    @retry(stop=stop_after_attempt(2))\n    def f(self, q, k=1): return ask((q, k, self.n))\nc = C()\nout = [c.f(q, k=2) for q in range(9)]": 1,
    "@retry(retry=t.retry_if_exception_type(OSError) | t.retry_if_exception(lambda e: '4' in str(e)), reraise=True)\ndef f(q): return num(q)\nout = []\nfor q in range(9): out.append((f(q), q))": 1,
    "@retry\ndef f(q): return ask(q)\ndef g(q): return f(f(q))\nout = [g(q) for q in range(9)]": 2,
    # how many attempts the one before has taken is not known earlier
    "@retry\ndef f(q): return ask(q)\nout = [(f(q), f.statistics['attempt_number']) for q in range(9)]": 9,
    # what looks at results or at the clock stays in order, natively
    "@retry(retry=t.retry_if_result(lambda r: r == 'x'))\ndef f(q): return ask(q)\nout = [f(q) for q in range(9)]": 0,
    "@retry(stop=t.stop_after_delay(9))\ndef f(q): return ask(q)\nout = [f(q) for q in range(9)]": 0,
    "@retry(before=lambda s: out.append(s.args))\ndef f(q): return ask(q)\nout = []\nfor q in range(9): f(q)": 0,
}


@pytest.mark.parametrize("source", FIRST_ATTEMPTS)
def test_first_attempts_overlap(source: str) -> None:
    assert makespan(RETRY + source) == FIRST_ATTEMPTS[source]


FAILING = """\
import traceback
{retry}
log = []
@retry({how})
def f(q, k=0):
    log.append(q)
    found = bad((q, len(log)))
    return found, num(q)
try:
    for q in range(7):
        try: print(f(q), f.statistics['attempt_number'], f.statistics['idle_for'])
        except t.RetryError as error:
            print(error.last_attempt.attempt_number, error.__context__)
            traceback.print_tb(error.__traceback__)
            traceback.print_exception(error.__cause__)
        except Boom as error: traceback.print_exception(error)
        print(len(log), ask(q))
    for q in range({last}): f(q, k=q)
finally: del f, t, retry, wait_none, stop_after_attempt, wait_random_exponential
"""


@pytest.mark.parametrize(
    "how",
    [
        "stop=stop_after_attempt(1)",
        "stop=stop_after_attempt(2)",
        "stop=stop_after_attempt(3), reraise=True",
        "stop=stop_after_attempt(2), retry=t.retry_if_exception_type(Bust)",
        "stop=stop_after_attempt(2), sleep=lambda s: log.append(s), after=lambda s: print(s.fn.__name__, s.args, s.kwargs)",
        "stop=stop_after_attempt(2), retry_error_callback=lambda s: s.outcome.exception().args",
        "stop=stop_after_attempt(3), retry=t.retry_if_exception(lambda e: len(log) % 2)",
    ],
)
def test_what_fails_is_tenacitys(how: str) -> None:
    last = 20 if "reraise" in how or "Bust" in how else 0  # (the text of a RetryError has an address)
    agree(FAILING.format(retry=RETRY, how=how, last=last), at_once=2)


def test_what_a_second_attempt_writes_is_waited_for() -> None:
    agree(
        RETRY
        + """
seen = {}
@retry(stop=stop_after_attempt(3))
def f(q):
    seen[q] = seen.get(q, 0) + 1
    return bad((q, seen[q]))
for q in range(6):
    try: f(q)
    except t.RetryError: pass
    print(seen[q], num(q))
del f, t, retry, wait_none, stop_after_attempt, wait_random_exponential
"""
    )


def test_random_waits_draw_in_their_turn() -> None:
    agree(
        RETRY
        + """
import random
@retry(stop=stop_after_attempt(3), wait=t.wait_random(0, 1), sleep=lambda s: None)
def f(q): return bad((q, random.randint(1, 9)))
for q in range(6):
    try: print(f(q))
    except t.RetryError as error: print(error.last_attempt.attempt_number)
    print(random.random())
del f, t, retry, wait_none, stop_after_attempt, wait_random_exponential
"""
    )



CACHE = "from functools import cache, lru_cache\n"
#: a cached function and a loop -> rounds
QUESTIONS = {
    "@cache\ndef f(q): return ask(q)\nout = [f(q) for q in range(9)]": 1,
    # the same question again is asked once, and holds nobody
    "@lru_cache(maxsize=None)\ndef f(q): return ask(q)\nout = [f(q % 4) for q in range(9)], f.cache_info()": 1,
    "@lru_cache\ndef f(q, k=1): return ask((q, k))\nout = []\nfor q in range(9): out.append((f(q, k=q % 2), q))\nprint(f.cache_info())": 1,
    "@cache\ndef f(q): return ask(q)\ndef g(q): return f(q % 3) + f(3 + q % 2)\nout = [g(q) for q in range(9)], f.cache_info()": 1,
    "f = lru_cache(None)(lambda q: num(q) + num((q, 1)))\nout = {q: f(q % 5) for q in range(9)}, f.cache_info()": 1,
    # a cache that may have to forget something
    "@lru_cache(maxsize=4)\ndef f(q): return ask(q)\nout = [f(q) for q in range(4)]": 1,
    "@lru_cache(maxsize=2)\ndef f(q): return ask(q)\nout = [f(q) for q in range(4)]": 1,
    # keys that run code
    "class K: pass\n@cache\ndef f(q): return ask(1)\nout = [f(K()) for q in range(4)]": 0,
}


@pytest.mark.parametrize("source", QUESTIONS)
def test_questions_that_are_not_in_the_cache_overlap(source: str) -> None:
    assert makespan(CACHE + source) == QUESTIONS[source]


CACHED = """\
import traceback
from functools import lru_cache
log = []
@lru_cache({limit})
def f(q, k=0):
    log.append(q)
    return [bad((q, len(log) if q > 4 else k))]
out = []
for q in [1, 2, 1, 3, 5, 2, 1.0, True, '1', 6, 5, 5, 3]:
    try: out.append(f(q) if q != 3 else f(q, k=num(q)))
    except Boom as error:
        traceback.print_exception(error)
        if num((q, len(log))) > 4: f.cache_clear()
        print(f.cache_info())
    if num(q) > 4: out[-1:] = [f(2)]
    out.append(f(2))
    out[-1].append(q)
print(out, log, f.cache_info())
f(7), f(8), f(9), f(10), f(11), f(12)
"""


@pytest.mark.parametrize("limit", ["None", "2", "5", "128"])
def test_a_cache_is_left_as_by_a_plain_run(limit: str) -> None:
    agree(CACHED.format(limit=limit).replace("q > 4", "str(q) > '4'"))


def test_a_cache_that_was_filled_before() -> None:
    agree(
        """
        from functools import cache, lru_cache
        @cache
        def f(q): return [ask(q)]
        @lru_cache(8)
        def g(q): return f(q), num(q)
        for q in range(5): print(g(q)[1])
        a = [(g(q), f(q), num((q, 1))) for q in range(3, 9)]
        a[0][1].append(1)
        print(a, [x[0][0] is x[1] for x in a], f.cache_info(), g.cache_info())
        """,
        at_once=4,
    )


def test_the_clock_of_a_first_attempt() -> None:
    """The statistics of a call that fails at first begin when the failure is known; those of others when they are sent."""
    names = run(
        RETRY
        + """
log = []
@retry(stop=stop_after_attempt(2))
def f(q):
    log.append(q)
    return fails() if len(log) == 1 else ask(q)
f(1)
first = f.statistics
f(2)
""",
    )
    assert list(names["first"]) == ["start_time", "attempt_number", "idle_for", "delay_since_first_attempt"]
    assert names["first"]["delay_since_first_attempt"] < 1 and names["first"]["attempt_number"] == 2
    assert names["f"].statistics["attempt_number"] == 1 and names["log"] == [1, 1, 2]


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__", "ask": ask, "fails": fails}
    linecache.cache["<retries>"] = (len(source), None, source.splitlines(True), "<retries>")
    assert run_simulated(source, names, filename="<retries>").error is None
    return names


@unordered
def fails() -> None:
    raise ValueError
