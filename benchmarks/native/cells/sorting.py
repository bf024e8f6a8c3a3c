rows = [{"name": f"n{i * 7919 % 10007}", "value": i * 31 % 101} for i in range(60_000)]
rows.sort(key=lambda row: (row["value"], row["name"]))
groups = {}
for row in rows:
    groups.setdefault(row["value"], []).append(row["name"])
top = sorted(groups.items(), key=lambda item: -len(item[1]))[:3]
