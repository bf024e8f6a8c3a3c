def numbers(n):
    i = 0
    while i < n:
        yield i
        i += 1


def evens(source):
    for x in source:
        if x % 2 == 0:
            yield x


total = 0
for x in evens(numbers(300_000)):
    total += x
