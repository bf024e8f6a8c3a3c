"""Three programs, each twice: as the sequential cell that one writes first, and as asyncio that one writes by hand.

A sequential program `name.py` is source text for `exec` and `poppy_ipython.run`; it finds `client` (an `openai.OpenAI`),
`MODEL` and `documents` in its namespace. Its twin `name_asyncio.py` has `async def main(client, model, documents, limit)`
with an `openai.AsyncOpenAI` and returns what the sequential program leaves in the variables that it returns by name.
The twins keep to `limit` calls at once, as the engine does by default.
"""

NAMES = ("map_reduce", "tree_of_thoughts", "branchy_helper")
