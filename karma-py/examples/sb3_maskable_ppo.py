"""Does masked PPO of Stable-Baselines3 learn this game?

    pip install sb3-contrib
    python karma-py/examples/sb3_maskable_ppo.py

One network plays all four agents (parameter sharing, with the agent's number as a feature): each agent of each environment
is one environment to SB3, and all are rows of one `karma.vector_env`.
"""

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3.common.vec_env import VecEnv

import karma

ENVS, STEPS = 16, 120_000


class Rows(VecEnv):
    """Every agent of every environment as one of SB3's environments."""

    def __init__(self, many):
        self.many, self.agents = many, len(many.agents)
        features = many.observations.shape[2] + self.agents
        actions = many.action_masks.shape[2]
        self.identity = np.tile(np.eye(self.agents, dtype=np.float32), (many.num_envs, 1))
        super().__init__(
            many.num_envs * self.agents, spaces.Box(-np.inf, np.inf, (features,)), spaces.Discrete(actions)
        )

    def rows(self, observations):
        return np.concatenate([observations.reshape(self.num_envs, -1), self.identity], axis=1)

    def reset(self):
        return self.rows(self.many.reset(seed=1))

    def step_async(self, actions):
        self.actions = actions.reshape(self.many.num_envs, self.agents)

    def step_wait(self):
        observations, rewards, terminations, truncations = self.many.step(self.actions)
        ends = np.repeat(terminations | truncations, self.agents)
        infos = [{} for _ in range(self.num_envs)]
        final = self.rows(self.many.final_observations)
        for row in np.flatnonzero(ends):
            cut = bool(truncations[row // self.agents])
            infos[row] = {"terminal_observation": final[row], "TimeLimit.truncated": cut}
        return self.rows(observations), rewards.reshape(-1).copy(), ends, infos

    def env_method(self, name, *args, indices=None, **kwargs):
        assert name == "action_masks", name
        return list(self.many.action_masks.reshape(self.num_envs, -1).copy())

    def has_attr(self, name):
        return name == "action_masks"

    def get_attr(self, name, indices=None):
        return [None] * self.num_envs

    def set_attr(self, name, value, indices=None):
        raise NotImplementedError

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * self.num_envs

    def close(self):
        pass


torch.set_num_threads(1)
suite = karma.experiment("chain4", scenario="ddos", seeds=5)
rows = Rows(karma.vector_env(ENVS, experiment=suite))
model = MaskablePPO("MlpPolicy", rows, n_steps=40, batch_size=640, n_epochs=5, gamma=0.95, seed=1, device="cpu")
model.learn(STEPS)
number = {agent: place for place, agent in enumerate(rows.many.agents)}


def policy(agent, observation, action_mask):
    seen = np.concatenate([observation, np.eye(len(number), dtype=np.float32)[number[agent]]])
    return int(model.predict(seen, action_masks=action_mask, deterministic=True)[0])


print(karma.evaluate(policy, suite, name="maskable"))
