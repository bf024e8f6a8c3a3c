counts = {}
for i in range(300_000):
    key = i % 97
    counts[key] = counts.get(key, 0) + 1
