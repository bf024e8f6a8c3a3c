from dataclasses import dataclass


@dataclass
class Point:
    x: float
    y: float

    def moved(self, dx, dy):
        return Point(self.x + dx, self.y + dy)


point = Point(0.0, 0.0)
path = [point]
for i in range(80_000):
    point = point.moved(1, i % 3)
    path.append(point)
end = (point.x, point.y, len(path))
