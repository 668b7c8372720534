"""Teams, and the protocol by which all policies are compared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from karma import _karma
from karma._karma import Experiment, Results, Team


class Policy(Protocol):
    """What any callable must be to be evaluated: it decides for each agent by itself."""

    def __call__(
        self, agent: str, observation: NDArray[np.float32], action_mask: NDArray[np.bool_], /
    ) -> int: ...


class RememberingPolicy(Protocol):
    """A policy that remembers: `begin` gives a callable (observation, action_mask) -> action for one agent and one episode."""

    def begin(self, agent: str, /) -> Any: ...


def load_team(run: str | os.PathLike[str], *, seed: int | None = None) -> Team:
    """The team of a run's directory, which takes its most probable actions; with a seed it draws, as in training."""
    return Team(run, seed)


def evaluate(
    policy: Team | Policy | RememberingPolicy,
    suite: Experiment | None = None,
    *,
    name: str | None = None,
    rivals: bool = True,
) -> Results:
    """Plays the evaluation episodes of `suite` with a policy, beside the rule-based autoscalers, and compares them.

    policy: a team, or a callable (agent, observation, action_mask) -> action. Episodes are played side by
        side, though a policy is asked one thing at a time, so a callable must not keep an episode's memory; one that does
        has a method `begin(agent)` instead. What it answers must be allowed by the mask.
    suite: an experiment, from `karma.experiment`; its evaluation split, scenarios and seeds are played. Default for a team:
        that of its own run, which gives the very table of the run.
    name: of the row; default "karma" for a team, "policy" for others.
    rivals: whether the rule-based rows are played too.
    """
    return _karma.evaluate(policy, suite, name, rivals)


def load_results(run: str | os.PathLike[str]) -> Results:
    """The results of a finished run, from its directory."""
    return _karma.load_results(run)


def train(
    experiment: Experiment, out: str | os.PathLike[str] | None = None, *, force: bool = False
) -> Path:
    """Trains a team with our learner for the experiment's budget, compares it, and gives the run's directory.

    The same as `karma-train`; set the budget by `settings={"budget": "60s"}`, or a number of iterations.
    """
    return _karma.train(experiment, out, force)
