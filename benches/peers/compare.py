"""Takes our programs and their peers in turns, and prints the tables of `docs/performance.md`, section "Learning".

`compare.py EXAMPLES PYTHON [--rounds N] [--environments [JAX]]`: the folder of our built examples, and the Python that has
PyTorch and mpe2. Environments are measured where asked for, with JaxMARL's if the Python that has it is named. Every program is started once and waits for its turn; in each round every case is
measured once by every side. Everything is CPU time of one thread; `minimum / median` over the rounds.
"""

import argparse
import os
import platform
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
UPDATES = [
    f"{hidden} {activation} {norm} {parts}"
    for hidden in (64, 128)
    for activation in ("tanh", "relu")
    for norm in ("norm", "plain")
    for parts in (1, 4)
]
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Freed memory stays with the program: fetching every large tensor from the kernel anew would slow PyTorch down.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 32),
    "MALLOC_TOP_PAD_": str(1 << 28),
}


class Side:
    """A program that waits for its turn."""

    def __init__(self, *command):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ | ONE_THREAD)
        self.command, self.numbers = command, {}

    def turn(self, case):
        print(case, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{' '.join(self.command)} ended at the case `{case}`; its message is above")
        self.numbers.setdefault(case, []).append(float(answer))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def play(turns, rounds):
    """`turns` are pairs of a side and a case, in the order in which they are taken."""
    for _ in range(rounds):
        for side, case in turns:
            side.turn(case)
    for side in {side for side, _ in turns}:
        side.close()


def low(numbers):
    return f"{min(numbers):.1f} / {statistics.median(numbers):.1f}"


def high(numbers):
    return f"{max(numbers):,.0f} / {statistics.median(numbers):,.0f}"


def times(ours, theirs, best=min):
    """How many times theirs ours is: of the best turns, and of the medians."""
    pairs = [(best(ours), best(theirs)), (statistics.median(ours), statistics.median(theirs))]
    return " / ".join(f"{max(pair) / min(pair):.1f}{'' if (pair[0] < pair[1]) == (best is min) else ' slower'}" for pair in pairs)


def table(title, columns, rows):
    print(f"\n**{title}**\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def updates(ours, python, rounds):
    # Two programs: one that has compiled may be slower in whatever is not compiled.
    ours, theirs, compiler = Side(f"{ours}/mappo_update"), *(Side(python, HERE / "mappo_update.py") for _ in range(2))
    play([turn for case in UPDATES for turn in [(ours, case), (theirs, case), (compiler, f"{case} compile")]], rounds)
    rows = []
    for case in UPDATES:
        mine, eager, compiled = ours.numbers[case], theirs.numbers[case], compiler.numbers[f"{case} compile"]
        best = min(eager, compiled, key=statistics.median)
        rows.append([*case.split(), low(mine), low(eager), low(compiled), times(mine, best)])
    columns = ["hidden", "activation", "layer norm", "mini-batches", "ms per epoch", "PyTorch", "PyTorch, compiled"]
    table("MAPPO update, 9 600 rows", [*columns, "times faster than the better"], rows)


def environments(ours, python, jax, rounds):
    ours, theirs = Side(f"{ours}/training_speed"), Side(python, HERE / "training.py")
    turns = [(ours, "environment"), (theirs, "environment"), (ours, "train"), (theirs, "train")]
    names = {(theirs, "environment"): "mpe2, random actions", (theirs, "train"): "MAPPO: mpe2 and PyTorch"}
    if jax:
        compiled = Side(jax, HERE / "jaxmarl_speed.py")
        for count in ("1", "1024"):
            turns.append((compiled, count))
            names[compiled, count] = f"JaxMARL, random actions, {count} at once"
    play(turns, rounds)
    rows = []
    for (side, case), name in names.items():
        mine, other = ours.numbers["train" if case == "train" else "environment"], side.numbers[case]
        rows.append([name, high(mine), high(other), times(mine, other, max)])
    table("simple_spread, joint steps per CPU second (maximum / median)", ["peer", "ours", "the peer", "times faster"], rows)


def decisions(ours, python, rounds):
    ours, theirs = Side(f"{ours}/decision"), Side(python, HERE / "decision.py")
    play([(side, case) for case in ("greedy", "sampled") for side in (ours, theirs)], rounds)
    rows = [[case, low(ours.numbers[case]), low(theirs.numbers[case]), times(ours.numbers[case], theirs.numbers[case])] for case in ours.numbers]
    table("A decision of four agents with masks, µs", ["actions", "ours", "PyTorch", "times faster"], rows)


def machine():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("examples")
    parser.add_argument("python")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--environments", nargs="?", const="", metavar="JAX")
    words = parser.parse_args()
    print(f"{machine()}; {words.rounds} rounds.")
    updates(words.examples, words.python, words.rounds)
    decisions(words.examples, words.python, words.rounds)
    if words.environments is not None:
        environments(words.examples, words.python, words.environments, words.rounds)
    print(f"\nLoad at the end: {os.getloadavg()[0]:.1f}.")


main()
