"""One environment, as PettingZoo has them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils.conversions import parallel_to_aec

from karma import _render
from karma._experiment import experiment as _experiment
from karma._karma import Experiment, Game

Observation = dict[str, NDArray[Any]]

RENDER_MODES = ("ansi", "rgb_array", "human")


class KarmaEnv(ParallelEnv[str, Observation, int]):
    """A team that scales the services of a cluster, decision by decision; `karma.env` makes one.

    An observation is a dict of "observation" (float32 features) and "action_mask" (int8, 1 where an action may be taken); the
    mask is in `infos`, too. An action is a number: the service and the change of its replicas, see `moves`. An episode ends
    for all agents at once: "terminated" if nothing follows, "truncated" if the horizon cut it off. The observations of the
    last step are the final ones, and `state()` then is the final state.

    `reset(seed=s)` begins the episode of s: the same in every process, and the same as in Rust. Each `reset()` after it
    begins the next episode that s decides. Without any seed, the first is drawn by the operating system; `seed` tells which.

    An action that the mask forbids is played all the same, as in Rust: what it asks for is kept within the bounds of the
    topology, and the shield reviews it; an organisation's guide does not stop it. With `strict_masks` it is refused instead.
    """

    metadata = {"name": "karma_v0", "render_modes": list(RENDER_MODES), "is_parallelizable": True, "render_fps": 4}

    def __init__(
        self,
        experiment: Experiment,
        *,
        split: str = "train",
        max_cycles: int | None = None,
        strict_masks: bool = False,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise ValueError(f"render_mode is {render_mode!r}; allowed: None, {', '.join(map(repr, RENDER_MODES))}")
        self.experiment = experiment
        self.render_mode = render_mode
        self._game = Game(experiment, split, max_cycles, strict_masks)
        self.possible_agents: list[str] = self._game.agents
        self.agents: list[str] = []
        self.seed: int | None = None
        self.max_cycles = self._game.horizon
        sizes = zip(self.possible_agents, self._game.observation_sizes, self._game.action_counts, strict=True)
        self.observation_spaces, self.action_spaces = {}, {}
        for agent, features, actions in sizes:
            self.action_spaces[agent] = spaces.Discrete(actions)
            self.observation_spaces[agent] = spaces.Dict(
                {
                    "observation": spaces.Box(-np.inf, np.inf, (features,), np.float32),
                    "action_mask": spaces.Box(0, 1, (actions,), np.int8),
                }
            )
        self.state_space = spaces.Box(-np.inf, np.inf, (self._game.state_size,), np.float32)
        self._state = np.zeros(self._game.state_size, np.float32)
        self._rewards: dict[str, float] = {}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    @property
    def services(self) -> list[str]:
        """Names of the services."""
        return self._game.services

    @property
    def moves(self) -> dict[str, list[tuple[int, int]]]:
        """What each defender's actions mean: the number of a service, and the change of its replicas."""
        return dict(zip(self.possible_agents, self._game.moves(), strict=True))

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        if seed is None and self.seed is None:
            seed = secrets.randbits(63)
        shown = self._game.reset(seed)
        self.seed = self.seed if seed is None else int(seed)
        self.agents = list(self.possible_agents)
        self._rewards = dict.fromkeys(self.agents, 0.0)
        return self._show(shown)

    def step(
        self, actions: Mapping[str, int]
    ) -> tuple[
        dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
    ]:
        shown = self._game.step(actions)
        observations, infos = self._show(shown)
        _, _, _, rewards, terminated, truncated = shown
        agents = self.possible_agents
        self._rewards = dict(zip(agents, rewards, strict=True))
        if terminated or truncated:
            self.agents = []
        ends = dict.fromkeys(agents, terminated), dict.fromkeys(agents, truncated)
        return observations, dict(self._rewards), *ends, infos

    def state(self) -> NDArray[np.float32]:
        return self._state.copy()

    def render(self) -> str | NDArray[np.uint8] | None:
        """The services now: as text, as a picture, or as text on the standard output ("human")."""
        if self.render_mode is None:
            raise ValueError(f"no render_mode was given; allowed: {', '.join(map(repr, RENDER_MODES))}")
        look = self._game.look()
        if look is None:
            raise RuntimeError("no episode has begun: call reset before the first picture")
        if self.render_mode == "rgb_array":
            return _render.picture(self._game.metrics, look)
        text = _render.text(self._game.services, self._game.metrics, look, self._rewards)
        if self.render_mode == "ansi":
            return text
        print(text)
        return None

    def close(self) -> None:
        """Nothing is held that has to be given back."""

    def _show(self, shown: Any) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        seen, masks, self._state, *_ = shown
        observations, infos = {}, {}
        for agent, observation, mask in zip(self.possible_agents, seen, masks, strict=True):
            observations[agent] = {"observation": observation, "action_mask": mask}
            infos[agent] = {"action_mask": mask}
        return observations, infos


def env(
    topology: Any = None,
    *,
    experiment: Experiment | None = None,
    split: str = "train",
    max_cycles: int | None = None,
    strict_masks: bool = False,
    render_mode: str | None = None,
    **settings: Any,
) -> KarmaEnv:
    """An environment with these settings (see `karma.experiment`), or of an experiment that is given.

    split: "train", "calibration" or "evaluation": which seeds, and which part of a recorded workload.
    max_cycles: cuts an episode off earlier than its scenario does.
    strict_masks: refuses actions that their mask forbids.
    """
    chosen = _chosen(experiment, topology, settings)
    return KarmaEnv(
        chosen, split=split, max_cycles=max_cycles, strict_masks=strict_masks, render_mode=render_mode
    )


parallel_env = env


def aec_env(*args: Any, **settings: Any) -> AECEnv[str, Observation, int]:
    """The same agent by agent, by PettingZoo's own wrapper: the cluster moves when all have acted."""
    return parallel_to_aec(env(*args, **settings))


def _chosen(experiment: Experiment | None, topology: Any, settings: dict[str, Any]) -> Experiment:
    if experiment is None:
        return _experiment(topology, **settings)
    if topology is not None or settings:
        names = ["topology"] * (topology is not None) + list(settings)
        raise ValueError(f"an experiment has its settings already; leave out {', '.join(names)}")
    return experiment
