import re
import textwrap


def chat(content, seed=0, max_tokens=None):
    kwargs = {"max_tokens": max_tokens} if max_tokens is not None else {}
    completion = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": content}], seed=seed, **kwargs
    )
    return completion.choices[0].message.content.strip()


class Point:
    def __init__(self, number, headline):
        self.number = number
        self.headline = headline
        self.body = None

    def expand(self, question, source):
        self.body = chat(f"Explain point {self.number} in two sentences: {self.headline}\n\n{source}", seed=self.number)
        if len(self.body) < 40:
            self.body += " " + chat(f"Give one example of: {self.headline}", seed=self.number)

    def __str__(self):
        return textwrap.fill(f"{self.number}. {self.headline} {self.body}", 100)


class Skeleton:
    def __init__(self, question, source):
        self.question = question
        self.source = source
        self.points = []

    def build(self, count=6):
        reply = chat(f"List {count} points.\n\n{self.question} {self.source}")
        for line in reply.split("\n"):
            match = re.match(r"(\d+)\.\s*(.+)", line)
            if match:
                self.points.append(Point(int(match[1]), match[2]))
        return self

    def fill(self):
        for point in self.points:
            point.expand(self.question, self.source)
        return self

    def text(self):
        return "\n".join(str(point) for point in self.points)


answers = {}
for name, text in list(documents.items())[:10]:
    skeleton = Skeleton(f"How does {name} work?", text[:2000]).build().fill()
    answers[name] = skeleton.text()
    print(f"{name}: {len(skeleton.points)} points, {len(answers[name].split())} words")
longest = max(answers, key=lambda name: len(answers[name]))
