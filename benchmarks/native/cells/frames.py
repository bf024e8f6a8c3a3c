import pandas as pd

frame = pd.DataFrame({"key": [i % 50 for i in range(60_000)], "value": [i * 0.5 for i in range(60_000)]})
frame["double"] = frame["value"] * 2
means = frame.groupby("key")["double"].mean().to_dict()
labels = []
for row in frame.head(1500).itertuples():
    labels.append(f"{row.key}:{row.value:.1f}")
for key in range(50):
    part = frame[frame["key"] == key]
    means[key] += float(part["value"].max())
capped = frame["value"].map(lambda v: min(v, 100.0)).sum()
