"""A model service for one's own machine: OpenAI- and Anthropic-compatible HTTP on loopback, in a process of its own.

Demo, notebooks, benchmarks and tests need a model that costs nothing, needs no network, answers the same request in the
same way every time, and takes as long as a real one. This is that: real clients talk to it over real HTTP, so everything
between the user's code and the socket is what it would be in earnest. What it says is extractive: summaries, labels,
numbers and JSON made from the prompt's own text.

    from openai import OpenAI
    from poppy_ipython import local_llm

    service = local_llm.serve()
    client = OpenAI(base_url=service.base_url, api_key="local")
    client.chat.completions.create(
        model="local-small", messages=[{"role": "user", "content": "Summarise in one sentence:\\n\\n..."}]
    )

How long an answer takes, and which requests fail, is said by `Settings` for the whole service, and for one request by
its model name or its headers (see `directives`). Nothing here is imported by the engine; it needs the extra `local`.

Decided against: a fake client object (nothing would show that the real one works), a thread in this process (it would
compete with the kernel for the interpreter lock, and so flatter or spoil every measurement).
"""

from poppy_ipython.local_llm.service import Service, serve
from poppy_ipython.local_llm.settings import Settings

__all__ = ["Service", "Settings", "serve"]
