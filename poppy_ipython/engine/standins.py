"""Stand-in frames: what a debugger, ``%xmode Verbose`` or IPython's own traceback finds in the frames of an error.

A rebuilt traceback (see ``tracebacks``) has the right lines, but its frames are those of lowered code: other argument
names, other locals, and a ``f_lineno`` that went on.  IPython draws from exactly these.  So when an exception leaves the
run, each lowered frame in its traceback is replaced by a frame that was made for the purpose: a small code object with
the file, name, first line and arguments of the user's function, whose only statement fails at the position of
the original failure, run in the user's globals with the user's values as locals.  What fails is a node of the same type
as the user's, with operands that raise whatever is done to them, so that tools that check the instruction against the
source (``executing``, which marks the failing part of a line) agree.

Decided against: the user's own code object with a jump to the failing instruction (bytecode by hand, for each version of
Python), and stand-ins while the run is on: a handler seldom looks at frames, and each costs a compilation (some 0.1 ms).
"""

from __future__ import annotations

import ast
import dis
import types
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from greenlet import greenlet

from ..compiler.abi import PREFIX, const, load, place, store
from .codes import CodeInfo
from .pending import UNBOUND, Pending
from .tracebacks import Step, rebuild, steps_of

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_LOCALS = "\0poppy:locals"
Span = tuple[int, int, int, int]


class Failed(BaseException):
    """Ends a stand-in."""


def _fail(*args: Any, **kwargs: Any) -> Any:
    raise Failed


_BINARY = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
_OTHER = (
    "call getattribute setattr delattr getitem setitem delitem iter next contains lt le gt ge eq ne neg pos invert "
    "enter exit await aiter anext bool format"
).split()
#: an instance raises whatever is done to it
Touchy = type("Touchy", (), {"__slots__": (), "__hash__": object.__hash__, **{f"__{n}__": _fail for n in (*_BINARY, *_OTHER)}})
_TOUCHY: Any = Touchy()


class StandIns(Base):
    """Part of the :class:`Machine`."""

    def stand_in(self, error: BaseException) -> None:
        """Replace the lowered frames in the tracebacks of ``error`` and of what it was raised from, or while handling."""
        # in a greenlet, a frame's f_back chain ends here and keeps nothing of the run alive
        greenlet(self._stand_in_all).switch(error)

    def _stand_in_all(self, error: BaseException) -> None:
        made: dict[Any, Step | None] = {}
        seen: set[int] = set()
        todo: list[BaseException | None] = [error]
        while todo:
            one = todo.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            todo += [one.__context__, one.__cause__]
            if isinstance(one, BaseExceptionGroup):
                todo += one.exceptions
            steps = steps_of(one.__traceback__)
            if any(id(step[0].f_code) in self.lowered for step in steps):
                one.__traceback__ = rebuild([self._replacement(step, made) for step in steps])

    def _replacement(self, step: Step, made: dict[Any, Step | None]) -> Step:
        frame, lasti, _ = step
        info = self.lowered.get(id(frame.f_code))
        if info is None or not frame.f_code.co_flags & 0x01:  # not lowered, or a statement of the cell run as written
            return step
        key = (id(frame), lasti)
        if key not in made:
            found = _positions(frame.f_code, lasti)
            made[key] = self._made(info, frame, lasti, found) if found is not None else None
        return made[key] or step

    def _made(self, info: CodeInfo, frame: types.FrameType, lasti: int, span: Span) -> Step | None:
        code = frame.f_code
        module = code.co_name == "<module>"
        values = {} if module else self._user_locals(info, frame)
        names = frozenset(values) | frame.f_globals.keys() | frame.f_builtins.keys()
        for failing in _candidates(info, code, lasti, span, names):
            if module:
                step = _run_module(_compiled([failing], code), frame.f_globals)
            else:
                step = _run_function(info, code, failing, values, frame.f_globals)
            if step is not None and _positions(step[0].f_code, step[1]) == span:
                return step
        return None

    def _user_locals(self, info: CodeInfo, frame: types.FrameType) -> dict[str, Any]:
        """The locals of the function that ``frame`` is part of, as its user knows them."""
        frames = [frame]
        while (outer := self.behind.get(id(frame))) is not None and outer[0] is frame and outer[1] not in frames:
            frame = outer[1]
            frames.append(frame)
        found: dict[str, Any] = {}
        for frame in reversed(frames):
            for name, value in frame.f_locals.items():
                if name.startswith(PREFIX):
                    continue
                while value.__class__ is Pending and value.done:
                    value = value.value
                if value is UNBOUND or value.__class__ is Pending:
                    found.pop(name, None)
                else:
                    found[name] = value
        original = info.lowered.original
        if original is None or info.function != original.co_name:
            return found
        order = [*original.co_varnames, *original.co_cellvars, *original.co_freevars]
        return {name: found[name] for name in dict.fromkeys(order) if name in found}


def _positions(code: types.CodeType, lasti: int) -> Span | None:
    for number, position in enumerate(code.co_positions()):
        if number == lasti // 2:
            return None if None in position else position  # type: ignore[return-value]
    return None


def _placed(node: Any, span: Span) -> Any:
    line, end_line, col, end_col = span
    for part in ast.walk(node):
        if "lineno" in part._attributes:
            part.lineno, part.end_lineno, part.col_offset, part.end_col_offset = line, end_line, col, end_col
    return node


def _candidates(info: CodeInfo, code: types.CodeType, lasti: int, span: Span, names: frozenset[str]) -> Iterator[ast.stmt]:
    """Statements that fail at ``span``, the best likeness of the user's first."""
    opname = next((i.opname for i in dis.get_instructions(code) if i.offset == lasti), "")
    if opname == "RAISE_VARARGS":
        yield _placed(ast.Raise(const(...)), span)
    for top in info.lowered.source:
        for node in ast.walk(top):
            if _span_of(node) == span:
                for like in _likeness(node, names):
                    yield _placed(like, span)
    yield _placed(ast.Expr(ast.Call(const(...), [], [])), span)


def _span_of(node: ast.AST) -> Span | None:
    if not hasattr(node, "lineno"):
        return None
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset  # type: ignore[attr-defined]


def _likeness(node: ast.AST, names: frozenset[str]) -> Iterator[ast.stmt]:
    any_ = const(...)
    match node:
        case ast.Call():
            yield ast.Expr(ast.Call(any_, [], []))
        case ast.BinOp(op=op) | ast.AugAssign(op=op):
            yield ast.Expr(ast.BinOp(any_, op, any_))
        case ast.UnaryOp(op=op):
            yield ast.Expr(ast.UnaryOp(op, any_))
        case ast.Compare(ops=[op, *_]):
            yield ast.Expr(ast.Compare(any_, [op], [any_]))
        case ast.Attribute(attr=attr, ctx=ctx):
            yield _access(ast.Attribute(any_, attr, ctx))
        case ast.Subscript(ctx=ctx):
            yield _access(ast.Subscript(any_, any_, ctx))
        case ast.Name(id=name, ctx=ast.Load()) if name not in names:
            yield ast.Expr(load(name))
        case ast.Await():
            pass
        case ast.Raise():
            yield ast.Raise(any_)


def _access(node: Any) -> ast.stmt:
    match node.ctx:
        case ast.Store():
            return ast.Assign([node], const(...))
        case ast.Del():
            return ast.Delete([node])
    return ast.Expr(node)


def _compiled(body: list[ast.stmt], like: types.CodeType) -> types.CodeType:
    module = ast.Module(body, [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(module, like.co_filename, "exec", dont_inherit=True)
    return code.replace(co_consts=tuple([_TOUCHY if c is ... else c for c in code.co_consts]))


def _run_module(code: types.CodeType, namespace: dict[str, Any]) -> Step | None:
    bare = "__builtins__" not in namespace
    try:
        exec(code, namespace)
    except BaseException as error:
        return _step_of(error)
    finally:
        if bare:
            namespace.pop("__builtins__", None)
    return None


def _run_function(
    info: CodeInfo, code: types.CodeType, failing: ast.stmt, values: dict[str, Any], namespace: dict[str, Any]
) -> Step | None:
    """A call of a function with the user's arguments and locals that fails at ``failing``."""
    original = info.lowered.original
    first = original.co_firstlineno if original is not None else code.co_firstlineno
    if original is None or info.function != original.co_name:  # a comprehension or generator with a frame of its own
        values = {".0": iter(()), **values}
        arguments, first = _arguments([".0"], 1, 0, 0, 0), getattr(failing, "lineno", first)
        piece = next((p for p in info.lowered.pieces.values() if p.name == info.group[1]), None)
        if piece is not None:
            first = piece.source[0].lineno
    else:
        arguments = _arguments(
            original.co_varnames, original.co_argcount, original.co_posonlyargcount, original.co_kwonlyargcount,
            original.co_flags,
        )  # fmt: skip
    body: list[ast.stmt] = []
    if values:
        body.append(ast.Assign([ast.Tuple([store(name) for name in values], ast.Store())], const(_LOCALS)))
    given = _names(arguments)
    gone = [name for name in given if name not in values]
    if gone:
        body.append(ast.Delete([ast.Name(name, ast.Del()) for name in gone]))
    function = ast.FunctionDef("stand_in", arguments, [*body, failing], [], None)
    if "type_params" in ast.FunctionDef._fields:
        function.type_params = []
    place(function, ast.Pass(lineno=first, end_lineno=first, col_offset=0, end_col_offset=0))
    inner = next(c for c in _compiled([function], code).co_consts if isinstance(c, types.CodeType))
    consts = [tuple(values.values()) if c == _LOCALS else _TOUCHY if c is ... else c for c in inner.co_consts]
    inner = inner.replace(co_consts=tuple(consts), co_name=code.co_name, co_qualname=code.co_qualname)
    positional = [None] * inner.co_argcount
    keywords = dict.fromkeys(inner.co_varnames[inner.co_argcount : inner.co_argcount + inner.co_kwonlyargcount])
    try:
        types.FunctionType(inner, namespace)(*positional, **keywords)
    except BaseException as error:
        return _step_of(error)
    return None


def _arguments(names: Any, positional: int, only: int, keyword: int, flags: int) -> ast.arguments:
    args = [ast.arg(name) for name in names[: positional + keyword + 2]]
    rest = args[positional + keyword :]
    star = rest.pop(0) if flags & 0x04 else None
    stars = rest.pop(0) if flags & 0x08 else None
    keywords = args[positional : positional + keyword]
    return ast.arguments(args[:only], args[only:positional], star, keywords, [None] * keyword, stars, [])  # type: ignore[list-item]


def _names(arguments: ast.arguments) -> list[str]:
    return [node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)]


def _step_of(error: BaseException) -> Step:
    """The stand-in's step, just below the frame that caught ``error``."""
    traceback = error.__traceback__.tb_next  # type: ignore[union-attr]
    error.__traceback__ = None
    return traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno  # type: ignore[union-attr]
