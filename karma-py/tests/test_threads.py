"""Environments play without the interpreter's lock, and threads that share one never see half a step."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from play import episode, same

import karma


def held(many):
    return np.full((many.num_envs, len(many.agents)), 3)


def test_python_runs_on_while_environments_step():
    many = karma.vector_env(256, scenario="ddos", threads=1)
    many.reset(seed=1)
    ticks, going = 0, threading.Event()

    def step():
        going.set()
        for _ in range(3):
            many.step(held(many))

    worker = threading.Thread(target=step)
    worker.start()
    going.wait()
    while worker.is_alive():
        ticks += 1
    # With the lock held, the loop would run between steps only: a few switches, each of 5 ms.
    assert ticks > 10_000


def test_environments_in_many_threads_are_those_of_one():
    def play(seed):
        return episode(karma.env("chain:2", scenario="failures"), seed=seed)

    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(play, range(16)))
    assert same(at_once, [play(seed) for seed in range(16)])


def test_threads_that_share_an_environment_take_turns():
    env = karma.env(scenario="ddos")
    env.reset(seed=1)
    actions = dict.fromkeys(env.possible_agents, 3)
    played, refused = [], []

    def step():
        while True:
            try:
                played.append(env._game.step(actions)[3])
            except RuntimeError as error:
                refused.append(str(error))
                return

    threads = [threading.Thread(target=step) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(played) == 40 and len(refused) == 8
    assert set(refused) == {"the episode has ended: call reset before the next step"}
    env.reset(seed=1)
    alone = [env._game.step(actions)[3] for _ in range(40)]
    assert sorted(played) == sorted(alone)


def test_a_vector_that_is_at_work_refuses_a_second_thread_and_goes_on():
    many, alone = (karma.vector_env(128, scenario="ddos", threads=2) for _ in range(2))
    many.reset(seed=1), alone.reset(seed=1)
    steps, refused = [], []

    def step():
        for _ in range(20):
            try:
                many.step(held(many))
                steps.append(1)
            except RuntimeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=step) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert refused and all("another thread is at work" in told for told in refused)
    for _ in steps:
        alone.step(held(alone))
    assert np.array_equal(many.observations, alone.observations)
    assert np.array_equal(many.rewards, alone.rewards)
