"""ReAct as a graph: think, one task for each tool that was asked for (`Send`), observe, and again; eight agents by `abatch`."""

import asyncio
import json
import operator
from collections import Counter
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from benchmarks.programs.react_agent_asyncio import STEP


class State(TypedDict):
    question: str
    scratch: list
    actions: list
    seen: Annotated[list, operator.add]
    steps: int
    answer: str


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def create(messages, **options):
        async with slots:
            reply = await client.chat.completions.create(model=model, messages=messages, **options)
        return reply.choices[0].message.content

    async def search(topic):
        found = [name for name, text in documents.items() if topic.split()[0] in text]
        if not found:
            return f"error: nothing about {topic}"
        return await create([{"role": "user", "content": f"What is {topic}?\n\n{documents[found[0]][:1500]}"}])

    async def define(topic):
        return await create([{"role": "user", "content": f"Summarise {topic} in at most 12 words: {topic}"}])

    async def count(topic):
        return str(sum(text.count(topic.split()[-1]) for text in documents.values()))

    tools = {"search": search, "define": define, "count": count}

    async def think(state):
        scratch = state.get("scratch", [])
        said = await create(
            [
                {"role": "system", "content": "Use the tools: search, define, count. finish when you know."},
                {"role": "user", "content": state["question"] + "\n\n" + "\n".join(scratch)},
            ],
            response_format=STEP,
            seed=len(scratch),
        )
        plan = json.loads(said)
        actions = [(action["tool"], action["topic"]) for action in plan["actions"] if action["tool"] != "finish"]
        return {"scratch": [*scratch, f"Thought: {plan['thought']}"], "actions": actions, "steps": state.get("steps", 0) + 1}

    def to_tools(state):
        sent = [Send("act", {"tool": tool, "topic": topic, "step": state["steps"]}) for tool, topic in state["actions"]]
        return sent or "reply"

    async def act(one):
        return {"seen": [(one["step"], one["tool"], one["topic"], await tools[one["tool"]](one["topic"]))]}

    async def observe(state):
        new = [f"{tool}({topic}) -> {seen}" for step, tool, topic, seen in state["seen"] if step == state["steps"]]
        return {"scratch": state["scratch"] + new}

    def again(state):
        return "think" if state["steps"] < 4 else "reply"

    async def reply(state):
        prompt = f"{state['question']}\n\n" + "\n".join(state["scratch"])
        return {"answer": await create([{"role": "user", "content": prompt}])}

    graph = StateGraph(State)
    for node in (think, act, observe, reply):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", to_tools, ["act", "reply"])
    graph.add_edge("act", "observe")
    graph.add_conditional_edges("observe", again, ["think", "reply"])
    graph.add_edge("reply", END)
    chosen = list(documents.items())[:8]
    done = await graph.compile().abatch([{"question": f"What does {name} do? {text[:300]}"} for name, text in chosen])
    return {
        "answers": {name: one["answer"] for (name, _), one in zip(chosen, done, strict=True)},
        "scratches": {name: one["scratch"] for (name, _), one in zip(chosen, done, strict=True)},
        "used": dict(Counter(tool for one in done for _, tool, *_ in one["seen"])),
    }
