"""What is wrong raises an exception that says what, and leaves everything usable."""

import numpy as np
import pytest
from play import episode, same

import karma


@pytest.fixture
def env():
    env = karma.env(scenario="ddos", max_cycles=3)
    env.reset(seed=1)
    return env


def held(env, **changed):
    return {agent: 3 for agent in env.possible_agents} | changed


WRONG_ACTIONS = {
    "a list": ([3, 3, 3, 3], TypeError, "actions is a list; expected a mapping from agent to action"),
    "nobody": ({}, ValueError, "there is no action of agent \"bottleneck\""),
    "one missing": ({"ddos": 3, "failure": 3, "resource": 3}, ValueError, "no action of agent \"bottleneck\""),
    "a stranger": (
        {"bottleneck": 3, "ddos": 3, "failure": 3, "resource": 3, "dos": 3},
        ValueError,
        "'dos' is no agent of this environment; its agents are bottleneck, ddos, failure, resource",
    ),
    "a number as name": ({0: 3}, ValueError, "0 is no agent"),
}
WRONG_ACTION = {
    "beyond": (28, ValueError, "agent \"ddos\" has actions 0 to 27, but its action is 28"),
    "negative": (-1, ValueError, "but its action is -1"),
    "huge": (2**80, ValueError, "but its action is 1208925819614629174706176"),
    "a float": (3.0, TypeError, "the action of agent \"ddos\" is a float; expected an integer"),
    "a NumPy float": (np.float32(3), TypeError, "is a float32; expected an integer"),
    "an array": (np.array([1, 2]), TypeError, "is a ndarray; expected an integer"),
    "a text": ("3", TypeError, "is a str; expected an integer"),
    "nothing": (None, TypeError, "is a NoneType; expected an integer"),
}


@pytest.mark.parametrize(("actions", "error", "told"), WRONG_ACTIONS.values(), ids=WRONG_ACTIONS)
def test_a_wrong_joint_action_is_refused(env, actions, error, told):
    with pytest.raises(error, match=told):
        env.step(actions)


@pytest.mark.parametrize(("action", "error", "told"), WRONG_ACTION.values(), ids=WRONG_ACTION)
def test_a_wrong_action_is_refused(env, action, error, told):
    with pytest.raises(error, match=told):
        env.step(held(env, ddos=action))


def test_what_was_refused_changed_nothing():
    env, other = karma.env(scenario="ddos"), karma.env(scenario="ddos")
    env.reset(seed=1), other.reset(seed=1)
    for actions, *_ in WRONG_ACTIONS.values():
        with pytest.raises((TypeError, ValueError)):
            env.step(actions)
    assert same(env.step(held(env)), other.step(held(other)))


def test_nothing_is_played_before_the_first_reset_nor_after_the_end(env):
    fresh = karma.env(scenario="ddos", render_mode="ansi")
    with pytest.raises(RuntimeError, match="no episode has begun: call reset before the first step"):
        fresh.step(held(fresh))
    with pytest.raises(RuntimeError, match="no episode has begun: call reset before the first picture"):
        fresh.render()
    for _ in range(3):
        env.step(held(env))
    for actions in ({}, held(env)):
        with pytest.raises(RuntimeError, match="the episode has ended: call reset before the next step"):
            env.step(actions)
    assert len(episode(env, seed=1)) == 4


@pytest.mark.parametrize(
    ("seed", "error", "told"),
    [(-1, ValueError, "seed is -1; allowed: 0 to"), (2**64, ValueError, "allowed: 0 to"), (1.5, TypeError, "seed is a float")],
)
def test_a_wrong_seed_is_refused(env, seed, error, told):
    with pytest.raises(error, match=told):
        env.reset(seed=seed)
    with pytest.raises(error, match=told):
        karma.vector_env(1, scenario="ddos").reset(seed=seed)


def test_a_masked_action_is_played_or_refused_as_wished():
    for strict in (False, True):
        env = karma.env(scenario="ddos", strict_masks=strict)
        observations, _ = env.reset(seed=1)
        masked = int(np.flatnonzero(observations["ddos"]["action_mask"] == 0)[0])
        if strict:
            with pytest.raises(ValueError, match=f"the mask of agent \"ddos\" forbids its action {masked}"):
                env.step(held(env, ddos=masked))
        else:
            env.step(held(env, ddos=masked))


@pytest.fixture
def many():
    many = karma.vector_env(2, scenario="ddos", strict_masks=True)
    many.reset(seed=1)
    return many


def held_everywhere(dtype=np.int64):
    return np.full((2, 4), 3, dtype)


WRONG_ARRAYS = {
    "a list": ([[3] * 4] * 2, TypeError, r"actions is a list; expected an array of integers of shape \(2, 4\)"),
    "a shape": (np.zeros((4, 2), int), ValueError, r"actions has shape \[4, 2\]; expected"),
    "dimensions": (np.zeros(8, int), ValueError, r"actions has shape \[8\]; expected"),
    "floats": (held_everywhere(np.float32), TypeError, "actions has the dtype float32; expected"),
    "texts": (held_everywhere().astype(str), TypeError, "actions has the dtype <U21; expected"),
    "objects": (held_everywhere().astype(object), TypeError, "actions has the dtype object; expected"),
    "beyond": (held_everywhere() + 25, ValueError, "environment 0: agent \"bottleneck\" has actions 0 to 27"),
    "negative": (-held_everywhere(), ValueError, "but its action is -3"),
}


@pytest.mark.parametrize(("actions", "error", "told"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS)
def test_a_wrong_array_of_actions_is_refused_and_changes_nothing(many, actions, error, told):
    before = many.observations.copy()
    with pytest.raises(error, match=told):
        many.step(actions)
    assert np.array_equal(many.observations, before)
    many.step(held_everywhere())


def test_a_vector_refuses_masked_actions_and_steps_before_a_reset(many):
    masked = held_everywhere()
    masked[1, 2] = np.flatnonzero(~many.action_masks[1, 2])[0]
    with pytest.raises(ValueError, match="environment 1: the mask of agent \"failure\" forbids its action"):
        many.step(masked)
    fresh = karma.vector_env(2, scenario="ddos")
    with pytest.raises(RuntimeError, match="no episode has begun"):
        fresh.step(held_everywhere())
    with pytest.raises(RuntimeError, match="no episode has begun"):
        _ = fresh.seeds


def test_arrays_that_have_been_made_unwritable_are_told(many):
    many.observations.flags.writeable = False
    with pytest.raises(RuntimeError, match="the arrays cannot be written"):
        many.step(held_everywhere())
    many.observations.flags.writeable = True
    many.step(held_everywhere())


WRONG_SETTINGS = {
    "topology": ({"topology": "chian4"}, "did you mean \"chain4\""),
    "scenario": ({"scenario": "dods"}, "unknown scenario \"dods\""),
    "organisation": ({"org": "nobody"}, "there is no organisation \"nobody\""),
    "hardness": ({"hardness": 2.0}, "hardness"),
    "backend": ({"backend": "cloud"}, "backend is 'cloud'; allowed: 'cluster', 'twin'"),
    "a twin without a name": ({"backend": "twin"}, "needs twin, the path of a fitted twin"),
    "a name without a twin": ({"backend": "cluster", "twin": "x"}, "leave one of them out"),
    "no twin there": ({"twin": "nowhere"}, "nowhere"),
    "unknown": ({"settings": {"alhpa": 3}}, "unknown field `alhpa`"),
    "range": ({"settings": {"alpha": 0}}, "alpha is 0; allowed: 1 to 100"),
    "split": ({"split": "test"}, "unknown split \"test\"; known: train, calibration, evaluation"),
    "cycles": ({"max_cycles": 0}, "max_cycles is 0; allowed: at least 1"),
    "render": ({"render_mode": "svg"}, "render_mode is 'svg'; allowed: None, 'ansi', 'rgb_array', 'human'"),
    "config": ({"config": "nowhere.toml"}, "nowhere.toml"),
    "twice": ({"experiment": karma.experiment(), "org": "none"}, "an experiment has its settings already; leave out org"),
}


@pytest.mark.parametrize(("settings", "told"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
def test_a_wrong_setting_is_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        karma.env(**settings)


def test_sizes_of_vectors_are_checked():
    for wrong in (0, 100_000):
        with pytest.raises(ValueError, match=f"num_envs is {wrong}; allowed: 1 to 65536"):
            karma.vector_env(wrong, scenario="ddos")
    with pytest.raises(ValueError, match="threads is 0; allowed: at least 1"):
        karma.vector_env(1, scenario="ddos", threads=0)
    with pytest.raises(TypeError):
        karma.experiment(settings={"alpha": object()})


def test_files_that_are_none_are_told(tmp_path):
    for read in (karma.load_team, karma.load_results, karma.read_traces, karma.read_trajectories):
        with pytest.raises(ValueError, match=str(tmp_path)):
            read(tmp_path / "nothing.csv")
