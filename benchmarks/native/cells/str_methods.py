words = ["Alpha", "beta ", " Gamma", "delta"] * 75_000
cleaned = []
for word in words:
    word = word.strip().lower()
    if word.startswith("a"):
        word = word.replace("a", "A")
    cleaned.append(word)
