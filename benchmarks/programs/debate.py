import copy


class Debater:
    def __init__(self, name, persona):
        self.name = name
        self.persona = persona
        self.messages = []

    def hear(self, speaker, text):
        self.messages.append({"role": "user", "content": f"{speaker} says: {text}"})

    def speak(self, question):
        response = claude.messages.create(
            model=MODEL,
            max_tokens=400,
            system=self.persona,
            messages=self.messages + [{"role": "user", "content": question}],
        )
        text = response.content[0].text.strip()
        self.messages.append({"role": "assistant", "content": text})
        return text


class Judge:
    def __init__(self):
        self.verdicts = {}

    def agreed(self, statements):
        joined = "\n".join(statements.values())
        said = claude.messages.create(
            model=MODEL,
            max_tokens=10,
            messages=[{"role": "user", "content": f"Do these agree on the main point? Answer yes or no.\n\n{joined}"}],
        )
        return said.content[0].text.strip().lower() == "yes"

    def decide(self, motion, statements):
        joined = "\n".join(f"{name}: {text}" for name, text in statements.items())
        said = claude.messages.create(
            model=MODEL,
            max_tokens=10,
            messages=[{"role": "user", "content": f"Answer with one of: {', '.join(statements)}\n\n{joined}"}],
        )
        self.verdicts[motion] = said.content[0].text.strip()
        return self.verdicts[motion]


TEMPLATE = {
    "Ada": "You like what is exact. Answer in one sentence.",
    "Bob": "You like what is simple. Answer in one sentence.",
    "Cho": "You like what is fast. Answer in one sentence.",
}


def debate(motion, background, judge, rounds=3):
    debaters = {name: Debater(name, persona) for name, persona in TEMPLATE.items()}
    transcript = []
    for round_number in range(rounds):
        statements = {}
        for name, debater in debaters.items():
            question = f"Summarise your view on {motion} in one sentence:\n\n{background}" if round_number == 0 else motion
            statements[name] = debater.speak(question)
        for name, debater in debaters.items():
            for other, text in statements.items():
                if other != name:
                    debater.hear(other, text)
        transcript.append(copy.copy(statements))
        if judge.agreed(statements):
            break
    winner = judge.decide(motion, transcript[-1])
    return winner, transcript


judge = Judge()
transcripts = {}
for topic in list(documents)[:7]:
    winner, transcripts[topic] = debate(topic, documents[topic][:1200], judge)
    print(f"{topic:20} {len(transcripts[topic])} rounds, {winner} wins")
wins = {}
for winner in judge.verdicts.values():
    wins[winner] = wins.get(winner, 0) + 1
verdicts = judge.verdicts
