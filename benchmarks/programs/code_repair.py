import ast
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
    def __init__(self, case, got):
        super().__init__(f"f{case[0]} gave {got!r}, not {case[1]!r}")
        self.case = case


class Model:
    """Stands for a model that codes: what it is told by the real one decides which body it writes."""

    def __init__(self):
        self.prompts = 0

    def _say(self, prompt, seed):
        self.prompts += 1
        reply = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}], seed=seed)
        return reply.choices[0].message.content

    def write(self, name, spec, seed):
        notes = self._say(f"Propose one way to {spec}, in one sentence: {spec}", seed)
        body = TASKS[name][2] if seed < 2 else FIXES[name]
        return f"def {name}(a, b):\n    '''{notes.strip()[:40]}'''\n    return {body}\n"

    def repair(self, name, code, error):
        hint = self._say(f"What is wrong here? {error}\n\n{code}", 0)
        return code.replace(TASKS[name][2], FIXES[name]) + f"# {hint.strip()[:30]}\n"


def run_tests(name, code, tests):
    try:
        ast.parse(code)
        scope = {}
        exec(compile(code, f"<{name}>", "exec"), scope)
    except SyntaxError as error:
        raise CompileError(f"line {error.lineno}: {error.msg}") from None
    passed = 0
    for args, expected in tests:
        got = scope[name](*args)
        if got != expected:
            raise TestFailure((args, expected), got)
        passed += 1
    return passed


def solve(model, name, candidates=3, repairs=2):
    spec, tests, _ = TASKS[name]
    attempts = []
    for seed in range(candidates):
        code = model.write(name, spec, seed)
        for repair in range(repairs + 1):
            try:
                passed = run_tests(name, code, tests)
            except (CompileError, TestFailure, TypeError) as error:
                attempts.append((seed, repair, type(error).__name__))
                if repair == repairs:
                    break
                code = model.repair(name, code, error)
            else:
                attempts.append((seed, repair, "ok"))
                review = model._say(f"Rate from 1 to 10 how clear this code is.\n\n{code}", seed)
                solution = {"code": textwrap.dedent(code), "review": int(review), "passed": passed}
                break
        else:
            continue
        if attempts[-1][2] == "ok" and solution["review"] >= 4:
            return solution, attempts
    return None, attempts


model = Model()
solutions, history = {}, {}
for name in TASKS:
    solution, attempts = solve(model, name)
    solutions[name], history[name] = solution, attempts
    outcome = "solved" if solution else "unsolved"
    print(f"{name:8} {outcome} after {len(attempts)} attempts: {', '.join(kind for _, _, kind in attempts)}")
prompts = model.prompts
