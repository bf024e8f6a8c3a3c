import asyncio


class Thought:
    """Numbered by its place in the sequential program, so that ties are broken in the same way."""

    def __init__(self, ident, text, parents=()):
        self.id, self.text, self.parents, self.score = ident, text, [parent.id for parent in parents], None

    def rank(self):
        return (self.score, -self.id)


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    nodes = {}

    async def prompt(content, seed, log):
        log.append(len(content))
        async with slots:
            reply = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": content}], seed=seed
            )
        return reply.choices[0].message.content.strip()

    def add(thought):
        nodes[thought.id] = thought
        return thought

    async def rate(thought, log):
        thought.score = int(await prompt(f"Rate from 1 to 10 how complete this is.\n\n{thought.text}", 0, log))
        return thought

    async def grow(root, first):
        written, rated = [], [[], [], []]

        async def one(seed):
            text = await prompt(f"Summarise in one sentence:\n\n{root.text}", seed, written)
            return await rate(Thought(first + seed, text, [root]), rated[seed])

        thoughts = await asyncio.gather(*map(one, range(3)))
        return thoughts, max(thoughts, key=Thought.rank), written + sum(rated, [])

    async def merge(left, right, first):
        (_, left, _), (_, right, _) = await asyncio.gather(left, right)
        log = []
        merged = Thought(first, await prompt(f"Merge in two sentences:\n\n{left.text}\n{right.text}", 0, log), [left, right])
        text = await prompt(f"Condense in two sentences:\n\n{merged.text}", 1, log)
        better = await rate(Thought(first + 1, text, [merged]), log)
        return (merged, better), better if better.score > (merged.score or 0) else merged, log

    roots = [add(Thought(number, text[:1500])) for number, text in enumerate(list(documents.values())[:16], 1)]
    # Two are merged as soon as both are there: nobody waits for a whole level.
    level = [asyncio.ensure_future(grow(root, 17 + 3 * place)) for place, root in enumerate(roots)]
    tasks, first = list(level), 17 + 3 * len(roots)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [asyncio.ensure_future(merge(left, right, first + 2 * n)) for n, (left, right) in enumerate(pairs)]
        tasks += level
        first += 2 * len(level)
    prompts = []
    for thoughts, best, log in await asyncio.gather(*tasks):
        for thought in thoughts:
            add(thought)
        prompts += log
    return {
        "result": best.text,
        "scores": {ident: thought.score for ident, thought in nodes.items()},
        "edges": {ident: thought.parents for ident, thought in nodes.items()},
        "prompts": prompts,
    }
