"""Witness cells: small programs that pin down one rule each, run plainly and by the engine, for result *and* overlap.

Where the fuzzer says that everything agrees, these say *what* is promised and how fast: under equal simulated
latencies a program takes whole rounds, and each cell names how many it may take. A cell without a number must only
be right (its overlap belongs to later work, or there is nothing to overlap).
"""
