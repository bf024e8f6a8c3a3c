"""Runnables of `langchain_core`: which chains call nothing but what is known.

    chain = prompt | ChatOpenAI(...) | StrOutputParser()
    chain.invoke(...)                              # unordered: every step is known

`invoke` of a runnable may call anything: a function in a `RunnableLambda`, a callback, a model of the user's. So the runnable is
walked, step by step, each time. A step is known if its class, exactly, is one of

* a chat model or embeddings of `langchain_openai` or `langchain_anthropic` with a plain client, no callbacks, no cache, no rate
  limiter;
* a prompt template without functions among its partial values, an output parser into data only;
* a sequence, map, binding, retry, fallback, `assign` or `pick` of known steps; a `RunnableLambda` of a function that is declared
  `pure` or `unordered`;
* a retriever over an `InMemoryVectorStore` with known embeddings. (What the store holds is changed by undeclared methods, which
  wait for what was asked before.) Other stores and retrievers are for their user to declare.

Nothing may be listening: `set_debug`, `set_verbose`, an LLM cache, or a callback in the context (`get_openai_callback()`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from operator import itemgetter
from typing import Any

from poppy_ipython.effects.clients import base_url_of, is_plain_api
from poppy_ipython.effects.schemas import is_plain_answer, plain

__all__ = ["is_known_retriever", "is_known_runnable", "is_known_step", "runnable_host"]

Steps = Iterator[Any]
NOBODY: Any = object()
"""A step that is not known."""


def _name(one: Any) -> str:
    kind = type(one)
    return f"{kind.__module__}.{kind.__qualname__.partition('[')[0]}"  # (pydantic's generics: `RunnableParallel[...]`)


def _model(one: Any) -> Steps:
    if one.callbacks or one.cache or one.verbose or getattr(one, "rate_limiter", None) or one.custom_get_token_ids:
        yield NOBODY
    if not all(map(_is_plain_resource, _clients(one))):
        yield NOBODY


def _clients(one: Any) -> list[Any]:
    """The API clients in a model; those of `langchain_anthropic` are made when they are first asked for."""
    if type(one).__module__.startswith("langchain_anthropic"):
        return [one._client, one._async_client]
    return [found for name in ("root_client", "root_async_client") if (found := getattr(one, name, None)) is not None]


def _is_plain_resource(client: Any) -> bool:
    chat = getattr(client, "chat", None)
    return is_plain_api(chat.completions if chat is not None else client.messages)


def _embeddings(one: Any) -> Steps:
    for client in (one.client, one.async_client):
        if client is not None and not is_plain_api(client):
            yield NOBODY


def _prompt(one: Any) -> Steps:
    partial = getattr(one, "partial_variables", {})
    if any(map(callable, partial.values())) or getattr(one, "template_format", "f-string") != "f-string":
        yield NOBODY
    for message in getattr(one, "messages", ()):
        if _name(message) not in _MESSAGES:
            yield NOBODY
        inner = getattr(message, "prompt", None)
        yield from inner if isinstance(inner, list) else [inner] if inner is not None else []
    if getattr(one, "output_parser", None) is not None:
        yield one.output_parser


def _parser(one: Any) -> Steps:
    wanted = getattr(one, "pydantic_object", None)
    if wanted is not None and not plain(wanted):
        yield NOBODY
    if not all(map(is_plain_answer, getattr(one, "tools", None) or ())):
        yield NOBODY


def _lambda(one: Any) -> Steps:
    from poppy_ipython.effects.registry import effect_of  # (which reads the data that names us)

    for name in ("func", "afunc"):
        function = vars(one).get(name)
        if function is None or _from_library(function):
            continue
        effect = effect_of(function)
        if effect is None or effect.name not in ("pure", "unordered") or effect.unless is not None:
            yield NOBODY


def _from_library(function: Any) -> bool:
    """`itemgetter`, or a library's own function with a class of data only (`with_structured_output`)."""
    if type(function) is itemgetter:
        return True
    if type(function) is not partial or function.args or not all(map(is_plain_answer, function.keywords.values())):
        return False
    return function.func.__module__.partition(".")[0] in ("langchain_core", "langchain_openai", "langchain_anthropic")


def _passthrough(one: Any) -> Steps:
    if one.func is not None or one.afunc is not None:
        yield NOBODY
    return
    yield


def _binding(one: Any) -> Steps:
    if one.config_factories or (one.config or {}).get("callbacks"):
        yield NOBODY
    yield one.bound


def _retriever(one: Any) -> Steps:
    if any(map(callable, one.search_kwargs.values())):
        yield NOBODY
    yield one.vectorstore


def _map_of(one: Any) -> Steps:
    yield from one.steps__.values()


_CORE = "langchain_core."
_RULES: dict[str, Callable[[Any], Steps]] = {
    "langchain_openai.chat_models.base.ChatOpenAI": _model,
    "langchain_openai.chat_models.azure.AzureChatOpenAI": _model,
    "langchain_anthropic.chat_models.ChatAnthropic": _model,
    "langchain_openai.embeddings.base.OpenAIEmbeddings": _embeddings,
    _CORE + "prompts.chat.ChatPromptTemplate": _prompt,
    _CORE + "prompts.prompt.PromptTemplate": _prompt,
    _CORE + "output_parsers.string.StrOutputParser": _parser,
    _CORE + "output_parsers.json.JsonOutputParser": _parser,
    _CORE + "output_parsers.pydantic.PydanticOutputParser": _parser,
    _CORE + "output_parsers.list.CommaSeparatedListOutputParser": _parser,
    _CORE + "output_parsers.openai_tools.PydanticToolsParser": _parser,
    _CORE + "output_parsers.openai_tools.JsonOutputKeyToolsParser": _parser,
    "langchain_anthropic.output_parsers.ToolsOutputParser": _parser,
    _CORE + "runnables.base.RunnableSequence": lambda one: iter(one.steps),
    _CORE + "runnables.base.RunnableParallel": _map_of,
    _CORE + "runnables.base.RunnableLambda": _lambda,
    _CORE + "runnables.base.RunnableBinding": _binding,
    _CORE + "language_models.chat_models._ChatModelBinding": _binding,
    _CORE + "runnables.passthrough.RunnablePassthrough": _passthrough,
    _CORE + "runnables.passthrough.RunnableAssign": lambda one: iter([one.mapper]),
    _CORE + "runnables.passthrough.RunnablePick": lambda one: iter(()),
    _CORE + "runnables.retry.RunnableRetry": _binding,
    _CORE + "runnables.fallbacks.RunnableWithFallbacks": lambda one: iter([one.runnable, *one.fallbacks]),
    _CORE + "vectorstores.base.VectorStoreRetriever": _retriever,
    _CORE + "vectorstores.in_memory.InMemoryVectorStore": lambda one: iter([one.embedding]),
}
"""Class -> the steps that one of it calls (`NOBODY` if it is not known after all)."""
_MESSAGES = frozenset(
    {
        *(f"{_CORE}prompts.chat.{who}MessagePromptTemplate" for who in ("Human", "AI", "System", "Chat")),
        *(f"{_CORE}messages.{who.lower()}.{who}Message" for who in ("Human", "AI", "System", "Tool", "Chat")),
        f"{_CORE}prompts.chat.MessagesPlaceholder",
    }
)


def steps_of(runnable: Any) -> list[Any] | None:
    """All steps of a runnable, itself included; None if one is not known."""
    found: list[Any] = []
    stack = [runnable]
    while stack:
        one = stack.pop()
        rule = _RULES.get(_name(one))
        if rule is None or len(found) > 1000:
            return None
        found.append(one)
        stack += rule(one)
    return found


def _nobody_listens() -> bool:
    core = sys.modules["langchain_core.globals"]
    if core.get_debug() or core.get_verbose() or core.get_llm_cache() is not None:
        return False
    tracers = sys.modules.get("langchain_core.tracers.context")
    hooks: list[tuple[ContextVar[Any], Any, Any, Any]] = getattr(tracers, "_configure_hooks", [])
    return all(hook[0].get() is None for hook in hooks)


def _is_new(one: Any) -> bool:
    """Whether what a known step gives back is new, and nothing that it was given or keeps."""
    name = _name(one)
    if name.endswith("RunnableSequence"):
        return _is_new(one.steps[-1])
    if name.endswith("RunnableParallel"):
        return all(map(_is_new, one.steps__.values()))
    if name.endswith("RunnableWithFallbacks"):
        return all(map(_is_new, (one.runnable, *one.fallbacks)))
    rule = _RULES[name]
    if rule is _binding:
        return _is_new(one.bound)
    return rule in (_model, _parser, _embeddings) or (rule is _lambda and _from_library(one.func))


def is_known_runnable(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """Every step is known and nobody listens. (That the call brings no callbacks along, the data asks for.)"""
    return steps_of(receiver) is not None and _is_new(receiver) and _nobody_listens()


def is_known_retriever(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """As `is_known_runnable`, for what may give back parts of what it keeps."""
    return steps_of(receiver) is not None and _nobody_listens()


def is_known_step(receiver: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> bool:
    """A prompt or a parser by itself, without a model."""
    steps = steps_of(receiver)
    return steps is not None and _nobody_listens() and not any(_RULES[_name(one)] in (_model, _embeddings) for one in steps)


def runnable_host(receiver: Any, *args: Any, **kwargs: Any) -> str:
    """The host of the first model (or embeddings) among the steps."""
    from poppy_ipython.effects.sources import client_host

    for one in steps_of(receiver) or ():
        clients = _clients(one) if _RULES[_name(one)] is _model else []
        clients += [getattr(one, "client", None)] if _name(one).endswith("Embeddings") else []
        for client in clients:
            if client is not None and base_url_of(client):
                return client_host(client)
    return _name(receiver)
