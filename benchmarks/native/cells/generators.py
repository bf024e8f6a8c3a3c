def numbers(n):
    for i in range(n):
        yield i


def evens(source):
    for x in source:
        if x % 2 == 0:
            yield x


total = 0
for x in evens(numbers(300_000)):
    total += x
