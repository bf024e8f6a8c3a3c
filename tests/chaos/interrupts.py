"""A real signal at every 50 ms of a run, in a real kernel.

Each time: control is back within half a second of what a plain cell needs at that moment; the next cell runs under %%poppy; what was done in order (rows of an SQLite
table, lines of a file) is a prefix of what a plain run does, the same in both; and when the blocking calls that were
abandoned have run out, tasks, greenlets, threads, descriptors and the kernel's own stdout are as before.
"""

from __future__ import annotations

import ast
import queue
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.chaos.record import Part
from tests.chaos.stacks import NEW, OLD, Stack
from tests.jupyter import kernel as kernels
from tests.jupyter.kernel import Cell, Kernel

STEP = 0.05
PROMISE = 0.5

PRELUDE = '''
import asyncio, gc, os, signal, sqlite3, sys, tempfile, threading, time
import greenlet, openai, poppy_ipython
from poppy_ipython import limit, local_llm, sequential, unordered

service = local_llm.serve(first_token=0.15, per_token=0, jitter=0.5)
client = openai.OpenAI(base_url=service.base_url, api_key="local", max_retries=0)
aclient = openai.AsyncOpenAI(base_url=service.base_url, api_key="local", max_retries=0)
folder = tempfile.mkdtemp()
database = sqlite3.connect(os.path.join(folder, "rows.db"), check_same_thread=False, isolation_level=None)
database.execute("create table rows (n)")
path = os.path.join(folder, "lines")

@sequential("sink")
def put(n):
    database.execute("insert into rows values (?)", (n,))
    with open(path, "a") as file:
        file.write(f"{n}\\n")
    return n

@unordered
def tool(n):
    time.sleep(0.1)
    return n

@unordered
async def fetch(n):
    await asyncio.sleep(0.12)
    return n

@unordered(retry=3)
def flaky(n):
    time.sleep(0.02)
    raise ConnectionError(n)

@unordered(host="paced")
def paced(n):
    return n

limit("paced", per_minute=2)

def ask(n):
    answer = client.chat.completions.create(model="local-small", messages=[{"role": "user", "content": f"Summarise: item {n} is here."}])
    return answer.choices[0].message.content

async def aask(n):
    answer = await aclient.chat.completions.create(model="local-small", messages=[{"role": "user", "content": f"Summarise: item {n} is here."}])
    return answer.choices[0].message.content

def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass

STDOUT = sys.stdout

def emptied():
    database.execute("delete from rows")
    open(path, "w").close()

def done():
    with open(path) as file:
        lines = [int(line) for line in file]
    return [n for n, in database.execute("select n from rows order by rowid")], lines

def census():
    gc.collect()
    tasks = [t for t in asyncio.all_tasks() if "poppy" in repr(t) or "fetch" in repr(t) or "openai" in repr(t)]
    alive = [g for g in gc.get_objects() if isinstance(g, greenlet.greenlet) and g and not g.dead and g is not greenlet.getcurrent() and g.parent]
    threads = [t.name for t in threading.enumerate() if t.name != "poppy-call"]
    return dict(tasks=len(tasks), greenlets=len(alive), threads=sorted(threads), files=len(os.listdir("/proc/self/fd")), stdout=sys.stdout is STDOUT,
                handler=signal.getsignal(signal.SIGINT).__module__)
'''

BUSY = """
print("go", flush=True)
while True:
    busy(0.04)
"""
"""As a plain cell: how long any cell takes to be interrupted on this machine just now."""

PROGRAMS = {
    "blocking client, helpers": """
print("go", flush=True)
notes = []
for i in range(30):
    put(i)
    notes.append(ask(i))
    if len(ask(i + 100)) > 3:
        put(1000 + i)
    tool(i)
print(len(notes))
""",
    "async client": """
print("go", flush=True)
notes = []
for i in range(12):
    notes.append(await aclient.chat.completions.create(model="local-small", messages=[{"role": "user", "content": f"Summarise: item {i} is here."}]))
    x = await fetch(len(str(notes[-1])))
    put(i)
for i in range(12, 24):
    put(await fetch(await fetch(i)))
""",
    "branches and handlers": """
print("go", flush=True)
def step(n):
    try:
        if tool(n) % 3:
            return put(n)
        flaky(n)
    except ConnectionError as error:
        put(-n)
        return error.args[0]
    finally:
        tool(n)
rows = [step(n) for n in range(1, 14)]
""",
    "busy between calls": """
print("go", flush=True)
total = 0
for i in range(14):
    total += tool(i)
    busy(0.04)
    put(total)
    total += sum(range(300_000))
""",
    "waiting for a limit": """
print("go", flush=True)
for i in range(9):
    put(tool(i))
xs = [paced(i) for i in range(6)]
print(xs)
""",
}


@dataclass
class Outcome:
    program: str
    at: float
    ended: bool  # before the signal came
    seconds: float
    problems: list[str]
    lost: bool = False
    plain: float = 0.0  # a plain cell, just before


def interrupted(kernel: Kernel, code: str, after: float) -> tuple[Cell, float | None]:
    """The cell, and the seconds from the signal to its end; None if it had ended before."""
    sent: list[float] = []
    timer: list[threading.Timer] = []
    over = threading.Lock()

    def signal() -> None:
        if over.acquire(blocking=False):  # never into the next cell
            sent.append(time.monotonic())
            kernel.manager.interrupt_kernel()

    def on_output(kind: str, content: object) -> None:
        if not timer and kind == "stdout" and "go" in str(content):
            timer.append(threading.Timer(after, signal))
            timer[0].start()

    try:
        cell = kernel.run(code, on_output=on_output)
    except queue.Empty:  # idle, and no reply: the signal came when ipykernel itself was writing it ("caught in kernel")
        return Cell(reply={"status": "lost"}), None
    over.acquire(blocking=False)
    timer[0].cancel()
    timer[0].join()
    return cell, (cell.ended - sent[0] if sent else None)


def one(kernel: Kernel, name: str, after: float, expected: list[int], before: str | None) -> Outcome:
    kernel.run("emptied()")
    _, plain = interrupted(kernel, BUSY.strip(), 0.05)
    cell, seconds = interrupted(kernel, "%%poppy --quiet\n" + PROGRAMS[name].strip(), after)
    problems = []
    if cell.reply["status"] == "lost":
        return Outcome(name, after, False, 0.0, [], lost=True)
    if seconds is None:
        return Outcome(name, after, True, 0.0, [] if cell.reply["status"] == "ok" else [f"failed by itself: {cell.reply.get('ename')}"])
    if cell.reply["status"] == "ok":
        pass  # the signal came while the last line ended
    elif cell.reply["ename"] != "KeyboardInterrupt":
        problems.append(f"ended with {cell.reply['ename']}: {cell.reply['evalue']}"[:300])
    if seconds > PROMISE + (plain or 0.0):
        problems.append(f"control after {seconds:.2f} s, a plain cell after {plain or 0.0:.2f} s")
    rows, lines = ast.literal_eval(str(kernel.run("done()").value))
    if rows != lines and rows[:-1] != lines:  # the signal may come between the two
        problems.append(f"rows {rows} but lines {lines}")
    if rows != expected[: len(rows)]:
        problems.append(f"{rows} is no prefix of {expected}")
    follow = kernel.run("%%poppy --quiet\nx = [tool(n) for n in range(3)]\nsum(x)")
    if follow.value != "3" or follow.error:
        problems.append(f"the next cell gave {follow.value} {follow.error}")
    if before is not None:
        kernel.run("time.sleep(0.4)")  # what was abandoned runs out
        now = kernel.run("census()").value
        if now != before:
            problems.append(f"left behind: {now}; before: {before}")
    return Outcome(name, after, False, seconds, problems, plain=plain or 0.0)


def versions(kernel: Kernel) -> str:
    asked = "import IPython, ipykernel; f'ipykernel {ipykernel.__version__}, IPython {IPython.__version__}'"
    return str(ast.literal_eval(str(kernel.run(asked).value)))


def campaign(
    count: int,
    *,
    programs: tuple[str, ...] = tuple(PROGRAMS),
    step: float = STEP,
    check_every: int = 4,
    stack: Stack = NEW,
    name: list[str] | None = None,
) -> list[Outcome]:
    """`name` is told which versions the kernel has."""
    kernels.PATIENCE = 25  # plain runs take their time, and say nothing
    kernel = Kernel(env=stack.environment())
    found: list[Outcome] = []
    if name is not None:
        name.append(versions(kernel))
    try:
        for code in ("%load_ext poppy_ipython", PRELUDE):
            cell = kernel.run(code)
            assert cell.reply["status"] == "ok", cell.error
        for program in programs:
            before: str | None = None
            kernel.run("emptied()")
            limited = program == "waiting for a limit"  # takes minutes; its plain order is known
            kernel.run(PROGRAMS[program].strip().split("\nxs = ")[0] if limited else PROGRAMS[program].strip())
            expected, _ = ast.literal_eval(str(kernel.run("done()").value))
            one(kernel, program, 0.3, expected, None)  # connections and threads are there from now on
            kernel.run("time.sleep(0.5)")
            before = kernel.run("census()").value
            for n in range(count // len(programs)):
                found.append(one(kernel, program, step * n, expected, before if n % check_every == 0 else None))
                print("." if not found[-1].problems else "F", end="", flush=True)
                if found[-1].problems:
                    print(f"\n{program} at {step * n:.2f} s: {found[-1].problems[0]}"[:400], flush=True)
                if found[-1].ended:
                    break  # the program is over by then
            print(f" {program}", flush=True)
        kernel.run("service.stop()")
    finally:
        kernel.close()
    return found


def both(count: int, stacks: tuple[Stack, ...] = (NEW, OLD)) -> list[Part]:
    """Each stack in a kernel of its own, at the same time: they wait nearly always."""
    names: list[list[str]] = [[] for _ in stacks]
    with ThreadPoolExecutor(len(stacks)) as pool:
        runs = [pool.submit(campaign, count, stack=stack, name=name) for stack, name in zip(stacks, names, strict=True)]
        return [part(run.result(), name[0]) for run, name in zip(runs, names, strict=True)]


def part(found: list[Outcome], versions: str) -> Part:
    made = Part(
        f"Interrupts, {versions.split(',')[0]}",
        ("program", "signals", "control back after, median ms", "p99 ms", "worst ms", "a plain cell: median ms", "worst ms", "not as promised"),
        note=f"A signal at every {STEP * 1000:.0f} ms of each program; promised are {PROMISE * 1000:.0f} ms more "
        "than a plain cell, a busy loop interrupted just before, takes on the same machine. "
        "Every fourth time everything that could be left behind was counted."
        f" Replies that ipykernel lost itself, between a cell and its reply: {sum(outcome.lost for outcome in found)}.",
    )
    made.kernel = versions.replace(", ", " · ")
    for name in dict.fromkeys(outcome.program for outcome in found):
        mine = [outcome for outcome in found if outcome.program == name]
        times = sorted(outcome.seconds * 1000 for outcome in mine if not outcome.ended and not outcome.lost)
        bad = [outcome for outcome in mine if outcome.problems]
        p99 = times[min(len(times) - 1, int(0.99 * len(times)))]
        plain = sorted(outcome.plain * 1000 for outcome in mine if outcome.plain)
        shown = [f"{one:.0f}" for one in (statistics.median(times), p99, times[-1], statistics.median(plain), plain[-1])]
        made.rows.append((name, str(len(times)), *shown, str(len(bad))))
        made.broken += [f"{name} at {outcome.at:.2f} s: {'; '.join(outcome.problems)}" for outcome in bad]
    return made
