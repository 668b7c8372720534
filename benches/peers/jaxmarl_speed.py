"""`simple_spread` of JaxMARL on the CPU under random actions, in a compiled loop over a batch of environments.

A case is the number of environments; the answer is joint steps (all three agents) per CPU second.
"""

import os
import sys

import jax

import turns

STEPS = 100

# It greets on standard output, where answers are expected, past whatever `sys.stdout` has become.
answers = os.dup(1)
os.dup2(2, 1)
import jaxmarl

game = jaxmarl.make("MPE_simple_spread_v3")
sys.stdout.flush()
os.dup2(answers, 1)


def advance(states, key):
    """One random step of every environment (a finished one begins anew)."""
    environments = states.step.shape[0]
    acting, stepping = jax.random.split(key)
    spaces = {agent: game.action_space(agent).n for agent in game.agents}
    keys = dict(zip(game.agents, jax.random.split(acting, len(spaces))))
    actions = {agent: jax.random.randint(keys[agent], (environments,), 0, n) for agent, n in spaces.items()}
    _, states, rewards, _, _ = jax.vmap(game.step)(jax.random.split(stepping, environments), states, actions)
    return states, rewards[game.agents[0]].mean()


class Batch:
    def __init__(self, environments):
        self.run = jax.jit(lambda states, key: jax.lax.scan(advance, states, jax.random.split(key, STEPS)))
        self.key = jax.random.key(7)
        _, self.states = jax.vmap(game.reset)(jax.random.split(self.key, environments))
        self.play()

    def play(self):
        self.key, key = jax.random.split(self.key)
        self.states, rewards = self.run(self.states, key)
        rewards.block_until_ready()


BATCHES = {}


def measure(environments):
    if environments not in BATCHES:
        BATCHES[environments] = Batch(int(environments))
    return int(environments) * STEPS / turns.seconds_per_call(BATCHES[environments].play)


turns.answer(measure)
