def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def depth(tree):
    return 0 if tree is None else 1 + max(depth(tree[0]), depth(tree[1]))


tree = None
for _ in range(17):
    tree = (tree, tree)
result = fib(26), depth(tree)
