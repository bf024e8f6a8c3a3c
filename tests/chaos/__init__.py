"""What goes wrong, on purpose: interrupts in a real kernel, faults of a service at every call, long runs.

    python -m tests.chaos interrupts [-n 200]     a signal at every 50 ms of a run, with two Jupyters: no leftovers, a prefix
    python -m tests.chaos faults [--seed 1]       a fault at requests of the benchmark programs: the outcome of a plain run
    python -m tests.chaos soak                    many calls, items, rounds in one cell, 1,000 cells in one kernel: memory flat
    python -m tests.chaos limits                  a service with hard limits: how near to the ideal, how many refused
    python -m tests.chaos cancelled               how long calls in flight outlive a failure
    python -m tests.chaos all --record            all of it, and RECORD.md written anew

The exit code is 0 only if everything that is promised held. Too long for `make test`, which has small versions of each
(`tests/chaos/test_small.py`).
"""
