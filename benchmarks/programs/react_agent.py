import json

STEP = {
    "type": "json_schema",
    "json_schema": {
        "name": "step",
        "schema": {
            "type": "object",
            "properties": {
                "thought": {"type": "string", "maxLength": 120},
                "actions": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 3,
                    "items": {
                        "type": "object",
                        "properties": {
                            "tool": {"enum": ["search", "define", "count", "finish"]},
                            "topic": {"type": "string"},
                        },
                    },
                },
            },
        },
    },
}


class ToolError(Exception):
    pass


class Toolbox:
    def __init__(self):
        self.tools = {}
        self.used = {}

    def tool(self, function):
        self.tools[function.__name__] = function
        return function

    def call(self, name, argument):
        self.used[name] = self.used.get(name, 0) + 1
        try:
            return str(self.tools[name](argument))
        except KeyError:
            raise ToolError(f"no tool {name!r}") from None
        except (ValueError, LookupError) as error:
            return f"error: {error}"


box = Toolbox()


@box.tool
def search(topic):
    found = [name for name, text in documents.items() if topic.split()[0] in text]
    if not found:
        raise LookupError(f"nothing about {topic}")
    reply = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"What is {topic}?\n\n{documents[found[0]][:1500]}"}]
    )
    return reply.choices[0].message.content


@box.tool
def define(topic):
    reply = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"Summarise {topic} in at most 12 words: {topic}"}]
    )
    return reply.choices[0].message.content


@box.tool
def count(topic):
    return sum(text.count(topic.split()[-1]) for text in documents.values())


class ReAct:
    def __init__(self, max_steps=4):
        self.max_steps = max_steps
        self.scratch = []

    def think(self, question):
        reply = client.chat.completions.create(
            model=MODEL,
            messages=[
                {"role": "system", "content": "Use the tools: search, define, count. finish when you know."},
                {"role": "user", "content": question + "\n\n" + "\n".join(self.scratch)},
            ],
            response_format=STEP,
            seed=len(self.scratch),
        )
        return json.loads(reply.choices[0].message.content)

    def run(self, question):
        for step in range(self.max_steps):
            plan = self.think(question)
            self.scratch.append(f"Thought: {plan['thought']}")
            observations = []
            for action in plan["actions"]:
                if action["tool"] == "finish":
                    continue
                observations.append((action["tool"], action["topic"], box.call(action["tool"], action["topic"])))
            if not observations:
                break
            for tool, topic, seen in observations:
                self.scratch.append(f"{tool}({topic}) -> {seen}")
        reply = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": f"{question}\n\n" + "\n".join(self.scratch)}]
        )
        return reply.choices[0].message.content


answers, scratches = {}, {}
for name, text in list(documents.items())[:8]:
    agent = ReAct()
    answers[name] = agent.run(f"What does {name} do? {text[:300]}")
    scratches[name] = agent.scratch
    print(f"{name:16} {len(agent.scratch)} lines -> {answers[name][:50]!r}")
used = box.used
