"""What makes compiling cheap is right: facts that are remembered, trees that are shared, code that is made late, files that are known."""

from __future__ import annotations
import __future__

import ast
import linecache
import warnings
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest

from poppy_ipython.compiler import cells, compile_cell, lower_function, scopes
from poppy_ipython.compiler.facts import Known
from poppy_ipython.compiler.files import file_of
from tests.fuzz.program import program

SEEDS = range(6100, 6130)


def generated(seed: int) -> str:
    """A program that parses: a few have quotes inside quotes, which Python 3.12 allows."""
    while True:
        source = program(seed).source
        try:
            ast.parse(source)
        except SyntaxError:
            seed += 1000
        else:
            return source


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def defined(source: str, filename: str, tree: ast.Module | None = None) -> dict[str, Any]:
    """What the source defines as a cell whose text is known by its name; the tree is what is compiled for us, if not all of it."""
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    if tree is not None:
        compile_cell(tree, filename)
    namespace: dict[str, Any] = {}
    exec(compile(source, filename, "exec", dont_inherit=True), namespace)
    return namespace


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_are_what_the_scopes_say(seed: int) -> None:
    tree = ast.parse(generated(seed))
    scopes.note_own(ast.walk(tree))
    known = Known()
    for node in statements(tree):
        facts = known.of(node)
        assert facts.assigned == scopes.assigned([node]), ast.unparse(node)
        names = [n for n in scopes.walk_scope(node) if isinstance(n, ast.Name)]
        assert facts.deleted == {n.id for n in names if isinstance(n.ctx, ast.Del)}, ast.unparse(node)
        assert facts.used == scopes.used([node]), ast.unparse(node)
        assert facts.free == scopes.free(node), ast.unparse(node)
        assert facts.captured == scopes.captured([node]), ast.unparse(node)
        assert facts.calls == scopes.has_call(node), ast.unparse(node)
        assert facts.walruses == {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}, ast.unparse(node)


def test_facts_of_what_the_fuzzer_seldom_writes() -> None:
    source = """
        match f(x):
            case {"a": a, **rest} if (n := g(a)): del x
            case [*some, last] | (last, some) as whole: yield last
        try: import os.path as p, sys.path
        except* OSError as e: (y): int
        async def h(z=(w := 1)): return [await q async for q in z]
        class C(base, metaclass=m): attribute = lambda: whole
        [0 for d[i] in j for k in (l for l in k)]
        type_of: (v := 2) = sum(x for x in y)
    """
    tree = ast.parse("def outer():" + source)
    for node in statements(tree):
        facts = Known().of(node)
        assert facts.assigned == scopes.assigned([node]), ast.unparse(node)
        assert facts.free == scopes.free(node), ast.unparse(node)
        assert facts.captured == scopes.captured([node]), ast.unparse(node)
        assert facts.used == scopes.used([node]), ast.unparse(node)


@pytest.mark.parametrize("seed", SEEDS)
def test_trees_are_not_changed_and_lowered_ones_are_placed(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unplaced(tree: ast.Module) -> None:
        raise AssertionError("a node of a lowered tree was not placed")

    monkeypatch.setattr(cells, "place_all", unplaced)
    source, filename = generated(seed), f"<compiled {seed}>"
    tree = ast.parse(source)
    before = ast.dump(tree, include_attributes=True)
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    try:
        plan = compile_cell(tree, filename)
        namespace: dict[str, Any] = {}
        for native in plan.lowered.natives:
            if native.reason == "a definition" and native.binds:
                exec(native.code, namespace)
            assert native.code.co_filename == filename
        functions = [value for value in namespace.values() if isinstance(value, FunctionType)]
        for function in functions:
            lower_function(function)
    finally:
        del linecache.cache[filename]
    assert ast.dump(tree, include_attributes=True) == before


def test_a_native_form_is_compiled_when_it_is_asked_for() -> None:
    with pytest.warns(SyntaxWarning):
        plan = compile_cell("for x in xs: total += x is 1")
    (first, *_) = plan.lowered.natives
    assert "code" not in vars(first)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that `is` with a literal is doubtful was said of the cell as a whole
        assert "total" in first.code.co_names
    assert first.code is first.code


def test_a_definition_has_the_code_of_the_cell_whole() -> None:
    source = "import json\n@deco\ndef f(a, b=(1, 2)):\n    'text'\n    return json.dumps(a)\nclass C:\n    def g(self): return __class__"
    whole = compile(source, "<cell>", "exec", dont_inherit=True)
    natives = compile_cell(source).lowered.natives
    made = [code for native in natives for code in native.code.co_consts if hasattr(code, "co_code")]
    assert [code for code in whole.co_consts if hasattr(code, "co_code")] == made


def test_functions_of_one_name_keep_their_own_bodies() -> None:
    namespace: dict[str, Any] = {}
    for native in compile_cell("f = None\ndef f(): return 1\ng = f\ndef f(): return 2").lowered.natives:
        exec(native.code, namespace)
        namespace.setdefault("first", namespace["f"])
    assert (namespace["first"](), namespace["f"]()) == (1, 2)


def test_the_functions_of_a_cell_are_found_in_its_tree() -> None:
    source = "def f(q): return q + 1"
    tree = ast.parse(source)
    f = defined(source, "<known>", tree)["f"]
    file = file_of(f)
    assert not isinstance(file, str) and file.tree is tree
    found = file.find(f.__code__)
    assert found is not None and found[0] is tree.body[0]


def test_a_tree_that_is_part_of_the_text_is_not_all_that_is_known() -> None:
    source = "def f(q): return q + 1\ndef g(q): return q + 2"
    part = ast.parse(source)
    del part.body[0]
    namespace = defined(source, "<part>", part)
    assert not isinstance(lower_function(namespace["g"]), str)
    assert not isinstance(lower_function(namespace["f"]), str)


def test_an_edited_text_is_another_one() -> None:
    before = defined("def f(q): return q + 1", "<edited>", ast.parse("def f(q): return q + 1"))["f"]
    after = defined("def f(q): return q + q + 1", "<edited>")["f"]
    assert lower_function(before) == "its source has changed since it was defined"
    assert not isinstance(lower_function(after), str)


def test_an_unchanged_cell_is_not_compiled_again() -> None:
    def plan(source: str, filename: str, flags: int = 0) -> object:
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        return compile_cell(ast.parse(source, filename), filename, flags)

    first = plan("x = [ask(q) for q in qs]", "<again>")
    assert plan("x = [ask(q) for q in qs]", "<again>") is first
    assert plan("x = [ask(q) for q in qs]  # edited", "<again>") is not first
    assert plan("x = [ask(p) for p in qs]", "<again>") is not first
    assert plan("x = [ask(q) for q in qs]", "<again>") is first
    assert plan("x = [ask(q) for q in qs]", "<another>") is not first
    assert plan("x = [ask(q) for q in qs]", "<another>", __future__.annotations.compiler_flag) is not plan("x = [ask(q) for q in qs]", "<another>")


def test_a_tree_that_somebody_has_changed_is_compiled_anew() -> None:
    source, filename = "x = f(1)", "<changed tree>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    first = compile_cell(ast.parse(source, filename), filename)
    tree = ast.parse(source, filename)
    tree.body[0].value.args[0].value = 2  # type: ignore[attr-defined]
    assert compile_cell(tree, filename) is not first
