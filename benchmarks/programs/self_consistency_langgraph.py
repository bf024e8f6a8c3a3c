"""A task for each sample (`Send`), a vote at the end; sixteen questions by `abatch`."""

import asyncio
import operator
from collections import Counter
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from benchmarks.programs.self_consistency_asyncio import QUESTIONS, SAMPLES, final_answer


class State(TypedDict):
    question: str
    text: str
    said: Annotated[list, operator.add]
    best: int | None


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)

    async def sample(one):
        async with slots:
            completion = await client.chat.completions.create(
                model=model,
                messages=[
                    {"role": "system", "content": "Think step by step. Then rate your confidence from 1 to 9."},
                    {"role": "user", "content": f"{one['question']}\n\n{one['text']}"},
                ],
                temperature=0.7,
                seed=one["seed"],
            )
        return {"said": [final_answer(completion.choices[0].message.content)]}

    async def vote(state):
        counter = Counter(one for one in state["said"] if one is not None)
        return {"best": counter.most_common(1)[0][0] if counter else None}

    def each_sample(state):
        return [Send("sample", {**state, "seed": seed}) for seed in range(SAMPLES)]

    graph = StateGraph(State)
    graph.add_node("sample", sample)
    graph.add_node("vote", vote)
    graph.add_conditional_edges(START, each_sample, ["sample"])
    graph.add_edge("sample", "vote")
    graph.add_edge("vote", END)
    chosen = list(documents.items())[:16]
    asked = [
        {"question": QUESTIONS[number % len(QUESTIONS)], "text": text[:1200]} for number, (_, text) in enumerate(chosen)
    ]
    done = await graph.compile().abatch(asked)
    answers = {name: one["best"] for (name, _), one in zip(chosen, done, strict=True)}
    return {
        "answers": answers,
        "low": [name for name, answer in answers.items() if answer is not None and answer < 5],
        "votes": {
            name: dict(Counter(said for said in one["said"] if said is not None))
            for (name, _), one in zip(chosen, done, strict=True)
        },
        "unparsed": sum(said is None for one in done for said in one["said"]),
    }
