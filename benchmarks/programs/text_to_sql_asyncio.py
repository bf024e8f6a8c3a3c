import asyncio
import re
import sqlite3

SCHEMA = "CREATE TABLE pages (id INTEGER PRIMARY KEY, name TEXT, words INTEGER, kind TEXT, body TEXT)"
TEMPLATES = [
    "SELECT name FROM pages WHERE body LIKE '%{word}%' ORDER BY words DESC LIMIT 5",
    "SELECT kind, count(*) FROM pages WHERE body LIKE '%{word}%' GROUP BY kind",
    "SELECT nme FROM pages WHERE body LIKE '%{word}%'",
    "SELECT avg(words) FROM pages WHERE name LIKE '%{word}%'",
]
QUESTIONS = [
    "Which pages talk about loops?",
    "How many pages mention modules?",
    "Which pages explain classes?",
    "What is said about strings?",
    "Which pages define names?",
    "Where are exceptions described?",
    "Which pages show numbers?",
    "Which pages list operators?",
]


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    db = sqlite3.connect(":memory:")
    db.execute(SCHEMA)
    for name, text in documents.items():
        row = (name, len(text.split()), "long" if len(text) > 2000 else "short", text)
        db.execute("INSERT INTO pages (name, words, kind, body) VALUES (?, ?, ?, ?)", row)

    async def ask(system, user, seed=0):
        async with slots:
            response = await client.chat.completions.create(
                model=model,
                seed=seed,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
            )
        return response.choices[0].message.content.strip()

    def execute(sql):
        try:
            return {"sql": sql, "rows": [tuple(row) for row in db.execute(sql).fetchall()], "error": None}
        except sqlite3.Error as error:
            return {"sql": sql, "rows": [], "error": str(error)}

    async def attempt(question, seed):
        word = (await ask("Name 1 keyword.", question, seed)).split(",")[0].strip()
        word = re.sub(r"[^a-z]", "", word.lower()) or "name"
        outcome = execute(TEMPLATES[seed % len(TEMPLATES)].format(word=word))
        if outcome["error"] is not None:
            hint = await ask("Name 1 keyword.", f"{question} {outcome['error']}", seed)
            outcome = execute(outcome["sql"].replace("nme", "name"))
            outcome["hint"] = hint
        return outcome

    async def solve(question):
        tried = await asyncio.gather(*(attempt(question, seed) for seed in range(4)))
        working = [outcome for outcome in tried if outcome["rows"]]
        if not working:
            return None
        rate = "Rate from 1 to 10 how well this answers the question."
        votes = [int(vote) for vote in await asyncio.gather(*(ask(rate, f"{question}\n\n{o['rows']}") for o in working))]
        return working[votes.index(max(votes))]

    solved = dict(zip(QUESTIONS, await asyncio.gather(*map(solve, QUESTIONS)), strict=True))
    db.close()
    return {"solved": solved, "rows": {question: best["rows"] if best else [] for question, best in solved.items()}}
