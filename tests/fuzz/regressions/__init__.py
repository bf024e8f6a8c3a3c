"""Programs that once came out otherwise than a plain run, cut down to the mistake and named after it.

Each runs in every order of completion (`latency.py`), and where calls can overlap it says how many must have been in
flight: an engine that waits would pass the rest. Found by the fuzzer, except for what the prototypes had found before.
The world's answers that matter here: `num(0), num(1), ...` are 1 0 5 3 3 4 6 1, `flag` is true of 0 to 3,
`bad(5)` raises Bust and `bad(7)` its base Boom, `burst(5)` raises Boom, `send(8)` raises Boom.

    test_stores       containers, arguments of calls      test_try          handlers, finally, with
    test_footprints   who may still write                 test_tracebacks   lines and carets
    test_names        bound, unbound, captured            test_order        effects, undeclared code, iterators, awaits
"""
