"""Fragments in which a native calls special methods that write, of an instance beside a result that is still in flight.

What such an operation writes is known to whatever is issued after it (`engine/instances.py:acts_inside`): each fragment makes a call
whose argument is what the methods write.
"""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .idioms import idiom

_ANSWERS = {"index": "0", "eq": "True", "add": "1", "radd": "1", "bool": "True", "lt": "True", "str": "'5'", "repr": "'k'", "format": "'f'", "len": "1", "iter": "iter([1])", "call": "1"}
_CLASS = "class @:\n" + "".join(f"    def __{name}__(self, *a):\n        {{target}}.append(len({{target}}) % 7)\n        return {answer}\n" for name, answer in _ANSWERS.items()) + "    def __hash__(self): return 1\n@k = @()\n"
_FORMS = [
    "mk({int})[@k:]", "mk({int})[:@k]", "num({int}) in [@k]", "num({int}) in (1, @k)", "mk({int}) == [@k]", "[@k].count(num({int}))", "num({int}) + @k", "sum([num({int}), @k])",
    "ask({int}).replace('a', 'b', @k)", "ask({int}).count('a', @k)", "rec({int}).get(@k)", "any([num({int}) == 9, @k])", "rec({int}) == {{'x': @k}}", "ask({int}) + f'{{[@k]}}'",
    "min(num({int}), 3, key=lambda q: @())", "sorted([num({int}), 3], key=lambda q: @())", "min([@k, @()], key=lambda q: num(len(str(q))))", "[*@k, num({int})]", "{{*@k, num({int})}}", "(num({int}), *@k)",
    "list(map(@k, [num({int})]))", "print(ask({int}), [@k])", "(ask({int}), @k).count(ask({int}))", "[num({int}), 1] < [@k, 1]", "range(num({int}))[@k:]", "'x' * num({int}) + str(@k)", "mk({int}).extend(@k)",
    "list(zip(@k, mk({int})))", "[num({int}), 0][@k]", "'%s' % ask({int}) + '%s' % [@k]", "' '.join(map(str, [@k, ask({int})]))", "num({int}) if @k else @k", "(@k, [@k])[num({int}) % 2] == @k", "dict.fromkeys([@k], num({int}))",
]  # fmt: skip
for _form in _FORMS:
    for _target in ("l0", "o0.l"):
        idiom(0.03, _CLASS.replace("{target}", _target) + f"@x = ({_form}, ask({_target}))\nfor @q in range(2):\n    @y = {_form}\n    l1.append(ask((@q, list({_target}))) if flag(@q) else ask({_target}))\nprint(@x, len({_target}))\n@ = @k = @x = @y = None")
