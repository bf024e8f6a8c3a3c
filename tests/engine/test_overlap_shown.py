"""`display` and `pprint` show their arguments when their turn comes: a loop that shows answers does not ask one by one."""

from __future__ import annotations

import pytest

from tests.engine.overlap import makespan
from tests.fuzz.check import agree

IMPORTS = "from IPython.display import HTML, Markdown, display\nfrom pprint import pp, pprint\nout = []\n"
#: what a loop of six questions does with an answer -> its rounds
SHOWS = {
    "display(a)": 1,
    "display(Markdown(f'**{q}**: {a}'), [a, q])": 1,
    "display(HTML(a))": 1,
    "display({'q': q, 'a': [a]})": 1,
    "pprint({'q': q, 'a': a})": 1,
    "pp([a, {'q': (q, a)}])": 1,
    "pprint(a, width=20)": 1,
    "display(Own(a))": 6,
    "pprint([Own(a)])": 6,
}
OWN = """\
class Own:
    def __init__(self, a): self.a = a
    def __repr__(self):
        seen.append(self.a)
        return 'Own'
seen = []
"""


@pytest.mark.parametrize("show", SHOWS)
def test_what_is_shown_waits_for_its_turn(show: str, capsys: pytest.CaptureFixture[str]) -> None:
    source = f"{IMPORTS}{OWN}for q in range(6):\n    a = ask(q)\n    {show}\n    out.append((a, len(seen)))\n"
    assert makespan(source) == SHOWS[show]
    plain, ours = (part for part in [capsys.readouterr().out] for part in (part[: len(part) // 2], part[len(part) // 2 :]))
    assert plain == ours != ""


@pytest.mark.parametrize("show", ["display(x)", "pprint(x)", "pprint([x])", "display({'k': x})", "display(Markdown(str(x)))", "display(num(x) if x == 3 else x)"])
def test_a_picture_of_the_users_own_may_write(show: str) -> None:
    agree(
        "from IPython.display import Markdown, display\nfrom pprint import pprint\nl0, l1 = [], []\nclass Own:\n    def __repr__(self):\n        l0.append(num(len(l0)))\n"
        f"        return 'Own'\nfor q in range(3):\n    x = [q, Own(), ask(q)][q]\n    if flag(q):\n        {show}\n    l1.append(size(l0))\n    {show}\n    l1.append(len(l0))\n"
    )
