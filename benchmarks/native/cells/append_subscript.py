xs = []
for i in range(300_000):
    xs.append(i)
    xs[i] = xs[i] + 1
