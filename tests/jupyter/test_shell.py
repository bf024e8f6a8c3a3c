"""Loading and unloading in a real shell without a kernel, and cells run from a script through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from poppy_ipython import magic
from poppy_ipython.host import versions


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    magic.unload(shell)
    InteractiveShell.clear_instance()


def state(shell: InteractiveShell) -> list[object]:
    return [
        list(shell.input_transformers_cleanup),
        list(shell.ast_transformers),
        sorted(shell.magics_manager.magics["cell"]),
        sorted(shell.magics_manager.magics["line"]),
        sorted(shell.magics_manager.registry),
        {name: list(found) for name, found in shell.events.callbacks.items()},
        sorted(shell.user_ns),
    ]


def test_unload_restores_everything(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "not_loaded")  # IPython registers that magic when it is first used
    before = state(shell)
    shell.run_line_magic("load_ext", "poppy_ipython")
    assert "poppy" in shell.magics_manager.magics["cell"]
    shell.run_line_magic("unload_ext", "poppy_ipython")
    assert state(shell) == before


def test_loading_twice_and_reloading(shell: InteractiveShell) -> None:
    shell.run_line_magic("load_ext", "poppy_ipython")
    once = [len(part) for part in state(shell)]  # type: ignore[arg-type]
    magic.load(shell)
    shell.run_line_magic("load_ext", "poppy_ipython")
    assert [len(part) for part in state(shell)] == once  # type: ignore[arg-type]
    shell.run_line_magic("reload_ext", "poppy_ipython")
    assert [len(part) for part in state(shell)] == once  # type: ignore[arg-type]
    assert shell.run_cell("%%poppy --quiet\n1 + 1").result == 2


def test_unloaded_it_is_an_unknown_magic(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_line_magic("load_ext", "poppy_ipython")
    shell.run_line_magic("unload_ext", "poppy_ipython")
    shell.run_cell("%%poppy\n1 + 1")
    assert "Cell magic `%%poppy` not found" in capsys.readouterr().err


def test_a_cell_in_a_script(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    magic.load(shell)
    result = shell.run_cell("%%poppy\nprint('out')\nx = 3\nx * 2")
    assert result.success and result.result == 6
    assert shell.user_ns["x"] == 3
    out = capsys.readouterr().out
    assert out.startswith("out\n") and "0 calls" in out


def test_top_level_await_in_a_script(shell: InteractiveShell) -> None:
    magic.load(shell)
    assert shell.run_cell("%%poppy --quiet\nimport asyncio\nawait asyncio.sleep(0, 5)").result == 5


def test_other_tree_transformers_see_the_body_first(shell: InteractiveShell) -> None:
    import ast

    class Double(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            return ast.copy_location(ast.Constant(node.value * 2), node) if node.value == 21 else node

    magic.load(shell)
    shell.ast_transformers.append(Double())
    assert shell.run_cell("%%poppy --quiet\n21").result == 42


def test_macro_and_history_run_again(shell: InteractiveShell) -> None:
    magic.load(shell)
    shell.run_cell("%%poppy --quiet\nn = 5\nn", store_history=True)
    shell.run_cell("n = 0", store_history=True)
    assert shell.history_manager is not None
    again = shell.history_manager.input_hist_parsed[1]
    assert shell.run_cell(again).result == 5


@pytest.mark.parametrize(
    ("ipython", "ipykernel", "words"),
    [
        ("8.30.0", None, ["IPython >= 8.31", "found IPython 8.30.0", 'pip install --upgrade "ipython>=8.31"']),
        ("9.1.0", "6.28.0", ["ipykernel >= 6.29", "found ipykernel 6.28.0", '"ipykernel>=6.29"']),
        ("7.34.0", "5.0", ["IPython >= 8.31 and ipykernel >= 6.29", "IPython 7.34.0 and ipykernel 5.0"]),
    ],
)
def test_too_old(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, ipython: str, ipykernel: str | None, words: list[str]
) -> None:
    before = state(shell)
    monkeypatch.setattr(versions, "complaint_here", lambda: versions.complaint(ipython, ipykernel))
    with pytest.raises(UsageError) as refused:
        magic.load(shell)
    for word in words:
        assert word in str(refused.value)
    assert state(shell) == before


def test_this_one_is_supported() -> None:
    assert versions.complaint_here() is None
