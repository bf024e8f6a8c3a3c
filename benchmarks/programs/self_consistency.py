import re
from collections import Counter, defaultdict

SAMPLES = 7
QUESTIONS = [
    "How many kinds of loops does this describe?",
    "How many arguments does it name?",
    "How many exceptions does it mention?",
    "How many steps does it list?",
]


def sample(question, text, seed):
    completion = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "Think step by step. Then rate your confidence from 1 to 9."},
            {"role": "user", "content": f"{question}\n\n{text}"},
        ],
        temperature=0.7,
        seed=seed,
    )
    return completion.choices[0].message.content


def final_answer(text):
    numbers = re.findall(r"\d+", text)
    return int(numbers[-1]) if numbers else None


class SelfConsistency:
    def __init__(self, samples=SAMPLES):
        self.samples = samples
        self.votes = defaultdict(Counter)
        self.unparsed = 0

    def solve(self, key, question, text):
        for seed in range(self.samples):
            answer = final_answer(sample(question, text, seed))
            if answer is None:
                self.unparsed += 1
                continue
            self.votes[key][answer] += 1
        if not self.votes[key]:
            return None, 0.0
        (best, count), *_ = self.votes[key].most_common(1)
        return best, count / self.samples


solver = SelfConsistency()
answers = {}
for number, (name, text) in enumerate(documents.items()):
    if number == 16:
        break
    question = QUESTIONS[number % len(QUESTIONS)]
    answer, agreement = solver.solve((name, question), question, text[:1200])
    answers[name] = answer
    print(f"{number:2}. {name:16} {answer} ({agreement:.0%} agree)")
low = [name for name, answer in answers.items() if answer is not None and answer < 5]
votes = {name: dict(counter) for (name, _), counter in solver.votes.items()}
unparsed = solver.unparsed
