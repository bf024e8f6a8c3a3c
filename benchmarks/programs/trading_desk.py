from dataclasses import dataclass, field


@dataclass
class Report:
    ticker: str
    sections: dict = field(default_factory=dict)
    debate: list = field(default_factory=list)
    risk: str = ""
    decision: str = ""
    confidence: int = 0

    def add(self, role, text):
        self.sections[role] = text

    def as_text(self):
        return "\n\n".join(f"## {role}\n{text}" for role, text in self.sections.items())


class Agent:
    def __init__(self, role, task):
        self.role = role
        self.task = task
        self.calls = 0

    def ask(self, prompt, seed=0):
        self.calls += 1
        response = client.chat.completions.create(
            model=MODEL,
            seed=seed,
            messages=[
                {"role": "system", "content": f"You are the {self.role} of a trading desk."},
                {"role": "user", "content": prompt},
            ],
        )
        return response.choices[0].message.content.strip()

    def run(self, report, material):
        text = self.ask(f"{self.task} in two sentences:\n\n{material}")
        report.add(self.role, text)
        return text


class Desk:
    def __init__(self):
        self.analysts = [
            Agent("market analyst", "Summarise the trend"),
            Agent("news analyst", "Summarise the news"),
            Agent("sentiment analyst", "Summarise the mood"),
            Agent("fundamentals analyst", "Summarise the business"),
        ]
        self.bull = Agent("bull researcher", "Argue for buying")
        self.bear = Agent("bear researcher", "Argue for selling")
        self.trader = Agent("trader", "Decide")
        self.risk = Agent("risk manager", "Judge the risk")
        self.log = []

    def debate(self, report, rounds=2):
        last = report.as_text()
        for turn in range(rounds):
            pro = self.bull.ask(f"Give one argument for buying, in one sentence:\n\n{last}", seed=turn)
            con = self.bear.ask(f"Give one argument for selling, in one sentence:\n\n{last}", seed=turn + 1)
            report.debate.append((pro, con))
            last = f"{pro}\n{con}\n{report.as_text()}"
        return last

    def trade(self, ticker, material):
        report = Report(ticker)
        for analyst in self.analysts:
            analyst.run(report, material)
        arguments = self.debate(report)
        report.decision = self.trader.ask(f"Answer with one of: buy, hold, sell\n\n{arguments}")
        if report.decision != "hold":
            report.risk = self.risk.ask(f"Answer with one of: low, medium, high\n\n{report.as_text()}")
            if report.risk == "high":
                report.decision = "hold"
        report.confidence = int(self.trader.ask(f"Rate your confidence from 1 to 10.\n\n{arguments}"))
        self.log.append(f"{ticker}: {report.decision} ({report.confidence}/10)")
        return report


desk = Desk()
reports = {}
for ticker in list(documents)[:10]:
    report = desk.trade(ticker, documents[ticker])
    reports[ticker] = report
    print(f"{ticker:20} {report.decision:5} confidence {report.confidence} risk {report.risk or '-'}")
decisions = {ticker: (report.decision, report.risk, report.confidence) for ticker, report in reports.items()}
texts = {ticker: report.as_text() for ticker, report in reports.items()}
calls = {agent.role: agent.calls for agent in [*desk.analysts, desk.bull, desk.bear, desk.trader, desk.risk]}
