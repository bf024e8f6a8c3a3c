class Total:
    def __init__(self):
        self.n = 0
        self.sum = 0


total = Total()
for i in range(300_000):
    total.n += 1
    total.sum += i
result = (total.n, total.sum)
