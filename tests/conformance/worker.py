"""One module in a process of its own: lines of JSON on the real standard output, an outcome each.

    python -m tests.conformance.worker test_with plain|shipped|stress module|cell scratch-directory [name to leave out …]
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any


def main() -> None:
    name, how, mode, scratch, *left_out = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a test writes to the descriptor is no line of ours
    faulthandler.enable()

    def say(**row: Any) -> None:
        out.write(json.dumps(row) + "\n")

    from .cells import as_cell
    from .load import load, prepare, suite_of
    from .modules import excluded
    from .outcome import Outcome, Results, name_of, tests_of, words
    from .ways import WAYS

    prepare(Path(scratch))
    sys.setrecursionlimit(1000)
    way, plain = WAYS[how](), WAYS["plain"]()
    try:
        module = load(name, Path(scratch), way if mode == "module" else plain)
        suite = suite_of(module)
    except BaseException as error:
        say(end=Outcome(name, "not loaded", words(error)).as_row())
        return
    kept = [test for test in tests_of(suite) if name_of(test) not in left_out and excluded(name_of(test), mode, how) is None]
    if mode == "cell":
        way.loop = "asyncio" not in Path(module.__file__ or "").read_text(encoding="utf-8", errors="replace")
        for test in kept:
            as_cell(test, way)
    results = Results(lambda title: say(begin=title), lambda outcome: say(end=outcome.as_row()))
    with warnings.catch_warnings():
        type(suite)(kept).run(results)
    say(counts=dict(way.counts))
    out.flush()
    os._exit(0)  # threads and modules that the tests left behind are not asked


if __name__ == "__main__":
    main()
