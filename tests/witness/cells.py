"""The cells, by name: source, and the rounds they may take under equal latencies (None: only right).

In words: `ask` is an external call declared `unordered`, so everything that only waits for its value may run ahead.
"""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    source: str
    rounds: int | None


CELLS: dict[str, Cell] = {}


def cell(name: str, rounds: int | None, source: str) -> None:
    assert name not in CELLS, name
    CELLS[name] = Cell(name, dedent(source).strip() + "\n", rounds)


# loops of calls
cell("append", 1, "out = []\nfor q in range(6): out.append(ask(q))\nn = len(out)")
cell("json_dumps_is_pure", 1, 'out = []\nfor q in range(6): out.append(ask(json.dumps({"q": q})))')
cell("json_dumps_of_a_pending", 2, 'out = []\nfor q in range(6):\n    a = ask(q)\n    out.append(ask(json.dumps({"q": a})))')
cell("response_opened_in_a_loop", 1, "out = []\nfor q in range(6):\n    r = create(q)\n    out.append(r.choices[0].message.content.strip())\nr = None")
cell("client_attribute", 1, "out = []\nfor q in range(6):\n    r = client.create(q)\n    out.append(r.choices[0].message.content.strip())\nr = None")
cell("messages_list_to_ask", 2, 'out = []\nfor q in range(6):\n    m = [{"role": "u", "c": ask(q)}]\n    m.append({"role": "s", "c": "k"})\n    out.append(show(m))')
cell("json_value_mutated", 1, 'out = []\nfor q in range(5):\n    d = jask(q); d["y"] = q; d["l"].append(7); out.append(d)')
cell("set_of_answers", 1, "s = set(); s.add(ask(1)); s.add(ask(1)); n = len(s)")

# methods, attributes, memo tables
cell(
    "agent",
    2,
    """
    class Agent:
        def __init__(self):
            self.cfg = {"p": "pp"}
            self.history = []
        def ask(self, q):
            p = self.cfg["p"] + str(q)
            r = ask(p)
            if "5" in r:
                r = ask(r)
            self.history.append(q)
            return r
    agent = Agent()
    out = []
    for q in range(8): out.append(agent.ask(q))
    print(agent.history, out)
    """,
)
cell("counter_after_the_answer", 1, 'class A:\n    def __init__(self): self.n = 0\n    def ask(self, q):\n        r = ask(q)\n        if "3" in r: self.n += 1\n        return r\na = A()\nout = []\nfor q in range(6): out.append(a.ask(q))\nprint(a.n)')
cell("counter_before_the_call", 1, 'class A:\n    def __init__(self): self.n = 0\n    def ask(self, q):\n        self.n += 1\n        r = ask(q + self.n)\n        if "3" in r: r = "z"\n        return r\na = A()\nout = []\nfor q in range(6): out.append(a.ask(q))\nprint(a.n, out)')
cell("recurrence_stays_serial", None, 'class A:\n    def __init__(self): self.n = 0\n    def ask(self, q):\n        if self.n > 2: return "limit"\n        r = ask(q)\n        if "1" in r or "3" in r: self.n += 1\n        return r\na = A()\nout = [a.ask(q) for q in range(6)]\nprint(a.n, out)')
cell("memo", 1, "memo = {}\ndef f(k):\n    if k in memo: return memo[k]\n    r = ask(k)\n    memo[k] = r\n    return r\nout = [f(i % 3) for i in range(6)]\nn = len(memo)")
cell("memo_behind_a_branch", None, 'memo = {}\ndef f(k):\n    if k in memo: return memo[k]\n    r = ask(k)\n    if "1" in r: r = ask(r)\n    memo[k] = r\n    return r\nout = [f(i % 3) for i in range(6)]\nn = len(memo)')
cell("conversations", 3, 'def chat(q):\n    m = [{"c": q}]\n    for t in range(3):\n        r = ask(len(m))\n        m.append({"c": r})\n        if "9" in r: break\n    return m\nout = [chat(i) for i in range(4)]')

# snapshots of arguments
cell("argument_as_of_the_call", 1, 'doc = Doc("v1"); a = summarise(doc); doc.title = "v2"')
cell("argument_read_and_written_again", 2, 'doc = Doc("v1"); a = summarise(doc); doc.title = "v2"; b = summarise(doc); t = doc.title')
cell("argument_with_a_pending_attribute", 2, 'doc = Doc("v1"); x = ask(1); doc.title = x; b = summarise(doc); doc.title = "v3"; t = doc.title')
cell("list_as_of_the_call", 2, 'l = [1]; l.append(ask(1)); a = show(l, {"k": l}); l.append(2); b = show(l); l.clear(); c = show(l)')
cell("shadowed_list_to_a_helper", 1, "def addto(l, v):\n    l.append(v); return len(l)\nl = []\nr = [addto(l, ask(i)) for i in range(4)]\nprint(l, r, sum([1, 2]), sorted(l)[::-1])")

# aliasing and views
cell("nested_containers", 1, 'm = {"a": [1]}; x = ask(0); m["a"].append(x); m["b"] = m["a"]; l = m["b"]; l.append(2); k = [i for i in m["a"]]; s = m["a"][1:]; e = m["a"] == l; e2 = m["a"] is l; n = len(m["a"]); p = list(m); q = [(a, len(b)) for a, b in m.items()]')
cell("aliases", 1, "a = []; b = a; c = [a, a]; a.append(ask(1)); c[0].append(ask(2)); b += [ask(3)]; c.append(c[0]); t = c[2] is b; u = len(c[1])")
cell("display_holds_pendings", 1, 'x = [ask(1), [ask(2), 3]]; y = x[1]; y.append(ask(4)); z = {"k": x, "v": y}; z["k"][0] = ask(5); w = z["k"][0] + "!"')
cell("text_of_a_shadowed_list", 2, 'l = []; l.append(ask(1)); s = f"{l}"; t = str(l); u = ", ".join(l); v = ask(s)')
cell("sorting_shadowed_lists", 1, "a = [2]; b = [1]; x = ask(0); a.insert(0, 0); s = sorted([b, a]); t = s[0] is a; m = max([a, b]); i = [b, a].index(a)")
cell("store_into_an_empty_answer", None, "l = lask(1); l[-1] = 1")
cell("mutating_across_branches", 2, "l = []\ndef f(q):\n    r = num(q)\n    if r == 1: r = num(r + q)\n    l.append(q)\n    return r\nout = [f(i) for i in range(6)]\nprint(l, out)")
cell("mutating_and_reading_across_branches", None, "l = []\ndef f(q):\n    r = num(q)\n    if r == 1: r = num(r + q)\n    l.append(q); n = len(l)\n    return r, n\nout = [f(i) for i in range(4)]\nprint(l, out)")
cell("older_read_younger_write", 1, "l = [1]\ndef f(q):\n    r = num(q)\n    if r == 1: return len(l)\n    return 0\na = f(1); l.append(5); b = f(1); l.append(6); c = len(l)")
cell("name_rebound_between_calls", 2, 'cfg = "a"\ndef f(q): return ask(cfg + str(q))\nx = f(1); cfg = "b"; y = f(2); cfg = x; z = f(3)')
cell("name_read_late", 1, 'cfg = "a"\ndef f(q):\n    r = num(q)\n    if r: return cfg\n    return 0\nx = f(1); cfg = "b"; y = f(1)')
cell("undeclared_function_mutates", 2, "l = [1]; l.append(ask(1)); n = mut(l); l.append(ask(2)); m = mut(l)")

# order inside a statement
cell("order_inside_statements", 1, "i = 7; d = {1: 0}\nfor k in [1, 1, 1]: d[k] += num(k)\nl = [0, 0]\nl[(i := 1)] = i\na = num(1); b = 0 < num(a) < 3; x = a and ask(2)".replace("b = 0 < num(a) < 3; x = a and ask(2)", "b = 0 < num(4) < 3"))
cell("slot_read_before_the_value", 1, 'd = {"k": "x"}\nd["k"] += ask("k")\nprint(d)')
cell("walrus_as_key", None, 'd = {}\ni = 5\nd[(i := 1)] = i\nprint(d, i)')
cell("chained_comparison", 2, 'a, c = "a", "z"\nx = a < ask(1) < c\ny = num(1) and ask(2)\nz = num(3) and ask(4)')

# exceptions
cell("iterator_shared_with_try", None, "it = iter([0, 1, 2, 3])\ntry:\n    for x in it: check(x)\nexcept ValueError: pass\ny = next(it)\nit = None")
cell("nothing_after_the_raise", 1, "acc = []\ntry: bad(1); acc.append(1)\nexcept ValueError: print(acc)")
cell("nothing_after_the_raise_in_shared_containers", 1, 'acc = [[0]]; d = {}; z = 1\ntry:\n    acc.append(ask(1)); acc[0].append(5); d["k"] = acc; z = 2; bad(1); acc[0].append(1); acc.pop(0); d["k"] = 3; z = 3\nexcept ValueError: print(acc, d, z); w = acc[0] + [z]')
cell("context_of_a_raise_in_a_handler", None, 'def note(): raise KeyError("n")\ntry:\n    try: 1/0\n    except ZeroDivisionError: note()\nexcept KeyError as e: c = type(e.__context__).__name__')
cell("bare_raise_in_a_called_function", None, "def again(): raise\ntry:\n    try: 1/0\n    except ZeroDivisionError: ask(1); again()\nexcept ZeroDivisionError as e: c = str(e)")
cell("try_in_a_function", 1, 'def f(q):\n    acc = [q]; s = "init"\n    try:\n        s = "a"; x = ask(q); acc.append(x); s = "b"; check(q); s = "c"; acc.append(9)\n    except ValueError as e: return (s, acc, str(e))\n    return s, acc\nout = [f(i) for i in range(5)]')
cell("finally", 1, 'log_ = []\ndef f(q):\n    try: return "2" in ask(q)\n    finally: log_.append(q)\nout = [f(i) for i in range(4)]')
cell("finally_of_a_unit_never_reached", None, 'log_ = []\ndef f(q):\n    try: return "2" in ask(q)\n    finally: unk(q)\nbad(1)\nout = [f(i) for i in range(4)]')
cell("fault_drops_what_is_younger", 1, 'l = []; d = {"a": 1}\nfor q in range(5):\n    l.append(q); d[q] = ask(q); check(q); l.append(-q)')
cell("uncaught_in_a_function", 1, "def f(q):\n    r = ask(q)\n    check(q)\n    return r\nout = []\nfor q in range(5):\n    out.append(f(q))")

# resources and dynamic state
cell("read_behind_a_possible_write", None, 'for u in range(4):\n    row = dbget(u)\n    if ask(row) == "r4": dbflag(u)')
cell("reads_overlap", 2, "out = [ask(dbget(u)) for u in range(5)]")
cell("decimal_context", None, 'import decimal\ndef f(n):\n    with decimal.localcontext() as c:\n        c.prec = n\n        ask(n)\n        return str(decimal.Decimal(1) / 3)\nx = f(3), f(6), decimal.getcontext().prec')
cell("mock_patch", None, 'import json.decoder\nfrom unittest import mock\ndef load(x): return ask((x, json.decoder.NaN == 1))\nwith mock.patch("json.decoder.NaN", 1): a = load(1)\nb = load(2)')

# later work: must only be right
cell("blocking_external_that_calls_externals", None, "@unordered\ndef agent2(q): return ask(ask2(q))\nout = [agent2(q) for q in range(20)]")
cell("sorted_by_an_external", None, "l = sorted([3, 1, 2, 5], key=num)\nm = list(map(ask, l)); k = list(filter(num, l))")
cell("lazy_any_and_all", None, "a = any(num(q) == 1 for q in range(6)); b = all(num(q) < 2 for q in range(6))")
cell("async_for_with_timeout", None, "import asyncio\nasync def f(q):\n    return await aask(q)\nx = [await f(q) for q in range(3)]")
cell("generator_between", None, "def g(n):\n    for q in range(n): yield ask(q)\nbuf = ''\nfor tok in g(4):\n    buf += tok; print(tok, end='')")
cell("global_counter", None, "n = 0\ndef f(q):\n    global n\n    n += num(q)\n    return n\nout = [f(q) for q in range(4)]")
