"""Does RLlib take the environment as it is?

    pip install "ray[rllib]" torch
    python karma-py/examples/rllib_ppo.py

PPO of RLlib's new stack with its own module for masks; one module plays all agents. RLlib looks for the features under the
key "observations", so a subclass renames them.
"""

import numpy as np
import ray
import torch
from gymnasium import spaces
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
from ray.rllib.examples.rl_modules.classes.action_masking_rlm import ActionMaskingTorchRLModule
from ray.tune.registry import register_env

import karma

ITERATIONS = 3


class Renamed(karma.KarmaEnv):
    """The features under the name that RLlib's module wants, and masks as it wants them."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for agent, space in self.observation_spaces.items():
            self.observation_spaces[agent] = spaces.Dict(
                {
                    "observations": space["observation"],
                    "action_mask": spaces.Box(0.0, 1.0, space["action_mask"].shape, np.float32),
                }
            )

    def _show(self, shown):
        observations, infos = super()._show(shown)
        return {agent: renamed(seen["observation"], seen["action_mask"]) for agent, seen in observations.items()}, infos


def renamed(observation, action_mask):
    return {"observations": observation, "action_mask": action_mask.astype(np.float32)}


def make(_):
    return ParallelPettingZooEnv(Renamed(karma.experiment("chain4", scenario="ddos", seeds=5)))


register_env("karma", make)
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
suite = karma.experiment("chain4", scenario="ddos", seeds=5)
one = Renamed(suite)
agent = one.possible_agents[0]
module = RLModuleSpec(
    module_class=ActionMaskingTorchRLModule,
    observation_space=one.observation_space(agent),
    action_space=one.action_space(agent),
    model_config=DefaultModelConfig(fcnet_hiddens=[64, 64]),
)
config = (
    PPOConfig()
    .environment(env="karma")
    .env_runners(num_env_runners=0, rollout_fragment_length=40, batch_mode="complete_episodes")
    .multi_agent(policies={"shared"}, policy_mapping_fn=lambda *_, **__: "shared")
    .rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs={"shared": module}))
    .training(train_batch_size_per_learner=800, minibatch_size=400, num_epochs=5, gamma=0.95, lr=5e-4)
    .debugging(seed=1, log_level="ERROR")
)
algorithm = config.build_algo()
for iteration in range(ITERATIONS):
    runners = algorithm.train()["env_runners"]
    mean = runners["episode_return_mean"] / len(one.possible_agents)
    print(f"iteration {iteration + 1}: return {mean:.2f}")
trained = algorithm.get_module("shared")


@torch.no_grad()
def greedy(agent, observation, action_mask):
    seen = {name: torch.from_numpy(part)[None] for name, part in renamed(observation, action_mask).items()}
    return int(trained.forward_inference({"obs": seen})["action_dist_inputs"].argmax())


torch.set_num_threads(1)
print(karma.evaluate(greedy, suite, name="rllib"))
