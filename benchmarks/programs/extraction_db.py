import json
import sqlite3
from dataclasses import asdict, dataclass

FIELDS = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "keywords": {"type": "array", "items": {"type": "string"}},
        "main_point": {"type": "string", "maxLength": 160},
        "rating": {"type": "integer", "minimum": 1, "maximum": 10},
        "kind": {"enum": ["statement", "expression", "object"]},
    },
}


@dataclass
class Record:
    source: str
    title: str
    keywords: list
    main_point: str
    rating: int
    kind: str

    @classmethod
    def parse(cls, source, text):
        data = json.loads(text)
        return cls(source=source, **{key: data[key] for key in FIELDS["properties"]})


class Store:
    def __init__(self, path=":memory:"):
        self.db = sqlite3.connect(path)
        self.db.executescript(
            """
            CREATE TABLE record (id INTEGER PRIMARY KEY, source TEXT UNIQUE, title TEXT, point TEXT, rating INT, kind TEXT);
            CREATE TABLE keyword (record INTEGER, word TEXT);
            """
        )

    def insert(self, record):
        cursor = self.db.execute(
            "INSERT INTO record (source, title, point, rating, kind) VALUES (?, ?, ?, ?, ?)",
            (record.source, record.title, record.main_point, record.rating, record.kind),
        )
        self.db.executemany("INSERT INTO keyword VALUES (?, ?)", [(cursor.lastrowid, word) for word in record.keywords])
        self.db.commit()
        return cursor.lastrowid

    def count(self):
        return self.db.execute("SELECT count(*) FROM record").fetchone()[0]


def extract(source, text):
    response = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "Extract a record from the document."},
            {"role": "user", "content": text},
        ],
        response_format={"type": "json_schema", "json_schema": {"name": "record", "schema": FIELDS}},
    )
    return Record.parse(source, response.choices[0].message.content)


store = Store()
rejected = []
ids = {}
for source, text in list(documents.items())[:40]:
    record = extract(source, text)
    if record.rating < 3:
        rejected.append(record.source)
        continue
    ids[source] = store.insert(record)
    if len(ids) % 10 == 0:
        print(f"{store.count()} records")
by_kind = dict(store.db.execute("SELECT kind, count(*) FROM record GROUP BY kind ORDER BY kind").fetchall())
words = store.db.execute("SELECT word, count(*) n FROM keyword GROUP BY word ORDER BY n DESC, word LIMIT 8").fetchall()
last = asdict(record)
print(f"{store.count()} records, {len(rejected)} rejected: {by_kind}")
store.db.close()
