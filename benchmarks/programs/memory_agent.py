import json


class Memory:
    """What the agent has been told, by topic, newest last; forgets what is old."""

    def __init__(self, size=6):
        self.size = size
        self.notes = {}
        self.forgotten = 0

    def remember(self, topic, note):
        notes = self.notes.setdefault(topic, [])
        notes.append(note)
        if len(notes) > self.size:
            notes.pop(0)
            self.forgotten += 1

    def recall(self, topic):
        return "\n".join(self.notes.get(topic, []))


class Assistant:
    def __init__(self, client, model):
        self.client = client
        self.model = model
        self.memory = Memory()
        self.history = []
        self.tokens = 0

    def _complete(self, messages, **options):
        response = self.client.chat.completions.create(model=self.model, messages=messages, **options)
        self.tokens += response.usage.total_tokens
        return response.choices[0].message.content.strip()

    def topic_of(self, message):
        return self._complete(
            [{"role": "user", "content": f"Answer with one of: names, classes, loops, modules, other\n\n{message}"}]
        )

    def facts_in(self, message):
        said = self._complete(
            [
                {"role": "system", "content": 'Return JSON with the keys "title" and "keywords".'},
                {"role": "user", "content": message},
            ],
            response_format={"type": "json_object"},
        )
        return json.loads(said)

    def tell(self, message):
        topic = self.topic_of(message)
        facts = self.facts_in(message)
        self.memory.remember(topic, f"{facts['title']}: {', '.join(facts['keywords'])}")
        self.history.append({"role": "user", "content": message[:200], "topic": topic})

    def answer(self, question):
        topic = self.topic_of(question)
        known = self.memory.recall(topic)
        reply = self._complete(
            [
                {"role": "system", "content": "Answer from your notes."},
                {"role": "user", "content": f"{question}\n\n{known or 'Nothing is known about it yet.'}"},
            ]
        )
        self.history.append({"role": "assistant", "content": reply, "topic": topic})
        return reply


agent = Assistant(client, MODEL)
for text in list(documents.values())[:16]:
    agent.tell(text[:800])

questions = ["What is a loop?", "How are names bound?", "What does a class body do?", "How is a module imported?"]
answers = []
for question in questions:
    answers.append(agent.answer(question))
    print("Q:", question)
    print("A:", answers[-1])
notes, forgotten, tokens = agent.memory.notes, agent.memory.forgotten, agent.tokens
history = agent.history
