"""Cost of a look-up after the first. Run: `python -m tests.effects.measure`."""

from __future__ import annotations

import json
import timeit

from poppy_ipython.effects import effect_of, effect_of_call, host_of, sequential, unordered

N = 200_000


@unordered
def function() -> None: ...


class Kind:
    @sequential("db")
    def declared(self) -> None: ...

    def undeclared(self) -> None: ...


def main() -> None:
    import openai

    client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:1/v1")
    create = client.chat.completions.create
    callees = {
        "function": function,
        "declared bound method": Kind().declared,
        "undeclared bound method": Kind().undeclared,
        "library function": json.dumps,
        'builtin method "x".upper': "x".upper,
        "client.chat.completions.create": create,
        "client.files.create (by class)": client.files.create,
    }
    for name, callee in callees.items():
        effect_of(callee)
        seconds = min(timeit.repeat(lambda: effect_of(callee), number=N, repeat=5))  # noqa: B023
        empty = min(timeit.repeat(lambda: callee, number=N, repeat=5))  # noqa: B023
        print(f"effect_of({name + ')':36} {(seconds - empty) / N * 1e6:5.2f} µs")
    keywords = {"model": "m", "messages": []}
    effect = effect_of(create)
    assert effect is not None
    for name, run in {
        "effect_of_call(create)": lambda: effect_of_call(create, (), keywords),
        "host_of(create)": lambda: host_of(effect, create),
        "effect_of(a new lambda)": lambda: effect_of(lambda: None),
    }.items():
        print(f"{name:46} {min(timeit.repeat(run, number=N // 10, repeat=5)) / N * 1e7:5.2f} µs")


if __name__ == "__main__":
    main()
