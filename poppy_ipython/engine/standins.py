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
from .streams import Stream
from .tracebacks import Step, rebuild, steps_of

if TYPE_CHECKING:
    from .base import Base
else:
    Base = object

_LOCALS, _HERE = "\0poppy:locals", "\0poppy:here"
Span = tuple[int, int, int, int]
#: a frame (by id) and an instruction of it
Place = tuple[int, int]


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
        found: list[tuple[BaseException, list[Step]]] = []
        seen: set[int] = set()
        todo: list[BaseException | None] = [error]
        while todo:
            one = todo.pop(0)
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            found.append((one, steps_of(one.__traceback__)))
            todo += [one.__context__, one.__cause__]
            if isinstance(one, BaseExceptionGroup):
                todo += one.exceptions
        # one frame of the user's may stand in several tracebacks; it stopped where the outermost exception left it
        users: dict[Any, dict[Place, Step]] = {}
        for _, steps in found:
            for step in steps:
                info = self.lowered.get(id(step[0].f_code))
                if info is not None and step[0].f_code.co_flags & 0x01:  # else a statement of the cell run as written
                    users.setdefault(self._user_frame(step[0], info), {}).setdefault(_place_of(step), step)
        made: dict[Place, Step] = {}
        for places in users.values():
            made.update(self._made(places))
        if made:
            for one, steps in found:
                one.__traceback__ = rebuild([made.get(_place_of(step), step) for step in steps])

    def _user_frame(self, frame: types.FrameType, info: CodeInfo) -> Any:
        """What stands for the frame of a plain run that ``frame`` is part of."""
        if frame.f_code.co_name == "<module>":
            return id(info.lowered)
        return id(self._around(frame)[-1])

    def _around(self, frame: types.FrameType) -> list[types.FrameType]:
        """The lowered frames that are one frame in a plain run, from ``frame`` outwards."""
        frames = [frame]
        while (outer := self.enclosing.get(id(frame))) is not None and outer[0] is frame and outer[1] not in frames:
            frame = outer[1]
            frames.append(frame)
        return frames

    def _made(self, places: dict[Place, Step]) -> dict[Place, Step]:
        """Steps of one stand-in frame that take the place of ``places``, all of one frame of the user's."""
        frame = next(iter(places.values()))[0]
        info = self.lowered[id(frame.f_code)]
        values = {} if frame.f_code.co_name == "<module>" else self._user_locals(info, frame)
        stand_in = _StandIn(info, frame, values)
        chosen: dict[Place, tuple[ast.stmt, Span, Step]] = {}
        for place_, step in places.items():
            span = _positions(step[0].f_code, step[1])
            if span is not None:
                for failing in _candidates(self.lowered[id(step[0].f_code)], step[0].f_code, step[1], span, stand_in.names):
                    tried = stand_in.run([failing], 0)
                    if tried is not None and _positions(tried[0].f_code, tried[1]) == span:
                        chosen[place_] = failing, span, tried
                        break
        if len(chosen) == 1:
            return {place_: tried for place_, (_, _, tried) in chosen.items()}
        statements = [failing for failing, _, _ in chosen.values()]
        made: dict[Place, Step] = {}
        last = None
        for number, (place_, (_, span, _)) in reversed(list(enumerate(chosen.items()))):
            last = stand_in.run(statements, number)
            if last is None or _positions(last[0].f_code, last[1]) != span:
                return {}
            made[place_] = last
        return {p: (last[0], step[1], step[2]) for p, step in made.items()} if last is not None else {}

    def _user_locals(self, info: CodeInfo, frame: types.FrameType) -> dict[str, Any]:
        """The locals of the function that ``frame`` is part of, as its user knows them."""
        found: dict[str, Any] = {}
        for part in reversed(self._around(frame)):
            for name, value in part.f_locals.items():
                if name.startswith(PREFIX):
                    continue
                while type(value) is Pending and value.done:
                    value = value.value
                if value is UNBOUND or type(value) is Pending or type(value) is Stream:
                    found.pop(name, None)
                else:
                    found[name] = value
        original = info.lowered.original
        if original is None or info.function != original.co_name:
            return found
        order = dict.fromkeys([*original.co_varnames, *original.co_cellvars, *original.co_freevars])
        # from 3.12 on, targets of comprehensions are among the variables, but an exception has unbound them
        known = info.lowered.locals.union(original.co_freevars)
        return {name: found[name] for name in order if name in found and name in known}


def _place_of(step: Step) -> Place:
    return id(step[0]), step[1]


def _positions(code: types.CodeType, lasti: int) -> Span | None:
    for number, position in enumerate(code.co_positions()):
        if number == lasti // 2:
            return None if None in position else position  # type: ignore[return-value]
    return None


def _placed(node: Any, span: Span) -> Any:
    line, end_line, col, end_col = span
    at = ast.Pass(lineno=line, end_lineno=end_line, col_offset=col, end_col_offset=end_col)
    for part in ast.walk(node):
        if "lineno" in part._attributes:
            ast.copy_location(part, at)
    return node


_RAISE = bytes([dis.opmap["RAISE_VARARGS"]])


def _candidates(info: CodeInfo, code: types.CodeType, lasti: int, span: Span, names: frozenset[str]) -> Iterator[ast.stmt]:
    """Statements that fail at ``span``, the best likeness of the user's first."""
    if code.co_code[lasti : lasti + 1] == _RAISE:
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


class _StandIn:
    """A frame of the user's, made again."""

    def __init__(self, info: CodeInfo, frame: types.FrameType, values: dict[str, Any]) -> None:
        self.code = code = frame.f_code
        self.namespace = frame.f_globals
        self.module = code.co_name == "<module>"
        self.values = values
        original = info.lowered.original
        if self.module:
            self.first = 1
        elif original is not None and info.function == original.co_name:
            self.first = original.co_firstlineno
            self.arguments = _arguments(
                original.co_varnames, original.co_argcount, original.co_posonlyargcount, original.co_kwonlyargcount,
                original.co_flags,
            )  # fmt: skip
        else:  # a comprehension or generator with a frame of its own
            piece = info.lowered.pieces.get(info.group[1] or "")
            self.first = piece.source[0].lineno if piece is not None else code.co_firstlineno
            self.arguments = _arguments((".0",), 1, 0, 0, 0)
            self.values = {".0": iter(()), **values}
        self.names = frozenset(self.values) | frame.f_globals.keys() | frame.f_builtins.keys()

    def run(self, statements: list[ast.stmt], number: int) -> Step | None:
        """Its step when the statement of that ``number`` fails."""
        body = statements
        if len(statements) > 1:
            body = [ast.If(ast.Call(const(_HERE), [const(k)], []), [one], []) for k, one in enumerate(statements)]
        replace = {_HERE: lambda k: k == number, _LOCALS: tuple(self.values.values())}
        try:
            if self.module:
                self._exec(self._compiled(body, replace))
            else:
                self._call(body, replace)
        except BaseException as error:
            traceback = error.__traceback__
            error.__traceback__ = None
            for _ in range(2):
                traceback = traceback.tb_next if traceback is not None else None
            if traceback is not None:
                return traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno
        return None

    def _exec(self, code: types.CodeType) -> None:
        bare = "__builtins__" not in self.namespace
        try:
            exec(code, self.namespace)
        finally:
            if bare:
                self.namespace.pop("__builtins__", None)

    def _call(self, body: list[ast.stmt], replace: dict[str, Any]) -> None:
        """Call a function with the user's arguments and locals."""
        start: list[ast.stmt] = []
        if self.values:
            start.append(ast.Assign([ast.Tuple([store(name) for name in self.values], ast.Store())], const(_LOCALS)))
        gone = [node.arg for node in ast.walk(self.arguments) if isinstance(node, ast.arg) and node.arg not in self.values]
        if gone:
            start.append(ast.Delete([ast.Name(name, ast.Del()) for name in gone]))
        function = ast.FunctionDef("stand_in", self.arguments, [*start, *body], [], None)
        if "type_params" in ast.FunctionDef._fields:
            function.type_params = []  # type: ignore[attr-defined]
        module = self._compiled([function], replace)
        inner = next(c for c in module.co_consts if isinstance(c, types.CodeType))
        inner = inner.replace(co_name=self.code.co_name, co_qualname=self.code.co_qualname)
        keywords = dict.fromkeys(inner.co_varnames[inner.co_argcount : inner.co_argcount + inner.co_kwonlyargcount])
        types.FunctionType(inner, self.namespace)(*[None] * inner.co_argcount, **keywords)

    def _compiled(self, body: list[ast.stmt], replace: dict[str, Any]) -> types.CodeType:
        for one in body:
            place(one, ast.Pass(lineno=self.first, end_lineno=self.first, col_offset=0, end_col_offset=0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(ast.Module(body, []), self.code.co_filename, "exec", dont_inherit=True)
        return _filled(code, replace)


def _filled(code: types.CodeType, replace: dict[str, Any]) -> types.CodeType:
    constants: list[Any] = []
    for constant in code.co_consts:
        if constant is ...:
            constants.append(_TOUCHY)
        elif isinstance(constant, types.CodeType):
            constants.append(_filled(constant, replace))
        else:
            constants.append(replace.get(constant, constant) if type(constant) is str else constant)
    return code.replace(co_consts=tuple(constants))


def _arguments(names: Any, positional: int, only: int, keyword: int, flags: int) -> ast.arguments:
    args = [ast.arg(name) for name in names[: positional + keyword + 2]]
    rest = args[positional + keyword :]
    star = rest.pop(0) if flags & 0x04 else None
    stars = rest.pop(0) if flags & 0x08 else None
    keywords = args[positional : positional + keyword]
    return ast.arguments(args[:only], args[only:positional], star, keywords, [None] * keyword, stars, [])  # type: ignore[list-item]
