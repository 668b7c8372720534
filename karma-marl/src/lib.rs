//! Multi-agent reinforcement learning: rollouts, MAPPO, trainer and evaluation statistics.
