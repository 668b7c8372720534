"""The vectorised form: rows are environments, arrays are written in place, and episodes follow each other by themselves."""

import numpy as np
import pytest
from play import chosen, masks

import karma


def actions(many, t):
    """Legal actions of all environments, by the rule of single ones."""
    rows = np.empty((many.num_envs, len(many.agents)), np.int64)
    for row, legal in zip(rows, many.action_masks, strict=True):
        row[:] = list(chosen(dict(zip(many.agents, legal, strict=True)), t, 0).values())
    return rows


def arrays(many):
    return {
        name: value for name, value in vars(many).items() if isinstance(value, np.ndarray)
    }


def test_every_row_is_the_environment_alone_and_ends_are_kept_apart(settings):
    many = karma.vector_env(5, **settings)
    many.reset(seed=3)
    # The members of a twin's ensemble take turns: only the first place is that of a single environment.
    places = range(5) if "twin" not in settings else [0]
    alone = {place: karma.env(**settings) for place in places}
    seen = {place: env.reset(seed=int(many.seeds[place]))[0] for place, env in alone.items()}
    ends = 0
    for t in range(many.horizon * 2 + 3):
        joint = actions(many, t)
        observations, rewards, terminations, truncations = many.step(joint)
        for place, env in alone.items():
            given = dict(zip(many.agents, map(int, joint[place]), strict=True))
            shown, paid, terminated, truncated, _ = env.step(given)
            assert list(paid.values()) == rewards[place].tolist()
            assert set(terminated.values()) == {bool(terminations[place])}
            assert set(truncated.values()) == {bool(truncations[place])}
            if not env.agents:
                ends += 1
                check_rows(many.final_observations[place], None, shown)
                assert np.array_equal(many.final_states[place], env.state())
                shown, _ = env.reset(seed=int(many.seeds[place]))
            check_rows(observations[place], many.action_masks[place], shown)
            assert np.array_equal(many.states[place], env.state())
            seen[place] = shown
    assert ends >= 2 * len(alone)


def check_rows(features, legal, shown):
    for number, seen in enumerate(shown.values()):
        width = len(seen["observation"])
        assert np.array_equal(features[number, :width], seen["observation"]) and not features[number, width:].any()
        if legal is not None:
            width = len(seen["action_mask"])
            assert np.array_equal(legal[number, :width], seen["action_mask"]) and not legal[number, width:].any()


def test_arrays_stay_where_they_are_and_are_written_in_place():
    many = karma.vector_env(3, scenario="ddos")
    before = {name: (array.ctypes.data, array.copy()) for name, array in arrays(many).items()}
    assert len(before) == 8
    shown = many.reset(seed=1)
    assert shown is many.observations
    for t in range(45):
        many.step(actions(many, t))
    for name, array in arrays(many).items():
        place, content = before[name]
        assert array.ctypes.data == place, name
        # A cluster never terminates.
        assert np.array_equal(array, content) == (name in ("terminations", "truncations")), name


def test_results_do_not_depend_on_the_number_of_threads():
    many = [karma.vector_env(9, "diamond", scenario="mixed", threads=threads) for threads in (1, 4)]
    for one in many:
        one.reset(seed=8)
        for t in range(45):
            one.step(actions(one, t))
    for name, array in arrays(many[0]).items():
        assert np.array_equal(array, arrays(many[1])[name]), name


def test_a_thousand_environments_step():
    many = karma.vector_env(1000, scenario="nominal", max_cycles=2)
    many.reset(seed=1)
    for t in range(3):
        many.step(actions(many, t))
    assert len(set(many.seeds.tolist())) == 1000
    assert np.isfinite(many.observations).all() and many.action_masks.any(axis=2).all()


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.uint64])
def test_integers_of_any_kind_are_actions(dtype):
    many = karma.vector_env(2, scenario="nominal")
    many.reset(seed=1)
    many.step(np.asfortranarray(actions(many, 0).astype(dtype)))


def test_masks_are_those_of_single_environments():
    env = karma.env(scenario="nominal", attacker=True)
    many = karma.vector_env(1, experiment=env.experiment)
    many.reset(seed=4)
    observations, _ = env.reset(seed=int(many.seeds[0]))
    check_rows(many.observations[0], many.action_masks[0], observations)
    assert masks(observations)["attacker"].size < many.action_masks.shape[2]
