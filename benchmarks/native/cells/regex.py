import re

line = "2026-11-22 01:02:03 INFO worker-7 finished job 123 in 45.6 ms"
pattern = re.compile(r"(\d+)-(\d+)-(\d+) \S+ (\w+) (\S+) .* (\d+\.\d+) ms")
seconds, levels = 0.0, {}
for _ in range(40_000):
    match = pattern.match(line)
    seconds += float(match.group(6)) / 1000
    levels[match[4]] = levels.get(match[4], 0) + 1
    name = re.sub(r"\d+", "#", match[5])
seconds = round(seconds, 6)
