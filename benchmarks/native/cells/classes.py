class Shape:
    def __init__(self, name, width):
        self.name = name
        self.width = width

    def area(self):
        raise NotImplementedError


class Square(Shape):
    def area(self):
        return self.width * self.width


class Circle(Shape):
    def area(self):
        return 3 * self.width**2


class Ledger:
    def __init__(self):
        self.lines = []
        self.total = 0

    def book(self, shape):
        area = shape.area()
        self.total += area
        self.lines.append((shape.name, area))


ledger = Ledger()
for i in range(60_000):
    shape = Square("square", i % 10) if i % 2 else Circle("circle", i % 7)
    ledger.book(shape)
total, lines = ledger.total, len(ledger.lines)
