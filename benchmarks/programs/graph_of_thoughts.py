"""Graph of Thoughts: split, sort the parts, score several tries, keep the best, merge in pairs, improve."""

import itertools

NODES = itertools.count(1)


class Thought:
    def __init__(self, text, parents=()):
        self.id = next(NODES)
        self.text = text
        self.parents = [parent.id for parent in parents]
        self.score = None

    def __lt__(self, other):
        return (self.score, -self.id) < (other.score, -other.id)


class Graph:
    def __init__(self, model):
        self.model = model
        self.nodes = {}
        self.prompts = []

    def add(self, thought):
        self.nodes[thought.id] = thought
        return thought

    def prompt(self, content, seed=0):
        self.prompts.append(len(content))
        reply = client.chat.completions.create(
            model=self.model, messages=[{"role": "user", "content": content}], seed=seed
        )
        return reply.choices[0].message.content.strip()

    def generate(self, thought, k):
        made = []
        for seed in range(k):
            made.append(self.add(Thought(self.prompt(f"Summarise in one sentence:\n\n{thought.text}", seed), [thought])))
        return made

    def score(self, thoughts):
        for thought in thoughts:
            thought.score = int(self.prompt(f"Rate from 1 to 10 how complete this is.\n\n{thought.text}"))
        return thoughts

    def keep_best(self, thoughts):
        return max(thoughts)

    def aggregate(self, left, right):
        return self.add(Thought(self.prompt(f"Merge in two sentences:\n\n{left.text}\n{right.text}"), [left, right]))

    def improve(self, thought):
        better = self.add(Thought(self.prompt(f"Condense in two sentences:\n\n{thought.text}", 1), [thought]))
        self.score([better])
        return better if better.score > (thought.score or 0) else thought


graph = Graph(MODEL)
roots = [graph.add(Thought(text[:1500])) for text in list(documents.values())[:16]]
level = [graph.keep_best(graph.score(graph.generate(root, 3))) for root in roots]
while len(level) > 1:
    merged = []
    for left, right in zip(level[::2], level[1::2]):
        merged.append(graph.improve(graph.aggregate(left, right)))
    level = merged
    print(f"{len(level)} left of {len(graph.nodes)} thoughts")
result = level[0].text
scores = {ident: thought.score for ident, thought in graph.nodes.items()}
edges = {ident: thought.parents for ident, thought in graph.nodes.items()}
prompts = graph.prompts
