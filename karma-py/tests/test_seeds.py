"""Stricter than PettingZoo's seed_test, whose parallel form ends after one step and never looks at a reset."""

import itertools

import numpy as np
from play import episode, same

import karma


def deterministic(make):
    """Whether a new environment, a second one, and one that has played before show the same in whole episodes.

    Compared are all observations, masks, rewards, flags, infos and states, from the reset on; and the episodes that follow
    without a seed.
    """
    first, second, used = make(), make(), make()
    episode(used, seed=99, rule=2)
    for seed in (0, 1, 2**64 - 1):
        course = [[episode(env, given) for given in (seed, None, None)] for env in (first, second, used)]
        if not (same(course[0], course[1]) and same(course[0], course[2])):
            return False
    return True


def test_one_seed_is_one_course_of_episodes(settings):
    assert deterministic(lambda: karma.env(**settings))


def test_other_seeds_and_the_next_episodes_of_a_seed_are_other_episodes(settings):
    env = karma.env(**settings)
    shown = [episode(env, seed=seed) for seed in (1, None, None, 2)]
    assert all(not same(one, other) for one, other in itertools.combinations(shown, 2))


def test_an_environment_without_a_seed_tells_the_one_that_it_drew():
    env, again = karma.env(scenario="ddos"), karma.env(scenario="ddos")
    shown = episode(env)
    assert same(shown, episode(again, seed=env.seed))
    assert not same(shown, episode(karma.env(scenario="ddos")))


def test_this_test_sees_what_parallel_seed_test_does_not():
    class Drifting(karma.KarmaEnv):
        """Every environment after the first has another second step."""

        count = itertools.count()

        def __init__(self):
            super().__init__(karma.experiment(scenario="ddos"), max_cycles=4)
            self.drift, self.steps = next(self.count), 0

        def reset(self, seed=None, options=None):
            self.steps = 0
            return super().reset(seed, options)

        def step(self, actions):
            observations, *rest = super().step(actions)
            self.steps += 1
            if self.steps == 2:
                observations["ddos"]["observation"] += np.float32(self.drift)
            return observations, *rest

    from pettingzoo.test import parallel_seed_test

    parallel_seed_test(Drifting)
    assert not deterministic(Drifting)


def test_the_splits_are_different_games():
    shown = [episode(karma.env(scenario="ddos", split=split), seed=1) for split in ("train", "evaluation")]
    assert not same(*shown)
