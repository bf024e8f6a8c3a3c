"""CPython's own tests of its language, with poppy cells in the place of modules and of test bodies.

    python -m tests.conformance [module …] [--mode module|cell] [--way shipped|stress] [--jobs N] [--record]

Each of the modules of `modules.py` is run twice, in a process each, and what every single test comes to (passed, failed
with which exception and message, skipped, what it printed) is compared:

    mode     plain                                 poppy
    module   the file is executed, its tests run   the file is one cell, its tests run after
    cell     the file is executed; each body of    the same, the body as a poppy cell (`cells.py`)
             a test method is executed as a cell

Both as shipped and in *stress* mode (`stress.py`): nothing runs natively that can be lowered, every call of a function of the
test file waits for an answer first, pure builtins of plain data are external calls, and answers come in an adversarial
order on a simulated clock.

The plain run is the oracle, failures included: a body that fails as a cell, because a local variable has become a
global one, has to fail in the same words. The tests are the interpreter's own, from its `test` package, never a copy
in this repository; the runner copies them into `.build`, because what lies in the standard library is nobody's notebook
and would not be looked into.

    modules    which modules; what is left out and why        load      a module of tests, executed by either
    ways       plain, shipped, stress: how code is executed   cells     a test method's body as a cell
    stress     functions and builtins as external calls       outcome   what one test came to
    worker     one module, in a process of its own            campaign  processes, time limits, comparison
    record     RECORD.md
"""
