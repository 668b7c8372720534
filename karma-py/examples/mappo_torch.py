"""How does a MAPPO of one file, in the style of CleanRL, do in this game?

    pip install torch
    python karma-py/examples/mappo_torch.py

One actor for all agents, told whom it plays; one critic that sees the whole state. What is cut off at the horizon is valued
by the critic at the final state (`final_states`), and the mask is part of the policy's distribution.
"""

import time

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

import karma

ENVS, LENGTH, ITERATIONS, EPOCHS, MINIBATCHES = 32, 40, 25, 5, 4
GAMMA, LAMBDA, CLIP, ENTROPY, RATE = 0.95, 0.95, 0.2, 0.01, 7e-4

torch.manual_seed(1)
torch.set_num_threads(1)
suite = karma.experiment("chain4", scenario="ddos", seeds=5)
many = karma.vector_env(ENVS, experiment=suite)
agents, features = many.observations.shape[1:]
actions, states = many.action_masks.shape[2], many.states.shape[1]
identity = torch.eye(agents)


def layers(inputs, outputs, gain):
    sizes = [(inputs, 64, 2**0.5), (64, 64, 2**0.5), (64, outputs, gain)]
    linear = [nn.Linear(a, b) for a, b, _ in sizes]
    for layer, (_, _, scale) in zip(linear, sizes, strict=True):
        nn.init.orthogonal_(layer.weight, scale)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(linear[0], nn.Tanh(), linear[1], nn.Tanh(), linear[2])


actor, critic = layers(features + agents, actions, 0.01), layers(states, 1, 1.0)
optimiser = torch.optim.Adam([*actor.parameters(), *critic.parameters()], RATE, eps=1e-5)


def distribution(seen, masks):
    told = torch.cat([seen, identity.expand(*seen.shape[:-2], agents, agents)], -1)  # (..., agents, features + agents)
    return Categorical(logits=actor(told).masked_fill(~masks, -1e9))


def value(state):
    return critic(state).squeeze(-1)


def now(array):
    """The array is written again by the next step: keep a copy."""
    return torch.from_numpy(array.copy())


many.reset(seed=1)
began = time.time()
for iteration in range(ITERATIONS):
    rows = {name: [] for name in ("seen", "masks", "states", "chosen", "log_probs", "rewards", "ends", "after")}
    for _ in range(LENGTH):
        seen, masks, state = now(many.observations), now(many.action_masks), now(many.states)
        with torch.no_grad():
            policy = distribution(seen, masks)
            chosen = policy.sample()  # (environments, agents)
        many.step(chosen.numpy())
        ends = many.terminations | many.truncations
        # The value of what follows: of the final state where an episode was cut off, 0 where it is over.
        after = np.where(ends[:, None], many.final_states, many.states)
        with torch.no_grad():
            follows = value(torch.from_numpy(after)) * torch.from_numpy(~many.terminations)
        # All defenders share one reward, up to what the organisation adds for each.
        step = (seen, masks, state, chosen, policy.log_prob(chosen), now(many.rewards.mean(1)), now(ends), follows)
        for row, part in zip(rows.values(), step, strict=True):
            row.append(part)
    batch = {name: torch.stack(row) for name, row in rows.items()}  # (steps, environments, ...)
    with torch.no_grad():
        values = value(batch["states"])
    advantages, running = torch.zeros_like(values), torch.zeros(ENVS)
    for t in reversed(range(LENGTH)):
        surprise = batch["rewards"][t] + GAMMA * batch["after"][t] - values[t]
        running = surprise + GAMMA * LAMBDA * running * ~batch["ends"][t]
        advantages[t] = running
    returns = advantages + values
    flat = {name: part.flatten(0, 1) for name, part in batch.items()}
    flat |= {"advantages": ((advantages - advantages.mean()) / (advantages.std() + 1e-8)).flatten()}
    flat |= {"returns": returns.flatten()}
    for _ in range(EPOCHS):
        for part in torch.randperm(ENVS * LENGTH).chunk(MINIBATCHES):
            policy = distribution(flat["seen"][part], flat["masks"][part])
            ratio = (policy.log_prob(flat["chosen"][part]) - flat["log_probs"][part]).exp()  # (rows, agents)
            gain = flat["advantages"][part, None]
            policy_loss = -torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
            value_loss = (value(flat["states"][part]) - flat["returns"][part]).square().mean()
            loss = policy_loss + 0.5 * value_loss - ENTROPY * policy.entropy().mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*actor.parameters(), *critic.parameters()], 10.0)
            optimiser.step()
    if iteration % 5 == 4:
        episodic_return = batch["rewards"].sum() / batch["ends"].sum().clamp(min=1)
        speed = (iteration + 1) * LENGTH * ENVS / (time.time() - began)
        print(f"iteration {iteration + 1}: return {episodic_return:.2f}, {speed:.0f} joint steps/s")

number = {agent: place for place, agent in enumerate(many.agents)}


@torch.no_grad()
def greedy(agent, observation, action_mask):
    told = torch.cat([torch.from_numpy(observation), identity[number[agent]]])
    return int(actor(told).masked_fill(~torch.from_numpy(action_mask), -1e9).argmax())


print(karma.evaluate(greedy, suite, name="mappo-torch"))
