import asyncio
import json
import sqlite3

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


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    db = sqlite3.connect(":memory:")
    db.executescript(
        """
        CREATE TABLE record (id INTEGER PRIMARY KEY, source TEXT UNIQUE, title TEXT, point TEXT, rating INT, kind TEXT);
        CREATE TABLE keyword (record INTEGER, word TEXT);
        """
    )

    async def extract(source, text):
        async with slots:
            response = await client.chat.completions.create(
                model=model,
                messages=[
                    {"role": "system", "content": "Extract a record from the document."},
                    {"role": "user", "content": text},
                ],
                response_format={"type": "json_schema", "json_schema": {"name": "record", "schema": FIELDS}},
            )
        return {"source": source, **json.loads(response.choices[0].message.content)}

    ids, rejected = {}, []
    chosen = list(documents.items())[:40]
    for record in await asyncio.gather(*(extract(source, text) for source, text in chosen)):
        if record["rating"] < 3:
            rejected.append(record["source"])
            continue
        cursor = db.execute(
            "INSERT INTO record (source, title, point, rating, kind) VALUES (?, ?, ?, ?, ?)",
            (record["source"], record["title"], record["main_point"], record["rating"], record["kind"]),
        )
        ids[record["source"]] = cursor.lastrowid
        db.executemany("INSERT INTO keyword VALUES (?, ?)", [(cursor.lastrowid, word) for word in record["keywords"]])
        db.commit()
    by_kind = dict(db.execute("SELECT kind, count(*) FROM record GROUP BY kind ORDER BY kind").fetchall())
    words = db.execute("SELECT word, count(*) n FROM keyword GROUP BY word ORDER BY n DESC, word LIMIT 8").fetchall()
    db.close()
    return {"ids": ids, "rejected": rejected, "by_kind": by_kind, "words": words, "last": record}
