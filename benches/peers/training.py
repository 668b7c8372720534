"""`simple_spread` of mpe2 in Python: its steps, and MAPPO trained on it; the other half of `../examples/training_speed.rs`.

A plain, whole MAPPO as a user would write it for speed: numpy for what environments say, one forward pass a step for all
environments and agents, one actor for all agents, a critic that sees all observations and has a value for each agent.
A case is `environment` or `train`; the answer is joint steps (all three agents) per CPU second.
"""

import numpy
import torch
from mpe2 import simple_spread_v3

import mappo
import turns

ENVIRONMENTS, STEPS, AGENTS, OBSERVATION, ACTIONS = 128, 25, 3, 18, 5
STATE = AGENTS * OBSERVATION
GAMMA, LAMBDA = 0.99, 0.95
EPOCHS, HIDDEN, LEARNING_RATE = 10, 64, 7e-4


def environment():
    return simple_spread_v3.parallel_env(N=AGENTS, max_cycles=STEPS, continuous_actions=False)


class Random:
    """One environment under random actions."""

    def __init__(self):
        self.game, self.rng = environment(), numpy.random.default_rng(7)
        self.agents = self.game.possible_agents

    def episode(self):
        self.game.reset(seed=int(self.rng.integers(2**31)))
        for actions in self.rng.integers(ACTIONS, size=(STEPS, AGENTS)).tolist():
            self.game.step(dict(zip(self.agents, actions)))


class Training:
    """Environments and a learner; `iterate` plays one episode in each and learns from all of them."""

    def __init__(self):
        torch.manual_seed(7)
        self.games, self.rng = [environment() for _ in range(ENVIRONMENTS)], numpy.random.default_rng(7)
        self.agents = self.games[0].possible_agents
        actor = mappo.network(OBSERVATION, HIDDEN, ACTIONS, "tanh", True, 0.01)
        critic = mappo.network(STATE, HIDDEN, AGENTS, "tanh", True, 1.0)
        self.learner = mappo.Learner(actor, critic, LEARNING_RATE)

    def iterate(self):
        observations, actions, log_probs, values, rewards = self.play()
        advantages = gae(rewards, self.learner.norm.denormalise(torch.from_numpy(values)).numpy())
        denormalised = self.learner.norm.denormalise(torch.from_numpy(values[:-1])).numpy()
        returns = torch.from_numpy(advantages + denormalised).reshape(-1, AGENTS)
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-5)
        seen = torch.from_numpy(observations[:-1])
        batch = [
            seen.reshape(-1, OBSERVATION),
            torch.from_numpy(actions).reshape(-1, 1),
            torch.from_numpy(log_probs).reshape(-1),
            torch.from_numpy(advantages).reshape(-1),
            seen.reshape(-1, STATE),
            torch.from_numpy(values[:-1]).reshape(-1, AGENTS),
            returns,
        ]
        for _ in range(EPOCHS):
            self.learner.update(*batch)
        return rewards.sum(0).mean()

    @torch.inference_mode()
    def play(self):
        """Everything time x environments x agents; one more row of observations and values, the final ones."""
        shape = (STEPS, ENVIRONMENTS, AGENTS)
        observations = numpy.empty((STEPS + 1, ENVIRONMENTS, AGENTS, OBSERVATION), numpy.float32)
        actions, log_probs, rewards = numpy.empty(shape, numpy.int64), numpy.empty(shape, numpy.float32), numpy.empty(shape, numpy.float32)
        values = numpy.empty((STEPS + 1, ENVIRONMENTS, AGENTS), numpy.float32)
        for game, row in zip(self.games, observations[0]):
            row[:] = self.rows(game.reset(seed=int(self.rng.integers(2**31)))[0])
        for step in range(STEPS):
            all_log_probs = torch.log_softmax(self.learner.actor(torch.from_numpy(observations[step])), -1)
            drawn = torch.multinomial(all_log_probs.exp().view(-1, ACTIONS), 1)
            actions[step] = drawn.view(ENVIRONMENTS, AGENTS).numpy()
            log_probs[step] = all_log_probs.view(-1, ACTIONS).gather(1, drawn).view(ENVIRONMENTS, AGENTS).numpy()
            for i, (game, joint) in enumerate(zip(self.games, actions[step].tolist())):
                seen, reward, *_ = game.step(dict(zip(self.agents, joint)))
                observations[step + 1, i] = self.rows(seen)
                rewards[step, i] = self.rows(reward)
        values[:] = self.learner.critic(torch.from_numpy(observations).view(STEPS + 1, ENVIRONMENTS, STATE)).numpy()
        return observations, actions, log_probs, values, rewards

    def rows(self, by_name):
        return [by_name[agent] for agent in self.agents]


def gae(rewards, values):
    """Generalised advantage estimation; a time limit truncates, so the final observation is valued."""
    advantages, last = numpy.empty_like(rewards), 0.0
    for step in reversed(range(STEPS)):
        error = rewards[step] + GAMMA * values[step + 1] - values[step]
        last = advantages[step] = error + GAMMA * LAMBDA * last
    return advantages


GAMES = {}


def measure(case):
    if case == "environment":
        game = GAMES.setdefault(case, Random())
        return STEPS / turns.seconds_per_call(game.episode)
    if case not in GAMES:
        GAMES[case] = Training()
        GAMES[case].iterate()
    return ENVIRONMENTS * STEPS / turns.seconds_per_call(GAMES[case].iterate)


if __name__ == "__main__":
    turns.one_thread()
    turns.answer(measure)
