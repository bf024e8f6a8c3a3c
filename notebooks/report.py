"""An ordinary script: what do these notes say, and what do they say together?

    python notebooks/report.py 6                                    one question after the other
    python -m poppy_ipython notebooks/report.py 6                   the same, and they overlap
    python -m poppy_ipython --trace run.json notebooks/report.py 6  the run is kept

Its model is a function that takes a while.
"""

import sys
import time

from poppy_ipython import unordered


@unordered
def ask(question, text=""):
    time.sleep(0.1)
    return f"{question} {text[:20]!r}: {len(text.split())} words"


def main(count):
    notes = [f"note {n} " + "word " * n for n in range(count)]
    summaries = []
    for note in notes:
        summary = ask("Summarise", note)
        if "0 words" not in summary:
            summaries.append(summary)
    for number, summary in enumerate(summaries, 1):
        print(number, summary)
    print(ask("Combine", "\n".join(summaries)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: report.py COUNT")
    main(int(sys.argv[1]))
