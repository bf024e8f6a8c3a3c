texts = ["12", "x", "7", "", "3.5"] * 20_000
numbers, bad = [], 0
for text in texts:
    try:
        numbers.append(int(text))
    except ValueError:
        bad += 1
