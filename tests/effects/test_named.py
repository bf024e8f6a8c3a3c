"""Declarations by name: in code, in `pyproject.toml`, for modules that come later and for functions of the notebook."""

from __future__ import annotations

import functools
import sys
import types

import pytest

import poppy_ipython
from poppy_ipython.effects import declare, effect_of, pure, readonly, sequential, unordered
from poppy_ipython.effects.named import BadDeclaration, Names, parse


@pytest.fixture
def shop(monkeypatch):
    module = types.ModuleType("shop_by_name")
    exec("def search(q): return q.upper()\nclass Till:\n  def pay(self, sum): return sum\nasync def ask(q): return q", module.__dict__)
    monkeypatch.setitem(sys.modules, "shop_by_name", module)
    return module


@pytest.fixture
def main(monkeypatch):
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    return module


def define(main, source):
    exec(source, main.__dict__)


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("unordered", unordered), ("pure", pure), ("sequential('db')", sequential("db")), ("sequential(db)", sequential("db")),
        (" readonly( ('a', 1) ) ", readonly(("a", 1))), ("unordered(host='x', backend=\"threads\")", unordered(host="x", backend="threads")),
    ],
)  # fmt: skip
def test_as_it_is_written(text, effect):
    assert parse(text) == effect


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unorderd", "did you mean 'unordered'"), ("x + 1", "is no effect"), ("sequential(f())", "constants only"), ("", "is no effect"),
        ("unordered('db')", "did you mean sequential"), ("unordered(hots='x')", "did you mean 'host'"), ("sequential(a, b)", "one resource"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(text, says):
    with pytest.raises(BadDeclaration, match=says):
        parse(text)


def test_a_function_and_a_method_by_name(shop):
    declare("shop_by_name.search", unordered)
    declare("shop_by_name.Till.pay", sequential("till"))
    assert effect_of(shop.search) == unordered(backend="threads", host="shop_by_name.search") or effect_of(shop.search).name == "unordered"
    assert effect_of(shop.Till().pay).resource == "till"
    assert "test_named.py:" in effect_of(shop.search).origin


def test_a_misspelt_name_is_an_error_with_the_nearest_one(shop):
    with pytest.raises(BadDeclaration, match="has no 'serch'; did you mean 'search'"):
        declare("shop_by_name.serch", unordered)
    with pytest.raises(BadDeclaration, match="did you mean 'Till'"):
        declare("shop_by_name.Til.pay", unordered)
    with pytest.raises(BadDeclaration, match="there is no module 'shop_by_nme'; did you mean 'shop_by_name'"):
        declare("shop_by_nme.search", unordered)
    with pytest.raises(BadDeclaration, match="is no name"):
        declare("shop by name", unordered)
    with pytest.raises(BadDeclaration, match="is an async function"):
        declare("shop_by_name.ask", pure)


def test_a_module_that_is_imported_later(tmp_path, monkeypatch, caplog):
    (tmp_path / "later_by_name.py").write_text("def search(q): ...\ndef other(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    declare("later_by_name.search", unordered)
    declare("later_by_name.serch", unordered)
    assert "later_by_name" not in sys.modules
    import later_by_name

    assert effect_of(later_by_name.other) is None
    assert effect_of(later_by_name.search).name == "unordered"
    assert effect_of(later_by_name.other) is None
    assert [one.getMessage() for one in caplog.records] == [one.getMessage() for one in caplog.records if "did you mean 'search'" in one.getMessage()]
    assert len(caplog.records) == 1
    monkeypatch.delitem(sys.modules, "later_by_name")


def test_a_function_of_the_notebook_may_be_defined_again(main):
    define(main, "def search(q): ...")
    assert effect_of(main.search) is None
    names = poppy_ipython.effects.registry.NAMES
    names.declare("search", unordered)
    try:
        assert effect_of(main.search).name == "unordered"
        define(main, "def search(q): return 2")
        assert effect_of(main.search).name == "unordered"

        @functools.wraps(main.search)
        def wrapper(q): ...

        wrapper.__module__ = "__main__"
        assert effect_of(wrapper) is None, "it only looks like it"
    finally:
        names._main.clear()


def test_pyproject(tmp_path, monkeypatch, shop):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.poppy_ipython.effects]\n'shop_by_name.search' = 'unordered'\n'shop_by_name.Till.pay' = \"sequential('till')\"\n"
    )
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    ran = poppy_ipython.run("out = [shop.search(q) for q in 'ab']", {"shop": shop})
    assert ran.error is None and [(call.callee, call.effect) for call in ran.calls] == [("shop.search", "unordered")] * 2
    assert effect_of(shop.search).origin == "pyproject.toml"
    assert effect_of(shop.Till().pay).resource == "till"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("'shop_by_name.serch' = 'unordered'", "did you mean 'search'"), ("'shop_by_name.search' = 'unorderd'", "did you mean 'unordered'"),
        ("'shop_by_name.search' = 3", "expected for example"),
    ],
)  # fmt: skip
def test_a_mistake_in_pyproject_is_the_cells_error_each_time(tmp_path, monkeypatch, shop, line, says):
    (tmp_path / "pyproject.toml").write_text(f"[tool.poppy_ipython.effects]\n{line}\n")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        names = {}
        error = poppy_ipython.run("x = 1", names).error
        assert isinstance(error, BadDeclaration) and says in str(error) and "pyproject.toml" in str(error)
        assert names == {}


def test_what_was_said_in_code_replaces_what_is_known_and_names_where(shop):
    declare(shop.search, unordered)
    declare("shop_by_name.search", sequential("s"))
    assert effect_of(shop.search).resource == "s"


def test_an_empty_book_costs_nothing():
    assert Names().of_main(len) is None
