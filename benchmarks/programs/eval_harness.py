from collections import Counter

from openai import APIStatusError

LABELS = ["names", "classes", "loops", "modules", "numbers", "strings"]


class Flaky(Exception):
    pass


def with_retries(prompt, tries=3, **options):
    """The model fails now and then; try again, another way the last time."""
    for attempt in range(tries):
        try:
            response = client.chat.completions.create(
                model=f"{MODEL}+500@0.1" if attempt < tries - 1 else MODEL,
                messages=[{"role": "user", "content": prompt}],
                seed=attempt,
                **options,
            )
            return response.choices[0].message.content.strip(), attempt
        except APIStatusError as error:
            if error.status_code < 500:
                raise
            if attempt == tries - 1:
                raise Flaky(prompt[:30]) from error
    raise AssertionError("unreachable")


class Progress:
    def __init__(self, total):
        self.total = total
        self.done = 0

    def update(self, **postfix):
        self.done += 1
        if self.done % 25 == 0 or self.done == self.total:
            tail = " ".join(f"{key}={value}" for key, value in postfix.items())
            print(f"[{'#' * (20 * self.done // self.total):20}] {self.done}/{self.total} {tail}")


def items():
    made = []
    for name, text in documents.items():
        for start in range(0, len(text), 600):
            made.append({"id": f"{name}@{start}", "text": text[start : start + 600], "gold": LABELS[len(name) % len(LABELS)]})
    return made[:200]


dataset = items()
progress = Progress(len(dataset))
rows = []
confusion = Counter()
correct = retried = 0
for item in dataset:
    predicted, attempts = with_retries(f"Answer with one of: {', '.join(LABELS)}\n\n{item['text']}")
    ok = predicted == item["gold"]
    if ok:
        correct += 1
    retried += attempts
    confusion[item["gold"], predicted] += 1
    rows.append({**item, "predicted": predicted, "ok": ok})
    progress.update(correct=correct)
accuracy = correct / len(rows)
print(f"accuracy {accuracy:.3f}, {retried} retries")
