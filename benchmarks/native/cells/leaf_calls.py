def scale(x, y=3):
    return x * y + 1


out = 0
for i in range(300_000):
    out += scale(i)
