"""A compiler of tasks: the model plans calls that name each other's results, the executor runs the plan (LLMCompiler's kind)."""

import json
import re
from enum import Enum

PLAN_SCHEMA = {
    "type": "object",
    "properties": {
        "goal": {"type": "string"},
        "topics": {"type": "array", "minItems": 3, "items": {"type": "string"}},
        "depth": {"type": "integer", "minimum": 1, "maximum": 3},
    },
}


class Status(Enum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Task:
    def __init__(self, ident, function, args):
        self.ident = ident
        self.function = function
        self.args = args
        self.status = Status.WAITING
        self.result = None

    def __repr__(self):
        return f"<{self.ident} {self.function} {self.status.value}>"


def chat(content, **options):
    response = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}], **options)
    return response.choices[0].message.content


class Tools:
    @staticmethod
    def lookup(topic):
        for name, text in documents.items():
            if topic in text:
                return text[:900]
        raise KeyError(topic)

    @staticmethod
    def summarise(text):
        return chat(f"Summarise in one sentence:\n\n{text}")

    @staticmethod
    def rate(text):
        return int(chat(f"Rate from 1 to 5 how useful this is.\n\n{text}"))

    @staticmethod
    def join(*texts):
        return chat("Combine these notes in two sentences:\n\n" + "\n".join(map(str, texts)))


def plan(question):
    said = chat(
        f"Plan the work: {question}",
        response_format={"type": "json_schema", "json_schema": {"name": "plan", "schema": PLAN_SCHEMA}},
    )
    made = json.loads(said)
    tasks = []
    for number, topic in enumerate(made["topics"]):
        tasks.append(Task(f"${number}a", "lookup", [topic.split()[0]]))
        tasks.append(Task(f"${number}b", "summarise", [f"${number}a"]))
        if made["depth"] > 1:
            tasks.append(Task(f"${number}c", "rate", [f"${number}b"]))
    tasks.append(Task("$end", "join", [task.ident for task in tasks if task.function == "summarise"]))
    return tasks


class Executor:
    def __init__(self, tools):
        self.tools = tools
        self.results = {}
        self.failures = []

    def resolve(self, arg):
        if isinstance(arg, str) and re.fullmatch(r"\$\w+", arg):
            return self.results[arg]
        return arg

    def run(self, tasks):
        for task in tasks:
            try:
                args = [self.resolve(arg) for arg in task.args]
                task.result = getattr(self.tools, task.function)(*args)
            except Exception as error:
                task.status = Status.FAILED
                task.result = f"failed: {error!r}"
                self.failures.append((task.ident, type(error).__name__))
            else:
                task.status = Status.DONE
            self.results[task.ident] = task.result
        return tasks[-1].result


outcomes = {}
for name, text in list(documents.items())[:10]:
    tasks = plan(f"Explain {name}. {text[:700]}")
    executor = Executor(Tools)
    outcomes[name] = executor.run(tasks)
    done = sum(task.status is Status.DONE for task in tasks)
    print(f"{name:16} {done}/{len(tasks)} tasks, {len(executor.failures)} failures")
