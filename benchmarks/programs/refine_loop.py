import logging

log = logging.getLogger("refine")


class Budget:
    def __init__(self, limit):
        self.limit = limit
        self.spent = 0

    def charge(self, usage):
        self.spent += usage.total_tokens

    @property
    def left(self):
        return self.limit - self.spent


class Writer:
    """Self-Refine: draft, feedback, revise, until the critic is content or the rounds are over."""

    def __init__(self, max_rounds=4, good_enough=8):
        self.max_rounds = max_rounds
        self.good_enough = good_enough
        self.budget = Budget(10_000_000)
        self.history = {}

    def chat(self, *messages, **options):
        response = client.chat.completions.create(
            model=MODEL, messages=[{"role": role, "content": content} for role, content in messages], **options
        )
        self.budget.charge(response.usage)
        return response.choices[0].message.content.strip()

    def score(self, goal, text):
        said = self.chat(("system", f"Rate from 1 to 10 how well the text does this: {goal}"), ("user", text))
        try:
            return int(said)
        except ValueError:
            log.warning("no number in %r", said)
            return 0

    def refine(self, name, goal, source):
        draft = self.chat(("user", f"{goal}\n\n{source}"))
        rounds = self.history.setdefault(name, [])
        while True:
            score = self.score(goal, draft)
            rounds.append({"draft": draft, "score": score})
            if score >= self.good_enough or len(rounds) >= self.max_rounds:
                break
            feedback = self.chat(("system", "What is missing?"), ("user", draft), seed=len(rounds))
            draft = self.chat(("user", f"{goal}\n\n{feedback}\n{draft}\n{source}"), seed=len(rounds))
        best = max(rounds, key=lambda one: one["score"])
        return best["draft"], best["score"], len(rounds)


writer = Writer()
posts = []
for name, text in list(documents.items())[:14]:
    post, score, rounds = writer.refine(name, f"Summarise {name} in two sentences", text[:1500])
    print(f"{name}: {score}/10 after {rounds} round{'s' if rounds > 1 else ''}")
    posts.append({"name": name, "post": post, "score": score, "rounds": rounds})
spent = writer.budget.spent
average = sum(post["score"] for post in posts) / len(posts)
