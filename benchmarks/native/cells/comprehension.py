xs = list(range(300_000))
squares = [x * x for x in xs if x % 3]
by_digit = {d: sum(1 for x in xs if x % 10 == d) for d in range(3)}
