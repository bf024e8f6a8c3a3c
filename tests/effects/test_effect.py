"""What one may write: the five declarations as decorators and as values, and what is refused with which words."""

from __future__ import annotations

import gc
import pickle
import weakref

import pytest

from poppy_ipython.effects import declare, effect_of, local, pure, readonly, resource_of, sequential, unordered


def plain(x: int) -> int:
    return x


@pytest.mark.parametrize("effect", [pure, local, unordered, readonly, sequential, readonly("r"), unordered(backend="loop")])
def test_a_decorator_hands_back_the_same_function_without_a_trace_on_it(effect):
    def f(x): ...

    before = dict(vars(f))
    assert effect(f) is f
    assert vars(f) == before
    assert effect_of(f).name == effect.name


def test_declared_module_functions_still_pickle():
    declare(plain, unordered)
    assert pickle.loads(pickle.dumps(plain)) is plain


def test_a_bare_ordered_declaration_orders_with_everything():
    assert sequential.resource == readonly.resource == "*"

    @sequential
    def f(): ...

    assert effect_of(f).resource == "*"


def test_with_a_constant_a_resource_is_named():
    @sequential(("db", 1))
    def f(): ...

    assert resource_of(effect_of(f), f, (), {}) == ("db", 1)


@pytest.mark.parametrize(
    "effect", [sequential(lambda self, key: ("db", key)), sequential(resource=lambda self, key: ("db", key))]
)
def test_with_a_lambda_the_resource_depends_on_the_arguments(effect):
    class Store:
        @effect
        def put(self, key): ...

    put = Store().put
    assert resource_of(effect_of(put), put, (3,), {}) == ("db", 3)
    assert resource_of(effect_of(put), put, (), {"key": 4}) == ("db", 4)
    assert resource_of(effect_of(put), put, (), {}) == "*", "the call itself will say that its argument is missing"


def test_for_free_declarations_a_lambda_is_a_function():
    f = pure(lambda x: x)
    assert effect_of(f).name == "pure"


def test_what_is_external_knows_its_backend_and_host():
    @unordered
    def blocking(): ...

    @unordered
    async def waiting(): ...

    assert (effect_of(blocking).backend, effect_of(waiting).backend) == ("threads", "loop")
    assert effect_of(blocking).external and effect_of(blocking).host.endswith("blocking")
    assert not pure.external and not local.external
    assert effect_of(unordered(host="example.org")(lambda: 1)).host == "example.org"


def test_parentheses_without_anything_are_accepted():
    @unordered()
    def f(): ...

    assert effect_of(f).name == "unordered"


def test_static_and_class_methods_above_or_below():
    class A:
        @unordered
        @staticmethod
        def above(x): ...

        @staticmethod
        @unordered
        def below(x): ...

        @sequential("db")
        @classmethod
        def made(cls): ...

    for callee in (A.above, A().above, A.below):
        assert effect_of(callee).name == "unordered"
    assert effect_of(A.made).name == effect_of(A().made).name == "sequential"


@pytest.mark.parametrize(
    ("use", "kind", "words"),
    [
        (lambda: pure("db"), TypeError, r"takes no resource.*sequential\('db'\)"),
        (lambda: unordered(resource="db"), TypeError, "takes no resource"),
        (lambda: sequential(["db"]), TypeError, "hashable"),
        (lambda: sequential(None), TypeError, "a resource is a name"),
        (lambda: sequential(resorce="db"), TypeError, "did you mean 'resource'"),
        (lambda: sequential("a", resource="b"), TypeError, "two resources"),
        (lambda: sequential("a")("b"), TypeError, "already names a resource"),
        (lambda: unordered(backend="thread"), ValueError, "'threads'"),
        (lambda: pure(backend="loop"), TypeError, "runs in place"),
        (lambda: pure(external=True), TypeError, "unordered"),
        (lambda: unordered(result="atomic"), ValueError, "'atom'"),
        (lambda: unordered(host=3), TypeError, "host"),
        (lambda: unordered(property(lambda self: 1)), TypeError, "under @property"),
        (lambda: declare(plain, "pure"), TypeError, "is no effect"),
        (lambda: declare(3, pure), TypeError, "declares callables"),
    ],
)
def test_misuse_says_what_to_do(use, kind, words):
    with pytest.raises(kind, match=words):
        use()


def test_two_declarations_that_contradict_each_other_are_refused_but_declare_replaces():
    with pytest.raises(TypeError, match="already unordered"):

        @pure
        @unordered
        def f(): ...

    @unordered
    def g(): ...

    declare(g, sequential("db"))
    assert effect_of(g).name == "sequential"
    declare(g, unordered)
    assert effect_of(g).name == "unordered"


def test_an_async_function_cannot_be_pure():
    with pytest.raises(TypeError, match="async function"):

        @pure
        async def f(): ...


def test_the_table_forgets_with_the_function():
    from poppy_ipython.effects.effect import effects

    @unordered
    def f(): ...

    number, gone = id(f), weakref.ref(f)
    assert number in effects.rows
    del f
    gc.collect()
    assert gone() is None and number not in effects.rows


def test_effects_print_as_they_are_written():
    assert repr(sequential("db")) == "sequential('db')"
    assert repr(unordered(backend="loop")) == "unordered(backend='loop')"
    assert repr(pure) == "pure"
