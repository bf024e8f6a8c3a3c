import re
import sqlite3

SCHEMA = "CREATE TABLE pages (id INTEGER PRIMARY KEY, name TEXT, words INTEGER, kind TEXT, body TEXT)"
TEMPLATES = [
    "SELECT name FROM pages WHERE body LIKE '%{word}%' ORDER BY words DESC LIMIT 5",
    "SELECT kind, count(*) FROM pages WHERE body LIKE '%{word}%' GROUP BY kind",
    "SELECT nme FROM pages WHERE body LIKE '%{word}%'",
    "SELECT avg(words) FROM pages WHERE name LIKE '%{word}%'",
]


def connect():
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.execute(SCHEMA)
    for name, text in documents.items():
        db.execute(
            "INSERT INTO pages (name, words, kind, body) VALUES (?, ?, ?, ?)",
            (name, len(text.split()), "long" if len(text) > 2000 else "short", text),
        )
    db.commit()
    return db


def ask(system, user, seed=0):
    response = client.chat.completions.create(
        model=MODEL,
        seed=seed,
        messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
    )
    return response.choices[0].message.content.strip()


def propose(question, seed):
    """The local model writes no SQL; it says which word to look for, and the seed says which shape of query."""
    word = ask("Name 1 keyword.", question, seed).split(",")[0].strip()
    word = re.sub(r"[^a-z]", "", word.lower()) or "name"
    return TEMPLATES[seed % len(TEMPLATES)].format(word=word)


def execute(db, sql):
    try:
        rows = [tuple(row) for row in db.execute(sql).fetchall()]
        return {"sql": sql, "rows": rows, "error": None}
    except sqlite3.Error as error:
        return {"sql": sql, "rows": [], "error": str(error)}


def solve(db, question, candidates=4, repairs=1):
    tried = []
    for seed in range(candidates):
        outcome = execute(db, propose(question, seed))
        for _ in range(repairs):
            if outcome["error"] is None:
                break
            hint = ask("Name 1 keyword.", f"{question} {outcome['error']}", seed)
            outcome = execute(db, outcome["sql"].replace("nme", "name"))
            outcome["hint"] = hint
        tried.append(outcome)
    working = [outcome for outcome in tried if outcome["rows"]]
    if not working:
        return None, tried
    votes = [int(ask("Rate from 1 to 10 how well this answers the question.", f"{question}\n\n{o['rows']}")) for o in working]
    best = working[votes.index(max(votes))]
    return best, tried


db = connect()
questions = [
    "Which pages talk about loops?",
    "How many pages mention modules?",
    "Which pages explain classes?",
    "What is said about strings?",
    "Which pages define names?",
    "Where are exceptions described?",
    "Which pages show numbers?",
    "Which pages list operators?",
]
solved = {}
for question in questions:
    best, tried = solve(db, question)
    solved[question] = best
    failed = sum(1 for outcome in tried if outcome["error"])
    print(f"{question:35} {len(tried)} candidates, {failed} failed -> {best['sql'] if best else 'nothing'}")
db.close()
rows = {question: best["rows"] if best else [] for question, best in solved.items()}
