"""KARMA for Python: autoscaling games to learn in, trained teams, and the evaluation behind every table.

    env = karma.env(topology="chain4", scenario="ddos")          # a PettingZoo ParallelEnv
    many = karma.vector_env(1024, topology="chain4")             # as many at once, in NumPy arrays that are written in place
    team = karma.load_team("runs/train-1")                       # what karma-train has trained
    print(karma.evaluate(team))                                  # the table of that run, from the same episodes

Everything is computed by the Rust crates; this package hands values over.
"""

from karma._env import KarmaEnv, aec_env, env, parallel_env
from karma._evaluation import Policy, RememberingPolicy, evaluate, load_results, load_team, train
from karma._experiment import experiment
from karma._karma import Experiment, Results, Team
from karma._tables import Table, episodes, read_traces, read_trajectories, record, summary
from karma._vector import VectorEnv, vector_env

__all__ = [
    "Experiment",
    "KarmaEnv",
    "Policy",
    "RememberingPolicy",
    "Results",
    "Table",
    "Team",
    "VectorEnv",
    "aec_env",
    "env",
    "episodes",
    "evaluate",
    "experiment",
    "load_results",
    "load_team",
    "parallel_env",
    "read_traces",
    "read_trajectories",
    "record",
    "summary",
    "train",
    "vector_env",
]
