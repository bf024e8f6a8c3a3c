"""Fragments with functions that a library has wrapped: second attempts by tenacity (`engine/attempts.py`), caches (`engine/caches.py`).

The clock of tenacity stands still, since what it reads is left on the wrapper.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .idioms import idiom

_RETRY = "import random, tenacity as @t, types\n@t.time = types.SimpleNamespace(monotonic=float)\n"
_NEVER = "stop=@t.stop_after_attempt({int} % 3 + 1)"

# a function that asks, with what its attempts write; what is raised in the end, with what was before it
idiom(0.7, _RETRY + "@@@t.retry(" + _NEVER + ")\ndef @(q):\n    l0.append(q)\n    @x = bad((q, size(l0)))\n    o0.v += 1\n    return @x\nfor @q in {list}[:4]:\n    try: i0 += @(@q)\n    except @t.RetryError as ex: print(repr(ex.__cause__), ex.last_attempt.attempt_number, ex.__context__)\n    if flag(@q): print(o0.v, size(l0), @.statistics['attempt_number'])\nprint(i0, o0.v, l0)")
idiom(0.5, _RETRY + "@@@t.retry(reraise=True, " + _NEVER + ")\ndef @(q, n=2): return num(q) + bad((q, n))\ndef @f(q):\n    a = @(q, n=num(q))\n    if flag(q): o0.v += a\n    return a\ntry:\n    for @q in {list}[:4]:\n        l1.append(@f(@q))\n        s0 = ask((@q, {int}))\nexcept Boom as ex: print(ex, ex.__context__)\nprint(l1, o0.v, s0)")
idiom(0.5, _RETRY + "class @:\n    def __init__(self, q): self.q, self.n, self.h = q, 0, []\n    @@@t.retry(retry=@t.retry_if_exception_type(Bust) | @t.retry_if_exception(lambda ex: flag(ex.args)), retry_error_callback=lambda s: (s.attempt_number, o0.v), stop=@t.stop_after_attempt(i1 % 3 + 1))\n    def go(self, k):\n        self.n += 1\n        @x = bad((self.q, k, self.n)) if flag((k, self.n)) else num(k)\n        self.h.append(@x)\n        return @x\n@o = [@(q) for q in {list}[:2] or [1]]\nfor @q in range(4):\n    try: l0.append(size(@o[@q % len(@o)].go(@q)))\n    except Boom as ex: l1.append(str(ex))\n    o0.v += num(@q)\nprint([(o.n, o.h) for o in @o], l0, l1)")
idiom(0.4, _RETRY + "@@@t.retry(wait=@t.wait_random(0, 1e-9), sleep=lambda s: l1.append(-1), after=lambda s: print('after', s.args), " + _NEVER + ")\ndef @(q):\n    if flag(q): l0.append(random.randint(1, 9))\n    return bad((q, len(l1), random.randint(1, 5)))\ntry:\n    for @q in range(4):\n        l2.append(random.randint(1, 9))\n        i0 = @(@q)\n        print(i0, len(l1), random.random() < 0.5)\nexcept @t.RetryError as ex: print(ex.last_attempt.attempt_number)\nprint(len(l1), l0, random.randint(1, 99))", risky=True)
# a wrapper that is changed, one inside another, what holds them
idiom(0.4, _RETRY + "def @h(q): return bad((q, len(l0)))\n@ = @t.retry(" + _NEVER + ")(@h)\ndef @f(q):\n    if num(q) > 3: @.retry.before = lambda s: l0.append(q)\n    try: return @(q)\n    except @t.RetryError: return -1\n    finally: @.retry.stop = @t.stop_after_attempt(num(q) % 3 + 1)\nfor @q in range(4):\n    i1 += @f(@q)\n    l1.append(size(l0))\nprint(i1, l0, l1)")
idiom(0.4, _RETRY + "@@@t.retry(" + _NEVER + ")\ndef @h(q):\n    d0[q] = num(q)\n    return bad((q, len(d0)))\n@@@t.retry(retry=@t.retry_if_exception_type(@t.RetryError), reraise=True, " + _NEVER + ")\ndef @(q):\n    r = [@h((q, p)) for p in range(2)]\n    o1.l = r\n    return r\n@d = {{'f': @, 'g': @h}}\nfor @q in {list}[:3]:\n    try: {list!}.append(@d['f' if flag(@q) else 'g'](@q))\n    except @t.RetryError as ex: print(type(ex.__cause__), ex.last_attempt.attempt_number)\n    print(size(o1.l), len(d0))\nprint(@h.statistics['attempt_number'] if @h.statistics else 0)", risky=True)

# caches: hits and misses, in flight and not, with failures, clearing, results that are written to, keys that are equal
_CACHE = "from functools import cache as @c, lru_cache as @l\n"
_INFO = "\nprint(@.cache_info(), i0, o0.v, l0)\n"
idiom(0.9, _CACHE + "@@@c\ndef @(q):\n    l0.append(q)\n    @x = num((q, size(l0)))\n    o0.v += 1\n    return @x\nfor @q in {list}[:5] + [1, 2, 1]:\n    i0 += @(@q)\n    if flag(@q): print(o0.v, size(l0), @.cache_info())" + _INFO)
idiom(0.9, _CACHE + "@@@l(maxsize=4)\ndef @(q, n=1): return bad((q, n, i1))\nfor @q in {list}[:4] + [1, 2, 1]:\n    try:\n        l1.append(@(@q % 3))\n        l1.append(@(@q % 3, n=num(@q) % 2))\n    except Boom as ex:\n        print(ex, ex.__context__); i1 += 1\n        if flag((@q, i1)): @.cache_clear()\n    s0 = ask((@q, i1))\nprint(l1, s0)" + _INFO, risky=True)
idiom(0.8, _CACHE + "@@@l\ndef @(q): return mk(num(q))\n@k = []\nfor @q in [1, 2, 1.0, True, '1', 2]:\n    @a = @(@q)\n    if flag(@q): @a.append(@q)\n    @k.append(@a)\n    l0.append(len(@a) + num(@q))\n@k[-1].append({int})\nprint(@k, @k[0] is @(1), @k[1] is @k[-1])" + _INFO)
idiom(0.7, _CACHE + "@@@c\ndef @(n):\n    if n < 2: return num((n, 'f'))\n    return @(n - 1) + @(n - 2) + num(n)\ndef @f(q):\n    if num(q) > 2: return @(num(q))\n    return @(q % 5)\nfor @q in {list}[:4]:\n    i0 += @f(@q)\n    if flag(@q): @.cache_clear()\nl0.append(@(4))" + _INFO)
idiom(0.8, _CACHE + "@@@c\ndef @h(q): return bad((q, o0.v % 3))\n@ = @l(None)(lambda q: ask((q, @h(q % 4))))\ndef @f(q):\n    try: return @(q)\n    except Boom as ex:\n        o0.v += 1\n        return (q, str(ex))\nfor @q in {list}[:3] + [2, 2, 3]:\n    l0.append(size(@f(@q)))\n    if flag(@q): i0 += len(@h.__wrapped__.__name__) + @h.cache_info().currsize\nprint([@(q) for q in range(3) if flag(q)], @h.cache_info())" + _INFO, risky=True)
