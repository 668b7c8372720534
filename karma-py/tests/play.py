"""Playing by a fixed rule, and comparing everything that is shown."""

import hashlib

import numpy as np


def chosen(masks, t, seed):
    """The actions of the rule at step t: each agent's legal actions in turn. As `bins/karma/tests/golden_episodes.rs`."""
    actions = {}
    for number, (agent, mask) in enumerate(masks.items()):
        legal = np.flatnonzero(mask)
        actions[agent] = int(legal[(7 * t + 3 * number + seed) % len(legal)])
    return actions


def masks(observations):
    return {agent: seen["action_mask"] for agent, seen in observations.items()}


def episode(env, seed=None, rule=0):
    """Everything that is shown in one episode, the first observations included."""
    observations, infos = env.reset(seed=seed)
    shown = [(observations, infos, env.state())]
    while env.agents:
        actions = chosen(masks(observations), len(shown) - 1, rule)
        observations, *rest = env.step(actions)
        shown.append((observations, *rest, env.state()))
    return shown


def same(one, other):
    """Whether two things that were shown are equal, bit for bit."""
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def digest(env, seed):
    """Digest of an episode, and its steps: observations, masks, state, rewards and flags of every step."""
    hashed, shown = hashlib.sha256(), episode(env, seed, rule=seed)
    for number, (observations, *rest) in enumerate(shown):
        for seen in observations.values():
            hashed.update(seen["observation"].astype("<f4").tobytes())
            hashed.update(seen["action_mask"].astype("u1").tobytes())
        hashed.update(rest[-1].astype("<f4").tobytes())
        rewards, terminated, truncated = rest[:3] if number else ({}, {}, {})
        values = list(rewards.values()) or [0.0] * len(observations)
        hashed.update(np.array(values, "<f4").tobytes())
        hashed.update(bytes([any(terminated.values()), any(truncated.values())]))
    return hashed.hexdigest(), len(shown) - 1
