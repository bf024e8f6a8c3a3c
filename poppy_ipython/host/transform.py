"""How a `%%poppy` cell gets from IPython to us: one rewritten line of text, then one rewritten tree.

    %%poppy --max-calls 4          await __poppy__('--max-calls 4')          try: await <entry>.enter(token)
    a = ask("x")            ──▶    a = ask("x")                      ──▶     finally: <entry>.restore(token)
    a                              a                                         <entry>.value(token)
        text                           text, same line numbers                   tree; the body is ours

The text step (`input_transformers_cleanup`) runs before IPython looks whether a cell needs the event loop, and it
looks at text only: hence the `await`. The body passes through IPython's own transforms and parser (`!cmd`, `%magic`,
SyntaxError) as in any cell. The tree step (`ast_transformers`, last of them) takes the body away.

Two details carry the sameness of what follows: * `try … finally: restore(token)`. A frame that re-raises at the end
of `finally` is not entered in the traceback again, so `restore` puts back the traceback that the engine built and
neither our frames nor the `<module>` frame of this little tree are in it, for `%tb`, `%debug` and `sys.last_exc` too.
Measured on 3.11, 3.12 and 3.13. Decided against `__tracebackhide__`: it prints "[... skipping hidden 1 frame]", which
a plain cell does not. * the value of the cell is a statement of its own, so IPython shows it (`Out[n]`, `_`, trailing
`;`, silent) as any other.

Where IPython cannot await (`%%time`, `%%capture`, `ip.run_cell` inside a cell, `%autoawait off`) the line is
rewritten without the `await` and the entry is the synchronous one; see `reentry`. A cell that does not compile as a
whole (`return` at top level, `from __future__` after our line) is left to IPython, statement by statement, which is
what a plain run does.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Literal

MARKER = "__poppy__"
_MAGIC = re.compile(r"%%poppy(?:[ \t]+(?P<line>[^\n]*?))?[ \t]*\r?\n?$")
_MISPLACED = "%%poppy must be the first line of a cell (only comments and blank lines may stand above it): move it to line 1"

Entry = Literal["await", "now", "magic"]


def rewrite(lines: list[str], entry: Entry) -> list[str]:
    """The lines of a cell with the `%%poppy` line, if it has one, replaced by our marker.

    >>> rewrite(["# for the report\\n", "%%poppy --quiet\\n", "x = 1\\n"], "await")
    ['# for the report\\n', "await __poppy__('--quiet')\\n", 'x = 1\\n']
    >>> rewrite(["x = 1\\n"], "await")
    ['x = 1\\n']

    `%%poppy` alone is left to IPython, which has a message for a magic without a body.
    """
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), None)
    if first is None:
        return lines
    magic = _MAGIC.match(lines[first])
    if magic is not None:
        if len(lines) == 1 or entry == "magic":
            return lines
        call = f"{MARKER}({magic['line'] or ''!r})\n"
        return [*lines[:first], f"await {call}" if entry == "await" else call, *lines[first + 1 :]]
    if not lines[first].startswith("%%") and _misplaced(lines):
        from IPython.core.error import UsageError

        raise UsageError(_MISPLACED)
    return lines


def _misplaced(lines: list[str]) -> bool:
    """True if `%%poppy` begins a statement somewhere: a line inside a string does not count."""
    if not any(_MAGIC.match(line) for line in lines):
        return False
    from IPython.core.inputtransformer2 import make_tokens_by_line

    return any(
        [token.string for token in tokens[:3]] == ["%", "%", "poppy"] and tokens[0].start[1] == 0
        for tokens in make_tokens_by_line(lines)
    )


def entry(shell: Any) -> Entry:
    """How IPython, as it is called at this moment, can run a cell of ours: the stack tells.

    `await`: it will await the cell.
    `now`: it runs the tree at once (`ip.run_cell` in a cell or below a running loop, `%%capture`, `%%time`; or
    `%autoawait` is off, or set to another loop).
    `magic`: some other magic wants the text (`%%prun`, `%%timeit`) and runs it in its own way, perhaps many times; our
    tree step may never see it: leave it a magic.
    """
    from IPython.core.async_helpers import _asyncio_runner
    from IPython.core.interactiveshell import InteractiveShell

    run_code, run_cell = InteractiveShell.run_code.__code__, InteractiveShell.run_cell.__code__
    whole = False  # a whole cell is being run, with the tree step
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code is run_code:
            return "now" if whole else "magic"
        if code is run_cell or (code.co_name == "time" and frame.f_globals.get("__name__") == "IPython.core.magics.execution"):
            whole = True
        frame = frame.f_back
    if whole and asyncio._get_running_loop() is not None:
        return "now"
    return "await" if shell.autoawait and shell.loop_runner is _asyncio_runner else "now"


def marker(tree: ast.Module) -> tuple[str, bool] | None:
    """The options line of a rewritten cell and whether it awaits; None for any other cell.

    >>> marker(ast.parse("await __poppy__('--quiet')"))
    ('--quiet', True)
    """
    match tree.body:
        case [ast.Expr(value=ast.Await(value=call)), *_]:
            awaits = True
        case [ast.Expr(value=call), *_]:
            awaits = False
        case _:
            return None
    match call:
        case ast.Call(func=ast.Name(id="__poppy__"), args=[ast.Constant(value=str(line))], keywords=[]):
            return line, awaits
    return None


def compiles(tree: ast.Module, flags: int) -> bool:
    """Whether the module compiles as a whole."""
    try:
        _code(tree, "<poppy>", flags)
    except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError):
        return False
    return True


def changes_compiler(body: ast.Module) -> bool:
    """Whether the cell has a `from __future__` import: IPython has to note it for the cells that follow."""
    return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in body.body)


def awaits_at_top(tree: ast.Module, flags: int) -> bool:
    """Whether a plain run would need the event loop (and so run in a context of its own)."""
    return bool(_code(tree, "<poppy>", flags).co_flags & inspect.CO_COROUTINE)


def show_warnings(tree: ast.Module, filename: str, flags: int) -> None:
    """Show the SyntaxWarnings that compiling a plain cell shows; whoever compiles it later keeps silent."""
    compile(tree, filename, "exec", flags=flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _code(tree: ast.Module, filename: str, flags: int) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(tree, filename, "exec", flags=flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def entry_tree(token: str, body: ast.Module, *, awaits: bool, at: ast.stmt) -> ast.Module:
    """What is left for IPython to run: see the module docstring.

    >>> print(ast.unparse(entry_tree("7", ast.parse("x = 1"), awaits=True, at=ast.parse("0").body[0])))
    try:
        await __import__('poppy_ipython.cell', None, None, ['_']).enter('7')
    finally:
        __import__('poppy_ipython.cell', None, None, ['_']).restore('7')
    """
    cell = "__import__('poppy_ipython.cell', None, None, ['_'])"
    enter = f"await {cell}.enter({token!r})" if awaits else f"{cell}.enter_now({token!r})"
    tree = ast.parse(f"try: {enter}\nfinally: {cell}.restore({token!r})")
    for node in ast.walk(tree):
        ast.copy_location(node, at)
    if body.body and isinstance(last := body.body[-1], ast.Expr):
        value = ast.parse(f"{cell}.value({token!r})").body[0]
        for node in ast.walk(value):
            ast.copy_location(node, last)
        tree.body.append(value)
    return tree


#: the values of `ast_node_interactivity` that `interactive` knows what to do with
INTERACTIVITY = ("last_expr", "last_expr_or_assign", "all", "none")


def interactive(body: ast.Module, interactivity: str) -> ast.Module | None:
    """The body as a module of which at most a trailing expression is shown, whatever `ast_node_interactivity` says.

    `last_expr_or_assign` gets its name appended, `all` an explicit display call around each top-level expression, as
    IPython and the compiler's interactive mode do. None for what we leave to IPython (`last`).
    """
    if interactivity == "last_expr_or_assign":
        match body.body[-1:]:
            case [ast.Assign(targets=[ast.Name(id=name)]) as last]:
                pass
            case [ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)) as last]:
                pass
            case _:
                return body
        shown = ast.copy_location(ast.Expr(ast.copy_location(ast.Name(name, ast.Load()), last)), last)
        return ast.Module([*body.body, shown], body.type_ignores)
    if interactivity == "all":
        return ast.fix_missing_locations(_ShowAll().visit(body))
    return body if interactivity in INTERACTIVITY else None


class _ShowAll(ast.NodeTransformer):
    """Wraps every expression statement of the module itself, nested blocks included, functions and classes not."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        show = ast.parse("__import__('sys').displayhook(0)").body[0]
        assert isinstance(show, ast.Expr) and isinstance(show.value, ast.Call)
        show.value.args = []
        for part in ast.walk(show):
            ast.copy_location(part, node)
        show.value.args = [node.value]
        return show

    def _leave(self, node: ast.stmt) -> ast.stmt:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _leave


class CellText:
    """The text step, as IPython wants it: a callable from lines to lines."""

    #: else a terminal would ask us while the user still types
    has_side_effects = True

    def __init__(self, shell: Any, prepare: Callable[[], None]) -> None:
        self.shell = shell
        self.prepare = prepare

    def __call__(self, lines: list[str]) -> list[str]:
        self.prepare()
        return rewrite(lines, entry(self.shell))


class CellTree(ast.NodeTransformer):
    """The tree step, as IPython wants it: an object with `visit`. `take` gets what a cell of ours consists of: the options of its
    line, or None where there is none because every cell is one of ours; ``auto`` tells, and whether IPython awaits it.
    """

    def __init__(
        self,
        take: Callable[[str | None, bool, ast.Module, ast.stmt], ast.Module],
        auto: Callable[[ast.Module], Literal["await", "now"] | None],
    ) -> None:
        self.take = take
        self.auto = auto

    def visit(self, tree: ast.AST) -> Any:
        if not isinstance(tree, ast.Module):
            return tree
        found = marker(tree)
        if found is not None:
            line, awaits = found
            return self.take(line, awaits, ast.Module(tree.body[1:], tree.type_ignores), tree.body[0])
        way = self.auto(tree)
        return tree if way is None else self.take(None, way == "await", tree, tree.body[0])
