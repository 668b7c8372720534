"""MAPPO's networks, losses and update in PyTorch, as on-policy's `r_mappo.py` has them, written for speed.

What a good user would do: `log_softmax` and `gather` instead of a distribution object, Adam in its fused form, gradients
dropped instead of zeroed, and the losses as plain functions of tensors, so that `torch.compile` can take them whole.
"""

import torch
from torch import nn
from torch.nn.functional import huber_loss, log_softmax

CLIP = 0.2
ENTROPY = 0.01
HUBER = 10.0
MAX_GRAD_NORM = 10.0


def network(inputs, hidden, outputs, activation, norm, gain):
    """[LayerNorm] then twice (Linear, activation, [LayerNorm]), then Linear; orthogonal weights, biases 0."""
    between, hidden_gain = {"tanh": (nn.Tanh, 5 / 3), "relu": (nn.ReLU, 2**0.5)}[activation]
    layers = [nn.LayerNorm(inputs)] if norm else []
    for width_in, width_out in [(inputs, hidden), (hidden, hidden)]:
        layers += [linear(width_in, width_out, hidden_gain), between()]
        layers += [nn.LayerNorm(width_out)] if norm else []
    return nn.Sequential(*layers, linear(hidden, outputs, gain))


def linear(inputs, outputs, gain):
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


class ValueNorm:
    """Running mean and variance of the returns of each head (`utils/valuenorm.py`)."""

    BETA = 0.99999

    def __init__(self, heads):
        self.mean, self.square, self.debias = torch.zeros(heads), torch.zeros(heads), 0.0

    @torch.no_grad()
    def update(self, returns):
        self.mean.lerp_(returns.mean(0), 1 - self.BETA)
        self.square.lerp_(returns.square().mean(0), 1 - self.BETA)
        self.debias += (1 - self.BETA) * (1 - self.debias)

    def moments(self):
        mean, square = (moment / max(self.debias, 1e-5) for moment in (self.mean, self.square))
        return mean, (square - mean.square()).clamp(min=1e-2).sqrt()

    def normalise(self, returns):
        mean, deviation = self.moments()
        return (returns - mean) / deviation

    def denormalise(self, values):
        mean, deviation = self.moments()
        return values * deviation + mean


def policy_loss(actor, observations, actions, old_log_probs, advantages):
    """The clipped surrogate with its entropy bonus, and the surrogate alone."""
    log_probs = log_softmax(actor(observations), -1)
    ratio = (log_probs.gather(1, actions).squeeze(1) - old_log_probs).exp()
    clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
    surrogate = -torch.min(ratio * advantages, clipped * advantages).mean()
    entropy = -(log_probs.exp() * log_probs).sum(-1).mean()
    return surrogate - ENTROPY * entropy, surrogate


def value_loss(critic, states, old_values, targets):
    """The Huber loss, clipped around the old values; all of them rows x heads, normalised."""
    values = critic(states)
    clipped = old_values + (values - old_values).clamp(-CLIP, CLIP)
    free = huber_loss(values, targets, reduction="none", delta=HUBER)
    return torch.max(free, huber_loss(clipped, targets, reduction="none", delta=HUBER)).mean()


class Learner:
    """Actor and critic with their optimisers and the statistics of the returns."""

    def __init__(self, actor, critic, learning_rate, compiled=False):
        self.actor, self.critic, self.norm = actor, critic, ValueNorm(critic[-1].out_features)
        adam = lambda net: torch.optim.Adam(net.parameters(), lr=learning_rate, eps=1e-5, fused=True)
        self.actor_adam, self.critic_adam = adam(actor), adam(critic)
        self.policy_loss, self.value_loss = policy_loss, value_loss
        if compiled:
            torch._dynamo.config.recompile_limit = 64  # Of networks and shapes; those beyond it would run as they are.
            self.policy_loss, self.value_loss = (torch.compile(loss, dynamic=False) for loss in (policy_loss, value_loss))

    def update(self, observations, actions, old_log_probs, advantages, states, old_values, returns):
        """One gradient step of both; losses and lengths of the gradients before the step."""
        loss, surrogate = self.policy_loss(self.actor, observations, actions, old_log_probs, advantages)
        policy_norm = step(loss, self.actor, self.actor_adam)
        self.norm.update(returns)
        loss = self.value_loss(self.critic, states, old_values, self.norm.normalise(returns))
        value_norm = step(loss, self.critic, self.critic_adam)
        return surrogate.item(), policy_norm.item(), loss.item(), value_norm.item()


def step(loss, net, adam):
    adam.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(net.parameters(), MAX_GRAD_NORM)
    adam.step()
    return norm
