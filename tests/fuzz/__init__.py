"""A differential fuzzer for the engine; the oracle is CPython's own ``exec``.

A seed gives a *program* (`program.py`: a typed grammar over every construct that the engine lowers), a *world*
(`world.py`: the external functions that the program calls, deterministic in their arguments), and an *order of
completion* (`latency.py`). The program runs twice over two fresh copies of that world, once by ``exec`` and once by
the engine on a simulated clock, and each run is reduced to an *observation* (`observe.py`): variables with their
types and aliasing, output interleaved with the ordered effects, the last value, the exception with its chain and
traceback text. `compare.py` names the differences.

    seed ──▶ program ──┬─▶ plain run  ──▶ observation ──┐
                       └─▶ engine run ──▶ observation ──┴─▶ differences ──▶ shrink ──▶ a test to paste

Equality alone would be satisfied by an engine that always waits, so every campaign also measures (`census.py`): how
many programs had two calls in flight, how many statements they executed, how often each construct occurs; and
`templates.py` compares the simulated time of programs whose ideal time is known by hand with what the engine needed.

And a fuzzer that finds nothing proves nothing, so it is itself tested: `faulty.py` has runs that are wrong on
purpose (no engine needed), `mutants.py` breaks the engine on purpose; each must be noticed within a fixed number of
programs. As the grammar grows, each of its fragments becomes rarer: a program may have a *focus* (`grammar.focused`),
and most breakages are looked for in programs with fragments about the rule that they break.

Decided against: `hypothesis`, whose shrinking of choice sequences re-generates programs rather than cutting the text
at hand, and which costs more than our whole budget of 30 ms a program; wall-clock delays, which neither replay nor
run thousands a minute.
"""
