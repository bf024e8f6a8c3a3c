"""The programs, each twice: as the sequential cell that one writes first, and as asyncio that one writes by hand.

A sequential program `name.py` is source text for `exec` and `poppy_ipython.run`. It finds in its namespace what an
earlier cell of the notebook would have left: `client` (an `openai.OpenAI`), `claude` (an `anthropic.Anthropic`), `MODEL`,
`documents` (texts by name), `service` and `site` (addresses of the service and of its pages). It is written as such
programs are: classes, helpers, caches, retries, prints, mutation.

Its twin `name_asyncio.py` has `async def main(client, claude, model, documents, limit, site, service)` with the async
clients, and returns what the sequential program leaves in the variables that it returns by name. It is meant to be as
parallel as its author could make it with gather and tasks, within `limit` model calls at once, as the engine here. Some
twins therefore look ahead in ways that the cell does not mention. Where a `ThreadPoolExecutor` fits, `name_threads.py`
is that, in the same form; `name_dask.py`, `name_langgraph.py` and `name_dspy.py` are what a user of these libraries would
write instead, where the program is of their kind (`benchmarks.peers`).
"""

from pathlib import Path

FOLDER = Path(__file__).parent

NAMES = (
    "map_reduce",
    "tree_of_thoughts",
    "branchy_helper",
    "skeleton_of_thought",
    "graph_of_thoughts",
    "self_consistency",
    "chain_of_verification",
    "refine_loop",
    "mixture_of_agents",
    "debate",
    "react_agent",
    "planner",
    "rag_rerank",
    "text_to_sql",
    "code_repair",
    "trading_desk",
    "video_pipeline",
    "extraction_db",
    "crawler",
    "streaming_writer",
    "eval_harness",
    "memory_agent",
)
