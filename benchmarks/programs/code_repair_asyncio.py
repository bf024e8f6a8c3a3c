import ast
import asyncio
import textwrap

TASKS = {
    "add": ("return the sum of a and b", [((1, 2), 3), ((-1, 1), 0)], "a - b"),
    "biggest": ("return the bigger one of a and b", [((1, 2), 2), ((5, 3), 5)], "min(a, b)"),
    "same": ("say whether a equals b", [((1, 1), True), ((1, 2), False)], "a is not b"),
    "times": ("return a times b", [((3, 4), 12), ((0, 9), 0)], "a ** b"),
    "half": ("return the integer half of a; b is unused", [((9, 0), 4), ((2, 0), 1)], "a / 2 +"),
    "rest": ("return the remainder of a divided by b", [((7, 3), 1), ((8, 2), 0)], "a // b"),
    "join": ("join a and b as texts", [((1, 2), "12"), (("x", "y"), "xy")], "a + b"),
    "first": ("return a unless it is falsy, else b", [((0, 2), 2), ((1, 5), 1)], "b"),
}
FIXES = {
    "add": "a + b",
    "biggest": "max(a, b)",
    "same": "a == b",
    "times": "a * b",
    "half": "a // 2",
    "rest": "a % b",
    "join": "f'{a}{b}'",
    "first": "a or b",
}


class CompileError(Exception):
    pass


class TestFailure(Exception):
    pass


def run_tests(name, code, tests):
    try:
        ast.parse(code)
        scope = {}
        exec(compile(code, f"<{name}>", "exec"), scope)
    except SyntaxError as error:
        raise CompileError(f"line {error.lineno}: {error.msg}") from None
    for args, expected in tests:
        got = scope[name](*args)
        if got != expected:
            raise TestFailure(f"f{args} gave {got!r}, not {expected!r}")
    return len(tests)


async def main(client, model, documents, limit, **_):
    slots = asyncio.Semaphore(limit)
    prompts = 0

    async def say(prompt, seed):
        nonlocal prompts
        prompts += 1
        async with slots:
            reply = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": prompt}], seed=seed
            )
        return reply.choices[0].message.content

    async def attempt(name, seed):
        """One candidate to its end."""
        spec, tests, wrong = TASKS[name]
        notes = await say(f"Propose one way to {spec}, in one sentence: {spec}", seed)
        code = f"def {name}(a, b):\n    '''{notes.strip()[:40]}'''\n    return {wrong if seed < 2 else FIXES[name]}\n"
        attempts = []
        for repair in range(3):
            try:
                passed = run_tests(name, code, tests)
            except (CompileError, TestFailure, TypeError) as error:
                attempts.append((seed, repair, type(error).__name__))
                if repair == 2:
                    break
                hint = await say(f"What is wrong here? {error}\n\n{code}", 0)
                code = code.replace(wrong, FIXES[name]) + f"# {hint.strip()[:30]}\n"
            else:
                attempts.append((seed, repair, "ok"))
                review = int(await say(f"Rate from 1 to 10 how clear this code is.\n\n{code}", seed))
                return {"code": textwrap.dedent(code), "review": review, "passed": passed}, attempts
        return None, attempts

    async def solve(name):
        history = []
        for seed in range(3):  # the next one is only tried where the one before was not good enough
            solution, attempts = await attempt(name, seed)
            history += attempts
            if solution and solution["review"] >= 4:
                return solution, history
        return None, history

    solved = dict(zip(TASKS, await asyncio.gather(*map(solve, TASKS)), strict=True))
    return {
        "solutions": {name: solution for name, (solution, _) in solved.items()},
        "history": {name: history for name, (_, history) in solved.items()},
        "prompts": prompts,
    }
