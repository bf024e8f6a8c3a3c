"""What replaying costs: `python -m benchmarks.replay [--rounds N]`.

Each cell runs once against the local service while it is recorded, and is then replayed from the recording, with the latencies as
they were. A replay takes longer than the run by what it costs to look answers up and build them; it may take less, because
sending costs more than looking up. The figure is the median replay over the recorded makespan (first call sent to last one
ended). It is wrong on a machine that is busy with something else: the load average is printed beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from typing import Any

import openai

import poppy_ipython
from poppy_ipython import local_llm
from poppy_ipython.streams import lines

CELLS = {
    "60 documents, then a reduction": """
notes = [ask(f"Summarise in one sentence: item {n} is here. It was seen.") for n in range(60)]
overview = ask("Combine: " + " ".join(notes))
""",
    "chain of 8, 6 at once": """
chains = []
for n in range(6):
    text = f"Report {n}. The pump runs. Its pressure is stable."
    for step in range(8):
        text = ask("Summarise in at most 8 words: " + text) + f" Step {step}."
    chains.append(text)
""",
    "1,000 short calls": """
short = [ask(f"One word: item {n}.") for n in range(1000)]
""",
    "three streams, a call per line": """
out = []
for n in range(3):
    for idea in lines(client.chat.completions.create(model="local-small", stream=True, messages=message(THREE + str(n)))):
        out.append(ask("Summarise in at most 5 words: " + idea))
""",
}
THREE = "Propose three ideas from this text:\n\nA good loop ends. A cat sleeps all day. Dogs run in the park. Ships wait. Number "


def world(service: Any) -> dict[str, Any]:
    client = openai.OpenAI(base_url=service.base_url, api_key="local", max_retries=0)

    @poppy_ipython.unordered
    def ask(text: str) -> Any:
        return client.chat.completions.create(model="local-small", messages=message(text)).choices[0].message.content

    return {"client": client, "lines": lines, "THREE": THREE, "message": message, "ask": ask}


def message(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def measure(source: str, rounds: int) -> tuple[float, list[float]]:
    """The recorded makespan, and those of the replays. Raises if a replay leaves something else."""
    with local_llm.serve(first_token=0.2, per_token=0.002, jitter=0.3) as service:
        names = world(service)
        recorded = poppy_ipython.run(source, names, options=poppy_ipython.Options(record="replay"))
        assert recorded.error is None, recorded.error
    spans = []
    for _ in range(rounds):
        again = {name: names[name] for name in ("client", "lines", "THREE", "message", "ask")}
        run = poppy_ipython.run(source, again, options=poppy_ipython.Options(replay="replay"))
        assert run.error is None, run.error
        assert all(again[name] == names[name] for name in ("notes", "overview", "chains", "short", "out") if name in names)
        spans.append(run.trace.span)
    return recorded.trace.span, spans


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["POPPY_IPYTHON_DATA"] = folder
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for name, source in CELLS.items():
            recorded, spans = measure(source, rounds)
            median = statistics.median(spans)
            worst = max(worst, median / recorded - 1)
            spread = f"({min(spans):.3f}-{max(spans):.3f})"
            print(f"{name:35} recorded {recorded:.3f} s  replayed {median:.3f} s {spread}  {median / recorded - 1:+.1%}")
    print(f"worst {worst:+.1%}")


if __name__ == "__main__":
    main()
