"""Failures that are handled: a second attempt does not wait for the first attempts of others."""

from __future__ import annotations

from typing import Any

import pytest

from poppy_ipython.effects import unordered
from poppy_ipython.engine.run import Outcome, run_simulated
from tests.fuzz.check import agree

RETRY = """\
def get(q):
    for attempt in range(3):
        try: return flaky(q, attempt), attempt
        except ValueError as error: {handler}
    raise AssertionError
out, n, log = [], 0, []
for q in range(9):
    a, b = get(q)
    n += b
    out.append(a)
"""
#: what the handler does -> rounds of nine questions, of which three need two attempts and three need three
HANDLERS = {
    "pass": 3,
    "\n            if error.args[0] > 20: raise": 3,
    "log.append(error.args)": 3,
    "log.append(f'{error!r}' + str(error))": 3,
    "ask(q)": 5,
}
#: a function whose failure is handled by its caller -> rounds of six questions, the second half of which need another call
HELPERS = {
    "answer = ask(q)\n    if answer > 'a2': raise ValueError(q)\n    return answer": 2,
    "answer = ask(q)\n    log.append(q)\n    return int(answer)": 2,
    "return [flaky(q, 0), q][0]": 2,
    "return inner(q)\ndef inner(q):\n    return [flaky(q, 0), q][0]": 2,
}
USE = """\
def helper(q):
    {helper}
def get(q):
    try: return helper(q)
    except ValueError: return ask(q)
log, out = [], []
for q in range(6):
    out.append(get(q))
"""


@unordered
def ask(q: Any) -> str:
    return f"a{q}"


@unordered
def flaky(q: int, attempt: int) -> str:
    if attempt < q % 3:
        raise ValueError(q)
    return f"f{q}"


def run(source: str, names: dict[str, Any]) -> Outcome:
    names |= {"ask": ask, "flaky": flaky, "__name__": "__main__"}
    return run_simulated(source, names, filename="<retries>")


@pytest.mark.parametrize("handler", HANDLERS)
def test_attempts_of_different_questions_overlap(handler: str) -> None:
    names: dict[str, Any] = {}
    outcome = run(RETRY.replace("{handler}", handler), names)
    assert outcome.error is None
    assert (outcome.makespan, names["n"], names["out"]) == (HANDLERS[handler], 9, [f"f{q}" for q in range(9)])


@pytest.mark.parametrize("helper", HELPERS)
def test_functions_that_fail_do_not_wait_for_their_turn(helper: str) -> None:
    outcome = run(USE.replace("{helper}", helper), {})
    assert outcome.error is None
    assert outcome.makespan == HELPERS[helper]


def test_what_a_failed_call_has_written_comes_in_its_turn(capsys: pytest.CaptureFixture[str]) -> None:
    source = RETRY.replace("{handler}", "print('again', q)").replace("a, b = get(q)", "print('question', q)\n    a, b = get(q)")
    assert run(source, {}).error is None
    simulated = capsys.readouterr().out
    names: dict[str, Any] = {"ask": ask, "flaky": flaky, "__name__": "__main__"}
    exec(compile(source, "<plain>", "exec"), names)
    assert simulated == capsys.readouterr().out


@pytest.mark.parametrize("seed", range(1, 7))
def test_an_older_failure_comes_first(seed: int) -> None:
    agree("class Box: v = 0\nl0, l1, o0 = [], [], Box()\ndef get(q):\n    try: return bad(q)\n    except Boom as ex:\n        l0.append(q); o0.v += num(q)\n        return str(ex)\n"
          "for q in range(4):\n    i0 = get(q)\n    if num(q) > 2: l1.append(bad((q, i0)))\n    print(l0, l1, o0.v)\n", seed)  # fmt: skip


def test_without_a_handler_the_failure_waits_for_its_turn() -> None:
    names: dict[str, Any] = {}
    outcome = run("def get(q):\n    try: return flaky(q, 0)\n    finally: log.append(q)\nlog = []\nfor q in [0, 3, 1, 6]: get(q)\n", names)
    assert isinstance(outcome.error, ValueError) and names["log"] == [0, 3, 1]


#: what a loop leaves out -> rounds of nine questions, six of which fail at the first attempt
LEFT_OUT = {
    "    except ValueError: continue": 1,
    "    except ValueError as error:\n        log.append(error.args)\n        continue": 1,
    "    except KeyError: raise\n    except ValueError: continue": 1,
    "    except ValueError:\n        log.append(ask(q))\n        continue": 2,
    "    except ValueError: continue\n    if a == 'f0': continue": 1,
}


@pytest.mark.parametrize("handler", LEFT_OUT)
def test_a_loop_goes_on_after_what_it_leaves_out(handler: str) -> None:
    names: dict[str, Any] = {}
    outcome = run(f"out, log = [], []\nfor q in range(9):\n    try: a = flaky(q, 0)\n{handler}\n    out.append((a, q))\n", names)
    assert outcome.error is None
    assert (outcome.makespan, names["out"]) == (LEFT_OUT[handler], [(f"f{q}", q) for q in (0, 3, 6) if q or "f0" not in handler])
