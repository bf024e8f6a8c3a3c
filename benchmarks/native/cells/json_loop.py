import json

records = []
for i in range(15_000):
    text = json.dumps({"id": i, "tags": ["a", "b"], "value": i / 7, "inner": {"x": None, "y": True}})
    record = json.loads(text)
    record["tags"].append(str(record["id"]))
    records.append(record)
longest = max(len(record["tags"]) for record in records)
