"""LangGraph's own map-reduce: `Send` for each document, then for each group of notes, until one is left."""

import asyncio
import operator
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class State(TypedDict):
    documents: dict
    summaries: Annotated[dict, operator.or_]
    merged: Annotated[list, operator.add]
    notes: list
    rounds: int


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def ask(instruction, text):
        async with slots:
            response = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"{instruction}\n\n{text}"}]
            )
        return response.choices[0].message.content.strip()

    async def summarise(one):
        return {"summaries": {one["name"]: await ask("Summarise in one sentence:", one["text"])}}

    async def collect(state):
        return {"notes": [f"- {name}: {state['summaries'][name]}" for name in state["documents"]], "rounds": 0}

    async def combine(one):
        return {"merged": [(one["round"], await ask("Combine these notes in two sentences:", "\n".join(one["notes"])))]}

    async def advance(state):
        return {"notes": [text for at, text in state["merged"] if at == state["rounds"]], "rounds": state["rounds"] + 1}

    def each_document(state):
        return [Send("summarise", {"name": name, "text": text}) for name, text in state["documents"].items()]

    def each_group(state):
        notes = state["notes"]
        if len(notes) == 1:
            return END
        groups = [notes[start : start + 4] for start in range(0, len(notes), 4)]
        return [Send("combine", {"notes": group, "round": state["rounds"]}) for group in groups]

    graph = StateGraph(State)
    for node in (summarise, collect, combine, advance):
        graph.add_node(node.__name__, node)
    graph.add_conditional_edges(START, each_document, ["summarise"])
    graph.add_edge("summarise", "collect")
    graph.add_conditional_edges("collect", each_group, ["combine", END])
    graph.add_edge("combine", "advance")
    graph.add_conditional_edges("advance", each_group, ["combine", END])
    left = await graph.compile().ainvoke({"documents": documents})
    summaries = {name: left["summaries"][name] for name in documents}
    return {"summaries": summaries, "overview": left["notes"][0], "rounds": left["rounds"]}
