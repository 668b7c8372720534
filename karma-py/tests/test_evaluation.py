"""Teams and callables are judged by one protocol, and a run's table is reproduced number for number."""

import json
import threading
import time

import numpy as np
import pytest

import karma


@pytest.fixture(scope="module")
def results(team):
    return karma.evaluate(team)


def test_the_table_of_a_team_is_that_of_its_run_to_the_last_bit(run, results):
    assert json.loads(results.to_json()) == json.loads((run / "evaluation.json").read_text())
    assert str(results) == (run / "table.txt").read_text() == str(karma.load_results(run))


@pytest.fixture(scope="module")
def small():
    return karma.experiment(scenario=["ddos", "failures"], seeds=2)


def test_a_callable_that_asks_the_team_gets_the_figures_of_the_team(team, small):
    def asks(agent, observation, action_mask):
        return team.act({agent: {"observation": observation, "action_mask": action_mask}})[agent]

    row, other = (
        json.loads(karma.evaluate(policy, small, name="x", rivals=False).to_json())["rows"][0] for policy in (team, asks)
    )
    assert row.pop("about") != other.pop("about")
    assert row == other and len(row["episodes"]) == 4


def test_a_policy_that_remembers_begins_once_for_each_agent_and_episode(small):
    class Counting:
        def __init__(self):
            self.begun, self.lock = [], threading.Lock()

        def begin(self, agent):
            with self.lock:
                self.begun.append(agent)
            asked = 0

            def act(observation, action_mask):
                nonlocal asked
                asked += 1
                legal = np.flatnonzero(action_mask)
                return legal[asked % len(legal)]

            return act

    policy = Counting()
    first = karma.evaluate(policy, small, rivals=False).to_json()
    # Four episodes for the figures, one for the showcase.
    assert sorted(policy.begun) == sorted(small.defenders * 5)
    assert karma.evaluate(Counting(), small, rivals=False).to_json() == first


def test_a_policy_is_asked_one_thing_at_a_time(small):
    busy = threading.Lock()

    def alone(agent, observation, action_mask):
        assert busy.acquire(blocking=False), "asked while it was at work"
        time.sleep(1e-4)  # Lets go of the interpreter's lock.
        busy.release()
        return int(action_mask.argmax())

    karma.evaluate(alone, small, rivals=False)


def test_the_rows_of_a_callable_stand_beside_the_rules(small):
    table = karma.summary(karma.evaluate(lambda agent, seen, mask: int(mask.argmax()), small, name="first"))
    assert list(dict.fromkeys(table["policy"])) == [
        "first", "hpa", "hpa-50", "static", "static-max", "threshold", "random", "oracle",
    ]  # fmt: skip


def test_an_exception_of_a_policy_is_the_callers(small):
    def fails(agent, observation, action_mask):
        raise KeyError(agent)

    with pytest.raises(KeyError):
        karma.evaluate(fails, small)


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (999, ValueError, "the policy answered 999 for agent \".*\", which its mask does not allow"),
        (-1, ValueError, "the policy answered -1"),
        ("up", TypeError, "the policy answered a str for agent \".*\"; expected an integer"),
        (None, TypeError, "the policy answered a NoneType"),
    ],
)
def test_a_wrong_answer_of_a_policy_is_told(small, answer, error, told):
    with pytest.raises(error, match=told):
        karma.evaluate(lambda *seen: answer, small)


def test_what_is_no_policy_is_told(small, team):
    with pytest.raises(TypeError, match="policy is a int; expected a karma.Team, a callable"):
        karma.evaluate(3, small)
    with pytest.raises(ValueError, match="a callable is evaluated in an experiment"):
        karma.evaluate(lambda *seen: 0)
    with pytest.raises(ValueError, match="the team was trained for another topology"):
        karma.evaluate(team, karma.experiment("diamond"))


def test_a_team_acts_in_an_environment_of_its_run(team):
    env = karma.env(experiment=team.experiment, strict_masks=True)
    observations, _ = env.reset(seed=1)
    steps = 0
    while env.agents:
        observations, *_ = env.step(team.act(observations))
        steps += 1
    assert steps == env.max_cycles
    drawn = karma.load_team(team.run, seed=1), karma.load_team(team.run, seed=1)
    observations, _ = env.reset(seed=1)
    assert drawn[0].act(observations) == drawn[1].act(observations)
    team.reset()


def test_what_a_team_cannot_act_on_is_told(team):
    seen = {"observation": np.zeros(3, np.float32), "action_mask": np.ones(28, np.int8)}
    with pytest.raises(ValueError, match="agent \"ddos\": "):
        team.act({"ddos": seen})
    for wrong in (seen | {"observation": np.zeros(3)}, {"observation": seen["observation"]}, 3):
        with pytest.raises(TypeError, match="what agent \"ddos\" sees"):
            team.act({"ddos": wrong})
    with pytest.raises(TypeError, match="observations is a list"):
        team.act([seen])


def test_the_exported_actors_act_as_the_team(team, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    files = {path.stem: path for path in team.export_onnx(tmp_path)}
    assert sorted(files) == sorted(team.agents)
    env = karma.env(experiment=team.experiment)
    observations, _ = env.reset(seed=5)
    sessions = {agent: runtime.InferenceSession(path) for agent, path in files.items()}
    while env.agents:
        chosen = team.act(observations)
        for agent, session in sessions.items():
            seen = observations[agent]
            given = {"observation": seen["observation"][None], "mask": seen["action_mask"][None].astype(bool)}
            assert int(session.run(["action"], given)[0][0]) == chosen[agent]
        observations, *_ = env.step(chosen)


def test_an_interrupted_evaluation_raises():
    import _thread
    import signal

    def interrupts(agent, observation, action_mask):
        _thread.interrupt_main()
        return int(action_mask.argmax())

    # A shell starts what it sends to the background without this handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            karma.evaluate(interrupts, karma.experiment(seeds=10))
    finally:
        signal.signal(signal.SIGINT, before)
