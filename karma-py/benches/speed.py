"""How fast is the package beside the same loop in Rust, and beside what the field steps in?

    karma-py/benches/run.sh [TWIN]

One run, in turns: in each round every case is measured once by every side, so that what disturbs the machine disturbs all.
All play the default game (chain4, the whole suite, KARMA's organisation, the shield), every agent holding still; new episodes
are counted in. Ratios are medians over the rounds of the ratio within a round.
"""

import argparse
import statistics
import subprocess
import time

import numpy as np

import karma

MANY = 256
# Steps of a turn: about half a second each.
CLUSTER, CLUSTER_MANY, TWIN, TWIN_MANY = 400, 2, 20_000, 80


class Rust:
    """The loop in Rust, which waits for its turn."""

    def __init__(self, program):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program], stdin=pipe, stdout=pipe, text=True)

    def measure(self, twin, environments, threads, steps):
        print(twin or "-", environments, threads, steps, file=self.process.stdin, flush=True)
        return tuple(map(float, self.process.stdout.readline().split()))


def measured(work, played):
    """Seconds of the processor, and of the clock, for one step."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) / played, (time.perf_counter() - clock) / played


def single(env, steps):
    actions = dict.fromkeys(env.possible_agents, 3)

    def work():
        for _ in range(steps):
            if not env.agents:
                env.reset()
            env.step(actions)

    env.reset(seed=1)
    return lambda: measured(work, steps)


def vector(many, steps):
    actions = np.full((many.num_envs, len(many.agents)), 3)

    def work():
        for _ in range(steps):
            many.step(actions)

    many.reset(seed=1)
    return lambda: measured(work, steps * many.num_envs)


class LookUp:
    """A step in the style of gym-hpa's simulation, written for this measurement from its description.

    One agent scales one of `services` deployments; the next observation is a recorded row of a table of 4 000 in which that
    deployment has so many pods and changed by as much, found by filtering the table with pandas for each deployment.
    """

    def __init__(self, services):
        import pandas

        self.rng, self.services = np.random.default_rng(1), services
        rows = {}
        for service in range(services):
            rows[f"{service}_pods"] = self.rng.integers(1, 9, 4000)
            for metric in ("desired", "cpu", "memory", "in", "out"):
                rows[f"{service}_{metric}"] = self.rng.random(4000)
        self.table = pandas.DataFrame(rows)
        self.pods = np.ones(services, int)

    def step(self, service, change):
        before, self.pods[service] = self.pods[service], np.clip(self.pods[service] + change, 1, 8)
        seen = []
        for number in range(self.services):
            pods = self.table[f"{number}_pods"]
            moved = self.pods[number] - before if number == service else 0
            rows = self.table.loc[(pods == self.pods[number]) & (pods.diff() == moved)]
            rows = rows if len(rows) else self.table.loc[pods == self.pods[number]]
            row = rows.sample(1, random_state=int(self.rng.integers(2**31))).iloc[0]
            seen += [row[f"{number}_{metric}"] for metric in ("pods", "desired", "cpu", "memory", "in", "out")]
        return np.array(seen), float(sum(seen[1::6]))


def look_up(services, steps):
    game = LookUp(services)

    def work():
        for _ in range(steps):
            game.step(int(game.rng.integers(services)), int(game.rng.integers(-7, 8)))

    return lambda: measured(work, steps)


def spread(steps):
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.parallel_env()
    env.reset(seed=1)

    def work():
        for _ in range(steps):
            if not env.agents:
                env.reset()
            env.step(dict.fromkeys(env.agents, 0))

    return lambda: measured(work, steps)


def cases(rust, twin):
    """Name, and what measures a turn."""
    game, many = karma.env(), karma.vector_env(MANY, threads=1)
    both = karma.vector_env(MANY, threads=2)
    yield "cluster, Rust", lambda: rust.measure(None, 1, 1, CLUSTER)
    yield "cluster, karma.env", single(game, CLUSTER)
    yield f"cluster, Rust, {MANY} environments", lambda: rust.measure(None, MANY, 1, CLUSTER_MANY)
    yield f"cluster, karma.vector_env({MANY})", vector(many, CLUSTER_MANY)
    yield f"cluster, Rust, {MANY} environments, 2 threads", lambda: rust.measure(None, MANY, 2, CLUSTER_MANY)
    yield f"cluster, karma.vector_env({MANY}), 2 threads", vector(both, CLUSTER_MANY)
    if twin:
        yield "twin, Rust", lambda: rust.measure(twin, 1, 1, TWIN)
        yield "twin, karma.env", single(karma.env(twin=twin), TWIN)
        yield f"twin, Rust, {MANY} environments", lambda: rust.measure(twin, MANY, 1, TWIN_MANY)
        yield f"twin, karma.vector_env({MANY})", vector(karma.vector_env(MANY, twin=twin, threads=1), TWIN_MANY)
    yield "mpe2, simple_spread", spread(500)
    yield "in the style of gym-hpa, 4 services", look_up(4, 40)
    yield "in the style of gym-hpa, 11 services", look_up(11, 15)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rust")
    parser.add_argument("--twin")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    turns = list(cases(Rust(given.rust), given.twin))
    for _, turn in turns:
        turn()
    rounds = [{name: turn() for name, turn in turns} for _ in range(given.rounds)]
    print("| what | joint steps per CPU second | steps per second of the clock | CPU of a step, times Rust's |")
    print("|---|---|---|---|")
    rival = None
    for name, _ in turns:
        rival = name if ", Rust" in name else rival
        cpu, clock = (statistics.median(turn[name][part] for turn in rounds) for part in (0, 1))
        part = 1 if "2 threads" in name else 0
        ratio = statistics.median(turn[name][part] / turn[rival][part] for turn in rounds)
        compared = f"{ratio:.2f}" if name.startswith(rival.split(",")[0]) and name != rival else ""
        speeds = (f"{1 / seconds:,.0f}".replace(",", " ") for seconds in (cpu, clock))
        print(f"| {name} | {' | '.join(speeds)} | {compared} |")


if __name__ == "__main__":
    main()
