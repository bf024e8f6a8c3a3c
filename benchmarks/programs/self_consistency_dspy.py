from collections import Counter

import dspy

from benchmarks.dspy_help import configure
from benchmarks.programs.self_consistency_asyncio import QUESTIONS, SAMPLES, final_answer


class Sample(dspy.Module):
    def __init__(self):
        self.think = dspy.Predict(
            dspy.Signature("question, text -> answer", "Think step by step. Then rate your confidence from 1 to 9.")
        )

    def forward(self, question, text, seed):
        said = self.think(question=question, text=text, config={"temperature": 0.7, "seed": seed})
        return dspy.Prediction(number=final_answer(said.answer))


def main(client, model, documents, limit, service, **_):
    configure(service, model)
    sample = Sample()
    chosen = list(documents.items())[:16]
    pairs = [
        (sample, {"question": QUESTIONS[number % len(QUESTIONS)], "text": text[:1200], "seed": seed})
        for number, (_, text) in enumerate(chosen)
        for seed in range(SAMPLES)
    ]
    said = [one.number for one in dspy.Parallel(num_threads=limit, disable_progress_bar=True)(pairs)]
    votes, answers = {}, {}
    for number, (name, _) in enumerate(chosen):
        counter = Counter(one for one in said[number * SAMPLES : (number + 1) * SAMPLES] if one is not None)
        votes[name] = dict(counter)
        answers[name] = counter.most_common(1)[0][0] if counter else None
    low = [name for name, answer in answers.items() if answer is not None and answer < 5]
    return {"answers": answers, "low": low, "votes": votes, "unparsed": said.count(None)}
