"""Many environments at once, in arrays that are written in place."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karma._env import _chosen
from karma._karma import Experiment, Vector


class VectorEnv:
    """Environments that step together; `karma.vector_env` makes them.

    All that is shown stands in these arrays, which stay the same objects and are written by every `reset` and `step` without
    the interpreter's lock, on several threads. Copy what you keep.

    observations        float32  environments x agents x features
    action_masks        bool     environments x agents x actions
    states              float32  environments x features, for a centralised critic
    rewards             float32  environments x agents
    terminations        bool     environments: the episode ended, and nothing follows it
    truncations         bool     environments: the horizon cut the episode off
    final_observations  float32  as observations, of the last step of the episode that ended last
    final_states        float32  as states, of the same step

    **Auto-reset.** An episode that ends in a step is followed by the next in the same step (Gymnasium's SAME_STEP):
    `rewards`, `terminations` and `truncations` are of the step that ended it, `observations`, `action_masks` and `states` are
    the first of the new episode, and the final ones are in `final_observations` and `final_states`. Where neither flag is set,
    the final arrays hold an earlier end, or zeros.

    **Seeds.** `reset(seed=s)` decides all episodes of all environments, whatever the number of threads. `seeds` tells which
    ones they play: `karma.env(...).reset(seed=int(many.seeds[i]))` is the episode of environment i.

    Agents with fewer features or actions than others (an attacker beside defenders) have zeros and False after theirs.
    While one thread steps, another that asks the same object for a step gets a RuntimeError; other objects are free.
    """

    def __init__(
        self,
        experiment: Experiment,
        num_envs: int,
        *,
        threads: int | None = None,
        split: str = "train",
        max_cycles: int | None = None,
        strict_masks: bool = False,
    ) -> None:
        self.experiment = experiment
        self.num_envs = num_envs
        self._vector = Vector(experiment, split, num_envs, threads, max_cycles, strict_masks)
        self.agents: list[str] = self._vector.agents
        self.horizon: int = self._vector.horizon
        self.observations: NDArray[np.float32] = self._vector.observations
        self.action_masks: NDArray[np.bool_] = self._vector.masks.view(np.bool_)
        self.states: NDArray[np.float32] = self._vector.states
        self.rewards: NDArray[np.float32] = self._vector.rewards
        self.terminations: NDArray[np.bool_] = self._vector.terminations.view(np.bool_)
        self.truncations: NDArray[np.bool_] = self._vector.truncations.view(np.bool_)
        self.final_observations: NDArray[np.float32] = self._vector.final_observations
        self.final_states: NDArray[np.float32] = self._vector.final_states

    @property
    def moves(self) -> dict[str, list[tuple[int, int]]]:
        """What each defender's actions mean: the number of a service, and the change of its replicas."""
        return dict(zip(self.agents, self._vector.moves(), strict=True))

    @property
    def seeds(self) -> NDArray[np.uint64]:
        """The seed of the episode that each environment plays."""
        seeds = self._vector.seeds()
        if seeds is None:
            raise RuntimeError("no episode has begun: call reset first")
        return seeds

    def reset(self, seed: int | None = None) -> NDArray[np.float32]:
        """Begins new episodes everywhere, and gives the observations; without a seed, of one that the system draws."""
        self._vector.reset(secrets.randbits(63) if seed is None else seed)
        return self.observations

    def step(
        self, actions: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
        """Plays an array of environments x agents, and gives observations, rewards, terminations and truncations."""
        self._vector.step(actions)
        return self.observations, self.rewards, self.terminations, self.truncations


def vector_env(
    num_envs: int,
    topology: Any = None,
    *,
    experiment: Experiment | None = None,
    threads: int | None = None,
    split: str = "train",
    max_cycles: int | None = None,
    strict_masks: bool = False,
    **settings: Any,
) -> VectorEnv:
    """So many environments with these settings (see `karma.experiment`), or of an experiment that is given.

    threads: at most so many at work; default: as many as the machine runs at once. No result depends on it.
    """
    chosen = _chosen(experiment, topology, settings)
    return VectorEnv(
        chosen, num_envs, threads=threads, split=split, max_cycles=max_cycles, strict_masks=strict_masks
    )
